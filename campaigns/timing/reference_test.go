package timing_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// The reference knows no rule of zones: it walks minute by minute in UTC and reads the clock. Its zones have had whole minutes since 1975.

// zoneNames have gaps and folds of every kind: half hours, midnights, left-out days, twice a year and never.
var zoneNames = []string{
	"Europe/Berlin", "America/New_York", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu",
	"America/Sao_Paulo", "Europe/Dublin", "Africa/Cairo", "Asia/Gaza", "Antarctica/Troll", "Pacific/Kwajalein", "Europe/Moscow", "UTC",
}

// face returns what the clock shows, as the UTC moment that looks the same.
func face(t time.Time, loc *time.Location) time.Time {
	l := t.In(loc)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

// slowIn finds the first minute at which the clock shows want or more.
func slowIn(want time.Time, loc *time.Location) time.Time {
	t := want.Add(-30 * time.Hour).Truncate(time.Minute)
	for face(t, loc).Before(want.Truncate(time.Minute)) {
		t = t.Add(time.Minute)
	}
	if f := face(t, loc); f.Before(want) && f.Truncate(time.Minute).Equal(want.Truncate(time.Minute)) {
		t = t.Add(want.Sub(f)) // the seconds of the minute
	}
	return t
}

func slowAdd(p timing.Period, t time.Time, loc *time.Location) time.Time {
	if p.Days > 0 {
		f := face(t, loc)
		t = slowIn(time.Date(f.Year(), f.Month(), f.Day()+p.Days, f.Hour(), f.Minute(), f.Second(), f.Nanosecond(), time.UTC), loc)
	}
	return t.Add(p.Time)
}

// slowNext walks on from some days before and notes each minute at which the clock passes the time for the first time: shows it, or
// jumps over it, and has never been as far.
func slowNext(from time.Time, lt timing.LocalTime, loc *time.Location, on ...time.Weekday) time.Time {
	t := from.Truncate(time.Minute).Add(-73 * time.Hour)
	seen := face(t, loc)
	for {
		t = t.Add(time.Minute)
		f := face(t, loc)
		if !f.After(seen) {
			continue
		}
		passed := false
		for d := time.Date(seen.Year(), seen.Month(), seen.Day(), lt.Hour, lt.Minute, 0, 0, time.UTC); !d.After(f); d = d.AddDate(0, 0, 1) {
			passed = passed || d.After(seen) && (len(on) == 0 || slices.Contains(on, d.Weekday()))
		}
		if seen = f; passed && !t.Before(from) {
			return t
		}
	}
}

func slowInside(w timing.Window, t time.Time, loc *time.Location) bool {
	shows := t.In(loc).Format("15:04")
	if w.From == w.To {
		return false
	}
	if w.From.String() < w.To.String() {
		return w.From.String() <= shows && shows < w.To.String()
	}
	return shows >= w.From.String() || shows < w.To.String()
}

// slowHold looks at every minute of four days; a window set that is never left in that time covers the whole day.
func slowHold(t time.Time, loc *time.Location, windows ...*timing.Window) (time.Time, bool) {
	for m := t; m.Sub(t) < 96*time.Hour; m = m.Truncate(time.Minute).Add(time.Minute) {
		inside := false
		for _, w := range windows {
			inside = inside || w != nil && slowInside(*w, m, loc)
		}
		if !inside {
			return m, true
		}
	}
	return t, false
}

func drawZone(t *rapid.T, label string) *time.Location {
	return zone(t, rapid.SampledFrom(zoneNames).Draw(t, label))
}

// drawMoment mostly takes a moment within two days of a change of the clock.
func drawMoment(t *rapid.T, loc *time.Location) time.Time {
	lo, hi := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	m := time.Unix(rapid.Int64Range(lo, hi).Draw(t, "moment"), 0)
	if rapid.IntRange(0, 9).Draw(t, "near") > 0 {
		if _, end := m.In(loc).ZoneBounds(); !end.IsZero() {
			m = end.Add(time.Duration(rapid.IntRange(-48*3600, 48*3600).Draw(t, "away")) * time.Second)
		}
	}
	if rapid.Bool().Draw(t, "whole") {
		m = m.Truncate(time.Minute)
	}
	return m
}

func drawClock(t *rapid.T, label string) timing.LocalTime {
	n := rapid.IntRange(0, 1439).Draw(t, label)
	if rapid.Bool().Draw(t, label+" at night") {
		n = (n%300 + 1380) % 1440
	}
	return timing.LocalTime{Hour: n / 60, Minute: n % 60}
}

func drawPeriod(t *rapid.T) timing.Period {
	return timing.Period{
		Days: rapid.IntRange(0, 4).Draw(t, "days"),
		Time: time.Duration(rapid.IntRange(0, 2*86400).Draw(t, "seconds")) * time.Second,
	}
}

// drawDays are some days of the week, or none, which is all.
func drawDays(t *rapid.T) []time.Weekday {
	var on []time.Weekday
	for day := time.Sunday; day <= time.Saturday; day++ {
		if rapid.IntRange(0, 3).Draw(t, day.String()) == 0 {
			on = append(on, day)
		}
	}
	return on
}

func check(t *rapid.T, what string, got, want time.Time, loc *time.Location) {
	t.Helper()
	if !got.Equal(want) {
		t.Fatalf("%s in %s: got %s, the reference says %s", what, loc, got.In(loc), want.In(loc))
	}
}

func TestLocalDateTimeInEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := drawZone(t, "zone")
		f := face(drawMoment(t, loc), loc).Add(time.Duration(rapid.IntRange(-26*60, 26*60).Draw(t, "shift")) * time.Minute)
		dt := timing.LocalDateTime{Year: f.Year(), Month: f.Month(), Day: f.Day(), LocalTime: timing.LocalTime{Hour: f.Hour(), Minute: f.Minute()}}
		check(t, dt.String(), dt.In(loc), slowIn(f.Truncate(time.Minute), loc), loc)
	})
}

func TestNextLocalEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := drawZone(t, "zone")
		from, lt := drawMoment(t, loc), drawClock(t, "clock")
		check(t, lt.String()+" from "+from.In(loc).String(), timing.NextLocal(from, lt, loc), slowNext(from, lt, loc), loc)
	})
}

// A wait that is computed again after its member moved equals one that was in the new zone from the start.
func TestRuleEqualsReferenceInEveryZone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := drawZone(t, "zone")
		rule := timing.Rule{From: drawMoment(t, before), For: drawPeriod(t)}
		if rapid.Bool().Draw(t, "until") {
			lt := drawClock(t, "clock")
			rule.Until, rule.On = &lt, drawDays(t)
		}
		for _, loc := range []*time.Location{before, drawZone(t, "new zone"), before} {
			want := slowAdd(rule.For, rule.From, loc)
			if rule.Until != nil {
				want = slowNext(want, *rule.Until, loc, rule.On...)
			}
			due := rule.Due(loc)
			check(t, "due", due, want, loc)
			if due.Before(rule.From) {
				t.Fatalf("due %s before the start %s", due, rule.From)
			}
		}
	})
}

func TestWindowsEqualReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc := drawZone(t, "zone")
		m := drawMoment(t, loc)
		var windows []*timing.Window
		for range rapid.IntRange(0, 4).Draw(t, "windows") {
			windows = append(windows, &timing.Window{From: drawClock(t, "from"), To: drawClock(t, "to")})
		}
		for _, w := range windows {
			if got, want := w.Contains(m, loc), slowInside(*w, m, loc); got != want {
				t.Fatalf("%s contains %s: %v, the reference says %v", w, m.In(loc), got, want)
			}
			want, _ := slowHold(m, loc, w)
			check(t, "end of "+w.String(), w.End(m, loc), want, loc)
		}
		got, ok := timing.Hold(m, loc, windows...)
		want, wantOK := slowHold(m, loc, windows...)
		if ok != wantOK {
			t.Fatalf("Hold ok = %v, the reference says %v", ok, wantOK)
		}
		check(t, "hold", got, want, loc)
	})
}

// A day with a time is that on every clock, whatever clock it was computed by before.
func TestRuleOfADayEqualsReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := drawZone(t, "zone")
		day := face(drawMoment(t, before), before)
		days := rapid.IntRange(-400, 400).Draw(t, "days")
		at, ok := drawClock(t, "clock").OnDay(day, days)
		if !ok {
			t.Fatalf("%s is beyond all years", at)
		}
		rule := timing.Rule{From: day, At: &at}
		want := time.Date(day.Year(), day.Month(), day.Day()+days, at.Hour, at.Minute, 0, 0, time.UTC)
		for _, loc := range []*time.Location{before, drawZone(t, "new zone")} {
			check(t, at.String(), rule.Due(loc), slowIn(want, loc), loc)
		}
	})
}

// A very moment is waited for to its second, also where the clock shows it for the second time.
func TestRuleOfAMomentIsThatMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := drawZone(t, "zone")
		moment := drawMoment(t, zone).Add(time.Duration(rapid.IntRange(0, 59_999).Draw(t, "milliseconds")) * time.Millisecond).In(zone)
		rule, ok := timing.Exactly(moment)
		if want := moment.Truncate(time.Second); !ok || !rule.Due(zone).Equal(want) || rule.Past.Time < 0 {
			t.Fatalf("%v: %+v is due %v", want, rule, rule.Due(zone))
		}
	})
}
