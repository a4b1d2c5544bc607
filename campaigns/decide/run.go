package decide

import (
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Decide takes one input and returns where the enrollment stands then, and what follows from it, in the order in which it is to be done.
// It changes none of its arguments, and answers every combination of them: what does not fit (an outcome of a delivery that nobody waits for,
// an answer to a question that was never put) changes nothing.
func Decide(d *definition.Definition, e Enrollment, f Facts, in Input, now time.Time) (Enrollment, []Effect) {
	if f.Zone == nil {
		f.Zone = time.UTC
	}
	r := &run{d: d, e: e.clone(), f: f, now: utc(now)}
	r.since = r.dueSince(in)
	if in, ok := in.(*Moved); ok {
		r.plan = Plan{At: r.now}
		r.moved(in)
		return r.e, r.effects
	}
	if round := r.e.Round; round != nil && (d.Step(round.Step) == nil || d.Step(round.Step).Repeat() == nil) {
		r.e.Round = nil // a version that was checked has it
	}
	r.plan = r.planned(in)
	r.take(in)
	return r.e, r.effects
}

// run is one decision in the making.
type run struct {
	d       *definition.Definition
	e       Enrollment
	f       Facts
	now     time.Time
	starts  bool               // the passage begins with it
	entered int                // steps
	plan    Plan               // when the next step was to be reached
	since   time.Time          // when what is decided was first due, by a clock that a move may have changed meanwhile; zero: it was not waited for
	unput   []campaigns.StepID // steps that were skipped
	effects []Effect
}

func (r *run) take(in Input) {
	if in, ok := in.(*Answered); ok {
		r.closeRound(in.At)
		r.answered(in)
		return
	}
	if in, ok := in.(*Happened); ok && r.e.State.Final() {
		r.reaches(in)
	}
	if r.e.State.Final() {
		return
	}
	if _, leaves := in.(*Left); !leaves {
		r.closeRound(r.now)
	}
	switch in := in.(type) {
	case *Start:
		r.starts = true
		r.start(in)
	case *Due:
		r.due()
	case *Delivered:
		r.delivered(in)
	case *Begun:
		r.begun(in)
	case *Called:
		r.called(in)
	case *Happened:
		r.happened(in)
	case *Left:
		r.exit(in.Reason)
	case *ZoneChanged:
		r.zoneChanged()
	}
}

// planned is when what follows from the input was to follow: what waited for a time, at that time; what waited for a message, when that was sent; what waited
// for an event or an answer, when that was received. What
// was skipped because it was late, or came due in quiet hours, makes those behind it as late.
func (r *run) planned(in Input) Plan {
	plan := Plan{At: r.now}
	earlier := func(at *time.Time) {
		if at != nil && !at.IsZero() && at.Before(r.now) {
			plan.At = utc(*at)
		}
	}
	switch in := in.(type) {
	case *Start:
		earlier(in.NotBefore)
		if in.Scheduled {
			plan.Clock = r.unshown(r.opensAt(), plan.At)
		}
	case *Due:
		earlier(r.e.Due)
		if rule := r.e.Waiting.Rule; rule != nil {
			plan.On, plan.Clock = rule.On, r.unshown(rule.Clock(), plan.At)
		} else if !r.e.Started {
			plan.Clock = r.unshown(r.opensAt(), plan.At)
		}
	case *Delivered:
		earlier(&in.At)
		if in.Reason == campaigns.Late || in.Reason == campaigns.QuietSkipped || wasAway(in.Reason) {
			plan = r.wasPlanned(in)
		}
	case *Answered:
		earlier(&in.At)
	case *Happened:
		earlier(&in.At)
	}
	return plan
}

// dueSince is when the wait that the input finds was over, or now where it is not over yet and a move may end it; zero: it waits for no time. In an open round that a
// move ends, it is now: what was waited for there says nothing of the next.
func (r *run) dueSince(in Input) time.Time {
	switch {
	case r.e.State != campaigns.EnrollmentWaiting:
		return time.Time{}
	case moves(in) && r.e.Round != nil && !r.e.Round.Over:
		return r.now
	case r.e.Due != nil:
		return timing.Earlier(utc(*r.e.Due), r.now)
	case moves(in):
		return r.now
	}
	return time.Time{}
}

// moves reports whether the input may move what the member's clock opens.
func moves(in Input) bool {
	switch in.(type) {
	case *ZoneChanged, *Moved:
		return true
	}
	return false
}

// unshown is the time of day that was waited for, where clocks show another one at the moment that became of it.
func (r *run) unshown(wanted *timing.LocalTime, at time.Time) *timing.LocalTime {
	if wanted == nil || clockAt(at, r.f.Zone) == *wanted {
		return nil
	}
	return wanted
}

// opensAt is the time of day at which a schedule by the member's clock lets them in.
func (r *run) opensAt() *timing.LocalTime {
	switch {
	case !r.memberSchedule():
		return nil
	case r.e.Opens != nil:
		return &r.e.Opens.LocalTime
	}
	return &r.d.Entry.Schedule.At.LocalTime
}

// wasPlanned is when the message that is waited for was to leave: when its row was written, unless that was late itself.
func (r *run) wasPlanned(in *Delivered) Plan {
	if was := r.e.Waiting.Plan; was != nil {
		return *was
	}
	at := in.Made
	if at.IsZero() {
		at = in.At
	}
	return Plan{At: utc(at)}
}

func (r *run) start(in *Start) {
	if r.e.State != campaigns.EnrollmentActive || r.e.Started {
		return
	}
	if in.NotBefore != nil && in.NotBefore.After(r.now) {
		r.wait(campaigns.WaitTime, in.NotBefore)
		return
	}
	r.begin()
}

// begin enters the first step, or the one that an active enrollment stands before.
func (r *run) begin() {
	if !r.e.Started && r.f.HeldOut && r.d.Goal != nil {
		r.holdOut()
		return
	}
	r.e.Started = true
	if r.e.Step == "" {
		r.proceed(r.d.First())
		return
	}
	if s, ok := r.target(r.e.Step); ok {
		r.proceed(s)
	}
}

func (r *run) due() {
	if r.f.Paused {
		return
	}
	switch {
	case r.e.State == campaigns.EnrollmentActive:
		r.begin()
	case r.e.Wait == campaigns.WaitTime:
		r.timeCame()
	case r.e.Wait == campaigns.WaitAnswer:
		r.answerDue()
	case r.e.Wait == campaigns.WaitDelivery:
		r.twinDue()
	}
}

func (r *run) timeCame() {
	if r.e.Due != nil && r.e.Due.After(r.now) {
		return
	}
	switch {
	case !r.e.Started:
		r.begin()
		return
	case r.e.HeldOut:
		r.exit(campaigns.ExitHeldOut)
		return
	}
	s, ok := r.target(r.e.Step)
	switch {
	case !ok:
	case r.e.Waiting.Silence != nil:
		r.silence(s)
	case s.Repeat() != nil: // the wait for the next round
		r.proceed(s)
	default:
		r.waitIsOver(s)
	}
}

// wait lets the enrollment wait. What comes of it is no answer to an act of before, unless its own message is all that is waited for.
func (r *run) wait(kind campaigns.WaitKind, due *time.Time) {
	r.e.Acted = r.e.Acted && kind == campaigns.WaitDelivery
	r.e.State, r.e.Wait, r.e.Due = campaigns.EnrollmentWaiting, kind, nil
	if due != nil {
		at := utc(*due)
		r.e.Due = &at
	}
}

func (r *run) complete(reason string) {
	r.finish(campaigns.EnrollmentCompleted, "")
	rec := &Record{Name: "enrollment.completed", Step: r.e.Step, Visit: r.e.Visit}
	if reason != "" {
		rec.Data = map[string]any{"end": reason}
	}
	r.add(rec)
}

// exit ends the enrollment before its end: nothing of it is sent any more, and its questions take late answers only.
func (r *run) exit(reason campaigns.Reason) {
	r.endCall(campaigns.CallLeft)
	r.finish(campaigns.EnrollmentExited, reason)
	for id, asked := range r.e.Asked {
		asked.Closed = true
		r.e.Asked[id] = asked
	}
	r.add(&CancelPending{Reason: campaigns.EnrollmentOver}, &CloseQuestion{},
		&Record{Name: "enrollment.exited", Step: r.e.Step, Visit: r.e.Visit, Reason: reason})
}

func (r *run) finish(state campaigns.EnrollmentState, reason campaigns.Reason) {
	r.e.State, r.e.Reason = state, reason
	r.e.Wait, r.e.Due, r.e.Waiting, r.e.Acted = campaigns.WaitNone, nil, Waiting{}, false
}

// target returns the step with the id. A definition that was checked has it; when it is missing all the same, the enrollment ends.
func (r *run) target(id campaigns.StepID) (*definition.Step, bool) {
	s := r.d.Step(id)
	if s == nil {
		r.finish(campaigns.EnrollmentCompleted, "")
		r.add(&Record{Name: "enrollment.failed", Step: id, Data: map[string]any{"unknown_step": string(id)}})
	}
	return s, s != nil
}

func (r *run) add(effects ...Effect) { r.effects = append(r.effects, effects...) }

// record notes something about the step where the enrollment stands.
func (r *run) record(name string, reason campaigns.Reason) {
	r.add(&Record{Name: name, Step: r.e.Step, Visit: r.e.Visit, Reason: reason})
}

// clone copies what a decision may change.
func (e Enrollment) clone() Enrollment {
	e.Visits, e.Answers, e.Asked = maps.Clone(e.Visits), maps.Clone(e.Answers), maps.Clone(e.Asked)
	e.Waiting.Tried = slices.Clone(e.Waiting.Tried)
	if e.Round != nil {
		round := *e.Round
		e.Round = &round
	}
	e.Calls = maps.Clone(e.Calls)
	e.Past, e.Had = maps.Clone(e.Past), maps.Clone(e.Had)
	return e
}

// utc makes equal moments equal values, so that decisions compare and store alike wherever now came from.
func utc(t time.Time) time.Time { return t.UTC().Round(0) }
