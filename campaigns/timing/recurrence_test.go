package timing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func recurs(t *testing.T, rule, start string) timing.Recurrence {
	t.Helper()
	r, err := timing.ParseRecurrence(rule, local(t, start))
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return r
}

// firstOf are the first n moments of the rule, as clocks show them.
func firstOf(r timing.Recurrence, from timing.LocalDateTime, n int) (out []string) {
	for at, ok := r.From(from); ok && len(out) < n; at, ok = r.After(at) {
		out = append(out, at.String())
	}
	return out
}

func TestRecurrence(t *testing.T) {
	for _, c := range []struct{ rule, start, want string }{
		{"FREQ=WEEKLY;BYDAY=MO", "2027-03-03 10:00", "2027-03-08, 2027-03-15, 2027-03-22, 2027-03-29"}, // begins on a Wednesday: the Monday after
		{"FREQ=WEEKLY", "2027-03-03 10:00", "2027-03-03, 2027-03-10, 2027-03-17, 2027-03-24"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "2027-03-01 10:00", "2027-03-01, 2027-03-04, 2027-03-15, 2027-03-18"},
		{"FREQ=DAILY;COUNT=2", "2027-03-01 10:00", "2027-03-01, 2027-03-02"},
		{"FREQ=DAILY;UNTIL=20270302", "2027-03-01 10:00", "2027-03-01, 2027-03-02"}, // the whole day
		{"FREQ=DAILY;UNTIL=20270302T095900", "2027-03-01 10:00", "2027-03-01"},
		{"FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31 10:00", "2027-01-31, 2027-03-31, 2027-05-31, 2027-07-31"},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31 10:00", "2027-01-31, 2027-02-28, 2027-03-31, 2027-04-30"},
		{"FREQ=MONTHLY;BYDAY=-1FR", "2027-01-01 10:00", "2027-01-29, 2027-02-26, 2027-03-26, 2027-04-30"},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2027-01-01 10:00", "2028-02-29, 2032-02-29, 2036-02-29, 2040-02-29"},
	} {
		r := recurs(t, c.rule, c.start)
		if got := strings.ReplaceAll(strings.Join(firstOf(r, local(t, c.start), 4), ", "), " 10:00", ""); got != c.want {
			t.Errorf("%s from %s:\n got %s\nwant %s", c.rule, c.start, got, c.want)
		}
	}
}

// TestRecurrenceThroughClockChanges: the time that was meant, by the rules of every other local time.
func TestRecurrenceThroughClockChanges(t *testing.T) {
	for _, c := range []struct{ zone, start, want string }{
		{"Europe/Berlin", "2026-03-28 02:30", "2026-03-28T02:30:00+01:00 2026-03-29T03:00:00+02:00 2026-03-30T02:30:00+02:00"}, // a gap
		{"Europe/Berlin", "2026-10-24 02:30", "2026-10-24T02:30:00+02:00 2026-10-25T02:30:00+02:00 2026-10-26T02:30:00+01:00"}, // a fold: the first of two
		{"Australia/Lord_Howe", "2026-10-03 02:15", "2026-10-03T02:15:00+10:30 2026-10-04T02:30:00+11:00 2026-10-05T02:15:00+11:00"},
	} {
		var got []string
		r := recurs(t, "FREQ=DAILY;COUNT=3", c.start)
		for _, s := range firstOf(r, local(t, c.start), 9) {
			got = append(got, local(t, s).In(zone(t, c.zone)).Format(time.RFC3339))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.zone, strings.Join(got, " "), c.want)
		}
	}
}

// TestRecurrenceIsTheSlowOne: what it says is what looking at every single day says.
func TestRecurrenceIsTheSlowOne(t *testing.T) {
	names := []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2027, 1, 1+rapid.IntRange(0, 800).Draw(t, "day"), 10, 0, 0, 0, time.UTC)
		every := rapid.IntRange(1, 4).Draw(t, "interval")
		days := rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, func(d int) int { return d }).Draw(t, "weekdays")
		var on []string
		for _, d := range days {
			on = append(on, names[d])
		}
		weekly := rapid.Bool().Draw(t, "weekly")
		rule := fmt.Sprintf("FREQ=DAILY;INTERVAL=%d;BYDAY=%s", every, strings.Join(on, ","))
		if weekly {
			rule = strings.Replace(rule, "DAILY", "WEEKLY", 1)
		}
		monday := start.AddDate(0, 0, -(int(start.Weekday())+6)%7)
		var want []string
		for d := start; len(want) < 6; d = d.AddDate(0, 0, 1) {
			passed := int(d.Sub(start).Hours() / 24)
			if weekly {
				passed = int(d.Sub(monday).Hours() / 24 / 7)
			}
			if passed%every == 0 && slices.Contains(days, int(d.Weekday())) {
				want = append(want, timing.ShownAs(d).String())
			}
		}
		r, err := timing.ParseRecurrence(rule, timing.ShownAs(start))
		if err != nil {
			t.Fatal(err)
		}
		if got := firstOf(r, timing.ShownAs(start), 6); !slices.Equal(got, want) {
			t.Fatalf("%s from %s:\n got %v\nwant %v", rule, start, got, want)
		}
		first, _ := r.From(timing.ShownAs(start))
		if at, ok := r.UpTo(first); !ok || at != first {
			t.Fatalf("%s from %s: up to %s it is %s", rule, start, first, at)
		}
		second, _ := r.After(first)
		if at, ok := r.UpTo(timing.ShownAs(second.In(time.UTC).Add(-time.Minute))); !ok || at != first || !first.Before(second) || second.Before(first) {
			t.Fatalf("%s from %s: before %s it is %s", rule, start, second, at)
		}
		if at, ok := r.UpTo(timing.ShownAs(first.In(time.UTC).Add(-time.Minute))); ok {
			t.Fatalf("%s from %s: before the first %s", rule, start, at)
		}
	})
}

func TestRecurrenceRefuses(t *testing.T) {
	start := local(t, "2027-03-01 10:00")
	for rule, want := range map[string]string{
		"": "", "weekly": "weekly", "FREQ=SECONDLY": "FREQ=SECONDLY", "FREQ=HOURLY": "FREQ=HOURLY", "FREQ=DAILY;COUNT=5000000": "COUNT=5000000",
		"FREQ=DAILY;COUNT=1001": "COUNT=1001", "FREQ=DAILY;INTERVAL=0": "INTERVAL=0", "FREQ=DAILY;BYHOUR=9": "BYHOUR=9", "FREQ=DAILY;FREQ=DAILY": "FREQ=DAILY",
		"FREQ=WEEKLY;BYDAY=XX": "BYDAY=XX", "FREQ=WEEKLY;BYDAY=2MO": "BYDAY=2MO", "FREQ=DAILY;COUNT=2;UNTIL=20270401": "UNTIL=20270401",
		"FREQ=DAILY;UNTIL=20270401T000000Z": "UNTIL=20270401T000000Z", "FREQ=MONTHLY;BYWEEKNO=3": "BYWEEKNO=3", "FREQ=DAILY;": "",
		"FREQ=YEARLY;BYMONTH=13": "BYMONTH=13", "FREQ=DAILY;UNTIL=20270230": "UNTIL=20270230", "FREQ=MONTHLY;BYMONTHDAY=1;BYMONTH=99": "BYMONTH=99",
	} {
		_, err := timing.ParseRecurrence(rule, start)
		if part := new(timing.PartError); !errors.As(err, &part) || part.Part != want {
			t.Errorf("%q: %v, want the part %q", rule, err, want)
		}
	}
	if _, err := timing.ParseRecurrence("BYDAY=MO", start); !errors.Is(err, timing.ErrForm) {
		t.Errorf("without FREQ: %v", err)
	}
	for _, never := range []string{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "FREQ=DAILY;UNTIL=20270228", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=4"} {
		if _, err := timing.ParseRecurrence(never, start); !errors.Is(err, timing.ErrNever) {
			t.Errorf("%s: %v", never, err)
		}
	}
}

func FuzzParseRecurrence(f *testing.F) {
	for _, s := range []string{"FREQ=WEEKLY;BYDAY=MO", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1", "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=-366", "FREQ=DAILY;UNTIL=20270231", "FREQ=YEARLY;BYMONTH=99"} {
		f.Add(s)
	}
	start := timing.LocalDateTime{Year: 2027, Month: 3, Day: 1, LocalTime: timing.LocalTime{Hour: 10}}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := timing.ParseRecurrence(s, start)
		if err != nil {
			return
		}
		if at, ok := r.From(start); !ok || at.LocalTime != start.LocalTime {
			t.Fatalf("%q begins at %s, %v", s, at, ok)
		}
	})
}
