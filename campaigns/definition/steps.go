package definition

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Questions returns the steps that ask, in document order.
func (d *Definition) Questions() []*Step {
	var list []*Step
	for _, s := range d.Order {
		if s.Ask() != nil {
			list = append(list, s)
		}
	}
	return list
}

// Ask returns the step's question, or nil.
func (s *Step) Ask() *Ask {
	a, _ := s.Body.(*Ask)
	return a
}

// Wait returns what the step waits for, or nil.
func (s *Step) Wait() *Wait {
	w, _ := s.Body.(*Wait)
	return w
}

// Call returns what the step asks of another system, or nil.
func (s *Step) Call() *Call {
	c, _ := s.Body.(*Call)
	return c
}

// Does is the word of the document for what the step does.
func (s *Step) Does() string {
	switch s.Body.(type) {
	case *Send:
		return "send"
	case *Ask:
		return "ask"
	case *Wait:
		return "wait"
	case *Branch:
		return "branch"
	case *Split:
		return "split"
	case *Set:
		return "set"
	case *Award:
		return "award"
	case *Notify:
		return "notify"
	case *Call:
		return "call"
	case *Enroll:
		return "enroll"
	case *Repeat:
		return "repeat"
	case *Goto:
		return "goto"
	}
	return "end"
}

// SavesAs returns the name under which the step's answer is saved, or "" when the step asks nothing. Parse fills it in where the author
// gave none: the step's id with "-" for ".", as a variable's name has no dots.
func (s *Step) SavesAs() string {
	a := s.Ask()
	switch {
	case a == nil:
		return ""
	case a.SaveAs != "":
		return a.SaveAs
	}
	return nameOfID(s.ID)
}

// nameOfID is the id as a variable's name can have it.
func nameOfID(id campaigns.StepID) string { return strings.ReplaceAll(string(id), ".", "-") }

// ChannelsOf returns the channels that the step is tried on, in order: its own, or the campaign's. Nil when it sends nothing.
func (d *Definition) ChannelsOf(s *Step) []campaigns.Channel {
	var own []campaigns.Channel
	switch b := s.Body.(type) {
	case *Send:
		own = b.Channels
	case *Ask:
		own = b.Channels
	default:
		return nil
	}
	if len(own) == 0 {
		return d.Channels
	}
	return own
}

// nameSteps fills Order and byID, reports ids that are given twice, and derives an id for every step that has none:
//
//	step-3        the third step of the campaign
//	by-level.1.2  the second step in the first arm of the branch by-level
//
// A given id has no dots, so only the first form can meet a given one; then it is "step-3.0".
func (r *reader) nameSteps() {
	r.d.byID = map[campaigns.StepID]*Step{}
	r.collect(r.d.Steps)
	for _, s := range r.d.Order {
		given := r.stepKeys[s].given
		if given == nil {
			continue
		}
		if first := r.d.byID[s.ID]; first != nil {
			r.out.add(given.place, "duplicate_id", "id", string(s.ID), "line", r.stepKeys[first].given.place.Line)
			continue
		}
		r.d.byID[s.ID] = s
	}
	r.derive(r.d.Steps, "step-")
	for _, s := range r.d.Order {
		if scope := r.stepKeys[s].scope; scope != nil && len(s.ID) > maxStepID {
			r.out.add(scope.place, "fragment_id_long", "limit", maxStepID)
		}
		if a := s.Ask(); a != nil {
			a.SaveAs = s.SavesAs()
		}
		if c := s.Call(); c != nil && c.SaveAs == "" {
			c.SaveAs = nameOfID(s.ID)
		}
	}
}

func (r *reader) collect(steps []*Step) {
	for _, s := range steps {
		r.d.Order = append(r.d.Order, s)
		for _, block := range s.blocks() {
			r.collect(block)
		}
	}
}

func (r *reader) derive(steps []*Step, prefix string) {
	for i, s := range steps {
		if s.ID == "" {
			s.ID = campaigns.StepID(fmt.Sprintf("%s%d", prefix, i+1))
			if r.d.byID[s.ID] != nil {
				s.ID += ".0"
			}
			r.d.byID[s.ID] = s
		}
		for j, block := range s.blocks() {
			r.derive(block, fmt.Sprintf("%s.%d.", s.ID, j+1))
		}
	}
}

// linkSteps fills Next: the step after, or where the block ends the step after the branch, or the repeat itself. Goto and End have none.
func (r *reader) linkSteps() { link(r.d.Steps, nil) }

func link(steps []*Step, after *Step) {
	for i, s := range steps {
		next := after
		if i+1 < len(steps) {
			next = steps[i+1]
		}
		switch b := s.Body.(type) {
		case *Goto, *End:
			continue
		case *Branch:
			for _, arm := range b.Arms {
				link(arm.Steps, next)
			}
		case *Split:
			for _, arm := range b.Arms {
				link(arm.Steps, next)
			}
		case *Repeat:
			link(b.Steps, s)
		}
		s.Next = next
	}
}

func (r *reader) stepIDs() []string {
	ids := make([]string, 0, len(r.d.byID))
	for id := range r.d.byID {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	return ids
}

// meantStep is the step that was probably meant, also by the end of its id alone, which is what a use has it by.
func (r *reader) meantStep(id string, ids []string) string {
	if near := r.out.nearest(id, ids); near != "" {
		return near
	}
	ends := make([]string, len(ids))
	for i, whole := range ids {
		ends[i] = whole[strings.LastIndex(whole, ".")+1:]
	}
	if near := r.out.nearest(id, ends); near != "" {
		return ids[slices.Index(ends, near)]
	}
	return ""
}

// checkGotos reports jumps to steps that are not there.
func (r *reader) checkGotos() {
	r.gotosFound = true
	ids := r.stepIDs()
	for _, g := range r.gotos {
		if r.d.byID[g.to] == nil {
			r.gotosFound = false
			if !r.maybe(string(g.to)) {
				r.out.add(g.node.place, "unknown_step", "id", string(g.to)).meant(r.meantStep(string(g.to), ids))
			}
		}
	}
}
