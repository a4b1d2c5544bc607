//go:build unix

package faults

import (
	"maps"
	"slices"
	"sync"
)

// tally counts what happened.
type tally struct {
	mu      sync.Mutex
	strikes map[string]int      // messages that met a fault
	answers map[int]question    // members who answer
	order   []int               // and in which order they did
	done    int                 // of them, those whose finger has left the button
	ids     map[string][]string // Message-IDs of the mails to an address
	kills   int
	freezes int
	unsure  int // messages whose outcome nobody can know, at most
	twice   int // messages that may come twice, at most
	retold  int // messages to the staff that may come twice, beside those of a kill
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

// question is where a member answers.
type question struct {
	message int64
	data    string // of the button
}

// froze notes that a process with so many connections stood still: the other sides may have given them up meanwhile.
func (t *tally) froze(lines int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.freezes++
	t.unsure += lines
}

// pressed notes that the member answers; false: they did before.
func (t *tally) pressed(n int, q question) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.answers == nil {
		t.answers = map[int]question{}
	}
	if _, ok := t.answers[n]; ok {
		return false
	}
	t.answers[n] = q
	t.order = append(t.order, n)
	return true
}

// someone is one who has answered, by a number of any size; nobody has: -1.
func (t *tally) someone(which int) (n int, q question) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) == 0 {
		return -1, q
	}
	n = t.order[which%len(t.order)]
	return n, t.answers[n]
}

// again notes that the staff may be told something a second time.
func (t *tally) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.retold++
}

// mailed notes the Message-ID of a mail, whatever becomes of it.
func (t *tally) mailed(to, id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ids == nil {
		t.ids = map[string][]string{}
	}
	if !slices.Contains(t.ids[to], id) {
		t.ids[to] = append(t.ids[to], id)
	}
}

func (t *tally) messageIDs() map[string][]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.ids)
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
	strikes                       map[string]int
	kills, freezes, unsure, twice int
	answers, retold               int
}

func (t *tally) counts() counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return counts{maps.Clone(t.strikes), t.kills, t.freezes, t.unsure, t.twice, len(t.answers), t.retold}
}
