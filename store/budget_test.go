package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestWhoCountsWaits: nobody counts budgets while another may still hold places. Of SQLite there is one writer anyway.
func TestWhoCountsWaits(t *testing.T) {
	s := storetest.Postgres(t)
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.BudgetsWait(ctx); err != nil {
			return err
		}
		var waited error
		err := s.Write(ctx, func(other *store.Tx) error {
			short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
			defer stop()
			waited = other.BudgetsWait(short)
			return waited
		})
		if waited == nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("counts beside another: %v", err)
		}
		return nil
	})
	write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.BudgetsWait(ctx) })
}

// TestDueFor: what stands under a chunk is due when the chunk is, and what was given back is no younger for it.
func TestDueFor(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		_, ds := bulk(t, s, c, 1)
		m := ds[0].Member
		due := func(since, at time.Time) int {
			return len(must[[]store.DueMessage](t)(s.DueFor(t.Context(), []campaigns.MemberID{m}, since, at)))
		}
		same(t, 1, due(at(-60), at(1)))
		same(t, 0, due(at(10), at(30)))

		e := newEnrollment(t, s, c, newMember(t, s))
		m = e.Member
		insert(t, s, stepDelivery(e, func(d *store.Delivery) { d.CreatedAt, d.DueAt = at(0), ptr(at(50)) }))
		same(t, 1, due(at(-1), at(60)))
		same(t, 0, due(at(1), at(60)))
		e = newEnrollment(t, s, c, newMember(t, s))
		m = e.Member
		insert(t, s, stepDelivery(e, func(d *store.Delivery) { d.CreatedAt, d.DueAt, d.Reason = at(0), ptr(at(50)), campaigns.QuietHours }))
		same(t, 1, due(at(1), at(60)))
	})
}
