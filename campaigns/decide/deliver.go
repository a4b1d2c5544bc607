package decide

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// put sends the message of a send or ask step on its first usable channel; without one the step is skipped.
// A question that the campaign comes back to at once cannot be done without: the member cannot be reached, and the enrollment ends.
func (r *run) put(s *definition.Step) (next *definition.Step, on bool) {
	if ch := r.usable(s); ch != "" {
		r.putOn(s, ch)
		return nil, false
	}
	r.skip(s)
	if s.Ask() != nil && slices.Contains(r.unput, s.ID) {
		r.exit(campaigns.ExitUnreachable)
		return nil, false
	}
	r.unput = append(r.unput, s.ID)
	return r.without(s)
}

// putOn starts a delivery on the channel. A question that follows soon after an answer on the survey page is shown there instead of mailed.
func (r *run) putOn(s *definition.Step, ch campaigns.Channel) {
	if ask := s.Ask(); ask != nil && ch == campaigns.Email && r.onPage() {
		r.ask(ask, campaigns.Page, r.now)
		r.record("question.on_page", "")
		return
	}
	r.deliver(s, ch, 0)
}

func (r *run) deliver(s *definition.Step, ch campaigns.Channel, part int) {
	lane := campaigns.Bulk
	if r.f.Interactive {
		lane = campaigns.Interactive
	}
	plan := r.planOf(s, part)
	until := r.capped(expires(s).Add(r.now, r.f.Zone)).UTC()
	var due *time.Time
	if ask, asked, open := r.open(); open { // its second message: the question goes on counting its time
		closes := r.closes(ask, asked, r.now)
		until, due = timing.Earlier(until, closes), &closes
	}
	r.add(&Deliver{Step: s.ID, Visit: r.e.Visit, Channel: ch, Part: part, Lane: lane, Expires: until, Reply: r.e.Acted && r.f.Interactive})
	r.wait(campaigns.WaitDelivery, due)
	r.e.Waiting.Channel, r.e.Waiting.Part, r.e.Waiting.Plan = ch, part, plan
}

// planOf is the plan to keep with the step's message: another part of a text has the first one's.
func (r *run) planOf(s *definition.Step, part int) *Plan {
	switch {
	case part > 0:
		return r.e.Waiting.Plan
	case r.d.LateOf(s) != nil && (!r.plan.At.Equal(r.now) || len(r.plan.On) > 0 || r.plan.Clock != nil), r.quietSince():
		plan := r.plan
		return &plan
	}
	return nil
}

// quietSince reports whether quiet hours that skip have begun or ended since the step was to be reached. Else now says as well whether it came due in them.
func (r *run) quietSince() bool {
	return r.d.SkipsQuiet() && r.d.Quiet.Contains(r.plan.At, r.f.Zone) != r.d.Quiet.Contains(r.now, r.f.Zone)
}

func expires(s *definition.Step) timing.Period {
	if ask := s.Ask(); ask != nil {
		return ask.Expires
	}
	body, _ := s.Body.(*definition.Send)
	return body.Expires
}

// usable returns the first channel of the step that can be used and was not tried in this visit, or "".
func (r *run) usable(s *definition.Step) campaigns.Channel {
	for _, ch := range r.d.ChannelsOf(s) {
		if !slices.Contains(r.e.Waiting.Tried, ch) && Usable(r.f, ch, r.d.Purpose) == "" {
			return ch
		}
	}
	return ""
}

// skip records why none of the channels could be used. The reason that stands for all is that of the first channel on which the member has an
// address: "no address in Telegram" would hide that mail was refused.
func (r *run) skip(s *definition.Step) {
	rec := &Record{Name: "step.skipped", Step: s.ID, Visit: r.e.Visit, Data: map[string]any{}}
	for _, ch := range r.d.ChannelsOf(s) {
		reason := Usable(r.f, ch, r.d.Purpose)
		if _, has := r.f.Channels[ch]; rec.Reason == "" || has && rec.Reason == campaigns.NoAddress {
			rec.Reason, rec.Channel = reason, ch
		}
		rec.Data[string(ch)] = string(reason)
	}
	r.add(rec)
}

// without returns where the enrollment goes on when the step's message did not come out: a question goes the way of its timeout.
func (r *run) without(s *definition.Step) (*definition.Step, bool) {
	if ask := s.Ask(); ask != nil && ask.Timeout.Goto != "" {
		return r.target(ask.Timeout.Goto)
	}
	return s.Next, true
}

// delivered takes the outcome of the delivery that is waited for. Any other outcome changes nothing.
func (r *run) delivered(in *Delivered) {
	if !r.awaits(in) || !in.State.Final() {
		return
	}
	s, ok := r.target(r.e.Step)
	if !ok {
		return
	}
	sent := in.State == campaigns.Sent || in.State == campaigns.Unknown
	switch {
	case sent && in.More:
		r.deliver(s, in.Channel, in.Part+1)
	case sent:
		r.sent(s, in.Channel, in.At)
	case in.Reason == campaigns.ExitRuled:
		r.exit(campaigns.ExitRuled)
	case in.Reason == campaigns.Stopped && r.d.Purpose != campaigns.Service:
		r.exit(campaigns.ExitUnsubscribed)
	case in.Part > 0:
		r.record("step.cut_short", in.Reason)
		r.sent(s, in.Channel, in.At)
	default:
		r.notSent(s, in)
	}
}

func (r *run) awaits(in *Delivered) bool {
	w := r.e.Waiting
	return r.e.Wait == campaigns.WaitDelivery && in.Step == r.e.Step && in.Visit == r.e.Visit && in.Channel == w.Channel && in.Part == w.Part
}

func (r *run) sent(s *definition.Step, ch campaigns.Channel, at time.Time) {
	if _, asked, open := r.open(); open {
		r.twinCame(asked, ch)
		return
	}
	if ask := s.Ask(); ask != nil {
		r.ask(ask, ch, at)
		return
	}
	if r.goesOn(s, ch) {
		r.listen(s, ch, at)
		return
	}
	r.proceed(s.Next)
}

// notSent goes on to the next channel where that can help, else past the step.
func (r *run) notSent(s *definition.Step, in *Delivered) {
	if _, asked, open := r.open(); open {
		r.record("question.twin_not_delivered", in.Reason)
		r.twinCame(asked, "")
		return
	}
	if r.e.Waiting.Silence != nil { // the first message came; this one's row says why it did not
		r.proceed(s.Next)
		return
	}
	r.e.Waiting.Tried = append(r.e.Waiting.Tried, in.Channel)
	if tryNext(in.State, in.Reason) {
		if ch := r.usable(s); ch != "" {
			r.add(&Record{
				Name: "channel.fallback", Step: s.ID, Visit: in.Visit, Reason: in.Reason,
				Data: map[string]any{"from": string(in.Channel), "to": string(ch)},
			})
			r.plan = r.wasPlanned(in)
			r.putOn(s, ch)
			return
		}
	}
	name := "step.not_delivered"
	if s.Ask() != nil {
		name = "question.not_delivered"
	}
	r.record(name, in.Reason)
	if next, ok := r.without(s); ok {
		r.proceed(next)
	}
}
