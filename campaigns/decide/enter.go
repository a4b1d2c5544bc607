package decide

import (
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// proceed enters one step after another until one of them waits or the campaign ends. A nil step is the end.
func (r *run) proceed(s *definition.Step) {
	for on := true; on; {
		switch {
		case s == nil:
			r.complete("")
			return
		case r.leaves():
			r.exit(campaigns.ExitRuled)
			return
		case r.f.Paused:
			r.park(s)
			return
		case r.entered == MaxStepsAtOnce:
			r.exit(campaigns.ExitCycle)
			return
		}
		s, on = r.enter(s)
	}
}

// park leaves the enrollment before a step that a paused campaign may not start. It is due at once: the scan passes over paused campaigns,
// so that it costs nothing until the pause ends.
func (r *run) park(s *definition.Step) {
	now := r.now
	r.e.State, r.e.Wait, r.e.Due, r.e.Waiting, r.e.Acted = campaigns.EnrollmentActive, campaigns.WaitNone, &now, Waiting{}, false
	r.e.Step, r.e.Visit = s.ID, r.e.Visits[s.ID]
}

// enter starts the step. It returns the step to go on with at once (nil: the end), and false when the enrollment waits or is over.
func (r *run) enter(s *definition.Step) (next *definition.Step, on bool) {
	if r.had(s) {
		return s.Next, true
	}
	if rep := s.Repeat(); rep != nil {
		return r.repeat(s, rep)
	}
	r.count(s)
	switch body := s.Body.(type) {
	case *definition.Send, *definition.Ask:
		return r.put(s)
	case *definition.Wait:
		return r.startWait(s, body)
	case *definition.Branch:
		return r.choose(s, body), true
	case *definition.Split:
		return r.split(s, body), true
	case *definition.Set:
		r.set(body)
	case *definition.Award:
		r.award(body)
	case *definition.Notify:
		r.add(&Notify{Step: s.ID, Visit: r.e.Visit})
	case *definition.Call:
		return r.startCall(s, body)
	case *definition.Enroll:
		r.add(&Enroll{Campaign: body.Campaign, Step: s.ID, Visit: r.e.Visit, Acted: r.e.Acted})
	case *definition.Goto:
		return r.target(body.To)
	case *definition.End:
		r.complete(body.Reason)
		return nil, false
	}
	return s.Next, true
}

func (r *run) count(s *definition.Step) {
	r.entered++
	if r.e.Round != nil && !r.inRound(s.ID) { // a goto led past the rounds that were left
		r.endRound(r.around())
		r.e.Round = nil
	}
	if r.e.Visits == nil {
		r.e.Visits = map[campaigns.StepID]int{}
	}
	r.e.Visits[s.ID]++
	if r.inRound(s.ID) {
		r.e.Visits[s.ID] = r.e.Round.N
	}
	r.e.Step, r.e.Visit, r.e.Waiting = s.ID, r.e.Visits[s.ID], Waiting{}
}

func (r *run) choose(s *definition.Step, b *definition.Branch) *definition.Step {
	facts := r.conditionFacts()
	for _, arm := range b.Arms {
		if arm.If != nil && !arm.If.Holds(facts) {
			continue
		}
		if len(arm.Steps) == 0 {
			break
		}
		return arm.Steps[0]
	}
	return s.Next
}

func (r *run) conditionFacts() definition.Facts {
	facts := conditionFacts(r.f, r.now)
	facts.Answers, facts.Calls, facts.Score = r.e.Answers, r.e.Calls, r.score()
	return facts
}

// MayEnter reports whether the entry's condition holds for the member.
func MayEnter(d *definition.Definition, f Facts, now time.Time) bool {
	return d.Entry.If == nil || d.Entry.If.Holds(conditionFacts(f, now))
}

// conditionFacts is what conditions look at that is known of the member without a passage.
func conditionFacts(f Facts, now time.Time) definition.Facts {
	usable := map[campaigns.Channel]bool{}
	for ch, c := range f.Channels {
		if c.address() == "" {
			usable[ch] = true
		}
	}
	return definition.Facts{
		Attributes: f.Attributes, Tags: f.Tags, Language: f.Language, Channels: usable, Now: now, Past: f.Past, Segments: f.Segments,
	}
}

// set changes the member, for the steps of this decision too.
func (r *run) set(s *definition.Set) {
	r.add(&SetMember{
		Attributes: maps.Clone(s.Attributes), AddTags: slices.Clone(s.AddTags), RemoveTags: slices.Clone(s.RemoveTags), Language: s.Language,
	})
	if len(s.Attributes) > 0 {
		attributes := map[string]any{}
		maps.Copy(attributes, r.f.Attributes)
		maps.Copy(attributes, s.Attributes)
		maps.DeleteFunc(attributes, func(_ string, v any) bool { return v == nil })
		r.f.Attributes = attributes
	}
	kept := slices.DeleteFunc(slices.Clone(r.f.Tags), func(t string) bool { return slices.Contains(s.RemoveTags, t) })
	r.f.Tags = append(kept, s.AddTags...)
	if s.Language != "" {
		r.f.Language = s.Language
	}
}

// zoneChanged computes anew when a wait ends, by the member's new clock and the days in their attributes.
func (r *run) zoneChanged() {
	switch {
	case r.e.Wait == campaigns.WaitTime && r.e.Waiting.Rule != nil:
		r.waitAnew()
	case r.e.Wait == campaigns.WaitTime && r.e.Waiting.Silence != nil:
		r.listenAnew()
	case r.e.Wait == campaigns.WaitTime && r.e.Round != nil && r.e.Step == r.e.Round.Step:
		r.dueAt(r.opens(r.e.Round.N + 1))
	case r.e.Wait == campaigns.WaitTime && !r.e.Started && r.memberSchedule():
		at := r.d.Entry.Schedule.At
		if r.e.Opens != nil {
			at = *r.e.Opens
		}
		r.dueAt(at.In(r.f.Zone))
	case r.e.Wait == campaigns.WaitAnswer || r.e.Wait == campaigns.WaitDelivery:
		if ask, asked, ok := r.open(); ok {
			r.dueAt(r.look(ask, asked, r.now))
			return
		}
		r.endsAnew()
	case r.e.Waiting.Call:
		r.endsAnew()
	}
}

func (r *run) memberSchedule() bool {
	return r.d.Entry.Schedule != nil && r.d.Entry.Schedule.Zone == definition.MemberZone
}
