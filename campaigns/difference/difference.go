// Package difference says how one campaign document differs from another: by its steps and settings, not by its lines. Comments, layout and the choice
// between YAML and JSON make no difference. It is pure.
package difference

import (
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Difference is what changed from one document to another.
type Difference struct {
	Settings []Field // everything above the steps
	Steps    []Step  // those of the new document in its order, then the removed ones in theirs
}

// Empty reports whether both documents say the same.
func (d *Difference) Empty() bool { return len(d.Settings) == 0 && len(d.Steps) == 0 }

// Kind is what became of a step or a value.
type Kind string

const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
	Moved   Kind = "moved" // of a step alone: it stands elsewhere and is otherwise the same
)

// Step is one step that is not what it was.
type Step struct {
	Kind         Kind
	ID           campaigns.StepID // in the new document; of a removed step in the old one
	Was          campaigns.StepID // its id before, where it had another
	Body, WasNow string           // what it does: send, ask, …; WasNow is what it did before, where that was another thing
	Moved        bool             // a changed step that stands elsewhere too
	Place        Place            // of added and moved ones
	Fields       []Field
}

// Place is where a step stands: after another one, or first in a block, or first of all.
type Place struct {
	After campaigns.StepID
	In    campaigns.StepID // the step whose block it is first in
	Arm   int              // which block of it, from 1, where it has several; else 0
}

// Field is one value that is not what it was.
type Field struct {
	Kind     Kind
	Path     string         // below the step or the campaign: "options a1.text"
	Lang     campaigns.Lang // of a text
	Order    bool           // only the order of the entries changed
	Old, New string
	free     bool // the author chose the name that it stands under
}

// Document is one side of a comparison.
type Document struct {
	root  *definition.Tree
	langs []campaigns.Lang
	form  campaigns.Formality
	steps []*step // in document order
}

// Read makes a document for Between of one that definition.ParseStored takes; otherwise it returns the problems.
func Read(src []byte, format definition.Format) (*Document, []definition.Problem) {
	def, problems := definition.ParseStored(src, format)
	if len(problems) > 0 {
		return nil, problems
	}
	d := &Document{root: definition.ReadTree(src, format), langs: def.Languages, form: def.Formality}
	order := def.Order
	d.collect(d.root.Get("steps"), nil, "", &order)
	return d, nil
}

// Between compares two documents.
func Between(was, now *Document) *Difference {
	c := &comparison{was: was, now: now, langs: append(append([]campaigns.Lang{}, was.langs...), now.langs...)}
	c.match()
	return &Difference{Settings: c.fields(settings(was.root), settings(now.root)), Steps: append(c.stepsNow(), c.stepsRemoved()...)}
}

// comparison is one run of Between.
type comparison struct {
	was, now *Document
	langs    []campaigns.Lang
	before   map[*step]*step // by the new step: the old one that it was
	after    map[*step]*step // the other way
}

func (c *comparison) stepsNow() (out []Step) {
	stays := c.staying()
	for _, n := range c.now.steps {
		o := c.before[n]
		if o == nil {
			out = append(out, Step{Kind: Added, ID: n.id, Body: n.body, Place: n.place(), Fields: c.fields(nil, n.own)})
			continue
		}
		s := Step{Kind: Changed, ID: n.id, Body: n.body, Moved: !stays[n], Fields: c.fields(o.own, n.own)}
		if o.id != n.id {
			s.Was = o.id
		}
		if o.body != n.body {
			s.WasNow = o.body
		}
		named := s.Was != "" && (o.given || n.given || c.was.use(o) != c.now.use(n)) // an id that follows from the position says nothing new
		switch {
		case s.Moved:
			s.Place = n.place()
			if len(s.Fields) == 0 && s.WasNow == "" {
				s.Kind = Moved
			}
		case len(s.Fields) == 0 && s.WasNow == "" && !named:
			continue
		}
		out = append(out, s)
	}
	return out
}

func (c *comparison) stepsRemoved() (out []Step) {
	for _, o := range c.was.steps {
		if c.after[o] == nil {
			out = append(out, Step{Kind: Removed, ID: o.id, Body: o.body})
		}
	}
	return out
}

// Texts reports whether nothing but words changed that members read: every step stands where it stood, and does what it did.
func (d *Difference) Texts() bool {
	for _, s := range d.Steps {
		if s.Kind != Changed || s.Moved || s.WasNow != "" || s.Was != "" || !onlyTexts(s.Fields) {
			return false
		}
	}
	return onlyTexts(d.Settings)
}

// textKeys are the last words of paths under which a text stands that a campaign of one language may write without naming it.
var textKeys = []string{"text", "subject", "name"}

func onlyTexts(fields []Field) bool {
	return !slices.ContainsFunc(fields, func(f Field) bool {
		key := f.Path[strings.LastIndexAny(f.Path, " .")+1:]
		return f.Kind != Changed || f.Order || f.free || f.Lang == "" && !slices.Contains(textKeys, key)
	})
}
