package engine

import (
	"context"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// ToldAgain is what became of notices that are told again: how many wait now, and for how many there is still nobody.
type ToldAgain struct{ N, Nobody int }

// TellAgain tells the staff what did not reach it, of a kind; the channel is empty where none was set up. Those whom the settings name now hear it: where
// somebody else was to hear it, they do in their place, and nobody twice. Scope campaigns:write. Faults not_found.campaign, not_found.untold.
func (e *Engine) TellAgain(ctx context.Context, p Principal, kind FailedKind) (ToldAgain, error) {
	var sum ToldAgain
	if err := p.Require(CampaignsWrite); err != nil {
		return sum, err
	}
	c, err := e.Store.CampaignByKey(ctx, kind.Campaign)
	if err != nil {
		return sum, err
	}
	k := store.FailedKind{Campaign: c.ID, Step: kind.Step, Channel: kind.Channel, Reason: kind.Reason}
	for page := (store.Page{Limit: e.Store.BulkRows()}); ; {
		ns, err := e.Store.Untold(ctx, k, page)
		if err != nil {
			return sum, err
		}
		if len(ns) == 0 {
			break
		}
		some, err := e.tellSomeAgain(ctx, p, ns)
		sum.N, sum.Nobody = sum.N+some.N, sum.Nobody+some.Nobody
		if err != nil {
			return sum, err
		}
		page.After = ns[len(ns)-1].ID
	}
	if sum == (ToldAgain{}) {
		return sum, fault.New(fault.NotFound, "not_found.untold", nil)
	}
	return sum, nil
}

func (e *Engine) tellSomeAgain(ctx context.Context, p Principal, ns []*store.Notice) (sum ToldAgain, err error) {
	again, err := e.retold(ctx, ns)
	if err != nil {
		return sum, err
	}
	now := e.now()
	for _, n := range again.fresh {
		n.DueAt, n.CreatedAt = &now, now
		if n.ID, err = e.Store.NextID(ctx); err != nil {
			return sum, err
		}
	}
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		sum = ToldAgain{Nobody: again.nobody}
		waits, err := tx.TellAgain(ctx, again.same, now)
		if err != nil {
			return err
		}
		if err := tx.InsertNotices(ctx, again.fresh); err != nil {
			return err
		}
		dropped, err := tx.DropUntold(ctx, again.replaced)
		if sum.N = waits + dropped; err != nil || sum.N == 0 {
			return err
		}
		ev := e.event(now, "notices.told_again", ns[0].Campaign, map[string]any{"n": sum.N, "by": p.Name, "channel": ns[0].Channel})
		ev.Step = ns[0].Step
		return tx.AppendEvents(ctx, []store.Event{ev})
	})
	return sum, err
}

// retelling is how notices that failed are told again.
type retelling struct {
	same     []int64         // to the address that was to hear it
	replaced []int64         // by others
	fresh    []*store.Notice // which are these
	nobody   int             // for whom the settings still name nobody
}

func (e *Engine) retold(ctx context.Context, ns []*store.Notice) (*retelling, error) {
	out := &retelling{}
	for _, n := range ns {
		to, err := e.hears(ctx, n)
		switch {
		case err != nil:
			return nil, err
		case len(to) == 0:
			out.nobody++
		case slices.Contains(to, somebody{n.Channel, n.Address}):
			out.same = append(out.same, n.ID)
		default:
			out.replaced = append(out.replaced, n.ID)
			for _, x := range to {
				out.fresh = append(out.fresh, &store.Notice{
					Campaign: n.Campaign, Version: n.Version, Enrollment: n.Enrollment, Member: n.Member, Step: n.Step, Visit: n.Visit,
					Channel: x.channel, Address: x.address, State: store.NoticePending,
				})
			}
		}
	}
	return out, nil
}

// hears is who is to hear the notice by the settings of now.
func (e *Engine) hears(ctx context.Context, n *store.Notice) ([]somebody, error) {
	l, err := e.version(ctx, e.Store, n.Campaign, n.Version)
	if err != nil {
		return nil, err
	}
	var channels []campaigns.Channel
	if s := l.def.Step(n.Step); s != nil {
		if body, ok := s.Body.(*definition.Notify); ok {
			channels = body.To
		}
	}
	if n.Channel != "" {
		channels = []campaigns.Channel{n.Channel}
	}
	return slices.DeleteFunc(e.staff(channels), func(x somebody) bool { return x.address == "" }), nil
}
