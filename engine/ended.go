package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// sweptCampaign is one end of a campaign, after which nobody was found inside.
type sweptCampaign struct {
	id campaigns.CampaignID
	at int64 // when it ended, in microseconds
}

// sweptAgain is how long a finished campaign that was found empty is not looked at: who was being enrolled while it ended is found then.
const sweptAgain = time.Minute

// ended lists finished campaigns in which members may still be.
func (e *Engine) ended(ctx context.Context) ([]sweptCampaign, error) {
	states, err := e.campaignStates(ctx)
	if err != nil {
		return nil, err
	}
	var out []sweptCampaign
	for _, c := range states {
		if k := (sweptCampaign{c.ID, c.StateAt.UnixMicro()}); c.State == campaigns.Finished && !e.swept.noted(k, sweptAgain) {
			out = append(out, k)
		}
	}
	return out, nil
}

// SweepEnded takes members out of finished campaigns, some hundred at a time, and reports whether any were left.
func (e *Engine) SweepEnded(ctx context.Context) (bool, error) {
	found := false
	ended, err := e.ended(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range ended {
		for n := 1; n > 0; {
			if n, err = e.emptyOut(ctx, c.id); err != nil {
				return found, err
			}
			found = found || n > 0
		}
		e.swept.note(c)
	}
	return found, nil
}

// emptyOut exits one transaction's worth of members from a campaign that ended.
func (e *Engine) emptyOut(ctx context.Context, id campaigns.CampaignID) (n int, err error) {
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		es, err := tx.LockNotFinal(ctx, id, 0, e.Store.BulkRows())
		if err != nil {
			return err
		}
		n = len(es)
		_, err = e.decideMany(ctx, tx, es, func(*work, subject) (decide.Input, error) {
			return &decide.Left{Reason: campaigns.ExitEnded}, nil
		})
		return err
	})
	return n, err
}
