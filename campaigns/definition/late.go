package definition

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Late says what becomes of a message that could not leave within After of its moment.
type Late struct {
	After timing.Period
	Then  LateThen
}

// LateThen is what becomes of it.
type LateThen string

const (
	LateSend       LateThen = "send" // as if there were no rule
	LateSkip       LateThen = "skip"
	LateNextWindow LateThen = "next_window"
)

// Defaults of expires. A message that may wait for the same weekday of the next week is worth sending for longer.
var (
	defaultExpires    = timing.Period{Time: 24 * time.Hour}
	nextWindowExpires = timing.Period{Days: 8}
)

// LateOf is the rule of the step's message: its own, or the campaign's. Nil: it is sent however late it is.
func (d *Definition) LateOf(s *Step) *Late {
	if s == nil {
		return nil
	}
	late := d.Late
	switch b := s.Body.(type) {
	case *Send:
		late = either(b.Late, late)
	case *Ask:
		late = either(b.Late, late)
	}
	if late == nil || late.Then == LateSend {
		return nil
	}
	return late
}

// MindsMoment reports whether the step's message is judged by when it was due: by its rule for what comes late, or by quiet hours that skip.
func (d *Definition) MindsMoment(s *Step) bool { return d.LateOf(s) != nil || d.SkipsQuiet() }

func either(own, campaigns *Late) *Late {
	if own != nil {
		return own
	}
	return campaigns
}

func (r *reader) late(n *node) *Late {
	rec, ok := r.record(n, lateObject)
	if !ok {
		return nil
	}
	l := &Late{}
	rec.with("after", func(n *node) { l.After = r.period(n) })
	rec.with("then", func(n *node) { l.Then = word(r, n, lateThens) })
	if l.Then != LateSend {
		rec.needs("after")
	}
	return l
}

// expiries gives messages without expires their default.
func (r *reader) expiries() {
	for _, s := range r.d.Order {
		p := defaultExpires
		if late := r.d.LateOf(s); late != nil && late.Then == LateNextWindow {
			p = nextWindowExpires
		}
		switch b := s.Body.(type) {
		case *Send:
			b.Expires = orDefault(b.Expires, p)
		case *Ask:
			b.Expires = orDefault(b.Expires, p)
		}
	}
}

func orDefault(p, otherwise timing.Period) timing.Period {
	if p.IsZero() {
		return otherwise
	}
	return p
}
