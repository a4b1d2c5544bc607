// Package timing answers "when": periods, local times, waits, quiet hours, zones and daylight saving. It is pure.
package timing

import "time"

// Period is a length of time as authors write it: "2d" is two calendar days in the member's zone, "24h" a duration, "1d12h" both (days first).
type Period struct {
	Days int
	Time time.Duration
}

// LocalTime is a time of day, "22:00".
type LocalTime struct{ Hour, Minute int }

// LocalDateTime is a wall-clock moment without a zone, "2026-12-01 10:00".
type LocalDateTime struct {
	Year  int
	Month time.Month
	Day   int
	LocalTime
}

// Window is a daily span of local time: From is inside, To is outside. To before From crosses midnight; From equal to To is never.
type Window struct {
	From LocalTime `json:"from"`
	To   LocalTime `json:"to"`
}

// Rule is what a local wait keeps beside its due time, so that it can be computed again when the member's zone changes.
type Rule struct {
	// From is the moment that the wait began.
	From  time.Time  `json:"from"`
	For   Period     `json:"for"`
	Until *LocalTime `json:"until,omitempty"`
	// On are the days of the week on which Until counts; empty: all.
	On []time.Weekday `json:"on,omitempty"`
	// At is the whole rule where it is set: a day with a time, on whatever clock.
	At *LocalDateTime `json:"at,omitempty"`
	// Past is how long after At the very moment is that the rule waits for: its seconds, and the hour where At is shown twice and it is the second.
	Past Period `json:"past,omitzero"`
}

// Clock is the time of day that the rule waits for; nil: none.
func (r Rule) Clock() *LocalTime {
	if r.At != nil {
		return &r.At.LocalTime
	}
	return r.Until
}
