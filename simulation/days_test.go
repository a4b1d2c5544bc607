package simulation

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
)

// TestDaysAreThoseOfTheCalendar: day 2 begins at the next midnight by the community's clock, over both changes of the clocks too; what is assumed for a day comes at its noon.
func TestDaysAreThoseOfTheCalendar(t *testing.T) {
	for name, c := range map[string]struct {
		start, zone string
		days        int
		moments     map[string]int // of what day they are
		noons       map[int]string
		until       string
	}{
		"in the evening": {
			"2026-11-24T20:00:00Z", "Europe/Berlin", 2,
			map[string]int{"2026-11-24T22:59:59Z": 1, "2026-11-24T23:00:00Z": 2, "2026-11-25T20:00:00Z": 2, "2026-11-26T00:00:00Z": 3},
			map[int]string{1: "2026-11-24T21:30:00Z", 2: "2026-11-25T11:00:00Z", 3: "2026-11-26T11:00:00Z"},
			"2026-11-26T20:00:00Z",
		},
		"the date of the zone": { // it is the 25th there
			"2026-11-24T20:00:00Z", "Asia/Vladivostok", 1,
			map[string]int{"2026-11-25T13:59:59Z": 1, "2026-11-25T14:00:00Z": 2},
			map[int]string{2: "2026-11-26T02:00:00Z"},
			"2026-11-25T20:00:00Z",
		},
		"at midnight": {
			"2026-11-24T00:00:00Z", "UTC", 3, map[string]int{"2026-11-24T00:00:00Z": 1, "2026-11-26T23:59:59Z": 3}, map[int]string{1: "2026-11-24T12:00:00Z", 3: "2026-11-26T12:00:00Z"}, "2026-11-27T00:00:00Z",
		},
		"an hour more": { // 25 October 2026 has 25 hours in Berlin
			"2026-10-24T22:00:00Z", "Europe/Berlin", 1, map[string]int{"2026-10-25T22:30:00Z": 1, "2026-10-25T23:00:00Z": 2}, map[int]string{2: "2026-10-26T11:00:00Z"}, "2026-10-25T23:00:00Z",
		},
		"an hour less": { // 29 March 2026 has 23
			"2026-03-28T12:00:00Z", "Europe/Berlin", 3,
			map[string]int{"2026-03-28T22:59:59Z": 1, "2026-03-29T21:59:59Z": 2, "2026-03-29T22:00:00Z": 3},
			map[int]string{2: "2026-03-29T10:00:00Z"},
			"2026-03-31T11:00:00Z",
		},
	} {
		moment := func(text string) time.Time {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		p, err := Plan{Start: moment(c.start), Days: c.days, Campaigns: make([]engine.Draft, 1), Community: Community{TimeZone: c.zone}}.checked()
		if err != nil {
			t.Fatal(name, err)
		}
		for at, day := range c.moments {
			if got := p.dayOf(moment(at)); got != day {
				t.Errorf("%s: %s is of day %d, want %d", name, at, got, day)
			}
		}
		for day, noon := range c.noons {
			if got := p.middle(day); !got.Equal(moment(noon)) {
				t.Errorf("%s: the middle of day %d is %s, want %s", name, day, got.UTC(), noon)
			}
		}
		if got := p.end(); !got.Equal(moment(c.until)) {
			t.Errorf("%s: it ends at %s, want %s", name, got.UTC(), c.until)
		}
	}
}

// TestDaysAreToldByTheCalendar: stories and sums say the same of one message.
func TestDaysAreToldByTheCalendar(t *testing.T) {
	draft := written("", "  - {id: w, wait: {for: 6h}}\n  - {id: hi, send: {text: {en: Hi}}}\n")
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 2, Start: time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC), Community: Community{TimeZone: "Europe/Berlin"}})
	if d := r.ByDay; len(d) != 2 || d[0].Day != 1 || d[0].Date != "2026-11-24" || d[1].Day != 2 || d[1].Date != "2026-11-25" || sentBy(StepTotals{Sent: d[1].Sent}) != 1 {
		t.Errorf("%+v", d)
	}
	if it := r.Stories[0].Items[1]; it.Day != 2 || it.Local != "2026-11-25 03:00" {
		t.Errorf("%+v", it)
	}
	if r.Start.Format(time.RFC3339) != "2026-11-24T21:00:00+01:00" || r.Until.Format(time.RFC3339) != "2026-11-26T21:00:00+01:00" {
		t.Error(r.Start, r.Until)
	}
}
