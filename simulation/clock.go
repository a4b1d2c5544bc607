package simulation

import (
	"sync"
	"time"
)

// clock stands still until it is moved: everything that is done at one moment has that time, in whatever order goroutines come to it.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}
