package engine

import (
	"sync"
	"time"
)

// leaps notices when the clock is moved ahead: a machine that slept, a clock that was set. What was claimed then seems to have run out, while its owner
// works on it.
type leaps struct {
	mu          sync.Mutex
	shown, real time.Time // when it was looked at last; real counts on whatever happens to the clock
	until       time.Time // nothing that seems to have run out has, before it
}

// within notes the time, and reports whether the clock was moved ahead by more than slack within the last life of a claim.
func (l *leaps) within(life, slack time.Duration, shown, real time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.real.IsZero() && shown.Sub(l.shown)-real.Sub(l.real) > slack {
		l.until = real.Add(life + slack)
	}
	l.shown, l.real = shown, real
	return real.Before(l.until)
}

// began notes that the process has begun: whether the clock was moved before it cannot know.
func (l *leaps) began(life, slack time.Duration, real time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = real.Add(life + slack)
}
