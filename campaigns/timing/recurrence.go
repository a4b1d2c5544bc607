package timing

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Bounds of a rule, so that looking for a moment is bounded work.
const (
	// MaxTimes bounds COUNT and INTERVAL.
	MaxTimes = 1000
	maxRule  = 200
	// horizon is how many years after its start a rule is looked at.
	horizon = 40
)

// ErrNever: the rule is right and no day fits it.
var ErrNever = errors.New("never")

// PartError is a part of a rule that does not do.
type PartError struct{ Part string }

func (e *PartError) Error() string { return fmt.Sprintf("part %q of the rule", e.Part) }

// Recurrence is the days of an RFC 5545 §3.3.10 rule at one time of day. It knows no zone: clocks show its moments, and In says when. The zero value
// recurs never.
type Recurrence struct {
	// Rule is as it was written.
	Rule  string
	parts map[string]string
	rule  *rrule.RRule
}

// ruleParts are the parts of a rule that can be had, with the form of their values. The time of day belongs to the start.
var ruleParts = map[string]*regexp.Regexp{
	"FREQ": regexp.MustCompile(`^(DAILY|WEEKLY|MONTHLY|YEARLY)$`), "INTERVAL": smallNumber, "COUNT": smallNumber,
	"UNTIL": regexp.MustCompile(`^\d{8}(T\d{6})?$`), "WKST": regexp.MustCompile(`^(MO|TU|WE|TH|FR|SA|SU)$`),
	"BYDAY":   regexp.MustCompile(`^(([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))(,([+-]?[1-9]\d?)?(MO|TU|WE|TH|FR|SA|SU))*$`),
	"BYMONTH": numbers(`[1-9]\d?`), "BYMONTHDAY": numbers(`[+-]?[1-9]\d?`), "BYYEARDAY": numbers(`[+-]?[1-9]\d{0,2}`),
	"BYWEEKNO": numbers(`[+-]?[1-9]\d?`), "BYSETPOS": numbers(`[+-]?[1-9]\d{0,2}`),
}

var smallNumber = regexp.MustCompile(`^[1-9]\d{0,3}$`)

func numbers(one string) *regexp.Regexp { return regexp.MustCompile(`^` + one + `(,` + one + `)*$`) }

// ParseRecurrence reads a rule such as FREQ=WEEKLY;BYDAY=MO. Its days begin with the start's and have the start's time; the start counts where it fits the
// rule. Errors: *PartError, ErrForm (FREQ is missing), ErrNever.
func ParseRecurrence(s string, start LocalDateTime) (Recurrence, error) {
	r := Recurrence{Rule: s, parts: map[string]string{}}
	if len(s) > maxRule {
		return Recurrence{}, &PartError{s[:20] + "…"}
	}
	for part := range strings.SplitSeq(s, ";") {
		name, value, _ := strings.Cut(part, "=")
		form := ruleParts[name]
		if _, twice := r.parts[name]; twice || form == nil || !form.MatchString(value) {
			return Recurrence{}, &PartError{part}
		}
		r.parts[name] = value
	}
	if err := r.fit(); err != nil {
		return Recurrence{}, err
	}
	return r, r.begin(start)
}

// fit refuses what the single parts leave open.
func (r *Recurrence) fit() error {
	for _, name := range []string{"COUNT", "INTERVAL"} {
		if n, _ := strconv.Atoi(r.parts[name]); n > MaxTimes {
			return &PartError{name + "=" + r.parts[name]}
		}
	}
	freq := r.parts["FREQ"]
	_, until := r.parts["UNTIL"]
	_, count := r.parts["COUNT"]
	_, weeks := r.parts["BYWEEKNO"]
	switch nth := strings.ContainsAny(r.parts["BYDAY"], "0123456789"); {
	case freq == "":
		return ErrForm
	case until && count: // "MUST NOT occur in the same recur"
		return &PartError{"UNTIL=" + r.parts["UNTIL"]}
	case nth && (freq == "DAILY" || freq == "WEEKLY" || weeks):
		return &PartError{"BYDAY=" + r.parts["BYDAY"]}
	case weeks && freq != "YEARLY":
		return &PartError{"BYWEEKNO=" + r.parts["BYWEEKNO"]}
	}
	return nil
}

// begin makes the rule of moments as clocks show them. They are written as UTC: the library is asked about no zone.
func (r *Recurrence) begin(start LocalDateTime) error {
	option, err := rrule.StrToROptionInLocation(r.Rule, time.UTC)
	if err != nil { // of what has the right form, only a day can be none
		return &PartError{r.refused("UNTIL")}
	}
	option.Dtstart = start.wall()
	last := option.Dtstart.AddDate(horizon, 0, 0)
	if v, ok := r.parts["UNTIL"]; ok {
		if !strings.Contains(v, "T") { // a day counts as a whole
			option.Until = option.Until.AddDate(0, 0, 1).Add(-time.Second)
		}
		last = Earlier(last, option.Until)
	}
	option.Until = last
	if r.rule, err = rrule.NewRRule(*option); err != nil {
		return &PartError{r.refused("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYDAY")}
	}
	if _, ok := r.From(start); !ok {
		return ErrNever
	}
	return nil
}

// refused is the first of these parts that the library does not take, or the whole rule.
func (r *Recurrence) refused(names ...string) string {
	for _, name := range names {
		value, there := r.parts[name]
		if !there {
			continue
		}
		part := name + "=" + value
		option, err := rrule.StrToROptionInLocation("FREQ="+r.parts["FREQ"]+";"+part, time.UTC)
		if err == nil {
			_, err = rrule.NewRRule(*option)
		}
		if err != nil {
			return part
		}
	}
	return r.Rule
}

// From is the first moment that clocks show at or after dt. False: there is none.
func (r *Recurrence) From(dt LocalDateTime) (LocalDateTime, bool) { return r.next(dt, true) }

// After is the first moment after dt. False: there is none.
func (r *Recurrence) After(dt LocalDateTime) (LocalDateTime, bool) { return r.next(dt, false) }

// UpTo is the last moment that clocks show at or before dt. False: there is none.
func (r *Recurrence) UpTo(dt LocalDateTime) (LocalDateTime, bool) {
	if r.rule == nil {
		return LocalDateTime{}, false
	}
	at := r.rule.Before(dt.wall(), true)
	return ShownAs(at), !at.IsZero()
}

func (r *Recurrence) next(dt LocalDateTime, with bool) (LocalDateTime, bool) {
	if r.rule == nil {
		return LocalDateTime{}, false
	}
	at := r.rule.After(dt.wall(), with)
	if at.IsZero() {
		return LocalDateTime{}, false
	}
	return ShownAs(at), true
}

// Before reports whether a clock that goes on shows dt first, and other later.
func (dt LocalDateTime) Before(other LocalDateTime) bool { return dt.wall().Before(other.wall()) }

// wall is the UTC moment that looks as dt does.
func (dt LocalDateTime) wall() time.Time {
	return time.Date(dt.Year, dt.Month, dt.Day, dt.Hour, dt.Minute, 0, 0, time.UTC)
}

// ShownAs is what the clock of t's zone shows.
func ShownAs(t time.Time) LocalDateTime {
	return LocalDateTime{Year: t.Year(), Month: t.Month(), Day: t.Day(), LocalTime: LocalTime{Hour: t.Hour(), Minute: t.Minute()}}
}

// Part is one of the rule's parts, such as FREQ; empty: it has none.
func (r *Recurrence) Part(name string) string { return r.parts[name] }

// Only reports whether the rule consists of these parts, or some of them.
func (r *Recurrence) Only(names ...string) bool {
	for name := range r.parts {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}
