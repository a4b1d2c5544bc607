package difference

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// step is one step of a document, without the steps inside it.
type step struct {
	id    campaigns.StepID
	given bool // the id is the author's, not made from the position
	body  string
	own   *definition.Tree // its keys and values, those of the body first
	says  string           // own in words: equal for steps that do the same

	tree   *definition.Tree
	in     *step  // the step that it stands in, or nil
	slot   string // which block of it: "branch[0]", "repeat"
	before *step  // the sibling that it follows, or nil
}

// isBlock reports whether the key's value are steps.
func isBlock(key string, value *definition.Tree) bool {
	return (key == "steps" || key == "else") && value.Kind == definition.TreeList
}

// collect notes the steps of a block and of the blocks in them. order has the steps that are left, as the definition has them: in the document's order too.
func (d *Document) collect(block *definition.Tree, in *step, slot string, order *[]*definition.Step) {
	var last *step
	for _, t := range block.Items {
		s := &step{id: (*order)[0].ID, given: t.Get("id") != nil, body: bodyOf(t), tree: t, in: in, slot: slot, before: last}
		*order = (*order)[1:]
		s.own = own(t, s.body)
		s.says = s.body + " " + meaning(s.own)
		d.steps = append(d.steps, s)
		blocks(t, t.Path, func(slot string, list *definition.Tree) { d.collect(list, s, slot, order) })
		last = s
	}
}

// blocks visits the lists of steps inside a step, but not those inside them.
func blocks(t *definition.Tree, root string, visit func(slot string, list *definition.Tree)) {
	for _, e := range t.Entries {
		if isBlock(e.Key, e.Value) {
			visit(strings.TrimPrefix(strings.TrimPrefix(t.Path, root), "."), e.Value)
			continue
		}
		blocks(e.Value, root, visit)
	}
	for _, it := range t.Items {
		blocks(it, root, visit)
	}
}

func bodyOf(t *definition.Tree) string {
	for _, e := range t.Entries {
		if slices.Contains(definition.StepKinds(), e.Key) {
			return e.Key
		}
	}
	return ""
}

// own is what the step says by itself: the keys of its body where that has keys, then the step's other keys.
func own(t *definition.Tree, body string) *definition.Tree {
	out := &definition.Tree{Kind: definition.TreeMapping}
	switch b := t.Get(body); {
	case b == nil:
	case b.Kind == definition.TreeMapping:
		out.Entries = append(out.Entries, without(b).Entries...)
	default:
		out.Entries = append(out.Entries, definition.TreeEntry{Key: body, Value: without(b)})
	}
	for _, e := range t.Entries {
		if e.Key != "id" && e.Key != body {
			out.Entries = append(out.Entries, definition.TreeEntry{Key: e.Key, Value: without(e.Value)})
		}
	}
	return out
}

// without is a copy that has no steps inside. An else is kept as a word: without its steps it would say nothing.
func without(t *definition.Tree) *definition.Tree {
	out := &definition.Tree{Path: t.Path, Kind: t.Kind, Text: t.Text}
	for _, e := range t.Entries {
		switch {
		case !isBlock(e.Key, e.Value):
			out.Entries = append(out.Entries, definition.TreeEntry{Key: e.Key, Value: without(e.Value)})
		case e.Key == "else":
			out.Entries = append(out.Entries, definition.TreeEntry{Key: e.Key, Value: &definition.Tree{Kind: definition.TreeText, Text: "…"}})
		}
	}
	for _, it := range t.Items {
		out.Items = append(out.Items, without(it))
	}
	return out
}

// settings is the campaign without its steps.
func settings(root *definition.Tree) *definition.Tree { return without(root) }

// place says where the step stands.
func (s *step) place() Place {
	switch {
	case s.before != nil:
		return Place{After: s.before.id}
	case s.in != nil:
		return Place{In: s.in.id, Arm: armOf(s.slot)}
	}
	return Place{}
}

// positions end the id of a step that has none of its own: "first.2.1.1".
var positions = regexp.MustCompile(`(\.[0-9]+)+$`)

// use is what the id of a step that has none of its own begins with where a use of a fragment put it in; else empty: it begins with another step's, or with none.
func (d *Document) use(s *step) string {
	prefix := positions.ReplaceAllString(string(s.id), "")
	if s.given || slices.ContainsFunc(d.steps, func(o *step) bool { return string(o.id) == prefix }) {
		return ""
	}
	return prefix
}
