package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func (r *run) startWait(s *definition.Step, w *definition.Wait) (*definition.Step, bool) {
	switch {
	case w.Date != nil:
		return r.startDate(s, w)
	case w.Event != "":
		next, on := r.standUntil(timing.Rule{From: r.now, For: w.Timeout.After})
		if !on {
			r.e.Waiting.Event = w.Event
		}
		return next, on
	}
	rule := timing.Rule{From: r.now, For: w.For, Until: w.Until, On: w.On}
	due := rule.Due(r.f.Zone)
	if !due.After(r.now) && (w.Until != nil && !r.starts || r.e.Visit > 1) {
		// Who comes to "until 10:00" at 10:00 sharp comes from a wait that ended then, in a loop or not: the next 10:00 is tomorrow's, as it is a moment later.
		rule.From = r.now.Add(time.Second)
		due = rule.Due(r.f.Zone)
	}
	if !due.After(r.now) {
		return s.Next, true
	}
	return r.standUntil(rule)
}

// standUntil waits for the rule's moment, which must lie ahead. In a round whose time is over it goes on at the repeat.
func (r *run) standUntil(rule timing.Rule) (*definition.Step, bool) {
	if rep := r.outlived(); rep != nil {
		return rep, true
	}
	due := r.capped(rule.Due(r.f.Zone))
	r.wait(campaigns.WaitTime, &due)
	r.e.Waiting.Rule = &rule
	return nil, false
}

// The records of a day that cannot be waited for.
const (
	dateMissing    = "wait.date_missing"
	dateUnreadable = "wait.date_unreadable"
	datePassed     = "wait.date_passed"
)

func (r *run) startDate(s *definition.Step, w *definition.Wait) (*definition.Step, bool) {
	rule, missed := r.dateRule(w)
	switch {
	case missed != "":
	case rule.Due(r.f.Zone).After(r.now):
		return r.standUntil(rule)
	default:
		missed = datePassed
	}
	return r.missedDate(s, w.Date, missed)
}

// dateRule is the date that the wait is for, as it stands now, moved; or why there is none.
func (r *run) dateRule(w *definition.Wait) (rule timing.Rule, missed string) {
	value := r.f.Attributes[w.Date.Attribute]
	if w.Date.Brought != "" {
		value = r.e.Brought[w.Date.Brought]
	}
	if value == nil || value == "" {
		return rule, dateMissing
	}
	text, _ := value.(string)
	rule, ok := moment(w, text, r.f.Zone)
	if !ok {
		return timing.Rule{}, dateUnreadable
	}
	rule.From = r.now
	return rule, ""
}

// moment is when the wait ends whose date was written so: at a time of its day, or that very moment.
func moment(w *definition.Wait, written string, zone *time.Location) (rule timing.Rule, ok bool) {
	shift := w.Date.Shift
	if w.Date.Before {
		shift = timing.Period{Days: -shift.Days, Time: -shift.Time}
	}
	if w.Until == nil {
		t, err := timing.ReadMoment(written, zone)
		if err != nil {
			return rule, false
		}
		return timing.Exactly(shift.Add(t, zone))
	}
	day, err := timing.ReadDay(written, zone)
	if err != nil {
		return rule, false
	}
	at, ok := w.Until.OnDay(day, shift.Days)
	return timing.Rule{At: &at}, ok
}

// missedDate goes on where a day cannot be waited for.
func (r *run) missedDate(s *definition.Step, d *definition.DateWait, why string) (*definition.Step, bool) {
	r.add(&Record{Name: why, Step: s.ID, Visit: r.e.Visit, Data: map[string]any{"attribute": d.Name()}})
	if d.Missed != "" {
		return r.target(d.Missed)
	}
	return s.Next, true
}

// waitIsOver goes on behind a wait whose time has come, unless its day was put off meanwhile.
func (r *run) waitIsOver(s *definition.Step) {
	w := s.Wait()
	switch {
	case s.Call() != nil:
		why := campaigns.CallTimedOut
		if r.f.Unset { // nobody was asked: a clock was put on before that was noticed
			why = campaigns.CallUnknown
		}
		r.endCall(why)
		r.callFailed(s.Call(), s.Next, why)
	case w == nil:
		r.proceed(s.Next)
	case w.Date != nil:
		r.dateCame(s, w)
	case w.Event != "":
		r.record("wait.timed_out", "")
		next, ok := s.Next, true
		if w.Timeout.Goto != "" {
			next, ok = r.target(w.Timeout.Goto)
		}
		if ok {
			r.proceed(next)
		}
	default:
		r.proceed(s.Next)
	}
}

func (r *run) dateCame(s *definition.Step, w *definition.Wait) {
	rule, missed := r.dateRule(w)
	switch {
	case missed != "":
		if next, ok := r.missedDate(s, w.Date, missed); ok {
			r.proceed(next)
		}
	case rule.Due(r.f.Zone).After(r.now):
		if rep, over := r.standUntil(rule); over {
			r.proceed(rep)
		}
	default:
		r.proceed(s.Next)
	}
}

// waitAnew computes when the wait ends. A day that is no longer there ends it now.
func (r *run) waitAnew() {
	rule := *r.e.Waiting.Rule
	if s := r.d.Step(r.e.Step); rule.At != nil && s != nil && s.Wait() != nil && s.Wait().Date != nil {
		var missed string
		if rule, missed = r.dateRule(s.Wait()); missed != "" {
			r.dueAt(r.now)
			return
		}
		r.e.Waiting.Rule = &rule
	}
	r.dueAt(r.capped(rule.Due(r.f.Zone)))
}

// eventCame ends the wait for the event. It counts as long as the member stands there: also when the time limit is over and nobody has acted on that yet.
func (r *run) eventCame(in *Happened) {
	if r.e.State != campaigns.EnrollmentWaiting || r.e.Wait != campaigns.WaitTime || r.e.Waiting.Event == "" || r.e.Waiting.Event != in.Event {
		return
	}
	if s, ok := r.target(r.e.Step); ok {
		r.record("wait.event_came", "")
		r.e.Acted = in.Own
		r.proceed(s.Next)
	}
}
