package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// watchRound goes on with what is due for segments that campaigns listen to, and reports whether there was anything: who changed, then one part of each
// round through all members. One that fails stops none of the others.
func (e *Engine) watchRound(ctx context.Context, failed map[int64]bool) (progress bool, err error) {
	wanted, whole, err := e.listenedTo(ctx)
	if err != nil {
		return false, err
	}
	if some, err := e.Store.Watching(ctx); err != nil || !some && len(wanted) == 0 {
		return false, err
	}
	ws, err := e.Store.Watches(ctx)
	if err != nil {
		return false, err
	}
	progress, err = e.settleMarked(ctx, ws)
	for _, w := range ws {
		if failed[w.ID] {
			continue
		}
		some, werr := e.watchOn(ctx, w, wanted[w.Segment] || !whole)
		if failed[w.ID] = werr != nil; werr != nil {
			err = errors.Join(err, fmt.Errorf("watch segment %s: %w", w.Segment, werr))
		}
		progress = progress || some
	}
	return progress, errors.Join(err, e.watchMissing(ctx, ws, wanted))
}

// listenedTo are the segments that open campaigns listen to, as they were half a second ago at most. Not whole: a campaign cannot be read, and may listen too.
func (e *Engine) listenedTo(ctx context.Context) (wanted map[campaigns.Key]bool, whole bool, err error) {
	states, err := e.campaignStates(ctx)
	if err != nil {
		return nil, false, err
	}
	var open []*store.Campaign
	for _, c := range states {
		if takesIn(c) {
			open = append(open, c)
		}
	}
	ls, whole, err := e.listening(ctx, e.Store, open)
	wanted = map[campaigns.Key]bool{}
	for _, l := range ls {
		wanted[l.def.Entry.Segment] = true
	}
	return wanted, whole, err
}

// listening are those of the campaigns that take in whoever comes into a segment. Not whole: one cannot be read.
func (e *Engine) listening(ctx context.Context, from source, cs []*store.Campaign) (ls []*live, whole bool, err error) {
	whole = true
	for _, c := range cs {
		l, err := e.version(ctx, from, c.ID, c.LiveVersion)
		switch {
		case errors.Is(err, errBadVersion):
			whole = false
		case err != nil:
			return nil, false, err
		case l.def.Entry.Listens():
			ls = append(ls, l)
		}
	}
	return ls, whole, nil
}

// listeners are the open campaigns that take in whoever comes into the segment. The transaction holds its watch, so that no publication comes between.
func (e *Engine) listeners(ctx context.Context, tx *store.Tx, segment campaigns.Key) (ls []*live, whole bool, err error) {
	open, err := e.open(ctx, tx)
	if err != nil {
		return nil, false, err
	}
	ls, whole, err = e.listening(ctx, tx, open)
	return slices.DeleteFunc(ls, func(l *live) bool { return l.def.Entry.Segment != segment }), whole, err
}

// watchOn does what is due for one watch.
func (e *Engine) watchOn(ctx context.Context, w *store.Watch, wanted bool) (bool, error) {
	switch {
	case w.EndedAt != nil:
		return true, e.clearWatch(ctx, w)
	case !wanted:
		return e.endWatch(ctx, w)
	case w.DueAt.After(e.now()):
		return false, nil
	}
	return e.lookRound(ctx, w)
}

// watchMissing begins what a publication did not: another binary may have read a campaign otherwise.
func (e *Engine) watchMissing(ctx context.Context, ws []*store.Watch, wanted map[campaigns.Key]bool) error {
	for _, w := range ws {
		if w.EndedAt == nil {
			delete(wanted, w.Segment)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(wanted)) {
			if _, err := tx.Watch(ctx, key, e.now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// endWatch ends the watch when nobody listens any more. It asks while it holds the watch, as publications do.
func (e *Engine) endWatch(ctx context.Context, w *store.Watch) (ended bool, err error) {
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		ended = false
		held, err := tx.LockWatch(ctx, w.ID)
		if err != nil || held == nil || held.EndedAt != nil {
			return err
		}
		if ls, whole, err := e.listeners(ctx, tx, w.Segment); err != nil || len(ls) > 0 || !whole {
			return err
		}
		now := e.now()
		held.EndedAt, held.DueAt, ended = &now, now, true
		return tx.SaveWatch(ctx, held)
	})
	return ended, err
}

// clearWatch removes one part of a list that nobody needs, and in the end what it was for.
func (e *Engine) clearWatch(ctx context.Context, w *store.Watch) error {
	return e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		held, err := tx.LockWatch(ctx, w.ID)
		if err != nil || held == nil {
			return err
		}
		n, err := tx.UnlistSome(ctx, w.ID, e.Store.EntryRows())
		if err != nil || n > 0 {
			return err
		}
		return tx.DropWatch(ctx, w.ID)
	})
}

// watchDue is when the next thing is to be done for segments that campaigns listen to; nil: never. Who changed is due now, as the caller has it: a later moment
// would be none that is due.
func (e *Engine) watchDue(ctx context.Context, now time.Time) (next *time.Time, err error) {
	if some, err := e.Store.Watching(ctx); err != nil || !some {
		return nil, err
	}
	ws, err := e.Store.Watches(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range ws {
		if next == nil || w.DueAt.Before(*next) {
			next = &w.DueAt
		}
	}
	if marks, err := e.Store.Marks(ctx); err != nil || !marks {
		return next, err
	}
	return &now, nil
}
