package workers

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Sweeper finds work in the rows.
type Sweeper interface {
	Sweep(ctx context.Context) error
}

// sweepEvery is how often the rows are looked at: a step due at T starts within it.
const sweepEvery = 200 * time.Millisecond

// Sweep looks for work until ctx ends. It runs under a lease: one process at a time.
func Sweep(ctx context.Context, s Sweeper, log *slog.Logger) {
	every(ctx, sweepEvery, func() {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			log.Warn("sweep failed", "error", err)
			pause(ctx, time.Second)
		}
	})
}

// Counter keeps the counters that pages show.
type Counter interface {
	FoldCounters(ctx context.Context) error
	Recount(ctx context.Context, daily bool) error
	FillWords(ctx context.Context) error
}

// recountEvery is how often a campaign's counters are compared with its rows, one campaign at a time.
const recountEvery = time.Minute

// Count folds counters each second until ctx ends, and compares them with the rows now and then. It runs under the scheduler's lease.
func Count(ctx context.Context, c Counter, log *slog.Logger) {
	compared := time.Now()
	every(ctx, time.Second, func() {
		err := c.FoldCounters(ctx)
		if err == nil {
			daily := time.Since(compared) >= recountEvery
			if daily {
				compared = time.Now()
			}
			err = errors.Join(c.Recount(ctx, daily), c.FillWords(ctx))
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("what pages read is not up to date", "error", err)
		}
	})
}

// Every calls fn now and then every d, until ctx ends.
func Every(ctx context.Context, d time.Duration, fn func()) { every(ctx, d, fn) }

func every(ctx context.Context, d time.Duration, fn func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for ctx.Err() == nil {
		fn()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
