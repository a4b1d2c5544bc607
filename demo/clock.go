// Package demo plays a small community against a running service: scripted members of both languages and both channels on a clock that can be moved,
// over the service's own HTTP API, a sandbox Bot API and a sandbox mail server. It knows nothing of the service's inside but what is due next.
package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Clock runs as the real one does, ahead of it by an offset. It may be shared with other processes by a file that holds the offset.
type Clock struct {
	file string

	mu     sync.Mutex
	offset time.Duration
	read   time.Time // when the file was read last
}

// NewClock makes a clock without an offset; file may be empty.
func NewClock(file string) *Clock { return &Clock{file: file} }

// FollowClock reads another process's clock.
func FollowClock(file string) func() time.Time {
	c := &Clock{file: file}
	return func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		if now := time.Now(); now.Sub(c.read) > followEvery {
			c.read = now
			if b, err := os.ReadFile(c.file); err == nil {
				if ns, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
					c.offset = time.Duration(ns)
				}
			}
		}
		return time.Now().Add(c.offset)
	}
}

// followEvery is how old another process's idea of the offset may be.
const followEvery = 10 * time.Millisecond

// Now is the virtual time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Set moves the clock so that it shows t now. It never goes back.
func (c *Clock) Set(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = max(c.offset, time.Until(t))
	if c.file == "" {
		return nil
	}
	// Written beside and renamed: a reader sees the old offset or the new one.
	next := filepath.Join(filepath.Dir(c.file), "."+filepath.Base(c.file))
	if err := os.WriteFile(next, []byte(strconv.FormatInt(int64(c.offset), 10)), 0o600); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	if err := os.Rename(next, c.file); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	time.Sleep(2 * followEvery) // every process has seen it
	return nil
}
