package definition

import "strings"

// What cannot be read was told of; what would only follow from that is left unsaid. Here is kept what may have stood there.

// unread notes every word in what is not read: each may be the name of a step, an answer or a call.
func (r *reader) unread(n *node) {
	if n == nil {
		return
	}
	r.lostName(n.text)
	for _, e := range n.entries {
		r.unread(e.value)
	}
	for _, it := range n.items {
		r.unread(it)
	}
}

func (r *reader) lostName(name string) {
	if r.lost == nil {
		r.lost = map[string]bool{}
	}
	if name != "" && len(name) <= maxStepID {
		r.lost[name] = true
	}
}

// gap is unread for what leaves a gap in the steps: where they lead cannot be told.
func (r *reader) gap(n *node) {
	r.gaps = true
	r.unread(n)
}

// maybe reports a name that may be one of what was not read; of a step of a use, that of either.
func (r *reader) maybe(name string) bool {
	first, _, _ := strings.Cut(name, ".")
	return r.lost[name] || r.lost[first] || r.lost[name[strings.LastIndex(name, ".")+1:]]
}
