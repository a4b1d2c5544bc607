package demo

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestClock: it runs at its rate, is moved ahead and never back, and another process sees the same.
func TestClock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	c, err := NewClock(file, start)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want time.Time) {
		t.Helper()
		if d := got.Sub(want); d < 0 || d > 30*time.Second {
			t.Errorf("%s: %s, want %s and a moment", what, got, want)
		}
	}
	near("at the start", c.Now(), start)
	if err := c.Set(start.Add(24 * time.Hour)); err != nil {
		t.Fatal(err)
	}
	near("a day on", c.Now(), start.Add(24*time.Hour))
	if err := c.Set(start); err != nil {
		t.Fatal(err)
	}
	near("never back", c.Now(), start.Add(24*time.Hour))
	near("in another process", FollowClock(file)(), start.Add(24*time.Hour))
	for _, x := range []struct{ set, want int }{{60, 60}, {0, 1}, {-3, 1}, {1, 1}} {
		if err := c.SetRate(x.set); err != nil || c.Rate() != x.want {
			t.Errorf("rate %d: %d, %v", x.set, c.Rate(), err)
		}
	}
	if got := (moment{start, start, 60}).now(start.Add(time.Minute)); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("a minute at 60: %s", got)
	}
	if err := c.Keep(); err != nil {
		t.Fatal(err)
	}
	if at, ok := Stopped(file); !ok || at.Before(start.Add(24*time.Hour)) {
		t.Errorf("stopped at %s, %v", at, ok)
	}
	if err := os.WriteFile(file, []byte("not a clock"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := Stopped(file); ok {
		t.Error("a broken file is a clock")
	}
	if _, ok := Stopped(filepath.Join(t.TempDir(), "none")); ok {
		t.Error("no file is a clock")
	}
}
