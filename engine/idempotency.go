package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// idempotencyLife is how long an answer is kept for repetitions.
	idempotencyLife = 24 * time.Hour
	// idempotencyRun is how long a request may run. One that has no answer by then died with its process and does not stand in the way.
	idempotencyRun = 10 * time.Minute
	// maxKept bounds the kept answer; a larger one is not kept, and a repetition is a request of its own.
	maxKept = 4 << 20
)

// Reply is the answer to a request, as it is kept for repetitions.
type Reply struct {
	Status      int
	ContentType string
	Body        string
}

// Idempotent runs fn once for the principal's key, and gives its reply to every repetition within 24 hours. hash stands for the request:
// the same key with another one is fault invalid.idempotency_key, with one that still runs conflict.idempotency_running.
// A reply with a status of 500 or more, an error or a panic is not kept. What fn wrote and the kept reply are not one transaction:
// after a crash between the two the request may run again, as it would without a key.
func (e *Engine) Idempotent(ctx context.Context, p Principal, key, hash string, fn func(context.Context) (Reply, error)) (r Reply, replayed bool, err error) {
	kept, err := e.beginIdempotent(ctx, p, key, hash)
	switch {
	case err != nil:
		return Reply{}, false, err
	case kept != nil && kept.RequestHash != hash:
		return Reply{}, false, fault.New(fault.Invalid, "invalid.idempotency_key", nil)
	case kept != nil && kept.Status == 0:
		return Reply{}, false, fault.New(fault.Conflict, "conflict.idempotency_running", nil)
	case kept != nil:
		return Reply{Status: kept.Status, ContentType: kept.ContentType, Body: kept.Body}, true, nil
	}
	keep := Reply{}
	defer func() { // also when fn panics: then nothing is kept
		ferr := e.finishIdempotent(context.WithoutCancel(ctx), p, key, keep)
		if err == nil && ferr != nil {
			e.Log.Warn("answer not kept for repetitions", "error", ferr)
		}
	}()
	r, err = fn(ctx)
	if err == nil && r.Status < 500 && len(r.Body) <= maxKept {
		keep = r
	}
	return r, false, err
}

func (e *Engine) beginIdempotent(ctx context.Context, p Principal, key, hash string) (kept *store.IdempotentResult, err error) {
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		now := e.now()
		kept, err = tx.BeginIdempotent(ctx, p.TokenID, key, hash, now, now.Add(-idempotencyLife))
		if err != nil || kept == nil || kept.Status != 0 || now.Sub(kept.CreatedAt) < idempotencyRun {
			return err
		}
		if err := tx.FinishIdempotent(ctx, p.TokenID, key, store.IdempotentResult{}); err != nil {
			return err
		}
		kept, err = tx.BeginIdempotent(ctx, p.TokenID, key, hash, now, now.Add(-idempotencyLife))
		return err
	})
	return kept, err
}

func (e *Engine) finishIdempotent(ctx context.Context, p Principal, key string, r Reply) error {
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		return tx.FinishIdempotent(ctx, p.TokenID, key, store.IdempotentResult{Status: r.Status, ContentType: r.ContentType, Body: r.Body})
	})
}

// DropIdempotent forgets answers that are too old to be given again. They may hold what a request said about members.
func (e *Engine) DropIdempotent(ctx context.Context) error {
	return e.Store.Write(ctx, func(tx *store.Tx) error { return tx.DropIdempotent(ctx, e.now().Add(-idempotencyLife)) })
}
