package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/store"
)

// Recovered counts what the journals of dead processes told.
type Recovered struct{ Results, Unknown int }

// Recover replays the journals that dead processes left in the data folder: results that their rows do not know yet are written, what was begun
// and has no result is unknown, and what else the dead had claimed is free again. It is called at start and now and then.
func (e *Engine) Recover(ctx context.Context, dir string) (Recovered, error) {
	var sum Recovered
	orphans, err := journal.Orphans(dir)
	if err != nil {
		return sum, fmt.Errorf("find journals: %w", err)
	}
	for i := range orphans {
		err = errors.Join(err, e.recoverOne(ctx, &orphans[i], &sum))
	}
	return sum, err
}

// recoverOne replays one journal; it is removed only when the rows know what it told.
func (e *Engine) recoverOne(ctx context.Context, o *journal.Orphan, sum *Recovered) error {
	results, begun, err := o.Replay()
	if err == nil {
		err = e.replay(ctx, o.Owner, results, begun)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("recover from journal: %w", err), o.Release())
	}
	sum.Results += len(results)
	sum.Unknown += len(begun)
	e.Log.Info("journal replayed", "owner", o.Owner, "results", len(results), "unknown", len(begun))
	return o.Remove()
}

// replay writes what one journal tells about deliveries that its owner still holds, in one transaction with the end of the owner's claims.
// What the owner no longer holds was committed before it died, or settled since.
func (e *Engine) replay(ctx context.Context, owner string, results []journal.Result, begun []int64) error {
	return e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		now := e.now()
		rows, err := held(ctx, tx, owner)
		if err != nil {
			return err
		}
		var os []store.Outcome
		for _, r := range results {
			if d := rows[campaigns.DeliveryID(r.ID)]; d != nil {
				os = append(os, replayed(d, r, now))
			}
		}
		for _, id := range begun {
			if d := rows[campaigns.DeliveryID(id)]; d != nil {
				o := base(d, now)
				o.State, o.Reason = campaigns.Unknown, campaigns.OutcomeUnknown
				os = append(os, o)
			}
		}
		if _, err := tx.WriteOutcomes(ctx, os); err != nil {
			return err
		}
		if err := tx.FreeHolder(ctx, owner); err != nil {
			return err
		}
		return tx.FreeOwner(ctx, owner, now)
	})
}

// restoredSkip is more ids than a service gives in many years.
const restoredSkip = 1 << 36

// Restored makes a database that was restored from a backup fit to go on: ids that were given since are not given again, for links and mails name them; and
// nobody lives of those who had claimed rows, of whose messages it cannot be known whether they left. It returns how many are unknown now. No other process
// may use the database.
func (e *Engine) Restored(ctx context.Context) (unknown int, err error) {
	if err := e.Store.Write(ctx, func(tx *store.Tx) error { return tx.SkipIDs(ctx, restoredSkip) }); err != nil {
		return 0, err
	}
	never := e.now().AddDate(100, 0, 0)
	for {
		n := 0
		err := e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			if n, err = tx.ExpireClaims(ctx, never, e.now(), e.Store.BulkRows()); err != nil || n > 0 {
				return err
			}
			return tx.FreeHolders(ctx)
		})
		if unknown += n; err != nil || n == 0 {
			return unknown, err
		}
	}
}

// held are the deliveries that the owner has claimed and that have no final state: its rows, and those of its chunks.
func held(ctx context.Context, tx *store.Tx, owner string) (map[campaigns.DeliveryID]*store.Delivery, error) {
	chunks, rows, err := tx.OwnerClaims(ctx, owner)
	if err != nil {
		return nil, err
	}
	for _, c := range chunks {
		ds, err := tx.ChunkDeliveries(ctx, c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, ds...)
	}
	out := make(map[campaigns.DeliveryID]*store.Delivery, len(rows))
	for _, d := range rows {
		if !d.State.Final() {
			out[d.ID] = d
		}
	}
	return out, nil
}

// What the journal keeps of states and reasons. The numbers of reasons are on disk: never change one.
var (
	journalOutcomes = map[campaigns.DeliveryState]journal.Outcome{campaigns.Pending: journal.Deferred, campaigns.Sent: journal.Sent, campaigns.Failed: journal.Failed, campaigns.Unknown: journal.Unknown}
	journalReasons  = map[campaigns.Reason]byte{"": 0, campaigns.Temporary: 1, campaigns.RateLimited: 2, campaigns.Rejected: 3, campaigns.Blocked: 4, campaigns.NotStarted: 5, campaigns.Gone: 6, campaigns.AttemptsUsedUp: 7, campaigns.OutcomeUnknown: 8, campaigns.MediaMissing: 9}
)

func reverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

var (
	statesOfJournal  = reverse(journalOutcomes)
	reasonsOfJournal = reverse(journalReasons)
)

// journalRecord is what the journal keeps of an outcome until its row has it.
func journalRecord(o store.Outcome) journal.Record {
	r := journal.Record{Outcome: journalOutcomes[o.State], Reason: journalReasons[o.Reason], Provider: providerNumber(o.ProviderID), At: o.At}
	if o.DueAt != nil {
		r.At = *o.DueAt
	}
	return r
}

// replayed is the outcome that a journal's record stands for.
func replayed(d *store.Delivery, r journal.Result, now time.Time) store.Outcome {
	o := base(d, now)
	o.State, o.Reason = statesOfJournal[r.Outcome], reasonsOfJournal[r.Reason]
	if r.Provider != 0 {
		o.ProviderID = strconv.FormatInt(r.Provider, 10)
	}
	switch o.State {
	case campaigns.Pending:
		due := r.At
		if due.Before(now) {
			due = now
		}
		o.DueAt, o.NoAttempt = &due, o.Reason == campaigns.RateLimited
	case "":
		o.State, o.Reason = campaigns.Unknown, campaigns.OutcomeUnknown
	}
	return o
}

// Began says that this process has begun just now: it cannot know whether the clock was moved ahead before, so that for as long as a claim lasts it takes
// none for run out. Without it, a process that started after a leap made unknown what another one was at work on. Nor has it heard what members did before.
// Call it before anything works.
func (e *Engine) Began() {
	now := time.Now()
	e.leaps.began(max(rowClaim, chunkClaim), graceClaim, now)
	e.away = absence{e.now(), now}
}

// ExpireClaims makes unknown what owners held who never came back and left no journal here. When the database was away longer than claims last,
// this process first writes what it sent itself. When the clock was moved ahead, owners get the time that they claimed.
func (e *Engine) ExpireClaims(ctx context.Context) (int, error) {
	if e.leaps.within(max(rowClaim, chunkClaim), graceClaim, e.now(), time.Now()) || e.waiting.Load() > 0 {
		return 0, nil
	}
	total := 0
	for {
		n := 0
		err := e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			now := e.now()
			n, err = tx.ExpireClaims(ctx, now.Add(-graceClaim), now, e.Store.BulkRows())
			return err
		})
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
}
