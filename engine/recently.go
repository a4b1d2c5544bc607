package engine

import (
	"sync"
	"time"
)

// recently remembers what was done in the last while, so that it is not done again at every look. It forgets too early rather than too late:
// whatever it held back is done at the next look.
type recently[K comparable] struct {
	mu sync.Mutex
	at map[K]time.Time
}

// maxRecent bounds the memory; beyond it, it starts anew.
const maxRecent = 10_000

// first reports whether k was not noted within the span, and notes it.
func (r *recently[K]) first(k K, span time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if at, ok := r.at[k]; ok && now.Sub(at) < span {
		return false
	}
	r.put(k, now)
	return true
}

// noted reports whether k was noted within the span.
func (r *recently[K]) noted(k K, span time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.at[k]
	return ok && time.Since(at) < span
}

// note notes k.
func (r *recently[K]) note(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(k, time.Now())
}

// drop forgets k.
func (r *recently[K]) drop(k K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, k)
}

func (r *recently[K]) put(k K, now time.Time) {
	if r.at == nil || len(r.at) >= maxRecent {
		r.at = map[K]time.Time{}
	}
	r.at[k] = now
}
