package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// writer is Store.Write, or another of its kind.
type writer func(ctx context.Context, fn func(*store.Tx) error) error

// claim runs a transaction that claims for life. When its commit has no answer (the database went away, the caller left), nobody knows whether it claimed,
// and nobody would work on it: it is given back by its end, which no other claim of this process has.
func (e *Engine) claim(ctx context.Context, write writer, life time.Duration, fn func(tx *store.Tx, now, until time.Time) error) error {
	now := e.now()
	until := now.Add(life).Truncate(time.Millisecond).Add(time.Duration(e.claims.Add(1)%1000) * time.Microsecond)
	committing := false
	err := write(ctx, func(tx *store.Tx) error {
		committing = false
		err := fn(tx, now, until)
		committing = err == nil
		return err
	})
	if err == nil || !committing {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if lost := e.patiently("claims not given back", 1, func() error {
		return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.ReleaseClaim(ctx, e.Owner, until) })
	}); lost != nil {
		e.Log.Error("claims not given back", "error", lost)
	}
	return err
}
