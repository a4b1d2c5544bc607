package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// urgency is the priority of a campaign's messages that answer nobody.
func urgency(def *definition.Definition) int {
	switch {
	case def.Purpose == campaigns.Service:
		return prioService
	case def.Entry.Audience() != nil && !def.Entry.Listens():
		return prioBulk
	}
	return prioNormal
}

// dueCampaign is a campaign with something due.
type dueCampaign struct {
	id       campaigns.CampaignID
	priority int
	rank     int
}

// byUrgency sorts campaigns as their messages are sorted, so that what is due together is decided in the order in which it leaves.
func (e *Engine) byUrgency(ctx context.Context, ids []campaigns.CampaignID) ([]dueCampaign, error) {
	states, err := e.campaignStates(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]dueCampaign, len(ids))
	for i, id := range ids {
		out[i] = dueCampaign{id: id, priority: prioNormal, rank: 1}
		if c := states[id]; c != nil && c.LiveVersion > 0 {
			if l, err := e.version(ctx, e.Store, id, c.LiveVersion); err == nil { // who cannot be read is told so where it is decided
				out[i].priority, out[i].rank = urgency(l.def), rank(l)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b dueCampaign) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(b.rank, a.rank))
	})
	return out, nil
}
