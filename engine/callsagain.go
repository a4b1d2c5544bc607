package engine

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// FailedCalls names calls of another system that failed: of one step, at one endpoint, for one reason.
type FailedCalls struct {
	Campaign campaigns.Key
	Step     campaigns.StepID
	Endpoint string
	Reason   campaigns.Reason
}

// calledAgain keeps what became of the calls before, which their rows tell no longer: the passages went on by it.
func calledAgain(cs []*store.OutsideCall, by string, now time.Time) []store.Event {
	evs := make([]store.Event, len(cs))
	for i, c := range cs {
		evs[i] = store.Event{
			At: now, Name: "call.again", Member: c.Member, Campaign: c.Campaign, Enrollment: c.Enrollment, Step: c.Step, Reason: c.Reason,
			Data: mustJSON(map[string]any{"call": c.ID, "name": c.Endpoint, "version": c.Version, "failed_at": c.EndedAt, "by": by}),
		}
	}
	return evs
}

// callAgainFor is how long such a call is tried. Nobody waits for it, so that it has time.
const callAgainFor = 24 * time.Hour

// callAgainGap stands between two of them: the oldest due are made first, and calls that members wait for would stand behind all of them.
const callAgainGap = 250 * time.Millisecond

// CallAgain makes calls of a kind that failed once more, under their old numbers, with the values of now, and returns how many. The other system hears it after
// all; whoever waited has gone on, and its answer is not used. An endpoint that wanted no more calls is asked again at once. Scope campaigns:write. Faults
// not_found.campaign, not_found.failed_calls, conflict.endpoint.
func (e *Engine) CallAgain(ctx context.Context, p Principal, kind FailedCalls) (sum int, err error) {
	if err := p.Require(CampaignsWrite); err != nil {
		return 0, err
	}
	c, err := e.Store.CampaignByKey(ctx, kind.Campaign)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(e.Endpoints(), kind.Endpoint) {
		return 0, fault.New(fault.Conflict, "conflict.endpoint", map[string]any{"endpoint": kind.Endpoint})
	}
	now, k := e.now(), store.CallKind{Campaign: c.ID, Step: kind.Step, Endpoint: kind.Endpoint, Reason: kind.Reason}
	err = e.batches(ctx, func(tx *store.Tx, rows int) (int, error) {
		cs, err := tx.CallAgain(ctx, k, now, now.Add(time.Duration(sum)*callAgainGap), callAgainGap, callAgainFor, rows)
		if err != nil || len(cs) == 0 {
			return 0, err
		}
		if err := tx.EndCooldown(ctx, restOf(kind.Endpoint), restGone); err != nil {
			return 0, err
		}
		ev := e.event(now, "calls.called_again", c.ID, map[string]any{"n": len(cs), "by": p.Name, "endpoint": kind.Endpoint})
		ev.Step = kind.Step
		sum += len(cs)
		return len(cs), tx.AppendEvents(ctx, append(calledAgain(cs, p.Name, now), ev))
	})
	e.cool.forget()
	if err == nil && sum == 0 {
		err = fault.New(fault.NotFound, "not_found.failed_calls", nil)
	}
	if s := e.called[kind.Endpoint]; s != nil {
		s.wake()
	}
	return sum, err
}
