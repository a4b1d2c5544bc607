package engine

import (
	"time"

	"github.com/kruzhok/kruzhok/internal/fault"
)

const (
	// patientTries is how often a database that answers may refuse.
	patientTries = 3
	// patientPause is the longest wait for a database that is away.
	patientPause = 2 * time.Second
)

// patiently repeats a write of this process that nobody makes in its stead, as long as the database is away: results that the journal alone knows, and
// claims to give back, or what was never begun would be unknown when they run out.
func (e *Engine) patiently(complaint string, n int, write func() error) error {
	first := true
	for wait, refused := 50*time.Millisecond, 0; ; wait = min(2*wait, patientPause) {
		err := write()
		if err == nil {
			return nil
		}
		if first {
			first = false
			e.waiting.Add(1)
			defer e.waiting.Add(-1)
		}
		if !fault.Is(err, fault.Unavailable) {
			refused++
		}
		e.Log.Warn(complaint, "n", n, "error", err)
		if refused == patientTries || !e.pause(wait) {
			return err
		}
	}
}

// pause waits, unless the engine is closed meanwhile.
func (e *Engine) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-e.closed:
		return false
	}
}
