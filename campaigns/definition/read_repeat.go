package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func (r *reader) award(n *node) Body {
	a := &Award{}
	rec, ok := r.record(n, awardObject)
	if !ok {
		return a
	}
	rec.with("points", func(n *node) {
		var good bool
		if a.Points, good = r.whole(n, -maxPoints, maxPoints); good && a.Points == 0 {
			r.out.add(n.place, "award_nothing")
		}
	})
	return a
}

func (r *reader) repeat(s *Step, n *node) Body {
	p := &Repeat{}
	rec, ok := r.record(n, repeatObject)
	if !ok {
		return p
	}
	if r.around != nil {
		r.out.add(n.place, "repeat_in_repeat")
	}
	rec.with("times", func(n *node) { p.Times, _ = r.whole(n, 1, maxRounds) })
	rec.with("at", func(n *node) { p.At = r.localTime(n) })
	rec.with("starts", func(n *node) { p.Starts = r.day(n) })
	rec.with("prompts", func(n *node) { r.prompts(p, n) })
	outer := r.around
	r.around = p
	rec.with("steps", func(n *node) { p.Steps = r.stepList(n, false) })
	r.around = outer
	return p
}

func (r *reader) prompts(p *Repeat, n *node) {
	for _, it := range r.list(n) {
		p.Prompts = append(p.Prompts, r.multilingual(it, promptText))
	}
	if p.Times > 0 && len(p.Prompts) > 0 && len(p.Prompts) != p.Times {
		r.out.add(n.place, "prompts_count", "n", len(p.Prompts), "times", p.Times)
	}
}

// accept reads what kinds of file a question takes, or fills in what its type says.
func (r *reader) accept(a *Ask, rec *record) {
	if !a.Type.Media() {
		r.notFor(a, rec, "accept")
		return
	}
	may := acceptable[a.Type]
	if rec.get("accept") == nil {
		a.Accept = slices.Clone(may.kinds[:may.defaults])
		return
	}
	for _, it := range r.list(rec.get("accept")) {
		if k := word(r, it, may.kinds); k != "" && distinct(r, it, a.Accept, k, string(k)) {
			a.Accept = append(a.Accept, k)
		}
	}
}

// seconds reads how short and how long a recording may be.
func (r *reader) seconds(a *Ask, rec *record) {
	read := func(key string, to **float64) {
		rec.with(key, func(n *node) {
			if v, ok := r.whole(n, 1, maxSeconds); ok {
				f := float64(v)
				*to = &f
			}
		})
	}
	read("min", &a.Min)
	read("max", &a.Max)
	if a.Min != nil && a.Max != nil && *a.Min >= *a.Max {
		r.out.add(rec.get("max").place, "max_not_above_min")
	}
}

// day reads a calendar day.
func (r *reader) day(n *node) *timing.LocalDateTime {
	s, ok := n.written()
	if !ok {
		r.out.add(n.place, "expected_day").expect(`"2026-12-01"`)
		return nil
	}
	d, err := timing.ParseLocalDateTime(s + " 00:00")
	if err != nil {
		r.out.add(n.place, "expected_day", "value", s).expect(`"2026-12-01"`)
		return nil
	}
	return &d
}

// RepeatOf returns the repeat that the step stands in, or nil.
func (d *Definition) RepeatOf(id campaigns.StepID) *Step { return d.around[id] }

// Repeat returns what the step repeats, or nil.
func (s *Step) Repeat() *Repeat {
	p, _ := s.Body.(*Repeat)
	return p
}

// noteRepeats fills in which repeat each step stands in.
func (r *reader) noteRepeats() {
	r.d.around = map[campaigns.StepID]*Step{}
	for _, s := range r.d.Order {
		if p := s.Repeat(); p != nil {
			Within(p.Steps, func(inner *Step) { r.d.around[inner.ID] = s })
		}
	}
}

// Within calls f for the steps and all below them.
func Within(steps []*Step, f func(*Step)) {
	for _, s := range steps {
		f(s)
		for _, block := range s.blocks() {
			Within(block, f)
		}
	}
}

// blocks returns the lists of steps inside the step.
func (s *Step) blocks() (list [][]*Step) {
	switch b := s.Body.(type) {
	case *Branch:
		for _, arm := range b.Arms {
			list = append(list, arm.Steps)
		}
	case *Split:
		for _, arm := range b.Arms {
			list = append(list, arm.Steps)
		}
	case *Repeat:
		list = append(list, b.Steps)
	}
	return list
}

// checkRounds reports jumps that would run a round's steps twice, or a repeat: within a round a goto leads forward, to the repeat itself (which
// ends the round) or past it, and nothing leads into a repeat from outside or back before it.
func (r *reader) checkRounds() {
	at := map[*Step]int{}
	for i, s := range r.d.Order {
		at[s] = i
	}
	for _, g := range r.gotos {
		to := r.d.byID[g.to]
		mine, theirs := r.d.around[g.from.ID], r.d.around[to.ID]
		switch {
		case theirs != nil && theirs != mine:
			r.out.add(g.node.place, "goto_into_repeat", "id", string(g.to), "repeat", string(theirs.ID))
		case mine != nil && theirs == mine && at[to] <= at[g.from]:
			r.out.add(g.node.place, "goto_back_in_round", "id", string(g.to))
		case mine != nil && to != mine && at[to] < at[mine]:
			r.out.add(g.node.place, "goto_before_repeat", "id", string(g.to), "repeat", string(mine.ID))
		case mine == nil:
			r.checkBack(g, at)
		}
	}
}

// checkBack reports a jump over a repeat that was passed.
func (r *reader) checkBack(g gotoUse, at map[*Step]int) {
	for _, s := range r.d.Order {
		if s.Repeat() != nil && at[s] < at[g.from] && at[r.d.byID[g.to]] <= at[s] {
			r.out.add(g.node.place, "goto_before_repeat", "id", string(g.to), "repeat", string(s.ID))
			return
		}
	}
}
