package reports

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// passed says what would have held back a message that left at the moment, and why it did not: quiet hours, everything off, a no to the topic. What the member
// wishes is known as it is now; of what was turned off, since when.
func (w *passage) passed(d *store.Delivery, at time.Time) []WhyLine {
	if d.Part > 0 || d.State != campaigns.Sent && d.State != campaigns.Unknown || d.Version != w.row.Version { // what held in another version is not at hand
		return nil
	}
	var lines []WhyLine
	add := func(key string, args map[string]any) {
		l := w.line(WhyPassed, &at, key, args)
		l.Step, l.Over = d.Step, d.Channel
		lines = append(lines, l)
	}
	if window, whose := w.quietAt(at); window != nil {
		args := map[string]any{"from": window.From.String(), "to": window.To.String()}
		switch {
		case d.Lane == campaigns.Interactive && !engine.AskedAgain(d) || d.Kind == store.SystemDelivery:
			add("why.passed."+whose+".act", args)
		case w.def.Purpose == campaigns.Service && w.def.Quiet == nil:
			add("why.passed."+whose+".service", args)
		}
	}
	switch {
	case w.def.Purpose != campaigns.Service:
	case w.p.StoppedAt != nil && !w.p.StoppedAt.After(at):
		add("why.passed.stopped", map[string]any{"at": w.when(*w.p.StoppedAt)})
	case saidNo(w.p.Consents, d.Channel, w.def.Topic):
		add("why.passed.consent", nil)
	}
	return lines
}

// saidNo reports whether the member was asked about the topic there and does not want it. That nobody asked is no news of a campaign that needs no consent.
func saidNo(c members.Consents, ch campaigns.Channel, topic string) bool {
	given, asked := c[members.ConsentKey{Channel: ch, Topic: topic}]
	if !asked {
		given, asked = c[members.ConsentKey{Channel: ch, Topic: members.AllTopics}]
	}
	return asked && !given
}

// quietAt are the quiet hours in which the moment lies, the campaign's first, and whose they are; nil: none.
func (w *passage) quietAt(at time.Time) (window *timing.Window, whose string) {
	switch {
	case w.def.Quiet != nil && w.def.Quiet.Contains(at, w.zone):
		return w.def.Quiet, "quiet"
	case w.p.Quiet != nil && w.p.Quiet.Contains(at, w.zone):
		return w.p.Quiet, "quiet_own"
	}
	return nil, ""
}
