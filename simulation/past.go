package simulation

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// pastOf reads what was with members of the live service, as far as conditions ask for it.
type pastOf func(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error)

// before is what was with the members whom those who are played are copies of. What happens to a copy adds to it.
func (s *stage) before(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error) {
	live := make([]campaigns.MemberID, 0, len(ids))
	for _, id := range ids {
		if p := s.member[id]; p != nil && p.Live != 0 {
			live = append(live, p.Live)
		}
	}
	if len(live) == 0 {
		return nil, nil
	}
	known, err := s.plan.past(ctx, live, asked, now)
	if err != nil {
		return nil, err
	}
	out := make(map[campaigns.MemberID]*definition.Past, len(known))
	for _, id := range ids {
		if p := s.member[id]; p != nil {
			out[id] = known[p.Live]
		}
	}
	return out, nil
}
