package timing

import (
	"fmt"
	"time"
)

// ParseLocalTime reads "09:30": exactly two digits each, 00:00 to 23:59. Errors: ErrForm, ErrBounds.
func ParseLocalTime(s string) (LocalTime, error) {
	lt, err := parseLocalTime(s)
	if err != nil {
		return LocalTime{}, fmt.Errorf("parse local time: %w", err)
	}
	return lt, nil
}

func parseLocalTime(s string) (LocalTime, error) {
	if len(s) != 5 || s[2] != ':' {
		return LocalTime{}, ErrForm
	}
	h, okH := digits(s[:2])
	m, okM := digits(s[3:])
	if !okH || !okM {
		return LocalTime{}, ErrForm
	}
	if h > 23 || m > 59 {
		return LocalTime{}, ErrBounds
	}
	return LocalTime{Hour: h, Minute: m}, nil
}

// digits reads a short run of ASCII digits.
func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// ParseLocalDateTime reads "2026-12-01 10:00", also with "T" between. A day that the calendar does not have is refused.
// Errors: ErrForm, ErrBounds.
func ParseLocalDateTime(s string) (LocalDateTime, error) {
	dt, err := parseLocalDateTime(s)
	if err != nil {
		return LocalDateTime{}, fmt.Errorf("parse local date and time: %w", err)
	}
	return dt, nil
}

func parseLocalDateTime(s string) (LocalDateTime, error) {
	if len(s) != 16 || s[4] != '-' || s[7] != '-' || s[10] != ' ' && s[10] != 'T' {
		return LocalDateTime{}, ErrForm
	}
	y, okY := digits(s[:4])
	m, okM := digits(s[5:7])
	d, okD := digits(s[8:10])
	if !okY || !okM || !okD {
		return LocalDateTime{}, ErrForm
	}
	lt, err := parseLocalTime(s[11:])
	if err != nil {
		return LocalDateTime{}, err
	}
	if !ValidDate(y, time.Month(m), d) {
		return LocalDateTime{}, ErrBounds
	}
	return LocalDateTime{Year: y, Month: time.Month(m), Day: d, LocalTime: lt}, nil
}

// ValidDate reports whether the calendar has the day, in the years 1 to 9999.
func ValidDate(year int, month time.Month, day int) bool {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Day() == day
}

// String writes "09:30".
func (lt LocalTime) String() string { return fmt.Sprintf("%02d:%02d", lt.Hour, lt.Minute) }

// String writes "2026-12-01 10:00".
func (dt LocalDateTime) String() string {
	return fmt.Sprintf("%04d-%02d-%02d %s", dt.Year, int(dt.Month), dt.Day, dt.LocalTime)
}

// String writes "22:00-09:00".
func (w Window) String() string { return w.From.String() + "-" + w.To.String() }

// Words writes "22:00–09:00", as people read it in every language.
func (w Window) Words() string { return w.From.String() + "–" + w.To.String() }

// MarshalText writes String, for JSON and YAML.
func (lt LocalTime) MarshalText() ([]byte, error) { return []byte(lt.String()), nil }

// UnmarshalText reads what ParseLocalTime reads.
func (lt *LocalTime) UnmarshalText(b []byte) (err error) {
	*lt, err = ParseLocalTime(string(b))
	return err
}

// MarshalText writes String, for JSON and YAML.
func (dt LocalDateTime) MarshalText() ([]byte, error) { return []byte(dt.String()), nil }

// UnmarshalText reads what ParseLocalDateTime reads.
func (dt *LocalDateTime) UnmarshalText(b []byte) (err error) {
	*dt, err = ParseLocalDateTime(string(b))
	return err
}

// Earlier is the earlier of two moments.
func Earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
