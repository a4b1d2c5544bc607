package difference

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/templates"
)

// Text is one text in the campaign's languages.
type Text struct {
	Step     campaigns.StepID // empty: of the campaign itself
	Path     string           // below the step or the campaign, as a Field has it
	Wordings []Wording        // in the order of the campaign's languages
}

// Wording is a text in one language.
type Wording struct {
	Lang  campaigns.Lang
	Text  string
	State WordingState
}

// WordingState is how a wording stands to the version that was compared.
type WordingState string

const (
	Unchanged WordingState = "unchanged"
	Rewritten WordingState = "changed"
	New       WordingState = "new"
	// Outdated: it is what it was, and another language says something else since.
	Outdated WordingState = "outdated"
)

// Outdated reports whether the text lags behind in any language.
func (t Text) Outdated() bool {
	return slices.ContainsFunc(t.Wordings, func(w Wording) bool { return w.State == Outdated })
}

// Languages lists every text of the document in its languages. was is the version that is published; nil: there is none, and everything is new.
func Languages(was, now *Document) []Text {
	changed := map[textKey]Field{}
	if was != nil {
		d := Between(was, now)
		note := func(step campaigns.StepID, fields []Field) {
			for _, f := range fields {
				if f.Lang != "" {
					changed[textKey{step, f.Path, f.Lang}] = f
				}
			}
		}
		note("", d.Settings)
		for _, s := range d.Steps {
			note(s.ID, s.Fields)
		}
	}
	r := &languages{now: now, first: was == nil, changed: changed}
	r.walk("", "", settings(now.root))
	for _, s := range now.steps {
		r.walk(s.id, "", s.own)
	}
	return r.list
}

type textKey struct {
	step campaigns.StepID
	path string
	lang campaigns.Lang
}

// languages collects texts, by the paths that a comparison gives them.
type languages struct {
	now     *Document
	first   bool // nothing was published
	changed map[textKey]Field
	list    []Text
}

func (r *languages) walk(step campaigns.StepID, path string, t *definition.Tree) {
	if f := (&fieldList{langs: r.now.langs}); t.Kind == definition.TreeMapping && f.text(t) {
		r.list = append(r.list, r.text(step, path, t))
		return
	}
	for _, e := range t.Entries {
		if !slices.Contains(whole, e.Key) {
			r.walk(step, strings.TrimPrefix(path+"."+e.Key, "."), e.Value)
		}
	}
	if hasMappings(t) {
		for i, it := range t.Items {
			r.walk(step, path+" "+label(nil, it, i), it)
		}
	}
}

// saysTheSame reports a text that says what it said to those who are addressed by default, or that got another form of address beside it.
func (r *languages) saysTheSame(f Field) bool {
	in := func(text string, form campaigns.Formality) []string {
		return strings.Fields(templates.InForm(text, string(form)))
	}
	if slices.Equal(in(f.Old, r.now.form), in(f.New, r.now.form)) {
		return true
	}
	return slices.ContainsFunc(campaigns.Formalities(), func(form campaigns.Formality) bool {
		return slices.Equal(in(f.New, form), strings.Fields(f.Old))
	})
}

// text is one of them. A language that was changed leaves those behind that were not; one that was added leaves nobody.
func (r *languages) text(step campaigns.StepID, path string, t *definition.Tree) Text {
	out := Text{Step: step, Path: path}
	rewritten := false
	for _, e := range t.Entries {
		w := Wording{Lang: campaigns.Lang(e.Key), Text: strings.TrimRight(e.Value.Text, "\n"), State: Unchanged}
		switch f := r.changed[textKey{step, path, w.Lang}]; {
		case r.first || f.Kind == Added:
			w.State = New
		case f.Kind == Changed:
			w.State, rewritten = Rewritten, rewritten || !r.saysTheSame(f)
		}
		out.Wordings = append(out.Wordings, w)
	}
	for i := range out.Wordings {
		if w := &out.Wordings[i]; rewritten && w.State == Unchanged {
			w.State = Outdated
		}
	}
	slices.SortStableFunc(out.Wordings, func(a, b Wording) int {
		return cmp.Compare(slices.Index(r.now.langs, a.Lang), slices.Index(r.now.langs, b.Lang))
	})
	return out
}
