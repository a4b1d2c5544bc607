package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// GateFacts is what the gates look at, loaded in the claim: at most two seconds before bytes leave.
type GateFacts struct {
	// EnrollmentFinal: the enrollment is over. Standing: it still waits for this very delivery (or for the answer to it).
	EnrollmentFinal bool
	Standing        bool
	// Leaves: a condition of the campaign's exit rules holds.
	Leaves bool
	// Again: a person lets a message be sent after all that had failed by our own fault. Its passage may be beyond it, or complete.
	Again  bool
	System bool // a reply to the member's own act: only stop-less facts apply (address, reach, suppression)
	// Unprompted: no act of the member caused the system message, so everything off holds it too.
	Unprompted   bool
	RefusedAll   bool // every topic on the channel was withdrawn: no unprompted message there
	MemberErased bool
	Stopped      bool
	Purpose      campaigns.Purpose
	Channel      ChannelFacts
	HasAddress   bool
	Expires      time.Time
	// Away says how the channel could not be had when the message expired: it stood still or refused for a time (ChannelAway), or could not be reached
	// (NoConnection). Empty: that was not so.
	Away campaigns.Reason
	// Further: it goes on with a text that has begun, which is not left in its middle.
	Further bool
	// Plan is when the message was due at first.
	Plan Plan
	// Late is the step's rule for what comes late, counted from Plan; nil: there is none.
	Late           *definition.Late
	Lane           campaigns.Lane
	Zone           *time.Location
	Quiet          []*timing.Window // the campaign's and the member's
	CampaignPaused bool
	// CampaignQuiet is the campaign's among Quiet, with what becomes of what comes due in it; with QuietSpread, messages leave over Over after its end.
	CampaignQuiet *timing.Window
	QuietThen     definition.QuietThen
	Over          time.Duration
	// Whose message it is, so that each has a moment of its own.
	Campaign campaigns.Key
	Step     campaigns.StepID
	Member   campaigns.MemberID
}

// Verdict is what the gates say: send now (State empty), a final state with its reason, or Pending until Until.
type Verdict struct {
	State  campaigns.DeliveryState
	Reason campaigns.Reason
	Until  *time.Time
}

// Gate decides whether a delivery may leave now. The gates in their order: the enrollment still wants it; stop, address and consent allow it;
// the campaign is not paused; it did not come due in quiet hours that skip; its step's rule does not find it late; it will not have expired when the quiet hours that hold it end; no quiet hours hold it.
// A reply to the member's own act (System) answers to the address alone.
func Gate(g GateFacts, now time.Time) Verdict {
	if reason := g.over(); reason != "" {
		return Verdict{State: campaigns.Canceled, Reason: reason}
	}
	if reason := g.forbidden(); reason != "" {
		return Verdict{State: campaigns.Suppressed, Reason: reason}
	}
	if g.CampaignPaused && !g.System {
		return Verdict{State: campaigns.Pending, Reason: campaigns.CampaignPaused}
	}
	if g.skips() { // before lateness: what is skipped waits for no next time
		return Verdict{State: campaigns.Expired, Reason: campaigns.QuietSkipped}
	}
	if g.Late != nil && !g.System && !g.Again && !g.Further && !g.Plan.At.IsZero() {
		if v := g.late(now); v.State != "" {
			return v
		}
	}
	free, ok := g.leaves(now)
	switch {
	case g.Away != "" && !g.Expires.IsZero() && now.After(g.Expires):
		return Verdict{State: campaigns.Expired, Reason: g.Away}
	case !ok || !g.Expires.IsZero() && free.After(g.Expires):
		return Verdict{State: campaigns.Expired, Reason: campaigns.TooLate}
	case free.After(now):
		free = utc(free)
		return Verdict{State: campaigns.Pending, Reason: campaigns.QuietHours, Until: &free}
	}
	return Verdict{}
}

func (g *GateFacts) over() campaigns.Reason {
	switch {
	case g.EnrollmentFinal && !g.System:
		return campaigns.EnrollmentOver
	case !g.Standing && !g.System && !g.Again:
		return campaigns.AlreadyAnswered
	case g.Leaves:
		return campaigns.ExitRuled
	case g.MemberErased:
		return campaigns.MemberErased
	}
	return ""
}

func (g *GateFacts) forbidden() campaigns.Reason {
	purpose := g.Purpose
	if g.System {
		purpose = campaigns.Service
		if g.Unprompted && g.Stopped {
			return campaigns.Stopped
		}
		if g.Unprompted && g.RefusedAll {
			return campaigns.NoConsent
		}
	}
	return unusable(g.Channel, g.HasAddress, g.Stopped, purpose)
}

// late is what becomes of a message whose moment was too long ago: quiet hours are not counted.
func (g *GateFacts) late(now time.Time) Verdict {
	zone, moment := g.zone(), g.Plan.At
	var next time.Time
	if g.Late.Then == definition.LateNextWindow {
		moment, next = timing.Around(moment, now, zone, g.Plan.clock(zone), g.Plan.On...)
	}
	after := g.Late.After.Fixed()
	if g.QuietThen == definition.QuietSpread && !g.begins(moment).Equal(moment) {
		after += g.Over // what is spread is not late for that
	}
	if now.Sub(moment) <= after || timing.Free(moment, now, zone, g.windows()...) <= after {
		return Verdict{}
	}
	if next.IsZero() {
		return Verdict{State: campaigns.Expired, Reason: campaigns.Late}
	}
	then := *g // it answers nobody any more
	then.Lane = campaigns.Bulk
	if until, ok := then.leaves(next); ok && (g.Expires.IsZero() || !until.After(g.Expires)) {
		until = utc(until)
		return Verdict{State: campaigns.Pending, Reason: campaigns.NextWindow, Until: &until}
	}
	return Verdict{State: campaigns.Expired, Reason: campaigns.TooLate}
}

// skips reports whether the campaign skips the message because it came due in its quiet hours. What came due before them, and could not leave, is held by
// them; the member's own only hold.
func (g *GateFacts) skips() bool {
	return g.QuietThen == definition.QuietSkip && g.CampaignQuiet != nil && !g.Again && !g.Further && len(g.windows()) > 0 && g.CampaignQuiet.Contains(g.Plan.At, g.zone())
}

// begins is when quiet hours first let a message leave that comes due at the moment.
func (g *GateFacts) begins(at time.Time) time.Time {
	free, _ := g.free(at)
	return free
}

// leaves is when a message leaves that comes due at the moment: then, or after quiet hours that hold it, at their end or at its own moment after that.
// Messages that are spread keep half of the time in which they are worth sending.
func (g *GateFacts) leaves(at time.Time) (time.Time, bool) {
	free, ok := g.free(at)
	if !ok || !free.After(at) || g.QuietThen != definition.QuietSpread {
		return free, ok
	}
	over := g.Over
	if !g.Expires.IsZero() {
		over = min(over, g.Expires.Sub(free)/2)
	}
	if over <= 0 {
		return free, true
	}
	return g.free(free.Add(time.Duration(point(g.Campaign, g.Step, g.Member, int(over)))))
}

// windows are the quiet hours that hold the message. A service campaign without any of its own is at any hour what it is for; one that has some can wait, and
// does it for the member's too.
func (g *GateFacts) windows() []*timing.Window {
	if g.System || g.Lane == campaigns.Interactive && !g.Again || g.Purpose == campaigns.Service && g.CampaignQuiet == nil {
		return nil
	}
	return g.Quiet
}

func (g *GateFacts) zone() *time.Location {
	if g.Zone == nil {
		return time.UTC
	}
	return g.Zone
}

// free returns the first moment at or after now that quiet hours leave free, and false when they leave none.
func (g *GateFacts) free(now time.Time) (time.Time, bool) {
	windows := g.windows()
	if len(windows) == 0 {
		return now, true
	}
	return timing.Hold(now, g.zone(), windows...)
}
