package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// weekdays are the days as rules write them, in the order of the week.
var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// Recurrence says when a schedule recurs: "every Monday at 10:00, each member’s own time".
func Recurrence(lang string, s *definition.Schedule) string {
	w := Words{Lang: lang}
	r := s.Recurs
	out := w.oftenness(s) + w.say("explain.recurs.at", map[string]any{"at": s.At.LocalTime.String()})
	if n, _ := strconv.Atoi(r.Part("COUNT")); n > 0 && w.plain(s) {
		out += w.say("explain.recurs.count", map[string]any{"n": n})
	}
	if day, err := time.Parse("20060102", strings.Split(r.Part("UNTIL"), "T")[0]); err == nil && w.plain(s) {
		out += w.say("explain.recurs.until", map[string]any{"day": locale.LongDate(lang, day)})
	}
	return out + w.say("explain.recurs.zone."+string(s.Zone), nil)
}

// plain: there are words for the rule.
func (w Words) plain(s *definition.Schedule) bool {
	r := s.Recurs
	if _, hour, ok := strings.Cut(r.Part("UNTIL"), "T"); ok && hour < fmt.Sprintf("%02d%02d00", s.At.Hour, s.At.Minute) {
		return false // the last day is the one before
	}
	switch r.Part("FREQ") {
	case "DAILY":
		return r.Only("FREQ", "INTERVAL", "COUNT", "UNTIL")
	case "WEEKLY":
		return r.Only("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY") || r.Only("FREQ", "COUNT", "UNTIL", "BYDAY", "WKST")
	case "MONTHLY":
		last := r.Part("BYSETPOS") == "-1" && s.At.Day > 28 && r.Part("BYMONTHDAY") == strings.Join([]string{"28", "29", "30", "31"}[:s.At.Day-27], ",")
		return r.Only("FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTHDAY", "BYSETPOS") && last || r.Only("FREQ", "INTERVAL", "COUNT", "UNTIL") && s.At.Day <= 28
	}
	return false
}

func (w Words) oftenness(s *definition.Schedule) string {
	r := s.Recurs
	if !w.plain(s) {
		return w.say("explain.recurs.rule", map[string]any{"rule": r.Rule})
	}
	n := 1
	if v, err := strconv.Atoi(r.Part("INTERVAL")); err == nil {
		n = v
	}
	key := "explain.recurs." + strings.ToLower(r.Part("FREQ"))
	if n > 1 {
		key += ".n"
	}
	out := w.say(key, map[string]any{"n": n, "days": w.weekdays(s), "day": s.At.Day})
	if r.Part("BYSETPOS") != "" {
		out += w.say("explain.recurs.or_last", nil)
	}
	return out
}

// weekdays names a weekly rule's days in the order of the week.
func (w Words) weekdays(s *definition.Schedule) string {
	on := strings.Split(s.Recurs.Part("BYDAY"), ",")
	if on[0] == "" {
		on = []string{strings.ToUpper(s.At.In(time.UTC).Weekday().String()[:2])}
	}
	var names []string
	for _, day := range weekdays {
		if slices.Contains(on, day) {
			names = append(names, w.say("explain.recurs.day."+strings.ToLower(day), nil))
		}
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], w.say("explain.comma", nil)) + w.say("explain.and", nil) + names[last]
}
