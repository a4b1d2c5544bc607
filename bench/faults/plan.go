//go:build unix

package faults

import (
	"math/rand/v2"
	"slices"
	"time"
)

// fault is one thing that goes wrong.
type fault struct {
	name string
	// strike begins it, and returns what ends it.
	strike func(s *Site) (heal func())
	// lasts is how long at least; 0: a moment that the seed chooses.
	lasts time.Duration
	// met: messages meet it, and the round waits until one has. It begins before they are on their way; the others strike while they are.
	met bool
	// also happens when it was met; nil: nothing does.
	also func(s *Site)
	// fits says whether the installation has what it takes; nil: every one does.
	fits func(s *Site) bool
	// rare ones take long and are played only by a long run.
	rare bool
}

// faults are all of them.
func (s *Site) faults() []fault {
	var fit []fault
	for _, f := range slices.Concat(mailFaults, chatFaults, processFaults, redisFaults, postgresFaults, otherFaults, deskFaults) {
		if f.fits == nil || f.fits(s) {
			fit = append(fit, f)
		}
	}
	return fit
}

// plan is what goes wrong, in order: each fault once, or as many as are asked for, drawn from all.
func (s *Site) plan() []fault {
	rnd := rand.New(rand.NewPCG(s.opt.Seed, 2))
	var from []fault
	for _, f := range s.faults() {
		if len(s.opt.Only) == 0 && (!f.rare || s.opt.Rounds > 0) || slices.Contains(s.opt.Only, f.name) {
			from = append(from, f)
		}
	}
	if len(from) == 0 {
		s.t.Fatalf("no fault of this installation is called %q", s.opt.Only)
	}
	var plan []fault
	for rounds := s.opt.Rounds; len(plan) < rounds || rounds == 0; {
		rnd.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		plan = append(plan, from...)
		if rounds == 0 {
			return plan
		}
	}
	return plan[:s.opt.Rounds]
}

func names(plan []fault) []string {
	var out []string
	for _, f := range plan {
		out = append(out, f.name)
	}
	return out
}
