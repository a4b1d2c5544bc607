//go:build unix

package faults

import (
	"maps"
	"sync"
)

// tally counts what happened.
type tally struct {
	mu      sync.Mutex
	strikes map[string]int // messages that met a fault
	answers map[int]bool   // members who answer
	done    int            // of them, those whose finger has left the button
	kills   int
	unsure  int // messages whose outcome nobody can know, at most
	twice   int // messages that may come twice, at most
}

// struck notes that a message met a fault; unsure: its sender cannot know what became of it.
func (t *tally) struck(name string, unsure bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.strikes == nil {
		t.strikes = map[string]int{}
	}
	t.strikes[name]++
	if unsure {
		t.unsure++
	}
}

// doubt notes that the outcome of so many messages may be unknown.
func (t *tally) doubt(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unsure += n
}

// killed notes a SIGKILL of a process with so many connections: what was on its way on each is unknown, or comes twice.
func (t *tally) killed(lines int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kills++
	t.unsure += lines
	t.twice += lines
}

// pressed notes that the member answers; false: they did before.
func (t *tally) pressed(n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers == nil {
		t.answers = map[int]bool{}
	}
	if t.answers[n] {
		return false
	}
	t.answers[n] = true
	return true
}

// released notes that an answer is on its way; allReleased says whether all are.
func (t *tally) released() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
}

func (t *tally) allReleased() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.done == len(t.answers)
}

func (t *tally) strikesOf(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.strikes[name]
}

// counts is a copy of the tally's numbers.
type counts struct {
	strikes              map[string]int
	kills, unsure, twice int
	answers              int
}

func (t *tally) counts() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return counts{maps.Clone(t.strikes), t.kills, t.unsure, t.twice, len(t.answers)}
}
