package workers

import (
	"context"
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
