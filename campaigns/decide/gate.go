package decide

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
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
	Unprompted     bool
	RefusedAll     bool // every topic on the channel was withdrawn: no unprompted message there
	MemberErased   bool
	Stopped        bool
	Purpose        campaigns.Purpose
	Channel        ChannelFacts
	HasAddress     bool
	Expires        time.Time
	Lane           campaigns.Lane
	Zone           *time.Location
	Quiet          []*timing.Window // the campaign's and the member's
	CampaignPaused bool
}

// Verdict is what the gates say: send now (State empty), a final state with its reason, or Pending until Until.
type Verdict struct {
	State  campaigns.DeliveryState
	Reason campaigns.Reason
	Until  *time.Time
}

// Gate decides whether a delivery may leave now. The gates in their order: the enrollment still wants it; stop, address and consent allow it;
// the campaign is not paused; it is not too late, counted from the end of quiet hours that hold it; no quiet hours hold it.
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
	free, ok := g.free(now)
	switch {
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

// free returns the first moment at or after now that quiet hours leave free, and false when they leave none.
func (g *GateFacts) free(now time.Time) (time.Time, bool) {
	if g.System || g.Lane == campaigns.Interactive && !g.Again || g.Purpose == campaigns.Service {
		return now, true
	}
	zone := g.Zone
	if zone == nil {
		zone = time.UTC
	}
	return timing.Hold(now, zone, g.Quiet...)
}
