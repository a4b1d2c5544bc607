package decide

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// answered takes an answer to any question of the campaign that was put to the member, also when the enrollment is over.
func (r *run) answered(in *Answered) {
	ask := r.asks(in)
	if ask == nil {
		r.note(in, "answer.ignored", nil)
		return
	}
	a, rejection := answers.Read(ask, in.Raw, answers.Context{
		Lang: r.f.Language, Zone: r.f.Zone, Now: in.At, Channel: in.Channel,
	})
	if rejection != nil {
		r.rejected(ask, in, rejection)
		return
	}
	a.At, a.Channel, a.Input = utc(in.At), in.Channel, in.Input
	switch r.takes(ask, in) {
	case TakesFirst:
		r.accept(ask, in, a)
	case TakesLate:
		r.late(in, a)
	case TakesFinal:
		r.note(in, "answer.final_kept", nil)
	case TakesChange:
		r.change(in, a)
	}
}

// Takes is what a question does with a valid answer.
type Takes string

const (
	TakesFirst  Takes = "first"  // the passage waits for it, and goes on
	TakesChange Takes = "change" // it counts, in the place of the one before it
	TakesFinal  Takes = "final"  // nothing: the one before it stays
	TakesLate   Takes = "late"   // the question is closed, or was never put as far as we know: no condition reads it
)

// Taken says what would become of a valid answer to the visit of a step's question at the moment now. A round whose time is over, and that no decision has ended
// yet, still counts as the enrollment's.
func Taken(d *definition.Definition, e Enrollment, f Facts, step campaigns.StepID, visit int, now time.Time) Takes {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	r := &run{d: d, e: e, f: f, now: utc(now)}
	in := &Answered{Step: step, Visit: visit, At: now}
	ask := r.asks(in)
	if ask == nil {
		return TakesLate
	}
	return r.takes(ask, in)
}

func (r *run) takes(ask *definition.Ask, in *Answered) Takes {
	switch {
	case r.current(in):
		return TakesFirst
	case r.closed(ask, in):
		return TakesLate
	case ask.Final && r.e.Asked[in.Step].Answered:
		return TakesFinal
	}
	return TakesChange
}

// asks returns the question of the step, when the answer belongs to the newest time that it was put, or to an earlier round; else nil.
func (r *run) asks(in *Answered) *definition.Ask {
	s := r.d.Step(in.Step)
	if s == nil || in.Visit < 1 {
		return nil
	}
	past := r.d.RepeatOf(in.Step) != nil && in.Visit < r.e.Visits[in.Step]
	if in.Visit != r.e.Visits[in.Step] && !past {
		return nil
	}
	return s.Ask()
}

// current reports whether the enrollment stands at this very question; the answer may overtake the outcome of its delivery.
func (r *run) current(in *Answered) bool {
	waits := r.e.Wait == campaigns.WaitAnswer || r.e.Wait == campaigns.WaitDelivery
	return waits && r.e.State == campaigns.EnrollmentWaiting && in.Step == r.e.Step && in.Visit == r.e.Visit
}

// closed reports whether an earlier question takes no more answers that count. One that was never put, as far as we know, takes none.
func (r *run) closed(ask *definition.Ask, in *Answered) bool {
	asked, ok := r.e.Asked[in.Step]
	if !ok || asked.Visit != in.Visit || asked.Closed {
		return true
	}
	return r.closes(ask, asked, in.At).Before(in.At)
}

func (r *run) rejected(ask *definition.Ask, in *Answered, rejection *answers.Rejection) {
	r.note(in, "answer.rejected", map[string]any{"code": string(rejection.Code)})
	again := &AskAgain{Step: in.Step, Visit: in.Visit, Channel: in.Channel, Rejection: *rejection, Silent: true}
	if r.current(in) {
		r.e.Waiting.Rejected++
		n := r.e.Waiting.Rejected
		again.Last, again.Silent = n == ask.Retries, n > ask.Retries
	}
	r.add(again)
}

// accept takes the first valid answer: it decides the path.
func (r *run) accept(ask *definition.Ask, in *Answered, a campaigns.Answer) {
	asked, ok := r.e.Asked[in.Step]
	if !ok || asked.Visit != in.Visit {
		asked = Asked{Visit: in.Visit, Channel: r.e.Waiting.Channel, At: a.At}
	}
	asked.Answered = true
	r.setAsked(in.Step, asked)
	r.roundAnswered(in.Step)
	r.keep(in, a)
	r.add(&CloseQuestion{})
	if r.e.Wait == campaigns.WaitDelivery {
		r.add(&CancelPending{Reason: campaigns.AlreadyAnswered})
	}
	r.note(in, "question.answered", map[string]any{"channel": string(in.Channel)})
	r.e.Acted = true
	r.proceed(r.d.Step(in.Step).Next)
}

// change replaces the value of an answer, never the path that the first one chose.
func (r *run) change(in *Answered, a campaigns.Answer) {
	r.keep(in, a)
	r.note(in, "answer.changed", map[string]any{"channel": string(in.Channel)})
}

// keep makes the answer the one that later steps read.
func (r *run) keep(in *Answered, a campaigns.Answer) {
	if r.e.Answers == nil {
		r.e.Answers = map[string]campaigns.Answer{}
	}
	r.e.Answers[r.d.Step(in.Step).SavesAs()] = a
	if in.Channel == campaigns.Page {
		r.e.PageAt = laterOf(r.e.PageAt, a.At)
	}
	r.save(in, a)
}

// late keeps an answer as data when there is none that came in time. No condition reads it.
func (r *run) late(in *Answered, a campaigns.Answer) {
	asked := r.e.Asked[in.Step]
	saved := !asked.Answered || asked.Visit != in.Visit
	if asked.Visit != in.Visit && slices.Contains(r.e.Past[in.Step], in.Visit) {
		saved = false
	}
	if a.Late = true; saved {
		r.save(in, a)
	}
	r.note(in, "answer.late", map[string]any{"saved": saved})
}

func (r *run) save(in *Answered, a campaigns.Answer) {
	r.add(&SaveAnswer{Question: r.d.Step(in.Step).SavesAs(), Step: in.Step, Visit: in.Visit, Round: r.roundOf(in.Step, in.Visit), Answer: a})
}

// note records something about the question that an answer belongs to.
func (r *run) note(in *Answered, name string, data map[string]any) {
	r.add(&Record{Name: name, Step: in.Step, Visit: in.Visit, Data: data})
}

func laterOf(t *time.Time, other time.Time) *time.Time {
	if t != nil && t.After(other) {
		return t
	}
	return &other
}
