package decide

import (
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Last reports whether the message that the enrollment waits for is the last thing that happens to it: when it was sent, Decide completes the enrollment
// whatever the facts are.
func Last(d *definition.Definition, e Enrollment) bool {
	if e.State != campaigns.EnrollmentWaiting || e.Wait != campaigns.WaitDelivery || e.Round != nil {
		return false
	}
	s := d.Step(e.Step)
	return s != nil && s.Ask() == nil && s.Next == nil && d.EscalateOf(s) == nil
}
