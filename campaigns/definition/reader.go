package definition

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// reader walks the tree by hand into a Definition. It reads on after a mistake, so that all are found at once.
type reader struct {
	text *source
	out  *sink
	d    *Definition

	steps      int
	stepKeys   map[*Step]stepRef
	gotos      []gotoUse
	gotosFound bool
	ownSteps   []stepUse
	answers    []answerUse
	texts      []textUse
	enough     func() bool // while texts are checked: they have as many problems as are shown
	around     *Repeat     // the repeat whose steps are being read
	saved      map[string]*savedAnswer
	called     map[string]bool // the names of calls
	callUses   []callUse
	uses       []Use
	mentions   []Mention
	ownWords   []*node // tags, option values and values of attributes
	dated      *node   // the first wait for a date that the entry's event brought

	attributesSet  []string          // those that steps set
	attributesRead []attributeUse    // those that conditions and waits look at
	doubted        map[string]string // attributes, and those that were probably meant

	fragmentNames []string
	fragmentNodes map[string]*node

	lost     map[string]bool // words of what was not read
	gaps     bool            // of the steps: some were not read
	noSpeech bool            // some of the languages were not read
}

// record is a mapping that was held against its object of the grammar.
type record struct {
	r      *reader
	node   *node
	object *object
	values map[string]entry
	texts  bool // languages stand where "text" is missing
	away   bool // a key that was told of stands for one that seems to be missing
}

// record reads the keys of n. Unknown keys and missing ones are problems; the rest can be read all the same.
func (r *reader) record(n *node, o *object) (*record, bool) {
	if n.kind != mappingNode {
		if !r.tight(n, o) {
			r.out.add(n.place, "expected_mapping", "example", o.example).expect(o.example)
		}
		return nil, false
	}
	rec := &record{r: r, node: n, object: o, values: map[string]entry{}}
	for i, e := range n.entries {
		if known, ok := rec.lookalike(e); ok {
			n.entries[i].key = known // read on as if it were the word that it looks like
		}
		if e = n.entries[i]; o.has(e.key) {
			rec.values[e.key] = e
		}
	}
	rec.unknowns()
	for _, f := range o.fields {
		if _, ok := rec.values[f.key]; f.required && !ok && (f.key != "text" || !rec.texts) {
			rec.misses(f)
		}
	}
	return rec, true
}

// unknowns tells of each key that is not known, and reads on with those whose meaning is clear.
func (rec *record) unknowns() {
	if slices.ContainsFunc(rec.node.entries, func(e entry) bool { return !rec.object.has(e.key) && rec.typed(e) }) {
		rec.away = true // what stands beside it belongs to that type
		return
	}
	for i, e := range rec.node.entries {
		if rec.object.has(e.key) {
			continue
		}
		if known := rec.unknown(i); known != "" {
			rec.node.entries[i].key = known
			rec.values[known] = rec.node.entries[i]
		} else {
			rec.r.unread(e.value)
		}
	}
}

// misses tells that a key is missing, or what it is that whoever left it out may have wanted.
func (rec *record) misses(f field) {
	if _, conditional := rec.values["if"]; conditional && rec.object == goalObject && f.key == "event" {
		rec.r.out.add(rec.node.place, "goal_by_condition")
		return
	}
	rec.r.out.add(rec.node.place, "missing_key", "key", f.key)
}

// meant proposes keys that are not there yet.
func (rec *record) meant(key string) (word string, clear bool) {
	if rec.r.out.crowded() {
		return "", false
	}
	var free []string
	for _, k := range rec.object.keys() {
		if _, there := rec.values[k]; !there {
			free = append(free, k)
		}
	}
	if word = meant.Typo(key, free); word != "" {
		return word, true
	}
	return meant.Word(key, free), false
}

// get returns the value of a key, or nil.
func (rec *record) get(key string) *node { return rec.values[key].value }

// with calls read with the key's value, when it is there.
func (rec *record) with(key string, read func(*node)) {
	if n := rec.get(key); n != nil {
		read(n)
	}
}

// one returns the key of the object's oneOf that is there; none and several are problems.
func (rec *record) one() string {
	found := ""
	for _, e := range rec.node.entries {
		if !slices.Contains(rec.object.oneOf, e.key) {
			continue
		}
		if found != "" {
			rec.r.out.add(e.place, "only_one_of", "key", e.key, "other", found)
			continue
		}
		found = e.key
	}
	if found == "" && !rec.misspelt() {
		rec.r.out.add(rec.node.place, "missing_one_of", "keys", strings.Join(rec.object.oneOf, ", "))
	}
	return found
}

// misspelt reports whether an unknown key stands there: it was reported, and is the one that seems to be missing.
func (rec *record) misspelt() bool { return rec.away || len(rec.values) < len(rec.node.entries) }

// str reads a text of at least one visible character.
func (r *reader) str(n *node) (string, bool) {
	if n.kind == nullNode {
		r.out.add(n.place, "empty_text")
		return "", false
	}
	if n.kind != textNode {
		p := r.out.add(n.place, "expected_text")
		if n.kind == numberNode || n.kind == boolNode {
			p.meant(strconv.Quote(n.text))
		}
		return "", false
	}
	if strings.TrimSpace(n.text) == "" {
		r.out.add(n.place, "empty_text")
		return "", false
	}
	return n.text, true
}

// short reads a text on one line of at most limit characters.
func (r *reader) short(n *node, limit int) (string, bool) {
	s, ok := r.str(n)
	switch {
	case !ok:
		return "", false
	case strings.ContainsAny(s, "\n\t"):
		r.out.add(n.place, "several_lines")
		return "", false
	case s != strings.TrimSpace(s):
		r.out.add(n.place, "outer_space").meant(strings.TrimSpace(s))
		return "", false
	case utf8.RuneCountInString(s) > limit:
		r.out.add(n.place, "too_many_characters", "limit", limit, "length", utf8.RuneCountInString(s))
		return "", false
	}
	return s, true
}

// formed reads a text of a form; code is the problem when it has another.
func (r *reader) formed(n *node, form *regexp.Regexp, limit int, code string) (string, bool) {
	s, ok := r.str(n)
	if plain := plainly(s); ok && !form.MatchString(s) && form.MatchString(plain) && len(plain) <= limit {
		r.out.foreign(n.place, s, plain)
		return plain, true
	}
	if ok && (!form.MatchString(s) || len(s) > limit) {
		better := ""
		if !r.out.crowded() {
			better = reformed(s, form, limit)
		}
		r.lostName(s)
		r.out.add(n.place, code, "value", s, "limit", limit).meant(better)
		return better, better != ""
	}
	return s, ok
}

// word reads one of the words.
func word[T ~string](r *reader, n *node, list []T) T {
	s, ok := r.str(n)
	if !ok || slices.Contains(list, T(s)) {
		return T(s)
	}
	all := make([]string, len(list))
	for i, w := range list {
		all[i] = string(w)
	}
	if known, ok := r.out.lookalike(n.place, s, all); ok {
		return T(known)
	}
	r.out.add(n.place, "unknown_value", "value", s).expect(strings.Join(all, ", ")).meant(r.out.nearest(s, all))
	return T(r.out.typo(s, all))
}

// list returns the items of a list that is not empty.
func (r *reader) list(n *node) []*node {
	if n.kind != listNode {
		r.out.add(n.place, "expected_list").expect("[…]")
		return nil
	}
	if len(n.items) == 0 {
		r.out.add(n.place, "empty_list")
	}
	return n.items
}

// boolean reads true or false.
func (r *reader) boolean(n *node) bool {
	if n.kind != boolNode {
		r.out.add(n.place, "expected_true_or_false").expect("true, false").meant(r.out.truth(n.text))
		return false
	}
	return strings.EqualFold(n.text, "true")
}

// yes reads the word true, which is the only value of some keys.
func (r *reader) yes(n *node) bool {
	if n.kind != boolNode || !strings.EqualFold(n.text, "true") {
		p := r.out.add(n.place, "expected_true").expect("true")
		if n.kind == textNode && r.out.truth(n.text) == "true" {
			p.meant("true")
		}
		return false
	}
	return true
}

// number reads a finite number.
func (r *reader) number(n *node) (float64, bool) {
	if v, ok := n.number(); ok {
		return v, true
	}
	r.out.add(n.place, "expected_number")
	return 0, false
}

func (n *node) number() (float64, bool) {
	if n.kind != numberNode {
		return 0, false
	}
	v, err := strconv.ParseFloat(n.text, 64)
	return v, err == nil
}

// whole reads a whole number within bounds.
func (r *reader) whole(n *node, low, high int) (int, bool) {
	v, ok := n.number()
	if !ok || v != float64(int(v)) {
		r.out.add(n.place, "expected_whole_number")
		return 0, false
	}
	if v < float64(low) || v > float64(high) {
		r.out.add(n.place, "out_of_range", "min", low, "max", high)
		return 0, false
	}
	return int(v), true
}

// distinct reports a value that was there before.
func distinct[T comparable](r *reader, n *node, seen []T, v T, shown string) bool {
	if slices.Contains(seen, v) {
		r.out.add(n.place, "duplicate_value", "value", shown)
		return false
	}
	return true
}

// channels reads a list of channels.
func (r *reader) channels(n *node) (list []campaigns.Channel) {
	for _, it := range r.list(n) {
		c := word(r, it, knownChannels)
		if c == "" {
			c = campaigns.Channel(r.out.nearest(it.text, names(knownChannels))) // what else there is to say of channels does not wait
		}
		if c != "" && distinct(r, it, list, c, string(c)) {
			list = append(list, c)
		}
	}
	return list
}
