package decide

import (
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// happened ends the passage where its goal or an exit rule says so, or the wait for the event.
func (r *run) happened(in *Happened) {
	switch {
	case r.reaches(in) && r.d.Goal.Then == definition.GoalExit:
		r.exit(campaigns.ExitGoal)
	case r.isAbout(in) && slices.ContainsFunc(r.d.Exit, func(x definition.ExitRule) bool { return x.Is(in.Event, in.Data) && r.holds(x.If) }):
		r.exit(campaigns.ExitLeft)
	case r.isAbout(in):
		r.eventCame(in)
	}
}

// isAbout reports whether the event may concern this run: one that names a key concerns the run with that key alone.
func (r *run) isAbout(in *Happened) bool {
	if r.d.Entry.Key == "" {
		return true
	}
	key, brought := r.d.Entry.RunKey(in.Data)
	return !brought || key != "" && key == r.e.Key
}

// holds reports whether the condition, where there is one, holds for the passage.
func (r *run) holds(c *definition.Condition) bool { return c == nil || c.Holds(r.conditionFacts()) }

// leaves reports whether an exit rule without an event ends the passage as the member is now.
func (r *run) leaves() bool {
	return r.d.LeavesIf() && slices.ContainsFunc(r.d.Exit, func(x definition.ExitRule) bool { return x.Event == "" && r.holds(x.If) })
}

// Leaves reports whether an exit rule's condition holds: then nothing of the passage is sent any more. Rules that look back, at events or into segments, are
// asked before each step alone: what they look at is not read for each message.
func Leaves(d *definition.Definition, e Enrollment, f Facts, now time.Time) bool {
	r := &run{d: d, e: e, f: f, now: now}
	return slices.ContainsFunc(d.Exit, func(x definition.ExitRule) bool { return x.Event == "" && !x.If.LooksBack() && r.holds(x.If) })
}

// reaches notes that the goal is reached, the first time, and reports whether it is now.
func (r *run) reaches(in *Happened) bool {
	g := r.d.Goal
	if g == nil || r.e.Reached != nil || !g.Is(in.Event, in.Data) || !r.isAbout(in) || !r.now.Before(g.Ends(r.e.Entered, r.f.Zone)) || !r.holds(g.If) {
		return false
	}
	now := r.now
	r.e.Reached = &now
	r.add(&ReachGoal{HeldOut: r.e.HeldOut}, &Record{Name: "goal.reached", Step: r.e.Step, Visit: r.e.Visit})
	return true
}

// holdOut lets the passage wait for the end of the goal's time. What its first message would have been is told as that.
func (r *run) holdOut() {
	r.e.Started, r.e.HeldOut = true, true
	r.add(&HoldOut{})
	due := r.d.Goal.Ends(r.e.Entered, r.f.Zone)
	if !due.After(r.now) { // entered long before it could begin: a pause, or a zone that comes later
		r.exit(campaigns.ExitHeldOut)
		return
	}
	r.wait(campaigns.WaitTime, &due)
	for _, s := range r.d.Order {
		if r.d.ChannelsOf(s) != nil {
			r.add(&Record{Name: "step.held_out", Step: s.ID, Visit: 1, Reason: campaigns.HoldoutGroup, Channel: r.wouldGoBy(s)})
			return
		}
	}
}

// wouldGoBy is the channel that the step's message would have taken.
func (r *run) wouldGoBy(s *definition.Step) campaigns.Channel {
	if ch := r.usable(s); ch != "" {
		return ch
	}
	return r.d.ChannelsOf(s)[0]
}
