package definition

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// exampleRule stands where a rule is expected.
const exampleRule = "FREQ=WEEKLY;BYDAY=MO"

// recurrence reads how a schedule recurs; nil: it does not.
func (r *reader) recurrence(rec *record, at timing.LocalDateTime) *timing.Recurrence {
	by, rule := rec.get("rrule"), ""
	if by != nil {
		for _, key := range []string{"every", "on", "until", "times"} {
			if rec.get(key) != nil {
				r.out.add(rec.values[key].place, "only_one_of", "key", key, "other", "rrule")
			}
		}
		rule, _ = r.str(by)
	} else if by = rec.get("every"); by != nil {
		rule = r.everyRule(rec, at)
	} else {
		for _, key := range []string{"on", "until", "times"} {
			if rec.get(key) != nil {
				rec.needs("every")
				return nil
			}
		}
	}
	if rule == "" {
		return nil
	}
	out, err := timing.ParseRecurrence(rule, at)
	if err != nil {
		r.notRecurring(by, err)
		return nil
	}
	return &out
}

func (r *reader) notRecurring(n *node, err error) {
	part := new(timing.PartError)
	switch {
	case errors.As(err, &part):
		at := n.place
		if i := strings.Index(n.text, part.Part); i > 0 {
			at = r.text.placeInText(n, 1, 1+utf8.RuneCountInString(n.text[:i]))
		}
		r.out.add(at, "rrule_part", "value", part.Part).expect(exampleRule).meant(timing.MeantPart(part.Part))
	case errors.Is(err, timing.ErrNever):
		r.out.add(n.place, "rrule_never")
	default:
		r.out.add(n.place, "rrule_form").expect(exampleRule)
	}
}

// everyRule writes every and what stands beside it as a rule; empty: one of them was refused.
func (r *reader) everyRule(rec *record, at timing.LocalDateTime) string {
	before := len(r.out.list)
	span := word(r, rec.get("every"), spans)
	rule := map[string]string{"day": "FREQ=DAILY", "week": "FREQ=WEEKLY", "month": "FREQ=MONTHLY" + lastDays(at.Day)}[span]
	rec.with("on", func(n *node) {
		if span == "day" || span == "month" {
			r.out.add(n.place, "on_without_week")
		}
		if days := r.weekdays(n); len(days) > 0 {
			rule += ";BYDAY=" + initials(days)
		}
	})
	rec.with("until", func(n *node) {
		if d := r.day(n); d != nil {
			rule += fmt.Sprintf(";UNTIL=%04d%02d%02d", d.Year, int(d.Month), d.Day)
		}
	})
	rec.with("times", func(n *node) {
		count, _ := r.whole(n, 1, timing.MaxTimes)
		rule += fmt.Sprintf(";COUNT=%d", count)
	})
	if rec.get("until") != nil && rec.get("times") != nil {
		r.out.add(rec.values["times"].place, "only_one_of", "key", "times", "other", "until")
	}
	if len(r.out.list) > before {
		return ""
	}
	return rule
}

// lastDays makes a day that short months do not have their last one.
func lastDays(day int) string {
	if day <= 28 {
		return ""
	}
	days := make([]string, 0, 4)
	for d := 28; d <= day; d++ {
		days = append(days, fmt.Sprint(d))
	}
	return ";BYMONTHDAY=" + strings.Join(days, ",") + ";BYSETPOS=-1"
}

// initials writes weekdays as rules do.
func initials(days []time.Weekday) string {
	out := make([]string, len(days))
	for i, d := range days {
		out[i] = strings.ToUpper(d.String()[:2])
	}
	return strings.Join(out, ",")
}

// Opens is the first moment at or after now, as the clock of now shows it, at which a schedule that recurs takes its audience in.
func (s *Schedule) Opens(now time.Time) (timing.LocalDateTime, bool) {
	from := timing.ShownAs(now)
	if now.Second() > 0 || now.Nanosecond() > 0 { // this minute has begun
		from = timing.ShownAs(now.Add(time.Minute))
	}
	at, ok := s.Recurs.From(from)
	if ok && s.Zone == CommunityZone && at.In(now.Location()).Before(now) { // the clock went back: it showed that before, and the first time counts
		return s.Recurs.After(at)
	}
	return at, ok
}
