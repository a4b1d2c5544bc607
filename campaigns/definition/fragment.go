package definition

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// Fragments are put in before the document is read, tree for tree: whatever reads the steps afterwards knows of none. The steps that a use
// puts in keep their places in the text, and belong to the use by their ids: "before.ask" is the step "ask" of what "before" uses.

// scope is what ids mean within one use of a fragment, or in the campaign itself.
type scope struct {
	prefix string            // of the ids of its steps
	full   map[string]string // what an id leads to: the step, or the first step of a use
	taken  map[string]bool   // the ids that uses have
	around *scope            // the campaign's
	place  Place             // of the use
}

// id is the whole id of a step that has this one where it is written.
func (s *scope) id(own string) string {
	if s == nil {
		return own
	}
	return s.prefix + own
}

// target is the id of the step that is meant by this one: of the fragment itself, or else of the campaign.
func (s *scope) target(own string) string {
	for ; s != nil; s = s.around {
		if full := s.full[own]; full != "" {
			return full
		}
	}
	return own
}

// fragment is a list of steps with a name.
type fragment struct {
	place Place
	steps *node
	used  bool
	open  bool // it is being put in: who uses it now leads round in a circle

	// first is what is added to a use's id for the first step that it puts in.
	first      string
	firstKnown bool
}

// maxPut is how many steps and uses may be put in: a step may have come by some uses inside each other.
const maxPut = 4 * MaxSteps

// maxStepID is the length of a whole id. Ids of uses add up, and a database's index takes no text of any length.
const maxStepID = 200

// expander puts the fragments of one document in. It leaves uses alone that the reader has to complain of.
type expander struct {
	out         *sink
	fragments   map[string]*fragment
	campaign    *scope
	nodes, text int // what was put in
	puts        int
	full        bool
}

// expand returns the document with the steps of its fragments where they are used. A document without fragments is itself.
func expand(root *node, out *sink) *node {
	at := slices.IndexFunc(root.entries, func(e entry) bool { return e.key == "fragments" })
	steps := slices.IndexFunc(root.entries, func(e entry) bool { return e.key == "steps" })
	if at < 0 || steps < 0 {
		return root
	}
	x := &expander{out: out, fragments: map[string]*fragment{}, campaign: newScope("", nil, Place{})}
	x.read(root.entries[at].value)
	whole := *root
	whole.entries = slices.Clone(root.entries)
	whole.entries[steps].value = x.campaignSteps(root.entries[steps].value)
	mentioned := map[string]bool{}
	mentions(root, mentioned)
	for name, f := range x.fragments {
		if !f.used && !x.full && !mentioned[name] {
			out.add(f.place, "fragment_unused", "name", name)
		}
	}
	return &whole
}

// mentions gathers what stands anywhere beside a key that may be a use: one that is misspelt, or has more beside it, is told of, and its fragment is not unused.
func mentions(n *node, into map[string]bool) {
	for _, e := range n.entries {
		if e.value.kind == textNode && e.key != "id" {
			into[e.value.text] = true
		}
		mentions(e.value, into)
	}
	for _, it := range n.items {
		mentions(it, into)
	}
}

func newScope(prefix string, around *scope, at Place) *scope {
	return &scope{prefix: prefix, full: map[string]string{}, taken: map[string]bool{}, around: around, place: at}
}

// read takes the fragments with a name that the reader does not refuse: names make ids.
func (x *expander) read(n *node) {
	for _, e := range n.entries {
		if e.value.kind == listNode && isKey(e.key) {
			x.fragments[e.key] = &fragment{place: e.place, steps: e.value}
		}
	}
}

func (x *expander) campaignSteps(n *node) *node {
	if n.kind != listNode {
		return n
	}
	x.enter(n, x.campaign)
	out := *n
	out.items = x.list(n.items, x.campaign)
	return &out
}

// use is the fragment that a step uses and the id that the use has; ok is false for every other step, and for those that are wrong.
func (x *expander) use(n *node) (f *fragment, id string, ok bool) {
	if n.kind != mappingNode {
		return nil, "", false
	}
	for _, e := range n.entries {
		switch e.key {
		case "use":
			if e.value.kind != textNode {
				return nil, "", false
			}
			f = x.fragments[e.value.text]
			if id == "" {
				id = e.value.text
			}
		case "id":
			if id = e.value.text; !isKey(id) {
				return nil, "", false
			}
		default:
			return nil, "", false
		}
	}
	return f, id, f != nil && !f.open
}

// enter notes what the ids in a list of steps lead to, those in its blocks included.
func (x *expander) enter(n *node, in *scope) {
	for _, it := range n.items {
		if f, id, ok := x.use(it); ok {
			x.note(it, id, in.prefix+id+x.first(f), in)
		} else if id := it.get("id"); id != nil {
			x.note(it, id.text, in.prefix+id.text, in)
		}
		x.enterBlocks(it, in)
	}
}

// note says what an id leads to. That two steps have one is told by whoever names steps; it knows of no uses.
func (x *expander) note(step *node, id, full string, in *scope) {
	other, seen := in.full[id]
	if seen && (full != in.prefix+id || other != in.prefix+id) {
		x.out.add(step.place, "fragment_id", "id", id)
	}
	if !seen {
		in.full[id] = full
	}
}

func (x *expander) enterBlocks(n *node, in *scope) {
	for _, e := range n.entries {
		if isBlock(e) {
			x.enter(e.value, in)
			continue
		}
		x.enterBlocks(e.value, in)
	}
	for _, it := range n.items {
		x.enterBlocks(it, in)
	}
}

func isBlock(e entry) bool { return (e.key == "steps" || e.key == "else") && e.value.kind == listNode }

// first looks once at each fragment. It knows the ids of no more than what a whole id may have.
func (x *expander) first(f *fragment) string {
	if len(f.steps.items) == 0 || f.open {
		return ""
	}
	if !f.firstKnown {
		f.open = true
		f.first, f.firstKnown = x.firstStep(f.steps.items[0]), true
		f.open = false
	}
	return f.first
}

func (x *expander) firstStep(it *node) string {
	if inner, id, ok := x.use(it); ok {
		whole := "." + id + x.first(inner)
		return whole[:min(len(whole), maxStepID)]
	}
	if id := it.get("id"); id != nil {
		return "." + id.text
	}
	return ".1"
}

// list puts in what the steps of a list use.
func (x *expander) list(items []*node, in *scope) (out []*node) {
	for _, it := range items {
		if in != x.campaign {
			x.count(it, 0, 0, 1)
		}
		f, id, ok := x.use(it)
		switch {
		case x.full:
			return out
		case !ok:
			if f != nil && f.open {
				x.out.add(it.place, "fragment_circle", "name", it.get("use").text)
			}
			out = append(out, x.copy(it, in))
		case !in.taken[id]: // the second was told of when its id was noted
			in.taken[id] = true
			out = append(out, x.put(f, it, id, in)...)
		}
	}
	return out
}

// put returns the steps of a fragment under the id of one use.
func (x *expander) put(f *fragment, use *node, id string, in *scope) []*node {
	f.used = true
	inner := newScope(in.prefix+id+".", x.campaign, use.place)
	if len(inner.prefix) >= maxStepID {
		x.out.add(use.place, "fragment_id_long", "limit", maxStepID)
		return []*node{bare(use)}
	}
	f.open = true
	defer func() { f.open = false }()
	x.count(use, 0, 0, 1)
	x.enter(f.steps, inner)
	out := x.list(f.steps.items, inner)
	for i, n := range out { // a use among them has named its own
		if n.scope == inner && n.get("id") == nil {
			n.ordinal = strconv.Itoa(i + 1)
		}
	}
	if len(out) == 0 {
		return []*node{bare(use)}
	}
	return out
}

// bare stands for a use of which it was told why nothing was put in, so that nobody misses steps there.
func bare(use *node) *node {
	out := *use
	out.entries = slices.DeleteFunc(slices.Clone(use.entries), func(e entry) bool { return e.key != "use" })
	return &out
}

// count counts what is put in against the limits of a document.
func (x *expander) count(n *node, nodes, text, puts int) {
	x.nodes += nodes
	x.text += text
	x.puts += puts
	if !x.full && (x.nodes > MaxNodes || x.text > MaxBytes || x.puts > maxPut) {
		x.full = true
		x.out.add(n.place, "fragments_too_large")
	}
}

// copy makes the node belong to the scope.
func (x *expander) copy(n *node, in *scope) *node {
	if in != x.campaign {
		x.count(n, 1, utf8.RuneCountInString(n.text), 0)
	}
	if x.full {
		return n
	}
	out := *n
	out.scope, out.entries, out.items = in, nil, nil
	for _, e := range n.entries {
		if isBlock(e) {
			block := *e.value
			block.scope, block.items = in, x.list(e.value.items, in)
			e.value = &block
		} else {
			e.value = x.copy(e.value, in)
		}
		out.entries = append(out.entries, e)
	}
	for _, it := range n.items {
		out.items = append(out.items, x.copy(it, in))
	}
	return &out
}

func isKey(s string) bool { return len(s) <= maxKey && keyForm.MatchString(s) }

// fragments reads the names; the steps are read where they are used.
func (r *reader) fragments(n *node) {
	if n.kind != mappingNode {
		r.out.add(n.place, "expected_mapping", "example", fragmentsExample).expect(fragmentsExample)
		return
	}
	for _, e := range n.entries {
		if !isKey(e.key) {
			r.out.add(e.place, "key_form", "value", e.key, "limit", maxKey).meant(reformed(e.key, keyForm, maxKey))
		}
		r.list(e.value)
		r.fragmentNames = append(r.fragmentNames, e.key)
		if r.fragmentNodes == nil {
			r.fragmentNodes = map[string]*node{}
		}
		r.fragmentNodes[e.key] = e.value
	}
}

const fragmentsExample = "{ask-again: [{ask: {…}}]}"

// unexpanded reads a use that was not put in: it names nothing, or something else about it was complained of.
func (r *reader) unexpanded(n *node) Body {
	name, ok := r.str(n)
	switch {
	case !ok:
	case slices.Contains(r.fragmentNames, name):
		r.unreadFragment(name)
	default:
		near := r.out.nearest(name, r.fragmentNames)
		r.out.add(n.place, "unknown_fragment", "name", name).meant(near)
		r.unreadFragment(near)
	}
	return &Set{}
}

// unreadFragment is unread for what would have been put in, once.
func (r *reader) unreadFragment(name string) {
	r.unread(r.fragmentNodes[name])
	delete(r.fragmentNodes, name)
}
