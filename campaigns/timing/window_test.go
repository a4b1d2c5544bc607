package timing_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func window(t *testing.T, s string) timing.Window {
	t.Helper()
	from, to, _ := strings.Cut(s, "-")
	return timing.Window{From: clock(t, from), To: clock(t, to)}
}

func TestWindow(t *testing.T) {
	for _, c := range []struct {
		zone, window, at string
		inside           bool
		end              string
	}{
		{"Europe/Berlin", "22:00-09:00", "2026-07-01T21:59:59+02:00", false, "2026-07-01T21:59:59+02:00"},
		{"Europe/Berlin", "22:00-09:00", "2026-07-01T22:00:00+02:00", true, "2026-07-02T09:00:00+02:00"},
		{"Europe/Berlin", "22:00-09:00", "2026-07-02T08:59:59+02:00", true, "2026-07-02T09:00:00+02:00"},
		{"Europe/Berlin", "22:00-09:00", "2026-07-02T09:00:00+02:00", false, "2026-07-02T09:00:00+02:00"},
		{"Europe/Berlin", "13:00-15:00", "2026-07-01T14:00:00+02:00", true, "2026-07-01T15:00:00+02:00"},
		{"Europe/Berlin", "09:00-09:00", "2026-07-01T09:00:00+02:00", false, "2026-07-01T09:00:00+02:00"},
		{"Europe/Berlin", "22:00-00:00", "2026-07-01T23:00:00+02:00", true, "2026-07-02T00:00:00+02:00"},
		{"Europe/Berlin", "22:00-09:00", "2026-03-28T23:00:00+01:00", true, "2026-03-29T09:00:00+02:00"},
		{"Europe/Berlin", "22:00-09:00", "2026-10-24T23:00:00+02:00", true, "2026-10-25T09:00:00+01:00"},
		{"Europe/Berlin", "22:00-02:30", "2026-03-28T23:00:00+01:00", true, "2026-03-29T03:00:00+02:00"},
		{"Europe/Berlin", "22:00-02:30", "2026-10-24T23:00:00+02:00", true, "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "22:00-02:30", "2026-10-25T02:10:00+01:00", true, "2026-10-25T02:30:00+01:00"},
		{"Europe/Berlin", "02:30-03:30", "2026-10-25T02:45:00+02:00", true, "2026-10-25T02:00:00+01:00"},
		{"Europe/Berlin", "02:00-03:00", "2026-03-29T03:00:00+02:00", false, "2026-03-29T03:00:00+02:00"},
		{"America/Sao_Paulo", "22:00-00:30", "2018-11-03T23:00:00-03:00", true, "2018-11-04T01:00:00-02:00"},
		{"America/Sao_Paulo", "23:30-00:30", "2018-02-17T23:45:00-02:00", true, "2018-02-17T23:00:00-03:00"},
		{"Australia/Lord_Howe", "22:00-02:10", "2026-10-04T01:00:00+10:30", true, "2026-10-04T02:30:00+11:00"},
		{"Pacific/Apia", "22:00-09:00", "2011-12-29T23:00:00-10:00", true, "2011-12-31T09:00:00+14:00"},
		{"Asia/Kathmandu", "22:00-09:00", "2026-07-01T16:15:00Z", true, "2026-07-02T09:00:00+05:45"},
	} {
		t.Run(c.zone+" "+c.window+" "+c.at, func(t *testing.T) {
			w, loc := window(t, c.window), zone(t, c.zone)
			if got := w.Contains(at(t, c.at), loc); got != c.inside {
				t.Errorf("Contains = %v", got)
			}
			same(t, w.End(at(t, c.at), loc), c.end)
		})
	}
}

func TestHold(t *testing.T) {
	for _, c := range []struct {
		windows, at, want string
		ok                bool
	}{
		{"", "2026-07-01T23:00:00+02:00", "2026-07-01T23:00:00+02:00", true},
		{"22:00-09:00", "2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00+02:00", true},
		{"22:00-09:00", "2026-07-01T23:00:00+02:00", "2026-07-02T09:00:00+02:00", true},
		{"22:00-09:00 21:00-10:00", "2026-07-01T21:30:00+02:00", "2026-07-02T10:00:00+02:00", true},
		{"21:00-10:00 22:00-09:00", "2026-07-01T21:30:00+02:00", "2026-07-02T10:00:00+02:00", true},
		{"09:00-12:00 22:00-09:00", "2026-07-01T23:00:00+02:00", "2026-07-02T12:00:00+02:00", true},
		{"18:00-22:00 22:00-09:00 09:00-17:59", "2026-07-01T18:30:00+02:00", "2026-07-02T17:59:00+02:00", true},
		{"18:00-22:00 22:00-09:00 09:00-18:00", "2026-07-01T18:30:00+02:00", "2026-07-01T18:30:00+02:00", false},
		{"22:00-09:00 08:00-23:00", "2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00+02:00", false},
		{"00:00-12:00 12:00-00:00", "2026-07-01T12:00:00+02:00", "2026-07-01T12:00:00+02:00", false},
		{"08:00-08:00", "2026-07-01T08:00:00+02:00", "2026-07-01T08:00:00+02:00", true},
		// Only 02:00–03:00 is free, and that hour is missing on the 29th.
		{"03:00-02:00", "2026-03-28T12:00:00+01:00", "2026-03-30T02:00:00+02:00", true},
	} {
		t.Run(c.windows+" "+c.at, func(t *testing.T) {
			list := []*timing.Window{nil}
			for _, s := range strings.Fields(c.windows) {
				w := window(t, s)
				list = append(list, &w)
			}
			got, ok := timing.Hold(at(t, c.at), zone(t, "Europe/Berlin"), list...)
			if ok != c.ok {
				t.Errorf("ok = %v", ok)
			}
			same(t, got.In(zone(t, "Europe/Berlin")), c.want)
		})
	}
}

func BenchmarkHold(b *testing.B) {
	loc := zone(b, "Europe/Berlin")
	quiet := &timing.Window{From: timing.LocalTime{Hour: 22}, To: timing.LocalTime{Hour: 9}}
	t := time.Date(2026, 7, 1, 21, 30, 0, 0, time.UTC)
	for b.Loop() {
		timing.Hold(t, loc, quiet, nil)
	}
}

// TestFree counts the time outside of windows, also where clocks go back.
func TestFree(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) time.Time { return time.Date(2026, 10, day, hour, 0, 0, 0, berlin) }
	for _, c := range []struct {
		from, to time.Time
		windows  []string
		want     time.Duration
	}{
		{at(24, 10), at(25, 10), nil, 25 * time.Hour},
		{at(24, 10), at(25, 10), []string{"22:00-09:00"}, 13 * time.Hour},
		{at(24, 10), at(25, 10), []string{"22:00-09:00", "12:00-13:00"}, 12 * time.Hour},
		{at(24, 23), at(25, 8), []string{"22:00-09:00"}, 0},
		{at(24, 20), at(24, 10), []string{"22:00-09:00"}, 0},
		{at(20, 10), at(22, 10), []string{"00:00-12:00", "12:00-00:00"}, 0},
	} {
		windows := []*timing.Window{nil}
		for _, w := range c.windows {
			x := window(t, w)
			windows = append(windows, &x)
		}
		if got := timing.Free(c.from, c.to, berlin, windows...); got != c.want {
			t.Errorf("%s to %s without %v: %s, want %s", c.from, c.to, c.windows, got, c.want)
		}
	}
}
