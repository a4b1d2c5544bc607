package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

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
