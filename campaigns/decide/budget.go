package decide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// BudgetRule says how much a member gets at most, over all campaigns: Most messages within Per; of a Kind, Most passages of campaigns of that kind within Per,
// however many messages each has.
type BudgetRule struct {
	Most int             `json:"most"`
	Per  timing.Period   `json:"per"`
	Kind definition.Kind `json:"kind,omitempty"` // empty: every campaign
}

// Span is Per; a day has 24 hours.
func (r BudgetRule) Span() time.Duration {
	return r.Per.Fixed()
}

// String is the rule as rows keep it: "3 per 1d", "1 survey per 14d".
func (r BudgetRule) String() string {
	if r.Kind == "" {
		return fmt.Sprintf("%d per %s", r.Most, r.Per)
	}
	return fmt.Sprintf("%d %s per %s", r.Most, r.Kind, r.Per)
}

// ReadBudgetRule reads what String wrote; false: it is something else.
func ReadBudgetRule(s string) (r BudgetRule, ok bool) {
	words := strings.Fields(s)
	switch len(words) {
	case 4:
		r.Kind = definition.Kind(words[1])
	case 3:
	default:
		return r, false
	}
	var err, perr error
	r.Most, err = strconv.Atoi(words[0])
	r.Per, perr = timing.ParsePeriod(words[len(words)-1])
	return r, err == nil && perr == nil && words[len(words)-2] == "per" && slices.Contains(append(definition.Kinds(), ""), r.Kind)
}

// Spent is a message that counts: one that has left at At, or one that may be leaving now and is known by Until.
type Spent struct {
	Delivery   campaigns.DeliveryID
	Enrollment campaigns.EnrollmentID
	Kind       definition.Kind
	At         time.Time
	Until      time.Time // zero: it has left
}

// leaves is when the message counts no more; one that may be leaving is looked at again when it is known. A rule of days counts from the beginning of the hour
// in which the message left: what comes a day later at the same time of day finds room, however long the sending took.
func (r BudgetRule) leaves(s Spent, zone *time.Location) time.Time {
	if !s.Until.IsZero() {
		return s.Until
	}
	at := s.At
	if r.Per.Days > 0 {
		at = hourOf(at, zone)
	}
	return at.Add(r.Span())
}

// hourOf is when clocks began to show the hour.
func hourOf(t time.Time, zone *time.Location) time.Time {
	if zone != nil {
		t = t.In(zone)
	}
	return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond())).UTC()
}

// Wish is a message that is to leave.
type Wish struct {
	Zone       *time.Location // the member's; nil: UTC
	Enrollment campaigns.EnrollmentID
	Kind       definition.Kind
	Priority   definition.Priority
	// Begun: the passage has sent a message before.
	Begun bool
}

// Budget says when the rules let a member's next message leave: now, or a later moment and the rule that holds it longest.
func Budget(rules []BudgetRule, w Wish, spent []Spent, now time.Time) (free time.Time, by *BudgetRule) {
	free = now
	for i := range rules {
		if at := rules[i].free(w, spent, now); at.After(free) {
			free, by = at, &rules[i]
		}
	}
	return free, by
}

// free is when the rule lets the message leave. Counted messages leave the span one by one; it is free when fewer than its allowance are left.
func (r BudgetRule) free(w Wish, spent []Spent, now time.Time) time.Time {
	allowance := r.allowance(w)
	if allowance == 0 {
		return now
	}
	ends := r.ends(w, spent, now)
	if len(ends) < allowance {
		return now
	}
	slices.SortFunc(ends, time.Time.Compare)
	return ends[len(ends)-allowance]
}

// allowance is how much of the rule the message may use; 0: it is no concern of the rule. A rule for a kind is the same for every priority: three
// important surveys in a week tire as much as three others.
func (r BudgetRule) allowance(w Wish) int {
	switch {
	case r.Kind != "":
		if r.Kind != w.Kind || w.Begun { // a passage is let through to its end
			return 0
		}
		return r.Most
	case w.Priority == definition.PriorityHigh:
		return 0
	case w.Priority == definition.PriorityLow:
		return max(r.Most/2, 1)
	}
	return r.Most
}

// ends is when each thing that counts will count no more: messages, or, of a kind, passages by their last message. The message's own passage may be beginning just now.
func (r BudgetRule) ends(w Wish, spent []Spent, now time.Time) (out []time.Time) {
	passages := map[campaigns.EnrollmentID]time.Time{}
	for _, s := range spent {
		end := r.leaves(s, w.Zone)
		switch {
		case !end.After(now):
		case r.Kind == "":
			out = append(out, end)
		case s.Kind != r.Kind:
		case s.Enrollment == w.Enrollment:
			return nil
		case end.After(passages[s.Enrollment]):
			passages[s.Enrollment] = end
		}
	}
	for _, end := range passages {
		out = append(out, end)
	}
	return out
}
