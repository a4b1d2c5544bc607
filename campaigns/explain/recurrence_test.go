package explain_test

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
)

func TestRecurrence(t *testing.T) {
	const doc = "key: a\nkind: broadcast\nname: A\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {schedule: {at: \"2027-03-31 10:00\", zone: ZONE, audience: all, HOW}}\nsteps: [{wait: 1d}]\n"
	for _, c := range []struct{ how, zone, en, ru string }{
		{"every: day", "community", "every day at 10:00, the community’s time", "каждый день в 10:00, по времени сообщества"},
		{"every: week, on: [monday]", "member", "every Monday at 10:00, each member’s own time", "по понедельникам в 10:00, по часам каждого участника"},
		{"every: week", "member", "every Wednesday at 10:00, each member’s own time", "по средам в 10:00, по часам каждого участника"},
		{"every: week, on: [friday, monday, sunday], times: 3", "member", "every Monday, Friday and Sunday at 10:00, 3 times, each member’s own time", "по понедельникам, пятницам и воскресеньям в 10:00, всего 3 раза, по часам каждого участника"},
		{"every: month, until: \"2027-06-01\"", "community", "every month on day 31, or the last, at 10:00, until 1 June 2027, the community’s time", "каждый месяц 31 числа (или в последний день) в 10:00, по 1 июня 2027 включительно, по времени сообщества"},
		{"rrule: \"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO\"", "member", "once in 2 weeks, on Monday, at 10:00, each member’s own time", "раз в 2 недели, по понедельникам, в 10:00, по часам каждого участника"},
		{"rrule: \"FREQ=DAILY;UNTIL=20270601T090000\"", "member", "by the rule FREQ=DAILY;UNTIL=20270601T090000 at 10:00, each member’s own time", "по правилу FREQ=DAILY;UNTIL=20270601T090000 в 10:00, по часам каждого участника"},
		{"rrule: \"FREQ=MONTHLY;BYMONTHDAY=28,31;BYSETPOS=-1\"", "member", "by the rule FREQ=MONTHLY;BYMONTHDAY=28,31;BYSETPOS=-1 at 10:00, each member’s own time", "по правилу FREQ=MONTHLY;BYMONTHDAY=28,31;BYSETPOS=-1 в 10:00, по часам каждого участника"},
		{"rrule: \"FREQ=WEEKLY;BYDAY=MO,MO\"", "member", "every Monday at 10:00, each member’s own time", "по понедельникам в 10:00, по часам каждого участника"},
		{"rrule: \"FREQ=DAILY;INTERVAL=5\"", "community", "once in 5 days at 10:00, the community’s time", "раз в 5 дней в 10:00, по времени сообщества"},
		{"rrule: \"FREQ=MONTHLY;BYDAY=-1FR;COUNT=4\"", "community", "by the rule FREQ=MONTHLY;BYDAY=-1FR;COUNT=4 at 10:00, the community’s time", "по правилу FREQ=MONTHLY;BYDAY=-1FR;COUNT=4 в 10:00, по времени сообщества"},
	} {
		d, problems := definition.Parse([]byte(strings.NewReplacer("ZONE", c.zone, "HOW", c.how).Replace(doc)), definition.YAML)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", c.how, problems)
		}
		for lang, want := range map[string]string{"en": c.en, "ru": c.ru} {
			if got := explain.Recurrence(lang, d.Entry.Schedule); got != want {
				t.Errorf("%s:\n got %s\nwant %s", c.how, got, want)
			}
		}
	}
}
