package decide

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Moved says that the enrollment goes on in another version: the definition that Decide is given.
type Moved struct {
	From, To int // the versions
	// Corrected: only texts are others, so that the move is nothing in the member's life.
	Corrected bool
	Was       *definition.Definition `json:"-"` // the one that it was in
	// Same are the steps of Was that the other version has too, by their ids there; see Same.
	Same map[campaigns.StepID]campaigns.StepID
	// Land is where those go on who stand at a step; empty: their passage ends. It goes before Same.
	Land map[campaigns.StepID]campaigns.StepID
}

// Same leaves those of the pairs of which a passage can take one for the other: they do the same kind of thing, and stand in the same repeat or in none.
func Same(was, now *definition.Definition, pairs map[campaigns.StepID]campaigns.StepID) map[campaigns.StepID]campaigns.StepID {
	same := map[campaigns.StepID]campaigns.StepID{}
	for _, o := range was.Order {
		n := now.Step(pairs[o.ID])
		if n == nil || kind(o) != kind(n) {
			continue
		}
		around, other := was.RepeatOf(o.ID), now.RepeatOf(n.ID)
		if around == nil && other == nil || around != nil && other != nil && pairs[around.ID] == other.ID {
			same[o.ID] = n.ID
		}
	}
	return same
}

// kind is what a step does, for comparison. Of those that only lead on, one is as good as another.
func kind(s *definition.Step) string {
	switch s.Body.(type) {
	case *definition.Branch, *definition.Split, *definition.Goto, *definition.End:
		return way
	}
	return s.Does()
}

// way is the kind of steps that only lead on: nothing of them is had.
const way = "way"

// Place is where a passage that stands at the step goes on in the version d; nil: it ends. same: it goes on standing there. ok is false when
// nobody has said, and d has no such step. A message, and a call, belongs to the id under which it was sent, so that it is not taken for one of another id.
func (in *Moved) Place(d *definition.Definition, at campaigns.StepID) (s *definition.Step, same, ok bool) {
	if to, said := in.Land[at]; said && (to != at || in.Same[at] != at) {
		s = d.Step(to)
		return s, false, s != nil || to == ""
	}
	s = d.Step(in.Same[at])
	if s == nil {
		return nil, false, false
	}
	k := kind(s)
	same = s.ID == at || k != "send" && k != "ask" && k != "call"
	return s, same, same
}

// Fits says whether the enrollment can be moved now. May is false when it has no place in d; wait is true when it has one and must first come to the end of
// what it is in: a message of several parts, or a question of a round that cannot be put in another way before the next.
func (in *Moved) Fits(d *definition.Definition, e Enrollment) (may, wait bool) {
	if e.State.Final() || e.HeldOut { // who is held out is measured by the version that they entered
		return false, false
	}
	if e.Step == "" {
		return true, false
	}
	s, same, ok := in.Place(d, e.Step)
	switch {
	case !ok:
		return false, false
	case e.Wait == campaigns.WaitDelivery && e.Waiting.Part > 0:
		return false, true
	case same && e.isAsked() && d.RepeatOf(s.ID) != nil && !stays(in.Was.Step(e.Step).Ask(), s.Ask()):
		return false, true
	}
	return true, false
}

// isAsked reports whether the enrollment waits for an answer, also while its question's second message is on its way.
func (e *Enrollment) isAsked() bool {
	asked, put := e.Asked[e.Step]
	return e.Wait == campaigns.WaitAnswer || e.Wait == campaigns.WaitDelivery && put && asked.Visit == e.Visit
}

// stays reports whether an answer to the question as it was put is one to the question as it is now.
func stays(was, now *definition.Ask) bool {
	if was == nil || now == nil || was.Type != now.Type {
		return false
	}
	for _, o := range answers.Options(was, "", "") {
		if !slices.ContainsFunc(answers.Options(now, "", ""), func(n answers.Option) bool { return n.Value == o.Value }) {
			return false
		}
	}
	return true
}

// moved takes the enrollment over. What does not fit changes nothing.
func (r *run) moved(in *Moved) {
	if may, _ := in.Fits(r.d, r.e); !may {
		return
	}
	r.e.Acted = false
	at := r.e.Step
	s, same, _ := in.Place(r.d, at)
	r.carry(in, at)
	rec := &Record{Name: "enrollment.moved", Step: at, Visit: r.e.Visit, Data: map[string]any{"from": in.From, "to": in.To}}
	if !in.Corrected {
		r.add(rec)
	}
	if at == "" {
		r.zoneChanged() // a schedule on the member's clock may be another now
		return
	}
	if s == nil {
		r.exit(campaigns.ExitMoved)
		return
	}
	rec.Data["step"] = string(s.ID)
	if same {
		r.standAt(in, s, at)
	} else {
		r.leaveStep(at)
		r.proceed(s)
	}
}

// standAt goes on with what the enrollment waits for, by the step's new words and times.
func (r *run) standAt(in *Moved, s *definition.Step, at campaigns.StepID) {
	isAsked := r.e.isAsked()
	ask, asked, open := r.open()
	r.e.Step, r.e.Visit = s.ID, r.e.Visits[s.ID]
	switch {
	case r.e.State == campaigns.EnrollmentActive:
		r.dueAt(r.now)
	case r.e.Wait == campaigns.WaitTime && r.e.Waiting.Silence != nil && slices.Equal(in.Was.ChannelsOf(in.Was.Step(at)), r.d.ChannelsOf(s)):
		r.listenAnew()
	case r.e.Wait == campaigns.WaitTime && r.e.Waiting.Silence != nil:
		r.proceed(s.Next)
	case r.e.Wait == campaigns.WaitTime && s.Repeat() != nil:
		r.proceed(s)
	case r.e.Waiting.Call || r.e.Wait == campaigns.WaitDelivery && !isAsked: // goes on as it was begun
		r.endsAnew()
	case r.e.Wait == campaigns.WaitTime:
		r.waitOn(s.Body.(*definition.Wait))
	case isAsked && open && stays(in.Was.Step(at).Ask(), ask):
		if was := in.Was.ChannelsOf(in.Was.Step(at)); !slices.Equal(was, r.d.ChannelsOf(s)) {
			asked.Past = passed(was, asked)
			r.setAsked(s.ID, asked)
		}
		r.dueAt(r.look(ask, asked, r.now))
	case isAsked:
		r.leaveStep(at)
		r.proceed(s)
	}
}

// waitOn computes anew when a wait ends, from the moment at which it began.
func (r *run) waitOn(w *definition.Wait) {
	rule := timing.Rule{From: r.now, For: w.For, Until: w.Until, On: w.On}
	if was := r.e.Waiting.Rule; was != nil {
		rule.From = was.From
	}
	r.e.Waiting.Event = w.Event
	switch {
	case w.Event != "":
		rule.For = w.Timeout.After
	case w.Date != nil:
		day, missed := r.dateRule(w)
		if missed != "" {
			r.dueAt(r.now) // which finds that there is no such day
			return
		}
		rule = day
	}
	r.e.Waiting.Rule = &rule
	r.dueAt(r.capped(rule.Due(r.f.Zone)))
}

// leaveStep gives up what the enrollment waits for.
func (r *run) leaveStep(at campaigns.StepID) {
	switch r.e.Wait {
	case campaigns.WaitAnswer:
		if asked, put := r.e.Asked[at]; put {
			asked.Closed = true
			r.e.Asked[at] = asked
		}
		r.add(&CloseQuestion{})
	case campaigns.WaitDelivery:
		if asked, put := r.e.Asked[at]; put && asked.Visit == r.e.Visit { // its second message
			asked.Closed = true
			r.e.Asked[at] = asked
		}
		r.add(&CancelPending{Reason: campaigns.StepLeft}, &CloseQuestion{})
	}
	r.endCall(campaigns.CallLeft)
	r.e.State, r.e.Wait, r.e.Due, r.e.Waiting = campaigns.EnrollmentActive, campaigns.WaitNone, nil, Waiting{}
}

// had reports whether the step was had in an older version, and is not to be repeated. Outside of a repeat that holds once: the new version may lead
// to it again on purpose.
func (r *run) had(s *definition.Step) bool {
	n, ok := r.e.Had[s.ID]
	if !ok {
		return false
	}
	if r.d.RepeatOf(s.ID) != nil {
		return r.e.Round != nil && r.e.Round.N <= n
	}
	delete(r.e.Had, s.ID)
	return true
}

// carry writes the enrollment's record over into the ids of the new version.
func (r *run) carry(in *Moved, at campaigns.StepID) {
	was := r.e.Visits
	r.e.Had = r.hadOf(in, at)
	r.e.Visits = map[campaigns.StepID]int{}
	for id, n := range was {
		if to := in.Same[id]; to != "" {
			r.e.Visits[to] = max(r.e.Visits[to], n)
		} else if q := r.d.Step(id); q != nil && q.Ask() != nil && r.d.RepeatOf(id) == nil {
			n++ // an answer to the old question is none to the new one
		}
		r.e.Visits[id] = max(r.e.Visits[id], n) // messages and points of this version, or an earlier one, are kept under id and visit
	}
	for id := range r.e.Asked {
		if in.Same[id] != id && r.d.Step(id) != nil && id != at {
			delete(r.e.Asked, id)
			delete(r.e.Past, id)
		}
	}
	if r.e.Round != nil {
		if to := in.Same[r.e.Round.Step]; to != "" {
			r.e.Round.Step = to
		} else {
			r.e.Round = nil
		}
	}
}

// hadOf are the steps of the new version that the member has had, as Had tells it. What the old version would have come to again by itself, a loop or the
// next round, may come again.
func (r *run) hadOf(in *Moved, at campaigns.StepID) map[campaigns.StepID]int {
	had := map[campaigns.StepID]int{}
	note := func(id campaigns.StepID, n int) {
		if n > 0 {
			had[id] = max(had[id], n)
		}
	}
	for id, n := range r.e.Had { // an earlier move's
		if to := in.Same[id]; to != "" {
			note(to, n)
		}
	}
	for id, n := range r.e.Visits { // rounds whose visits another message of that id has taken
		if r.d.RepeatOf(id) != nil && in.Same[id] != id {
			note(id, n)
		}
	}
	ahead := r.ahead(in.Was, at)
	for _, o := range in.Was.Order {
		id, visits := in.Same[o.ID], r.e.Visits[o.ID]
		switch {
		case o.ID == at && r.e.Waiting.Silence == nil || id == "" || kind(o) == way:
		case o.Repeat() != nil && !ahead[o]:
			note(id, r.rounds(o))
		case in.Was.RepeatOf(o.ID) != nil || !ahead[o]:
			note(id, visits)
		}
	}
	return had
}

// ahead is what the old version would still come to.
func (r *run) ahead(was *definition.Definition, at campaigns.StepID) map[*definition.Step]bool {
	s := was.Step(at)
	if s == nil {
		return nil
	}
	ahead := was.Ahead(s)
	if r.e.State == campaigns.EnrollmentActive {
		ahead[s] = true
	}
	return ahead
}

// rounds is how many rounds of the repeat were entered.
func (r *run) rounds(rep *definition.Step) (n int) {
	definition.Within(rep.Repeat().Steps, func(s *definition.Step) { n = max(n, r.e.Visits[s.ID]) })
	return n
}
