package definition

import (
	"regexp"
	"strconv"
)

// node is one value of the document with its place: the same tree for YAML and JSON.
type node struct {
	kind    nodeKind
	place   Place
	text    string // the decoded scalar; for numbers their digits
	style   scalarStyle
	entries []entry
	items   []*node
	flow    bool     // a list or mapping in brackets
	cut     *comment // of a value without quotes: what follows on its line

	scope   *scope // of a step that a fragment was put in with, and all in it
	ordinal string // of a step of a fragment that has no id
}

type nodeKind string

const (
	nullNode    nodeKind = "null"
	textNode    nodeKind = "text"
	numberNode  nodeKind = "number"
	boolNode    nodeKind = "bool"
	listNode    nodeKind = "list"
	mappingNode nodeKind = "mapping"
)

// entry is one key with its value.
type entry struct {
	key   string
	place Place
	value *node
	rest  bool // in brackets: what follows a comma in a text without quotes, by its looks
}

// comment is one that stands behind a value on its line.
type comment struct {
	place Place
	text  string
}

var (
	decimal  = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?$`)
	plainKey = regexp.MustCompile(`^[\pL_][\pL\pN_-]*$`)
)

// resolve gives an unquoted scalar its type. Everything that is not plainly a number, true, false or nothing is text: "22:00", "yes", "007".
func resolve(text string) nodeKind {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nullNode
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return boolNode
	}
	if decimal.MatchString(text) {
		return numberNode
	}
	return textNode
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// child is the path of a key below path.
func child(path, key string) string {
	if !plainKey.MatchString(key) {
		return path + "[" + strconv.Quote(clipped(key).(string)) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// limits counts nodes and depth while a tree is built.
type limits struct {
	out   *sink
	nodes int
	over  bool
}

// enter reports whether one more node may be built at this depth.
func (l *limits) enter(at Place, depth int) bool {
	l.nodes++
	switch {
	case l.over:
	case depth > MaxDepth:
		l.over = true
		l.out.add(at, "too_deep", "limit", MaxDepth)
	case l.nodes > MaxNodes:
		l.over = true
		l.out.add(at, "too_many_nodes", "limit", MaxNodes)
	}
	return !l.over
}

// addEntry appends a key, or reports it when the mapping has it already.
func (n *node) addEntry(e entry, seen map[string]Place, out *sink) {
	if first, ok := seen[e.key]; ok {
		out.add(e.place, "duplicate_key", "key", e.key, "line", first.Line)
		return
	}
	seen[e.key] = e.place
	n.entries = append(n.entries, e)
}
