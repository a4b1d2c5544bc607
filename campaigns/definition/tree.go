package definition

import "slices"

// Tree is what a document says, without its comments and its layout: the same for YAML and JSON.
type Tree struct {
	Path    string // as Place.Path: "steps[2].ask"
	Kind    TreeKind
	Text    string // of a text, a number, true or false
	Entries []TreeEntry
	Items   []*Tree
}

// TreeKind says what a Tree is.
type TreeKind string

const (
	TreeNothing TreeKind = "nothing" // null, or a value left out
	TreeText    TreeKind = "text"
	TreeNumber  TreeKind = "number"
	TreeBool    TreeKind = "bool"
	TreeList    TreeKind = "list"
	TreeMapping TreeKind = "mapping"
)

// TreeEntry is one key of a mapping, in the author's order.
type TreeEntry struct {
	Key   string
	Value *Tree
}

// Get returns the value of the key, or nil. A nil Tree has none.
func (t *Tree) Get(key string) *Tree {
	if t == nil {
		return nil
	}
	i := slices.IndexFunc(t.Entries, func(e TreeEntry) bool { return e.Key == key })
	if i < 0 {
		return nil
	}
	return t.Entries[i].Value
}

// ReadTree reads a document for comparing it, its fragments put in where they are used. It is nil where Parse finds that the document cannot be read at all.
func ReadTree(src []byte, format Format) *Tree {
	out := &sink{stored: true} // whoever wants it strictly has parsed it before
	text, ok := readSource(src, out)
	if !ok {
		return nil
	}
	root := readDocument(text, format, out)
	if root == nil || len(out.list) > 0 {
		return nil
	}
	whole := *expand(root, out)
	whole.entries = slices.DeleteFunc(slices.Clone(whole.entries), func(e entry) bool { return e.key == "fragments" })
	return treeOf(&whole)
}

func readDocument(text *source, format Format, out *sink) *node {
	if format == JSON {
		return readJSON(text, out)
	}
	return readYAML(text, out)
}

var treeKinds = map[nodeKind]TreeKind{
	nullNode: TreeNothing, textNode: TreeText, numberNode: TreeNumber, boolNode: TreeBool, listNode: TreeList, mappingNode: TreeMapping,
}

func treeOf(n *node) *Tree {
	if n == nil {
		return &Tree{Kind: TreeNothing}
	}
	t := &Tree{Path: n.place.Path, Kind: treeKinds[n.kind], Text: n.text}
	if n.kind == nullNode {
		t.Text = ""
	}
	for _, e := range n.entries {
		t.Entries = append(t.Entries, TreeEntry{e.key, treeOf(e.value)})
	}
	for _, it := range n.items {
		t.Items = append(t.Items, treeOf(it))
	}
	return t
}
