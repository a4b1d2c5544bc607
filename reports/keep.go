package reports

import (
	"sync"
	"time"
)

// Counts are told again for so many times as long as they took, and not for longer than maxAge: the rows are read for a hundredth of the time at most.
const (
	worth  = 100
	maxAge = 10 * time.Minute
)

// maxKept bounds how many counts of a kind are kept.
const maxKept = 200

// keep holds counts that look at many rows, by what was counted. Make one with newKeep.
type keep[K comparable, T any] struct {
	mu     sync.Mutex
	counts map[K]*counted[T]
}

// counted is a count that is kept. Whoever asks meanwhile waits for it, and does not count too.
type counted[T any] struct {
	sync.Mutex
	value T
	until time.Time
}

func newKeep[K comparable, T any]() *keep[K, T] {
	return &keep[K, T]{counts: map[K]*counted[T]{}}
}

// tell counts, or tells the last count of the key again.
func (k *keep[K, T]) tell(key K, count func() (T, error)) (T, error) {
	c := k.of(key)
	c.Lock()
	defer c.Unlock()
	began := time.Now()
	if began.Before(c.until) {
		return c.value, nil
	}
	v, err := count()
	if err != nil {
		return v, err
	}
	c.value = v
	c.until = began.Add(min(worth*time.Since(began), maxAge))
	return v, nil
}

func (k *keep[K, T]) of(key K) *counted[T] {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.counts) >= maxKept {
		clear(k.counts)
	}
	if k.counts[key] == nil {
		k.counts[key] = &counted[T]{}
	}
	return k.counts[key]
}
