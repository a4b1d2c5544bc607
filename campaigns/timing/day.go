package timing

import (
	"fmt"
	"strings"
	"time"
)

// lastYear bounds the days that ReadDay takes: in every zone they end in a year of four digits.
const lastYear = 9998

// dayLayouts are the ways in which platforms write a day or a moment.
var dayLayouts = []string{time.DateOnly, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"}

// ReadDay reads the calendar day in what a platform wrote: "2026-12-01", also with a time behind it, which does not count. A moment with an offset
// (RFC 3339) is on the day that clocks in loc show then. Errors: ErrForm, ErrBounds.
func ReadDay(s string, loc *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	day, err := time.Parse(time.RFC3339, s)
	if err == nil {
		day = day.In(loc)
	}
	for _, layout := range dayLayouts {
		if err != nil {
			day, err = time.Parse(layout, s)
		}
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("read day: %w", ErrForm)
	case day.Year() < 1 || day.Year() > lastYear:
		return time.Time{}, fmt.Errorf("read day: %w", ErrBounds)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC), nil
}

// ReadMoment reads the moment in what a platform wrote, "2026-12-01T18:00:00Z", or without an offset as clocks in loc show it. A day alone is none.
// Errors: ErrForm, ErrBounds.
func ReadMoment(s string, loc *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	at, err := time.Parse(time.RFC3339, s)
	for _, layout := range dayLayouts[1:] {
		if err != nil {
			if at, err = time.Parse(layout, s); err == nil {
				at = resolve(at, loc)
			}
		}
	}
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("read moment: %w", ErrForm)
	case at.Year() < 1 || at.Year() > lastYear:
		return time.Time{}, fmt.Errorf("read moment: %w", ErrBounds)
	}
	return at.In(loc), nil
}

// Exactly is the rule of a wait for that very moment, to the second, as the clock of its location shows it. ok is false beyond the years that a rule can hold.
func Exactly(t time.Time) (rule Rule, ok bool) {
	at := LocalDateTime{Year: t.Year(), Month: t.Month(), Day: t.Day(), LocalTime: LocalTime{Hour: t.Hour(), Minute: t.Minute()}}
	past := t.Truncate(time.Second).Sub(at.In(t.Location()))
	return Rule{At: &at, Past: Period{Time: past}}, t.Year() >= 1 && t.Year() <= lastYear
}

// OnDay is the time of day, some days after the day (before it, where days is below 0). ok is false beyond the years that a rule can hold.
func (lt LocalTime) OnDay(day time.Time, days int) (at LocalDateTime, ok bool) {
	day = day.AddDate(0, 0, days)
	at = LocalDateTime{Year: day.Year(), Month: day.Month(), Day: day.Day(), LocalTime: lt}
	return at, day.Year() >= 1 && day.Year() <= lastYear
}
