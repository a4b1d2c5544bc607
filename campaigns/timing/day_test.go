package timing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func TestReadDay(t *testing.T) {
	tokyo := zone(t, "Asia/Tokyo")
	for s, want := range map[string]string{
		"2026-12-01": "2026-12-01", " 2026-12-01 ": "2026-12-01", "2026-12-01 23:30": "2026-12-01", "2026-12-01T23:30:15": "2026-12-01",
		"2026-12-01T23:30:00Z": "2026-12-02", "2026-12-01T23:30:00+09:00": "2026-12-01", "2028-02-29": "2028-02-29", "2026-12-01 23:30:00": "2026-12-01",
	} {
		if got, err := timing.ReadDay(s, tokyo); err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("%q: %s, %v, want %s", s, got, err, want)
		}
	}
	for s, want := range map[string]error{
		"": timing.ErrForm, "tomorrow": timing.ErrForm, "2026-02-30": timing.ErrForm, "01.12.2026": timing.ErrForm, "2026-12-01x": timing.ErrForm, "12026-12-01": timing.ErrForm,
		"9999-01-01": timing.ErrBounds, "0000-01-01": timing.ErrBounds,
	} {
		if _, err := timing.ReadDay(s, tokyo); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", s, err, want)
		}
	}
}

func TestOnDayEndsWithTheYears(t *testing.T) {
	day, err := timing.ReadDay("9998-12-31", time.UTC)
	if _, ok := clock(t, "10:00").OnDay(day, 1); err != nil || ok {
		t.Errorf("a day beyond the last year: %v, %v", ok, err)
	}
}

// TestNextLocalOnDays: today's counts until its time has come, also on the days when the clocks change.
func TestNextLocalOnDays(t *testing.T) {
	berlin, apia := zone(t, "Europe/Berlin"), zone(t, "Pacific/Apia")
	for _, c := range []struct {
		from string
		loc  *time.Location
		on   []time.Weekday
		want string
	}{
		{"2026-10-19T07:59:00Z", berlin, []time.Weekday{time.Monday}, "2026-10-19T08:00:00Z"},
		{"2026-10-19T08:00:01Z", berlin, []time.Weekday{time.Monday}, "2026-10-26T09:00:00Z"}, // the clocks went back
		{"2026-10-19T08:00:01Z", berlin, []time.Weekday{time.Thursday, time.Tuesday}, "2026-10-20T08:00:00Z"},
		// Samoa had no Friday, 30 December 2011: what was meant for it is the first moment of Saturday.
		{"2011-12-29T12:00:00Z", apia, []time.Weekday{time.Friday}, "2011-12-30T10:00:00Z"},
	} {
		got := timing.NextLocal(at(t, c.from), clock(t, "10:00"), c.loc, c.on...)
		same(t, got.UTC(), c.want)
	}
}
