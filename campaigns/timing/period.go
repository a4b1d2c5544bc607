package timing

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// MaxDays bounds every period: ten years of days.
const MaxDays = 3650

const (
	day       = 24 * time.Hour
	maxPeriod = MaxDays * day
)

// What is wrong with a written time; test with errors.Is.
var (
	// ErrForm: the text does not have the form that is asked for.
	ErrForm = errors.New("wrong form")
	// ErrBounds: the form is right and the value is not: a period outside 1s…3650d, hour 24, 31 February.
	ErrBounds = errors.New("out of bounds")
)

// ParsePeriod reads "2d", "24h", "1d12h", "30m", "90s": whole numbers with the units d, h, m, s, each at most once and in this order.
// The sum, counting a day as 24 hours, lies in 1s…3650d. Errors: ErrForm, ErrBounds.
func ParsePeriod(s string) (Period, error) {
	p, err := parsePeriod(s)
	if err != nil {
		return Period{}, fmt.Errorf("parse period: %w", err)
	}
	if p.IsZero() {
		return Period{}, fmt.Errorf("parse period: %w", ErrBounds)
	}
	return p, nil
}

// parsePeriod is ParsePeriod that lets zero pass.
func parsePeriod(s string) (Period, error) {
	units := []struct {
		name byte
		size time.Duration
	}{{'d', day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}
	var p Period
	var sum time.Duration
	next := 0
	for rest := s; rest != "" || s == ""; {
		n, unit, tail, ok := cutNumber(rest)
		if !ok {
			return Period{}, ErrForm
		}
		for next < len(units) && units[next].name != unit {
			next++
		}
		if next == len(units) {
			return Period{}, ErrForm
		}
		size := units[next].size
		if n > int64((maxPeriod-sum)/size) {
			return Period{}, ErrBounds
		}
		sum += time.Duration(n) * size
		if unit == 'd' {
			p.Days = int(n)
		} else {
			p.Time += time.Duration(n) * size
		}
		next, rest = next+1, tail
	}
	return p, nil
}

// cutNumber splits "12h30m" into 12, 'h' and "30m". A number too long for int64 becomes the largest one, which no bound admits.
func cutNumber(s string) (n int64, unit byte, rest string, ok bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	if i == 0 || i == len(s) {
		return 0, 0, "", false
	}
	n, _ = strconv.ParseInt(s[:i], 10, 64) // ParseInt gives MaxInt64 with its range error
	return n, s[i], s[i+1:], true
}

// String writes the period as authors do, in whole seconds: "1d12h". The zero period is "0s".
func (p Period) String() string {
	if p.IsZero() {
		return "0s"
	}
	var b []byte
	part := func(n int64, unit byte) {
		if n != 0 {
			b = append(strconv.AppendInt(b, n, 10), unit)
		}
	}
	part(int64(p.Days), 'd')
	part(int64(p.Time/time.Hour), 'h')
	part(int64(p.Time%time.Hour/time.Minute), 'm')
	part(int64(p.Time%time.Minute/time.Second), 's')
	return string(b)
}

// IsZero reports whether the period has no length: nothing was written.
func (p Period) IsZero() bool { return p == Period{} }

// Add returns the moment that lies the period after t, in loc. Days come first: they are calendar days that keep the wall clock
// (by the rules of LocalDateTime.In where it does not exist or exists twice); then the duration passes in absolute time.
func (p Period) Add(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	if p.Days != 0 {
		t = resolve(wall(t).AddDate(0, 0, p.Days), loc)
	}
	return t.Add(p.Time)
}

// Fixed is the period's length where a day is 24 hours, for everybody and everywhere.
func (p Period) Fixed() time.Duration { return time.Duration(p.Days)*24*time.Hour + p.Time }

// MarshalText writes String, for JSON and YAML.
func (p Period) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what ParsePeriod reads, and the zero period, which a stored Rule may hold.
func (p *Period) UnmarshalText(b []byte) error {
	v, err := parsePeriod(string(b))
	if err != nil {
		return fmt.Errorf("parse period: %w", err)
	}
	*p = v
	return nil
}
