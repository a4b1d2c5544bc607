package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Clock is the virtual time: it runs as fast as the real one, or 60 times as fast, and can be moved ahead; never back.
// It may be shared with other processes by a file.
type Clock struct {
	file string

	mu     sync.Mutex
	at     moment
	looked time.Time // when the file was read last
}

// moment says what the clock shows: virtual at real, and from there on rate times as fast.
type moment struct {
	virtual, real time.Time
	rate          int
}

func (m moment) now(real time.Time) time.Time {
	return m.virtual.Add(time.Duration(m.rate) * real.Sub(m.real))
}

// NewClock makes a clock that shows start and runs at the real speed; file may be empty.
func NewClock(file string, start time.Time) (*Clock, error) {
	c := &Clock{file: file, at: moment{start, time.Now(), 1}}
	return c, c.share()
}

// FollowClock reads another process's clock.
func FollowClock(file string) func() time.Time {
	c := &Clock{file: file, at: moment{time.Now(), time.Now(), 1}}
	return func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		now := time.Now()
		if now.Sub(c.looked) > followEvery {
			c.looked = now
			if at, err := readMoment(file); err == nil {
				c.at = at
			}
		}
		return c.at.now(now)
	}
}

// followEvery is how old another process's idea of the clock may be.
const followEvery = 10 * time.Millisecond

func readMoment(file string) (moment, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return moment{}, err
	}
	var virtual, real int64
	var rate int
	if _, err := fmt.Sscan(strings.TrimSpace(string(b)), &virtual, &real, &rate); err != nil {
		return moment{}, fmt.Errorf("read clock: %w", err)
	}
	return moment{time.Unix(0, virtual), time.Unix(0, real), rate}, nil
}

// Stopped is what a clock's file showed when it was written last: where a demo that was kept goes on.
func Stopped(file string) (time.Time, bool) {
	at, err := readMoment(file)
	return at.virtual, err == nil
}

// Now is the virtual time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.now(time.Now())
}

// Rate is how many times as fast as the real clock it runs.
func (c *Clock) Rate() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.rate
}

// SetRate lets it run faster or slower from now on.
func (c *Clock) SetRate(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.at = moment{c.at.now(now), now, max(n, 1)}
	return c.share()
}

// Set moves the clock so that it shows t now. It never goes back.
func (c *Clock) Set(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if shown := c.at.now(now); t.Before(shown) {
		t = shown
	}
	c.at = moment{t, now, c.at.rate}
	return c.share()
}

// Keep writes down what the clock shows, for the next start.
func (c *Clock) Keep() error { return c.Set(time.Time{}) }

// share tells the other processes. Written beside and renamed: a reader sees the old moment or the new one.
func (c *Clock) share() error {
	if c.file == "" {
		return nil
	}
	next := filepath.Join(filepath.Dir(c.file), "."+filepath.Base(c.file))
	line := fmt.Sprintln(c.at.virtual.UnixNano(), c.at.real.UnixNano(), c.at.rate)
	if err := os.WriteFile(next, []byte(line), 0o600); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	if err := os.Rename(next, c.file); err != nil {
		return fmt.Errorf("move clock: %w", err)
	}
	return nil
}
