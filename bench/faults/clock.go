//go:build unix

package faults

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// clock is what the processes take for the time (--clock-file; see demo.FollowClock). It lets hours pass, and jumps both ways.
// Leases, timeouts and rates stay on the machine's clock.
type clock struct {
	t    testing.TB
	file string

	mu     sync.Mutex
	offset time.Duration
	jumped time.Time     // when it was moved last
	before time.Duration // the offset before that
}

func newClock(t testing.TB, file string) *clock {
	c := &clock{t: t, file: file}
	c.jump(0)
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// seen is how soon every process has surely seen a jump, and written what it was doing.
const seen = 2 * time.Second

// about are the times between which some process may think it is: one may not have seen the last jump.
func (c *clock) about() (earliest, last time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.jumped) > seen {
		c.before = c.offset
	}
	return now.Add(min(c.before, c.offset)), now.Add(max(c.before, c.offset))
}

// jump moves the clock by d, ahead or back. Written beside and renamed: a reader sees the old moment or the new one.
func (c *clock) jump(d time.Duration) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if now.Sub(c.jumped) > seen {
		c.before = c.offset
	}
	c.offset += d
	c.jumped = now
	line := fmt.Sprintln(now.Add(c.offset).UnixNano(), now.UnixNano(), 1)
	if err := os.WriteFile(c.file+".next", []byte(line), 0o600); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Rename(c.file+".next", c.file); err != nil {
		c.t.Fatal(err)
	}
}
