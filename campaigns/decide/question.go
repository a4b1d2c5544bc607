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
	due := r.closes(ask, asked, asked.At)
	r.wait(campaigns.WaitAnswer, &due)
	r.e.Waiting = Waiting{Rejected: r.e.Waiting.Rejected}
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
	due := after.Add(asked.At, r.f.Zone)
	for _, p := range r.f.Pauses {
		from, to := p.From, p.To
		if from.Before(asked.At) {
			from = asked.At
		}
		if to.IsZero() {
			to = upTo
		}
		if from.Before(due) && to.After(from) {
			due = due.Add(to.Sub(from))
		}
	}
	return r.capped(due).UTC()
}

// answerDue closes the question, unless pauses put off its timeout.
func (r *run) answerDue() {
	ask, asked, ok := r.open()
	if !ok {
		if s, ok := r.target(r.e.Step); ok {
			r.proceed(s.Next)
		}
		return
	}
	if due := r.closes(ask, asked, r.now); due.After(r.now) {
		r.e.Due = &due
		return
	}
	asked.Closed = true
	r.setAsked(r.e.Step, asked)
	r.record("question.timed_out", "")
	r.add(&CloseQuestion{})
	if next, ok := r.without(r.d.Step(r.e.Step)); ok {
		r.proceed(next)
	}
}

// dueAt sets when to decide next, never earlier than now.
func (r *run) dueAt(at time.Time) {
	if at.Before(r.now) {
		at = r.now
	}
	at = at.UTC()
	r.e.Due = &at
}
