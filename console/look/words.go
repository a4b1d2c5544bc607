package look

import (
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// number writes any integer or float; the minus is U+2212.
func number(lang string, n any) string {
	f, ok := asFloat(n)
	if !ok {
		return ""
	}
	return strings.Replace(locale.Number(lang, f), "-", "−", 1)
}

func asFloat(n any) (float64, bool) {
	switch n := n.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// Day writes a day as a heading does: "Today, 24 November", "Yesterday, 23 November", a weekday within seven days, else day and month,
// with the year when it is another one.
func Day(lang string, t, now time.Time) string {
	now = now.In(t.Location())
	days := daysBetween(now, t)
	date := locale.Date(lang, t)
	switch {
	case days == 0:
		return locale.T(lang, "look.day.today", map[string]any{"date": date})
	case days == -1:
		return locale.T(lang, "look.day.yesterday", map[string]any{"date": date})
	case days == 1:
		return locale.T(lang, "look.day.tomorrow", map[string]any{"date": date})
	case days > -7 && days < 7:
		return Weekday(lang, t) + ", " + date
	case t.Year() != now.Year():
		return locale.LongDate(lang, t)
	}
	return date
}

// daysBetween counts calendar days from a to b, in their own zone.
func daysBetween(a, b time.Time) int {
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(b).Sub(midnight(a)) / (24 * time.Hour))
}

// Weekday is the day's name as a sentence begins: "Tuesday", "Вторник".
func Weekday(lang string, t time.Time) string { return locale.T(lang, "look.weekday."+weekday(t), nil) }

// ShortWeekday is "Tue", "вт".
func ShortWeekday(lang string, t time.Time) string {
	return locale.T(lang, "look.weekday_short."+weekday(t), nil)
}

func weekday(t time.Time) string { return strings.ToLower(t.Weekday().String()[:3]) }

// Clock is the time of day: "18:03".
func Clock(t time.Time) string { return t.Format("15:04") }

// Moment is a date and a time of day, as short as can be understood: "18:03" today, "Tue 18:03" within the week, else "24 November, 18:03".
func Moment(lang string, t, now time.Time) string {
	now = now.In(t.Location())
	switch days := daysBetween(now, t); {
	case days == 0:
		return Clock(t)
	case days > -7 && days < 7:
		return ShortWeekday(lang, t) + " " + Clock(t)
	}
	if t.Year() != now.Year() {
		return locale.LongDate(lang, t) + ", " + Clock(t)
	}
	return locale.DateTime(lang, t)
}

// Span says how long something takes or has waited, in its largest unit: "5 hours", "3 дня".
func Span(lang string, d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d < time.Minute:
		return locale.T(lang, "look.span.moment", nil)
	case d < time.Hour:
		return locale.T(lang, "look.span.minutes", map[string]any{"n": int(d / time.Minute)})
	case d < 48*time.Hour:
		return locale.T(lang, "look.span.hours", map[string]any{"n": int(d / time.Hour)})
	}
	return locale.T(lang, "look.span.days", map[string]any{"n": int(d / (24 * time.Hour))})
}

// Length is the length of a recording: "0:48", "1:02:03".
func Length(seconds int) string {
	d := time.Duration(max(0, seconds)) * time.Second
	if d >= time.Hour {
		return time.Unix(0, 0).UTC().Add(d).Format("15:04:05")
	}
	s := time.Unix(0, 0).UTC().Add(d).Format("04:05")
	return strings.TrimPrefix(s, "0")
}

// Local is the virtual time where the community is.
func (v *Virtual) Local() time.Time {
	if v.Zone == nil {
		return v.Now
	}
	return v.Now.In(v.Zone)
}

// Date is the virtual day and time: "Thu 26 November, 18:03".
func (v *Virtual) Date(lang string) string {
	t := v.Local()
	return ShortWeekday(lang, t) + " " + locale.DateTime(lang, t)
}

// AheadWords says how far the clock is from the real one.
func (v *Virtual) AheadWords(lang string) string {
	switch {
	case v.Ahead > 2*time.Minute:
		return locale.T(lang, "look.virtual.ahead", map[string]any{"span": Span(lang, v.Ahead)})
	case v.Ahead < -2*time.Minute:
		return locale.T(lang, "look.virtual.behind", map[string]any{"span": Span(lang, v.Ahead)})
	}
	return locale.T(lang, "look.virtual.even", nil)
}

// Doing is what the clock is busy with, or empty.
func (v *Virtual) Doing(lang string) string {
	if v.Busy == nil {
		return ""
	}
	return v.Busy(lang)
}
