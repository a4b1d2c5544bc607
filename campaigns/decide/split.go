package decide

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// split takes the member's arm. It is counted among the visits, so that the passage itself tells which way it went, also where the arm has no steps.
func (r *run) split(s *definition.Step, b *definition.Split) *definition.Step {
	i := r.arm(s.ID, b.Arms)
	if i < 0 {
		return s.Next
	}
	arm := &b.Arms[i]
	r.e.Visits[definition.ArmID(s.ID, i+1)]++
	r.add(&Record{Name: "split.taken", Step: s.ID, Visit: r.e.Visit, Data: map[string]any{"arm": i + 1, "name": arm.Name}})
	if len(arm.Steps) == 0 {
		return s.Next
	}
	return arm.Steps[0]
}

// arm returns the index of the member's arm: a point between 0 and the sum of the shares, and the arm whose share it falls into, in the order of
// the document. -1: no arm has a share, which the checker refuses.
func (r *run) arm(step campaigns.StepID, arms []definition.SplitArm) int {
	sum := 0
	for _, a := range arms {
		sum += a.Share
	}
	at := point(r.d.Key, step, r.f.Member, sum)
	for i, a := range arms {
		if at < a.Share {
			return i
		}
		at -= a.Share
	}
	return -1
}

// point is a number from 0 to below sum that depends on nothing but the campaign, the step and the member: the first eight bytes, the highest first, of the
// SHA-256 of "campaign/step/member", as a fraction of 2^64, times sum, without what stands behind the point. None of the three words holds a slash.
//
// It must never change: members who come to the step again would change arms, and those of one arm could no more be told from those of the other.
func point(campaign campaigns.Key, step campaigns.StepID, member campaigns.MemberID, sum int) int {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", campaign, step, member))
	whole, _ := bits.Mul64(binary.BigEndian.Uint64(hash[:8]), uint64(sum))
	return int(whole)
}
