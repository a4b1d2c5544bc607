package locale

import (
	"fmt"
	"time"
)

// months in the form that stands beside a day: Russian has its genitive.
var months = map[string][12]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"ru": {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
}

// Date writes day and month in t's own zone: "24 November", "24 ноября".
func Date(lang string, t time.Time) string {
	return fmt.Sprintf("%d %s", t.Day(), months[Match(lang)][t.Month()-1])
}

// LongDate adds the year: "24 November 2026", "24 ноября 2026".
func LongDate(lang string, t time.Time) string {
	return fmt.Sprintf("%s %d", Date(lang, t), t.Year())
}

// Moment writes day, year, time of day and offset as t has them: "24 November 2026, 18:30 (UTC+01:00)".
func Moment(lang string, t time.Time) string {
	clock := ", 15:04"
	if t.Second() != 0 || t.Nanosecond() != 0 {
		clock = ", 15:04:05.999999999"
	}
	zone := "UTC"
	if _, offset := t.Zone(); offset != 0 {
		zone = t.Format("UTC-07:00")
	}
	return LongDate(lang, t) + t.Format(clock) + " (" + zone + ")"
}

// DateTime writes day, month and the time of day in t's own zone: "24 November, 18:30", "24 ноября, 18:30".
func DateTime(lang string, t time.Time) string {
	return Date(lang, t) + t.Format(", 15:04")
}
