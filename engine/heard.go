package engine

import (
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// What was not fetched while nobody was there is fetched first, for catchUp; until a minute after the start nobody can say when it was done.
const (
	catchUp = 5 * time.Second
	benefit = time.Minute
)

// absence is when the process began, by the engine's clock and by the real one; zero: it was always there.
type absence struct{ shown, real time.Time }

func (a absence) now() store.Absence {
	if a.shown.IsZero() {
		return store.Absence{}
	}
	return store.Absence{Ended: a.shown, Until: a.shown.Add(benefit), Fetching: time.Since(a.real) < catchUp}
}
