package timing

import (
	"slices"
	"time"
)

// In returns the moment at which clocks in loc first show dt. When they never do, because they jump over it (a gap), it is the first
// moment after the gap; when they show it twice (a fold), it is the first time.
func (dt LocalDateTime) In(loc *time.Location) time.Time {
	return resolve(time.Date(dt.Year, dt.Month, dt.Day, dt.Hour, dt.Minute, 0, 0, time.UTC), loc)
}

// NextLocal returns the first moment at or after t at which clocks in loc show lt, by the rules of LocalDateTime.In for each day:
// of a time shown twice only the first counts, so that between the two the next is tomorrow's. With days of the week, only those count; a time that the
// clock jumped over belongs to the day that it was meant for.
func NextLocal(t time.Time, lt LocalTime, loc *time.Location, on ...time.Weekday) time.Time {
	y, m, d := t.In(loc).Date()
	// It starts a day early: a gap over midnight, or over a whole day, moves yesterday's time into today.
	for d--; ; d++ {
		want := time.Date(y, m, d, lt.Hour, lt.Minute, 0, 0, time.UTC)
		if len(on) > 0 && !slices.Contains(on, want.Weekday()) {
			continue
		}
		if next := resolve(want, loc); !next.Before(t) {
			return next
		}
	}
}

// Due returns the end of the wait for a member whose clock is loc's: At and what is Past it, or From + For, and then the first Until at or after that.
// Given another zone it computes the same wait anew.
func (r Rule) Due(loc *time.Location) time.Time {
	if r.At != nil {
		return r.Past.Add(r.At.In(loc), loc)
	}
	due := r.For.Add(r.From, loc)
	if r.Until != nil {
		due = NextLocal(due, *r.Until, loc, r.On...)
	}
	return due
}

// wall returns what the clock shows at t in t's location, as the UTC moment that looks the same.
func wall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// resolve returns the first moment at which the clock in loc shows want or more; want is the UTC moment that looks like it.
// time.Date leaves open which of two it takes (package time, func Date), so it walks the spans of constant offset itself.
func resolve(want time.Time, loc *time.Location) time.Time {
	at := want.Add(-2 * day) // no offset was ever as large: clocks show less here
	for {
		at = at.In(loc)
		_, offset := at.Zone()
		if t := want.Add(-time.Duration(offset) * time.Second); t.Before(at) {
			return at // the clock jumped over it
		} else if end := spanEnd(at); end.IsZero() || t.Before(end) {
			return t.In(loc)
		} else {
			at = end
		}
	}
}

// spanEnd returns the next moment after t at which the offset may change, or the zero time when there is none.
func spanEnd(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if !end.After(t) {
		return time.Time{}
	}
	return end
}
