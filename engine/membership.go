package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// settleMarked brings the lists of all watches into line for members who changed.
func (e *Engine) settleMarked(ctx context.Context, ws []*store.Watch) (progress bool, err error) {
	if some, err := e.Store.Marks(ctx); err != nil || !some {
		return false, err
	}
	return true, e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		if err := tx.MergesWait(ctx); err != nil {
			return err
		}
		ids, addressed, err := tx.TakeMarks(ctx, e.Store.BulkRows())
		if err != nil || len(ids) == 0 {
			return err
		}
		watches, err := holdWatches(ctx, tx, ws)
		if err != nil {
			return err
		}
		began := e.now()
		for _, held := range watches {
			if err := e.settleMembers(ctx, tx, held, seenBy(held, ids), false); err != nil {
				return err
			}
			if err := e.takeInAddressed(ctx, tx, held, addressed, began); err != nil {
				return err
			}
		}
		return nil
	})
}

// holdWatches locks those that have not ended, all before anything else.
func holdWatches(ctx context.Context, tx *store.Tx, ws []*store.Watch) (watches []*store.Watch, err error) {
	for _, w := range ws {
		held, err := tx.LockWatch(ctx, w.ID)
		if err != nil {
			return nil, err
		}
		if held != nil && held.EndedAt == nil {
			watches = append(watches, held)
		}
	}
	return watches, nil
}

// seenBy leaves out whom the first round has not come to: it will, and they are there from the start.
func seenBy(w *store.Watch, ids []campaigns.MemberID) []campaigns.MemberID {
	if w.FilledAt != nil {
		return ids
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id campaigns.MemberID) bool { return id > w.Last })
}

// settleMembers brings the list into line with the condition for these members, in a transaction that holds the watch and in which merges wait. Who comes is
// taken in by the campaigns that listen, and both coming and leaving are events of the member; quiet: they are there from the start, but for those whom the
// community did not have then.
func (e *Engine) settleMembers(ctx context.Context, tx *store.Tx, w *store.Watch, ids []campaigns.MemberID, quiet bool) error {
	if len(ids) == 0 {
		return nil
	}
	asked, err := e.askedSegment(ctx, tx, w.Segment)
	if errors.Is(err, errNoSegment) {
		return nil
	}
	if err != nil {
		return err
	}
	in, err := e.audienceAmong(ctx, tx, asked, ids)
	if err != nil {
		return err
	}
	listed, err := tx.ListedAmong(ctx, w.ID, ids)
	if err != nil {
		return err
	}
	came, left := apart(in, listed)
	now := e.now()
	if err := tx.ListMembers(ctx, w.ID, came, now); err != nil {
		return err
	}
	if err := tx.UnlistMembers(ctx, w.ID, left); err != nil {
		return err
	}
	if quiet {
		if came, err = tx.CreatedAfter(ctx, came, w.BeganAt); err != nil {
			return err
		}
		left = nil
	}
	if err := tx.AppendEvents(ctx, append(memberships("segment.entered", w, came, now), memberships("segment.left", w, left, now)...)); err != nil {
		return err
	}
	return e.takeIn(ctx, tx, w, came, now)
}

func memberships(name string, w *store.Watch, ids []campaigns.MemberID, now time.Time) []store.Event {
	es := make([]store.Event, len(ids))
	for i, id := range ids {
		es[i] = store.Event{At: now, Name: name, Member: id, Data: mustJSON(map[string]any{"segment": w.Segment})}
	}
	return es
}

// takeIn enrolls members who came into the segment in the campaigns that listen. Of who may not enter, an event tells why.
func (e *Engine) takeIn(ctx context.Context, tx *store.Tx, w *store.Watch, ids []campaigns.MemberID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	ls, _, err := e.listeners(ctx, tx, w.Segment)
	if err != nil {
		return err
	}
	for _, l := range ls {
		some, err := e.notToCome(ctx, tx, l, ids)
		if err != nil {
			return err
		}
		if err := e.takeInto(ctx, tx, l, some, now); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) takeInto(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	became, err := e.enroll(ctx, tx, l, ids, l.together(), now)
	if err != nil {
		return err
	}
	var refused []store.Event
	for _, id := range ids {
		if a := became[id]; a.result == AlreadyInside || a.result == NotAgain { // who has no address is told of already
			refused = append(refused, refusal(l, id, a, now))
		}
	}
	return tx.AppendEvents(ctx, refused)
}

// takeInAddressed takes in whom a campaign could not write to when they came into the segment, and who are in it still: they have an address now. Who was told only since then that they have none is left out.
func (e *Engine) takeInAddressed(ctx context.Context, tx *store.Tx, w *store.Watch, ids []campaigns.MemberID, before time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	ls, _, err := e.listeners(ctx, tx, w.Segment)
	if err != nil {
		return err
	}
	for _, l := range ls {
		refused, err := tx.RefusedUnaddressed(ctx, w.ID, l.campaign, ids, before)
		if err != nil {
			return err
		}
		if err := e.takeInto(ctx, tx, l, refused, e.now()); err != nil {
			return err
		}
	}
	return nil
}

// notToCome leaves out those whom the taking in of present members has not come to yet: it will find them on the list.
func (e *Engine) notToCome(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	if l.def.Entry.Audience() == nil {
		return ids, nil
	}
	s, err := tx.HoldSchedule(ctx, l.campaign)
	if err != nil || s == nil || s.DoneAt != nil {
		return ids, err
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id campaigns.MemberID) bool { return id > s.LastMember }), nil
}
