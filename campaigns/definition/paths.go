package definition

import "slices"

// exits returns every step that may follow s at once (waited false) or at all (waited true): an ask and a wait let time pass.
func (d *Definition) exits(s *Step, waited bool) []*Step {
	var to []*Step
	add := func(next *Step) {
		if next != nil {
			to = append(to, next)
		}
	}
	switch b := s.Body.(type) {
	case *Goto:
		add(d.byID[b.To])
	case *End:
	case *Branch:
		d.branchExits(s, b, add)
	case *Split:
		for _, arm := range b.Arms {
			add(first(arm.Steps, s.Next))
		}
		if len(b.Arms) == 0 { // it is refused for that alone
			add(s.Next)
		}
	case *Ask:
		if waited {
			add(s.Next)
			add(d.byID[b.Timeout.Goto])
		}
	case *Call: // an answer may come at once
		add(s.Next)
		add(d.byID[b.Failed])
	case *Wait:
		d.waitExits(s, b, waited, add)
	case *Repeat: // it comes back to its first step only when another day has begun
		add(s.Next)
		if waited && len(b.Steps) > 0 {
			add(b.Steps[0])
		}
	default:
		add(s.Next)
	}
	return to
}

// waitExits: a day in an attribute may be past, or none, so that no time passes.
func (d *Definition) waitExits(s *Step, w *Wait, waited bool, add func(*Step)) {
	if !waited && w.Date == nil {
		return
	}
	add(s.Next)
	add(d.byID[w.Timeout.Goto])
	if w.Date != nil {
		add(d.byID[w.Date.Missed])
	}
}

func (d *Definition) branchExits(s *Step, b *Branch, add func(*Step)) {
	otherwise := false
	for _, arm := range b.Arms {
		otherwise = otherwise || arm.If == nil
		add(first(arm.Steps, s.Next))
	}
	if !otherwise {
		add(s.Next)
	}
}

// first is the first of the steps, or where one goes on when there are none.
func first(steps []*Step, after *Step) *Step {
	if len(steps) > 0 {
		return steps[0]
	}
	return after
}

// reach returns all steps that can come after the given ones, those included.
func (d *Definition) reach(from []*Step, waited bool) map[*Step]bool {
	seen := map[*Step]bool{}
	for todo := slices.Clone(from); len(todo) > 0; {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[s] {
			seen[s] = true
			todo = append(todo, d.exits(s, waited)...)
		}
	}
	return seen
}

// checkReach reports steps that no member can come to: of steps in a row the first, and nothing inside a branch that is out of reach itself.
func (r *reader) checkReach() {
	seen := r.d.reach(r.d.Steps[:1], true)
	r.unreached(r.d.Steps, seen)
}

func (r *reader) unreached(steps []*Step, seen map[*Step]bool) {
	reported := false
	for _, s := range steps {
		if !seen[s] {
			if !reported {
				r.out.add(s.Place, "unreachable_step", "id", string(s.ID))
			}
			reported = true
			continue
		}
		reported = false
		for _, block := range s.blocks() {
			r.unreached(block, seen)
		}
	}
}

// checkCycles reports every goto, and every call that fails, that closes a circle in which no time passes. Nothing else leads back, so every circle has one.
func (r *reader) checkCycles() {
	for _, g := range r.gotos {
		if _, jumps := g.from.Body.(*Goto); !jumps && g.from.Call() == nil {
			continue
		}
		if target := r.d.byID[g.to]; r.d.reach([]*Step{target}, false)[g.from] {
			r.out.add(g.node.place, "cycle_without_wait", "id", string(g.to))
		}
	}
}

// Ahead returns every step that a passage that stands at s can come to after it.
func (d *Definition) Ahead(s *Step) map[*Step]bool { return d.reach(d.exits(s, true), true) }
