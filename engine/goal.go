package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// heldOut reports whether the member is in the campaign's holdout group. It is the same at any time, in every process and in a simulation, and another one in
// each campaign, so that nobody is left out of all of them. A split hashes words with slashes: the two know nothing of each other.
func heldOut(l *live, member campaigns.MemberID) bool {
	if l.def.Holdout == 0 {
		return false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "holdout %s %d", l.def.Key, member))
	return binary.BigEndian.Uint64(sum[:])%100 < uint64(l.def.Holdout)
}

// measure notes a passage that is held out, or has reached its goal.
func (w *work) measure(row *store.Enrollment, heldOut bool, reached *time.Time) {
	w.measured = append(w.measured, &store.Measured{Enrollment: row.ID, Campaign: row.Campaign, Version: row.BeganIn(), HeldOut: heldOut, ReachedAt: reached})
}

// reachGoals lets passages that are over reach their goals: those of campaigns whose live version waits for the event.
func (e *Engine) reachGoals(ctx context.Context, tx *store.Tx, p *store.Profile, h happening, open []*live) error {
	var ids []campaigns.CampaignID
	now := e.now()
	since := now
	for _, l := range open {
		if g := l.def.Goal; g != nil && g.Is(h.event, h.data) {
			ids = append(ids, l.campaign)
			if begun := now.Add(-g.Ends(now, time.UTC).Sub(now)).AddDate(0, 0, -1); begun.Before(since) { // a day more: members' days are not UTC's
				since = begun
			}
		}
	}
	rows, err := tx.LockEnded(ctx, p.ID, ids, since)
	if err != nil || len(rows) == 0 {
		return err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return err
	}
	in := &decide.Happened{Event: h.event, Data: h.data}
	for _, row := range rows {
		if err := w.decide(ctx, row, p, in); err != nil {
			if err = w.without(ctx, row, in, err); err != nil {
				return err
			}
		}
	}
	_, err = w.flush(ctx)
	return err
}
