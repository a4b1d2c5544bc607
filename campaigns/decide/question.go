package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// pageStay is how long after an answer on the survey page the member is taken to be still there.
const pageStay = 10 * time.Minute

// defaultTimeout is how long a question waits when its step does not say.
var defaultTimeout = timing.Period{Days: 3}

func (r *run) onPage() bool { return r.e.PageAt != nil && r.now.Sub(*r.e.PageAt) <= pageStay }

// ask notes that the question was put, and waits for its answer.
func (r *run) ask(ask *definition.Ask, ch campaigns.Channel, at time.Time) {
	asked := Asked{Visit: r.e.Visit, Channel: ch, At: utc(at)}
	r.setAsked(r.e.Step, asked)
	r.wait(campaigns.WaitAnswer, nil)
	r.e.Waiting = Waiting{Rejected: r.e.Waiting.Rejected, Begun: r.e.Waiting.Begun}
	due := r.look(ask, asked, asked.At)
	r.e.Due = &due
	if !due.After(r.now) { // its outcome became known late
		r.answerDue()
	}
}

func (r *run) setAsked(id campaigns.StepID, asked Asked) {
	if r.e.Asked == nil {
		r.e.Asked = map[campaigns.StepID]Asked{}
	}
	r.e.Asked[id] = asked
}

// open returns the question that is waited for.
func (r *run) open() (*definition.Ask, Asked, bool) {
	asked, put := r.e.Asked[r.e.Step]
	s := r.d.Step(r.e.Step)
	if s == nil || !put || asked.Visit != r.e.Visit {
		return nil, Asked{}, false
	}
	return s.Ask(), asked, s.Ask() != nil
}

// closes returns when the question stops waiting, as known at the moment upTo: its timeout in the member's zone, put off by the pauses
// that began before it was over. A question of a round closes with the round at the latest.
func (r *run) closes(ask *definition.Ask, asked Asked, upTo time.Time) time.Time {
	after := ask.Timeout.After
	if after.IsZero() {
		after = defaultTimeout
	}
	return r.capped(r.later(after, asked.At, upTo)).UTC()
}

// later is the period after the moment, in the member's zone, put off by the pauses that began before it was over, as known at the moment upTo.
func (r *run) later(after timing.Period, at, upTo time.Time) time.Time {
	due := after.Add(at, r.f.Zone)
	for _, p := range r.f.Pauses {
		from, to := p.From, p.To
		if from.Before(at) {
			from = at
		}
		if to.IsZero() {
			to = upTo
		}
		if from.Before(due) && to.After(from) {
			due = due.Add(to.Sub(from))
		}
	}
	return due
}

// answerDue closes the question, or puts it on another channel too, unless pauses put that off.
func (r *run) answerDue() {
	ask, asked, ok := r.open()
	if !ok {
		if s, ok := r.target(r.e.Step); ok {
			r.proceed(s.Next)
		}
		return
	}
	if !r.closes(ask, asked, r.now).After(r.now) {
		r.timedOut(asked)
		return
	}
	if at, ok := r.escalates(asked, r.now); ok && !at.After(r.now) && !r.f.Paused {
		if r.escalate(r.d.Step(r.e.Step), asked) {
			return
		}
		asked = r.e.Asked[r.e.Step]
	}
	due := r.look(ask, asked, r.now)
	r.e.Due = &due
}

// twinDue closes the question whose second message has not left by then. Any other message is waited for until its outcome is known.
func (r *run) twinDue() {
	ask, asked, ok := r.open()
	if !ok {
		r.e.Due = nil
		return
	}
	if due := r.closes(ask, asked, r.now); due.After(r.now) {
		r.e.Due = &due
		return
	}
	r.add(&CancelPending{Reason: campaigns.QuestionClosed})
	r.timedOut(asked)
}

func (r *run) timedOut(asked Asked) {
	asked.Closed = true
	r.setAsked(r.e.Step, asked)
	r.record("question.timed_out", "")
	r.add(&CloseQuestion{})
	if next, ok := r.without(r.d.Step(r.e.Step)); ok {
		r.proceed(next)
	}
}

// dueAt sets when to decide next, never earlier than now; what has been due for a while stays so: what follows is as late.
func (r *run) dueAt(at time.Time) {
	if !at.After(r.now) {
		at = r.now
		if r.e.Due != nil {
			at = timing.Earlier(at, *r.e.Due)
		}
	}
	at = at.UTC()
	r.e.Due = &at
}
