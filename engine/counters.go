package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// recountEvery is how old the comparison of a campaign's counters with its rows becomes.
const recountEvery = 24 * time.Hour

// fillSlice is how much of each second goes into rows that an earlier release did not write.
const fillSlice = 300 * time.Millisecond

// FoldCounters adds up what was counted since the last time. One process does it, under the scheduler's lease.
func (e *Engine) FoldCounters(ctx context.Context) error {
	for {
		more, err := e.Store.FoldCounters(ctx)
		if err != nil || !more || ctx.Err() != nil {
			return err
		}
	}
}

// FillWords goes on for a moment to write the words of members whom a release before took in, or changes while it is being stopped.
func (e *Engine) FillWords(ctx context.Context) error {
	for end := time.Now().Add(fillSlice); !e.filled.Load() && time.Now().Before(end); {
		more, over, err := e.Store.FillWords(ctx, e.now())
		e.filled.Store(over)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// Recount compares the counters of campaigns with their rows: of those that were never counted, or, when daily is set, of the one that it was longest ago.
// What is off is set right and told: it means that somebody wrote rows without counting them, such as a worker of an older version that was still draining.
func (e *Engine) Recount(ctx context.Context, daily bool) error {
	now, before := e.now(), time.Time{}
	if daily {
		before = now.Add(-recountEvery)
		if err := e.Store.Write(ctx, func(tx *store.Tx) error { return tx.ForgetCounters(ctx, now) }); err != nil {
			return err
		}
	}
	for {
		id, ok, err := e.Store.NextRecount(ctx, before)
		if err != nil || !ok {
			return err
		}
		off, fresh, err := e.Store.Recount(ctx, id, now)
		if off > 0 && !fresh {
			e.Log.Warn("counters were off and are set right", "campaign", id, "counters", off)
		}
		if err != nil || daily {
			return err
		}
	}
}
