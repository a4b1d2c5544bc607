package definition

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// unknown says what is probably meant by a key that the object does not have, and returns the key as which it is to be read on.
func (rec *record) unknown(i int) string {
	r, e := rec.r, rec.node.entries[i]
	switch {
	case r.piece(rec.node, i):
	case rec.isTexts(e):
		if !rec.texts {
			rec.texts = true
			r.out.add(e.place, "texts_without_key", "language", e.key).expect("text: " + exampleTexts(r.d.Languages))
		}
	default:
		return rec.misplaced(e)
	}
	return ""
}

// lookalike reports a key that looks like one of the object's and is none, and returns that.
func (rec *record) lookalike(e entry) (string, bool) {
	if rec.object.has(e.key) || isASCII(e.key) {
		return "", false
	}
	known, ok := rec.r.out.lookalike(e.place, e.key, rec.object.keys())
	if _, there := rec.values[known]; there {
		return "", false
	}
	return known, ok
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// piece reports the rest of a text that a comma has ended: texts inside brackets need quotes then. Of many rests of one text the first speaks.
func (r *reader) piece(n *node, i int) bool {
	if !n.entries[i].rest {
		return false
	}
	if before := n.entries[i-1]; !before.rest {
		r.out.add(before.value.place, "comma_in_text", "rest", n.entries[i].key)
	}
	return true
}

// isTexts reports a language where the key stands that the texts belong under.
func (rec *record) isTexts(e entry) bool {
	if _, there := rec.values["text"]; there || !rec.object.has("text") {
		return false
	}
	if langs := rec.r.d.Languages; len(langs) > 0 {
		return slices.Contains(names(langs), e.key)
	}
	return len(e.key) == 2
}

// misplaced reports a key that is none here: perhaps it belongs to what stands beside it, or elsewhere.
func (rec *record) misplaced(e entry) (known string) {
	var inner string
	var others []string
	if !rec.r.out.crowded() {
		inner, others = rec.inner(e.key), holders(e.key)
	}
	meant, clear := rec.meant(e.key)
	ours := rec.ours(e.key)
	switch {
	case inner != "":
		rec.r.out.add(e.place, "key_belongs_inside", "key", e.key, "other", inner)
		holder := rec.get(inner) // it is not missing there
		holder.kind, holder.entries = mappingNode, append(holder.entries, e)
	case ours != "":
		rec.r.out.add(e.place, "other_word", "key", e.key, "word", ours).expect(rec.example(ours)).meant(ours)
		if rec.object == stepObject && !slices.Contains(sameShape, ours) {
			return ""
		}
		return ours
	case meant == "" && len(others) > 0:
		rec.r.out.add(e.place, "key_elsewhere", "key", e.key, "others", strings.Join(others, ", ")).expect(strings.Join(rec.object.keys(), ", "))
	default:
		rec.r.out.add(e.place, "unknown_key", "key", e.key).expect(strings.Join(rec.object.keys(), ", ")).meant(meant)
		if clear {
			return meant
		}
	}
	return ""
}

// example shows how a word for a step is written.
func (rec *record) example(word string) string {
	if rec.object != stepObject {
		return ""
	}
	return stepExamples[word]
}

// inner is the key beside it whose value can have the key; one without a value lost all of its keys to the indentation.
func (rec *record) inner(key string) string {
	for _, f := range rec.object.fields {
		n := rec.get(f.key)
		if n == nil || n.kind != mappingNode && (n.kind != nullNode || n.cut != nil) || n.get(key) != nil {
			continue
		}
		if o := objectOf(f.value); o != nil && o.has(key) {
			return f.key
		}
	}
	return ""
}

// objectOf is the mapping that a value of the grammar is, or may be.
func objectOf(s schema) *object {
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/$defs/")
		if i := slices.IndexFunc(objects(), func(o *object) bool { return o.name == name }); i >= 0 {
			return objects()[i]
		}
	}
	if list, ok := s["anyOf"].([]schema); ok {
		for _, one := range list {
			if o := objectOf(one); o != nil {
				return o
			}
		}
	}
	return nil
}

// maxHolders is how many places are named in one sentence.
const maxHolders = 3

// holders are the mappings of the language that have the key, where they are few.
func holders(key string) (names []string) {
	for _, o := range objects() {
		if o.has(key) {
			names = append(names, o.name)
		}
	}
	if len(names) > maxHolders {
		return nil
	}
	return names
}

// uncut reports a text without quotes that a hashtag ends, which YAML takes for a comment: whoever comments puts a space behind the mark.
func (r *reader) uncut(n *node) {
	if c := n.cut; c != nil && !r.out.stored && len(c.text) > 1 && !strings.ContainsRune(" \t#", rune(c.text[1])) {
		r.out.add(c.place, "text_cut", "rest", c.text)
	}
}

var keyWithoutSpace = regexp.MustCompile(`^([a-z_]+):\S`)

// tight reports a text that would be a key of the object with its value, but for the space after the colon.
func (r *reader) tight(n *node, o *object) bool {
	m := keyWithoutSpace.FindStringSubmatch(n.text)
	if n.kind != textNode || n.style != plainScalar || m == nil || !o.has(m[1]) {
		return false
	}
	r.out.add(n.place, "colon_without_space", "key", m[1])
	return true
}

// entriesOf are the entries of a text in several languages, without the rests of texts that commas have cut.
func (r *reader) entriesOf(n *node) (list []entry) {
	for i := range n.entries {
		if r.piece(n, i) {
			continue
		}
		r.languageKey(&n.entries[i])
		e := n.entries[i]
		r.uncut(e.value)
		list = append(list, e)
	}
	return list
}

// languageKey reads on with the language that the key looks like.
func (r *reader) languageKey(e *entry) {
	if isASCII(e.key) {
		return
	}
	if known, ok := r.out.lookalike(e.place, e.key, names(r.d.Languages)); ok {
		e.key = known
	}
}

// shown reads a text that members or coordinators see. One that begins with a bracket is a list or a mapping to YAML.
func (r *reader) shown(n *node) (string, bool) {
	switch {
	case n.flow:
		r.out.add(n.place, "unquoted_beginning", "sign", string(r.text.at(n.place.Line, n.place.Column)))
		return "", false
	case n.kind == nullNode && n.cut != nil && !r.out.stored:
		return "", false // reported as cut
	}
	return r.str(n)
}
