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
	System          bool // a reply to the member's own act: only stop-less facts apply (address, reach, suppression)
	MemberErased    bool
	Stopped         bool
	Purpose         campaigns.Purpose
	Channel         ChannelFacts
	HasAddress      bool
	Expires         time.Time
	Lane            campaigns.Lane
	Zone            *time.Location
	Quiet           []*timing.Window // the campaign's and the member's
	CampaignPaused  bool
}

// Verdict is what the gates say: send now (State empty), a final state with its reason, or Pending until Until.
type Verdict struct {
	State  campaigns.DeliveryState
	Reason campaigns.Reason
	Until  *time.Time
}
