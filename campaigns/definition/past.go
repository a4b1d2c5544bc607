package definition

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Past is what was with one member. It holds personal values: never log it.
type Past struct {
	// Consents are the channels on which the member agrees to the topic now.
	Consents map[string][]campaigns.Channel `json:",omitempty"`
	// Events are by Condition.EventKey: each is counted over the span that one condition asks for.
	Events   map[string]Events                             `json:",omitempty"`
	Passages map[campaigns.Key][]Passage                   `json:",omitempty"`
	Messages map[campaigns.Key][]Message                   `json:",omitempty"`
	Answers  map[campaigns.Key]map[string]campaigns.Answer `json:",omitempty"` // the last that was given in time
	Points   map[campaigns.Key]int                         `json:",omitempty"`
}

// Events are those of one name within one span.
type Events struct {
	N           int
	First, Last time.Time // zero where there are none
}

// Passage is one run through a campaign.
type Passage struct {
	State   campaigns.EnrollmentState
	Entered time.Time
	Ended   time.Time // zero while it goes on
}

// Message is what became of messages of one step: the first and the last time that it became so.
type Message struct {
	Step        campaigns.StepID
	State       campaigns.DeliveryState
	First, Last time.Time
}

// Span is the time that a condition looks at, counted back from now: Within is the least that still counts, OlderThan the most that no longer does.
// At most one of the two is set.
type Span struct{ Within, OlderThan timing.Period }

// Since returns the moment that a period reaches back to. A day is 24 hours, for everybody: the same moment for one member and for a million.
func Since(p timing.Period, now time.Time) time.Time {
	return now.Add(-p.Fixed())
}

// IsZero reports that any time will do.
func (s Span) IsZero() bool { return s == Span{} }

// Bounds are the first moment inside, and the first after it; zero: there is none.
func (s Span) Bounds(now time.Time) (from, to time.Time) {
	if !s.Within.IsZero() {
		from = Since(s.Within, now)
	}
	if !s.OlderThan.IsZero() {
		to = Since(s.OlderThan, now)
	}
	return from, to
}

// holds says whether the moment lies inside.
func (s Span) holds(t, now time.Time) bool {
	from, to := s.Bounds(now)
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

func (s Span) key() string {
	switch {
	case !s.Within.IsZero():
		return " within " + s.Within.String()
	case !s.OlderThan.IsZero():
		return " older than " + s.OlderThan.String()
	}
	return ""
}

// EventKey names the events that the condition counts. First and last are looked for among all.
func (c *Condition) EventKey() string {
	if c.Subject == SubjectEvent {
		return c.Name + c.Span.key()
	}
	return c.Name
}

func (f Facts) past() *Past {
	if f.Past == nil {
		return &Past{}
	}
	return f.Past
}

func (c *Condition) pastHolds(f Facts) bool {
	p, key := f.past(), campaigns.Key(c.Name)
	switch c.Subject {
	case SubjectConsent:
		on := p.Consents[c.Name]
		return len(on) > 0 && (c.On == "" || slices.Contains(on, c.On))
	case SubjectEvent:
		n := p.Events[c.EventKey()].N
		return c.Op == "" && n > 0 || c.Op != "" && c.compare(float64(n), true)
	case SubjectFirstEvent:
		e := p.Events[c.EventKey()]
		return e.N > 0 && c.Span.holds(e.First, f.Now)
	case SubjectLastEvent:
		e := p.Events[c.EventKey()]
		return e.N > 0 && c.Span.holds(e.Last, f.Now)
	case SubjectInside, SubjectEntered, SubjectCompleted, SubjectLeft:
		return slices.ContainsFunc(p.Passages[key], func(run Passage) bool { return c.passed(run, f.Now) })
	case SubjectMessage:
		return slices.ContainsFunc(p.Messages[key], func(m Message) bool {
			return m.State == c.Was && (c.Step == "" || m.Step == c.Step) && (c.Span.holds(m.First, f.Now) || c.Span.holds(m.Last, f.Now))
		})
	}
	return false
}

func (c *Condition) passed(run Passage, now time.Time) bool {
	switch c.Subject {
	case SubjectInside:
		return !run.State.Final()
	case SubjectEntered:
		return c.Span.holds(run.Entered, now)
	case SubjectCompleted:
		return run.State == campaigns.EnrollmentCompleted && c.Span.holds(run.Ended, now)
	}
	return run.State == campaigns.EnrollmentExited && c.Span.holds(run.Ended, now)
}
