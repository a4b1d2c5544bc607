package definition

import (
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Escalate says that a question without an answer, or a message without a sign of life, goes by the step's next channel too, once.
type Escalate struct {
	After timing.Period // since it was put; zero: it does not, whatever the campaign says
	Place Place
}

// EscalateOf is the rule of the step: its own, or of a question the campaign's where the question has another channel to go by. Nil: it goes by one alone.
func (d *Definition) EscalateOf(s *Step) *Escalate {
	rule := s.ownEscalate()
	if rule == nil && s.Ask() != nil {
		rule = d.Escalate
	}
	if rule == nil || rule.After.IsZero() || len(d.ChannelsOf(s)) < 2 {
		return nil
	}
	return rule
}

func (s *Step) ownEscalate() *Escalate {
	switch b := s.Body.(type) {
	case *Send:
		return b.Escalate
	case *Ask:
		return b.Escalate
	}
	return nil
}

func (r *reader) escalate(n *node) *Escalate {
	rec, ok := r.record(n, escalateObject)
	if !ok {
		return nil
	}
	e := &Escalate{Place: n.place}
	rec.with("after", func(n *node) { e.After = r.period(n) })
	if e.After.IsZero() {
		return nil
	}
	return e
}

// ownEscalate is a question's, where false takes the campaign's away.
func (r *reader) ownEscalate(n *node) *Escalate {
	if n.kind == boolNode && strings.EqualFold(n.text, "false") {
		return &Escalate{Place: n.place}
	}
	return r.escalate(n)
}

// checkEscalations reports rules by which nothing would ever go by another channel.
func (r *reader) checkEscalations() {
	if e := r.d.Escalate; e != nil && len(r.d.Channels) == 1 {
		r.out.add(e.Place, "escalate_one_channel").expect("channels: [telegram, email]")
	}
	for _, s := range r.d.Order {
		if own := s.ownEscalate(); own != nil && !own.After.IsZero() && len(r.d.ChannelsOf(s)) == 1 {
			r.out.add(own.Place, "escalate_one_channel").expect("channels: [telegram, email]")
		}
		if e := r.d.EscalateOf(s); e != nil {
			r.escalatesInTime(s, e)
		}
	}
}

// escalatesInTime: the question must still be open then. The campaign's rule is told at the question that it does not fit.
func (r *reader) escalatesInTime(s *Step, e *Escalate) {
	at, expected, ask := e.Place, "", s.Ask()
	if s.ownEscalate() == nil {
		at, expected = s.Place, "escalate: false"
	}
	switch {
	case ask != nil && !ask.Timeout.After.IsZero() && e.After.Fixed() >= ask.Timeout.After.Fixed():
		r.out.add(at, "escalate_after_timeout", "after", e.After.String(), "timeout", ask.Timeout.After.String()).expect(expected)
	case r.d.RepeatOf(s.ID) != nil && e.After.Fixed() >= 24*time.Hour:
		r.out.add(at, "escalate_after_round", "after", e.After.String()).expect(expected)
	}
}
