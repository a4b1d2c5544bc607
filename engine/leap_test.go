package engine

import (
	"testing"
	"time"
)

// TestLeaps: a clock that is moved ahead is noticed for as long as a claim lasts; one that runs, is a little off or is moved back is not.
func TestLeaps(t *testing.T) {
	var l leaps
	shown, real := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, step := range []struct {
		shown, real time.Duration
		want        bool
	}{
		{0, 0, false},
		{10 * time.Second, 10 * time.Second, false},
		{30 * time.Second, 10 * time.Second, false},
		{-time.Hour, 10 * time.Second, false},
		{10 * time.Minute, 10 * time.Second, true},
		{4 * time.Minute, 4 * time.Minute, true},
		{time.Minute, time.Minute, false},
	} {
		shown, real = shown.Add(step.shown), real.Add(step.real)
		if got := l.within(4*time.Minute, 30*time.Second, shown, real); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

// TestLeapsBeforeTheStart: a process that has begun just now takes no claim for run out for as long as one lasts.
func TestLeapsBeforeTheStart(t *testing.T) {
	var l leaps
	real := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	l.began(4*time.Minute, 30*time.Second, real)
	for after, want := range map[time.Duration]bool{0: true, 4 * time.Minute: true, 5 * time.Minute: false} {
		if got := l.within(4*time.Minute, 30*time.Second, real.Add(after), real.Add(after)); got != want {
			t.Errorf("after %s: %v", after, got)
		}
		l.shown, l.real = time.Time{}, time.Time{}
	}
}
