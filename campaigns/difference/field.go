package difference

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// whole are keys whose value is one thing to a reader, however deep it is.
var whole = []string{"if", "audience"}

// free are keys below which authors choose the names: one that is called like a text, or like a language, is none.
var free = []string{"data", "attributes", "send"}

// fields compares two mappings; nil is one without entries.
func (c *comparison) fields(was, now *definition.Tree) []Field {
	f := &fieldList{langs: c.langs}
	f.mapping("", was, now)
	return f.list
}

type fieldList struct {
	langs []campaigns.Lang
	list  []Field
	free  bool // below one of the keys free
}

// value compares what stands at one path; nil is nothing.
func (f *fieldList) value(path, key string, was, now *definition.Tree) {
	if !f.free && slices.Contains(free, key) {
		f.free = true
		defer func() { f.free = false }()
	}
	switch {
	case was != nil && now != nil && meaning(was) == meaning(now):
	case slices.Contains(whole, key):
		f.leaf(path, "", was, now)
	case !f.free && either(was, now, definition.TreeMapping) && f.text(was) && f.text(now):
		f.texts(path, was, now)
	case either(was, now, definition.TreeMapping):
		f.mapping(path, was, now)
	case either(was, now, definition.TreeList) && (hasMappings(was) || hasMappings(now)):
		f.entries(path, was, now)
	default:
		f.leaf(path, "", was, now)
	}
}

// either reports whether both are of the kind, or the one that is there.
func either(was, now *definition.Tree, kind definition.TreeKind) bool {
	return (was == nil || was.Kind == kind) && (now == nil || now.Kind == kind)
}

func hasMappings(t *definition.Tree) bool {
	return t != nil && slices.ContainsFunc(t.Items, func(it *definition.Tree) bool { return it.Kind == definition.TreeMapping })
}

// text reports whether a mapping is one text in several languages.
func (f *fieldList) text(t *definition.Tree) bool {
	return t == nil || len(t.Entries) > 0 && !slices.ContainsFunc(t.Entries, func(e definition.TreeEntry) bool {
		return e.Value.Kind != definition.TreeText || !slices.Contains(f.langs, campaigns.Lang(e.Key))
	})
}

func (f *fieldList) texts(path string, was, now *definition.Tree) {
	for _, key := range keys(was, now) {
		if a, b := was.Get(key), now.Get(key); a == nil || b == nil || a.Text != b.Text {
			f.leaf(path, campaigns.Lang(key), a, b)
		}
	}
}

func (f *fieldList) mapping(path string, was, now *definition.Tree) {
	for _, key := range keys(was, now) {
		f.value(strings.TrimPrefix(path+"."+key, "."), key, was.Get(key), now.Get(key))
	}
}

// keys are those of both, in the order of the new one, then the removed ones.
func keys(was, now *definition.Tree) (out []string) {
	for _, t := range []*definition.Tree{now, was} {
		if t == nil {
			continue
		}
		for _, e := range t.Entries {
			if !slices.Contains(out, e.Key) {
				out = append(out, e.Key)
			}
		}
	}
	return out
}

func (f *fieldList) entries(path string, was, now *definition.Tree) {
	a, b := items(was), items(now)
	f.order(path, a, b)
	for _, p := range align(a, b) {
		var o, n *definition.Tree
		i := p.now
		if p.was >= 0 {
			o = a[p.was]
		}
		if p.now >= 0 {
			n = b[p.now]
		} else {
			i = p.was
		}
		f.value(path+" "+label(o, n, i), "", o, n)
	}
}

// order notes that entries with names changed places.
func (f *fieldList) order(path string, was, now []*definition.Tree) {
	if !named(was) || !named(now) {
		return
	}
	shared := func(list, other []*definition.Tree) (names []string) {
		for _, t := range list {
			if slices.ContainsFunc(other, func(o *definition.Tree) bool { return nameOf(o) == nameOf(t) }) {
				names = append(names, nameOf(t))
			}
		}
		return names
	}
	if a, b := shared(was, now), shared(now, was); !slices.Equal(a, b) {
		f.list = append(f.list, Field{Kind: Changed, Path: path, Order: true, Old: strings.Join(a, ", "), New: strings.Join(b, ", ")})
	}
}

func items(t *definition.Tree) []*definition.Tree {
	if t == nil {
		return nil
	}
	return t.Items
}

// label names an entry of a list: by its value, or by its number from 1.
func label(was, now *definition.Tree, i int) string {
	for _, t := range []*definition.Tree{now, was} {
		if t != nil && nameOf(t) != "" {
			return nameOf(t)
		}
	}
	return strconv.Itoa(i + 1)
}

func (f *fieldList) leaf(path string, lang campaigns.Lang, was, now *definition.Tree) {
	field := Field{Kind: Changed, Path: path, Lang: lang, free: f.free}
	switch {
	case was == nil:
		field.Kind, field.New = Added, shown(now)
	case now == nil:
		field.Kind, field.Old = Removed, shown(was)
	default:
		field.Old, field.New = shown(was), shown(now)
	}
	f.list = append(f.list, field)
}

// shown writes a value for reading: a text as it is, others as YAML on one line.
func shown(t *definition.Tree) string {
	if t.Kind == definition.TreeText {
		return strings.TrimRight(t.Text, "\n")
	}
	return inline(t)
}

// inline writes a value as YAML on one line, its keys in the author's order.
func inline(t *definition.Tree) string {
	return flow(t, func(list []definition.TreeEntry) []definition.TreeEntry { return list })
}

// meaning is equal for values that say the same, in whatever order their keys stand.
func meaning(t *definition.Tree) string {
	return flow(t, func(list []definition.TreeEntry) []definition.TreeEntry {
		return slices.SortedFunc(slices.Values(list), func(a, b definition.TreeEntry) int { return strings.Compare(a.Key, b.Key) })
	})
}

func flow(t *definition.Tree, order func([]definition.TreeEntry) []definition.TreeEntry) string {
	var parts []string
	switch t.Kind {
	case definition.TreeMapping:
		for _, e := range order(t.Entries) {
			parts = append(parts, e.Key+": "+flow(e.Value, order))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case definition.TreeList:
		for _, it := range t.Items {
			parts = append(parts, flow(it, order))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case definition.TreeNothing:
		return "null"
	case definition.TreeText:
		return quoted(t.Text)
	}
	return t.Text
}

// quoted puts quotes around a text that would not be read as itself without them.
func quoted(text string) string {
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsAny(text, "{}[],:#\"'\n\\&*!|>%@`") || looksTyped(text) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

func looksTyped(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return true
	}
	return slices.Contains([]string{"true", "false", "null", "~"}, strings.ToLower(text))
}
