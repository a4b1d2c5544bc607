package decide

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

// escalates is when the open question goes by another channel, as known at the moment upTo; false: it does not, or not any more.
func (r *run) escalates(asked Asked, upTo time.Time) (time.Time, bool) {
	rule := r.d.EscalateOf(r.d.Step(r.e.Step))
	if rule == nil || asked.Escalated {
		return time.Time{}, false
	}
	if r.lost(asked.Channel) != "" { // nobody will see it there: there is no silence to wait for
		return r.now, true
	}
	return r.later(rule.After, asked.At, upTo), true
}

// lost is why nothing reaches the member on the channel any more; empty: that is not so.
func (r *run) lost(ch campaigns.Channel) campaigns.Reason {
	switch c := r.f.Channels[ch]; {
	case c.Suppressed:
		return campaigns.SuppressedAddr
	case c.Reach == channels.ReachBlocked:
		return campaigns.Blocked
	case c.Reach == channels.ReachGone:
		return campaigns.Gone
	}
	return ""
}

// lostTell is lost in records, where the silence has not lasted: that ends it.
const lostTell = "lost"

// escalated records that the message of the step goes by another channel too, or with a reason that it does not: since there was silence for as long as the step
// says after the moment, or since its channel was lost before.
func (r *run) escalated(name string, s *definition.Step, since Silence, to campaigns.Channel, reason campaigns.Reason) {
	after, data := r.d.EscalateOf(s).After, map[string]any{}
	if to != "" {
		data["from"], data["to"] = string(since.Channel), string(to)
	}
	if lost := r.lost(since.Channel); lost != "" && r.later(after, since.At, r.now).After(r.now) {
		data[lostTell] = string(lost)
	} else if to != "" {
		data["after"] = after.String()
	}
	if len(data) == 0 {
		data = nil
	}
	r.add(&Record{Name: name, Step: s.ID, Visit: r.e.Visit, Reason: reason, Data: data})
}

// look is when the open question is looked at next: when it goes by another channel, or when it stops waiting.
func (r *run) look(ask *definition.Ask, asked Asked, upTo time.Time) time.Time {
	due := r.closes(ask, asked, upTo)
	if r.e.Wait == campaigns.WaitDelivery {
		return due
	}
	if at, ok := r.escalates(asked, upTo); ok && at.Before(due) {
		return at.UTC()
	}
	return due
}

// escalate puts the question that nobody has answered on the next channel too, and reports whether it does. Once a visit, whatever comes of it.
func (r *run) escalate(s *definition.Step, asked Asked) bool {
	asked.Escalated = true
	r.setAsked(s.ID, asked)
	since := Silence{asked.Channel, asked.At}
	if r.e.Waiting.Begun || r.e.Waiting.Rejected > 0 {
		r.escalated("question.not_escalated", s, since, "", campaigns.AnswerBegun)
		return false
	}
	ch, reason := r.twin(s, asked)
	if ch == "" {
		r.escalated("question.not_escalated", s, since, "", reason)
		return false
	}
	r.escalated("question.escalated", s, since, ch, "")
	r.deliver(s, ch, 0)
	return true
}

// twin is the next usable channel behind that of the question; or why there is none.
func (r *run) twin(s *definition.Step, asked Asked) (ch campaigns.Channel, reason campaigns.Reason) {
	reason = campaigns.LastChannel
	for _, ch := range behind(r.d.ChannelsOf(s), asked.Channel) {
		if slices.Contains(asked.Past, ch) {
			continue
		}
		if reason = Usable(r.f, ch, r.d.Purpose); reason == "" {
			return ch, ""
		}
	}
	return "", reason
}

// behind are the channels that come after the one. A question that was shown on the survey page was not mailed, so its mail comes after it.
func behind(order []campaigns.Channel, ch campaigns.Channel) []campaigns.Channel {
	if ch == campaigns.Page {
		return order[max(slices.Index(order, campaigns.Email), 0):]
	}
	return order[slices.Index(order, ch)+1:]
}

// passed are the channels by which a question that stands went, or could not go, in the version before.
func passed(order []campaigns.Channel, asked Asked) []campaigns.Channel {
	ahead := behind(order, asked.Channel)
	return slices.Concat(asked.Past, order[:len(order)-len(ahead)])
}

// twinCame goes on waiting for the answer when it is known what became of the question's second message.
func (r *run) twinCame(asked Asked, ch campaigns.Channel) {
	asked.Twin = ch
	r.setAsked(r.e.Step, asked)
	r.stand()
}

// stand waits for the answer to the open question, or closes it where its time has passed.
func (r *run) stand() {
	r.wait(campaigns.WaitAnswer, nil)
	r.e.Waiting = Waiting{Rejected: r.e.Waiting.Rejected, Begun: r.e.Waiting.Begun}
	r.answerDue()
}

// begun notes that the member has begun to answer the question at which the enrollment stands.
func (r *run) begun(in *Begun) {
	waits := r.e.Wait == campaigns.WaitAnswer || r.e.Wait == campaigns.WaitDelivery
	if waits && in.Step == r.e.Step && in.Visit == r.e.Visit {
		r.e.Waiting.Begun = true
	}
}

// goesOn reports whether the message may go by another channel too. One that went by the last channel is not waited for.
func (r *run) goesOn(s *definition.Step, ch campaigns.Channel) bool {
	return r.d.EscalateOf(s) != nil && r.e.Waiting.Silence == nil && len(behind(r.d.ChannelsOf(s), ch)) > 0
}

// listen stands at the message that was sent: it goes by another channel too, unless the member gives a sign of life.
func (r *run) listen(s *definition.Step, ch campaigns.Channel, at time.Time) {
	r.wait(campaigns.WaitTime, nil)
	r.e.Waiting = Waiting{Silence: &Silence{Channel: ch, At: utc(at)}}
	r.silence(s)
}

// listenAnew computes anew how long the silence may last. A version that minds it no more ends it now.
func (r *run) listenAnew() {
	at := r.now
	if rule := r.d.EscalateOf(r.d.Step(r.e.Step)); rule != nil {
		at = r.capped(r.later(rule.After, r.e.Waiting.Silence.At, r.now))
	}
	r.dueAt(at)
}

// silence goes on behind the message when the member was heard of since; when they were not for long enough, or cannot be any more, it sends it by the next
// channel first.
func (r *run) silence(s *definition.Step) {
	rule, since := r.d.EscalateOf(s), *r.e.Waiting.Silence
	if rule == nil || r.f.LastAct != nil && r.f.LastAct.After(since.At) {
		r.proceed(s.Next)
		return
	}
	if due := r.capped(r.later(rule.After, since.At, r.now)).UTC(); r.f.Paused || due.After(r.now) && r.lost(since.Channel) == "" {
		r.e.Due = &due
		return
	}
	ch, reason := r.twin(s, Asked{Channel: since.Channel})
	if ch == "" {
		r.escalated("message.not_escalated", s, since, "", reason)
		r.proceed(s.Next)
		return
	}
	r.escalated("message.escalated", s, since, ch, "")
	r.deliver(s, ch, 0)
}
