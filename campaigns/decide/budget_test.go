package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func TestBudget(t *testing.T) {
	rule := func(most, days int, kind definition.Kind) decide.BudgetRule {
		return decide.BudgetRule{Most: most, Per: timing.Period{Days: days}, Kind: kind}
	}
	ago := func(hours int, enrollment campaigns.EnrollmentID, kind definition.Kind) decide.Spent {
		return decide.Spent{Enrollment: enrollment, Kind: kind, At: noon.Add(-time.Duration(hours) * time.Hour)}
	}
	three := []decide.Spent{ago(20, 1, definition.Reminder), ago(10, 2, definition.Reminder), ago(1, 3, definition.Reminder)}
	surveys := []decide.Spent{ago(30, 1, definition.Survey), ago(20, 1, definition.Survey), ago(50, 2, definition.Survey)}
	flying := []decide.Spent{ago(20, 1, definition.Reminder), {Enrollment: 2, Until: noon.Add(5 * time.Minute)}}
	wish := decide.Wish{Enrollment: 9, Kind: definition.Reminder, Priority: definition.PriorityNormal}
	kolkata := wish
	kolkata.Zone = zone(t, "Asia/Kolkata")
	of := func(p definition.Priority, k definition.Kind, e campaigns.EnrollmentID) decide.Wish {
		return decide.Wish{Enrollment: e, Kind: k, Priority: p}
	}
	for name, c := range map[string]struct {
		rules []decide.BudgetRule
		wish  decide.Wish
		spent []decide.Spent
		want  time.Duration // from now
		by    string
	}{
		"no rules":                      {nil, wish, three, 0, ""},
		"nothing spent":                 {[]decide.BudgetRule{rule(1, 1, "")}, wish, nil, 0, ""},
		"room":                          {[]decide.BudgetRule{rule(4, 1, "")}, wish, three, 0, ""},
		"full":                          {[]decide.BudgetRule{rule(3, 1, "")}, wish, three, 4 * time.Hour, "3 per 1d"},
		"over":                          {[]decide.BudgetRule{rule(1, 1, "")}, wish, three, 23 * time.Hour, "1 per 1d"},
		"the longest holds":             {[]decide.BudgetRule{rule(3, 1, ""), rule(3, 7, "")}, wish, three, 148 * time.Hour, "3 per 7d"},
		"just left the span":            {[]decide.BudgetRule{rule(1, 1, "")}, wish, []decide.Spent{ago(24, 1, "")}, 0, ""},
		"a day ago at this hour":        {[]decide.BudgetRule{rule(1, 1, "")}, wish, []decide.Spent{{At: noon.Add(-23*time.Hour - time.Minute)}}, 0, ""},
		"24 hours are 24 hours":         {[]decide.BudgetRule{{Most: 1, Per: timing.Period{Time: 24 * time.Hour}}}, wish, []decide.Spent{{At: noon.Add(-23*time.Hour - time.Minute)}}, 59 * time.Minute, "1 per 24h"},
		"the hour of their own clock":   {[]decide.BudgetRule{rule(1, 1, "")}, kolkata, []decide.Spent{{At: noon.Add(-23*time.Hour - time.Minute)}}, 30 * time.Minute, "1 per 1d"},
		"low has half":                  {[]decide.BudgetRule{rule(6, 1, "")}, of(definition.PriorityLow, definition.Reminder, 9), three, 4 * time.Hour, "6 per 1d"},
		"low has one at least":          {[]decide.BudgetRule{rule(1, 1, "")}, of(definition.PriorityLow, definition.Reminder, 9), nil, 0, ""},
		"high passes":                   {[]decide.BudgetRule{rule(1, 1, "")}, of(definition.PriorityHigh, definition.Reminder, 9), three, 0, ""},
		"may be leaving":                {[]decide.BudgetRule{rule(2, 1, "")}, wish, flying, 5 * time.Minute, "2 per 1d"},
		"another kind":                  {[]decide.BudgetRule{rule(1, 14, definition.Survey)}, wish, surveys, 0, ""},
		"passages":                      {[]decide.BudgetRule{rule(3, 14, definition.Survey)}, of(definition.PriorityNormal, definition.Survey, 9), surveys, 0, ""},
		"a passage by its last message": {[]decide.BudgetRule{rule(2, 1, definition.Survey)}, of(definition.PriorityNormal, definition.Survey, 9), surveys[:2], 0, ""},
		"full of passages":              {[]decide.BudgetRule{rule(1, 14, definition.Survey)}, of(definition.PriorityHigh, definition.Survey, 9), surveys[:2], 316 * time.Hour, "1 survey per 14d"},
		"the passage itself":            {[]decide.BudgetRule{rule(1, 14, definition.Survey)}, of(definition.PriorityNormal, definition.Survey, 1), surveys, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			free, by := decide.Budget(c.rules, c.wish, c.spent, noon)
			got := ""
			if by != nil {
				got = by.String()
				if read, ok := decide.ReadBudgetRule(got); !ok || read != *by {
					t.Errorf("%q reads as %+v", got, read)
				}
			}
			if free.Sub(noon) != c.want || got != c.by {
				t.Errorf("in %s by %q", free.Sub(noon), got)
			}
		})
	}
	for _, s := range []string{"", "550 no such user here", "3 pers 1d", "x per 1d", "3 spam per 1d", "550 5.1.1 unknown"} {
		if r, ok := decide.ReadBudgetRule(s); ok {
			t.Errorf("%q reads as %+v", s, r)
		}
	}
}
