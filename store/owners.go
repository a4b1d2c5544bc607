package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// OwnerClaims lists what an owner that is gone still holds: its chunks and its row claims.
func (q queries) OwnerClaims(ctx context.Context, owner string) (chunks []*Chunk, deliveries []*Delivery, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		if chunks, err = many(ctx, q.run, scanChunk, `SELECT `+chunkColumns+` FROM chunks WHERE claim_owner = $1 ORDER BY id`, owner); err != nil {
			return err
		}
		deliveries, err = many(ctx, q.run, scanDelivery, selectDelivery+` WHERE claim_owner = $1 ORDER BY id`, owner)
		return err
	})
	return chunks, deliveries, wrap("list claims of owner", err)
}

// FreeOwner ends every claim of the owner: chunks' left counted anew, claimed rows pending and due at once (the attempt stays counted, so that a
// message that kills its worker is not tried for ever). Called after its journal was replayed in the same transaction.
func (tx *Tx) FreeOwner(ctx context.Context, owner string, now time.Time) error {
	if _, err := tx.run.exec(ctx, freeChunk+` WHERE claim_owner = $1`, owner); err != nil {
		return wrap("free chunks", err)
	}
	_, err := tx.run.exec(ctx, `UPDATE deliveries SET state = 'pending', due_at = $2, claim_owner = NULL, claim_until = NULL
		WHERE claim_owner = $1 AND state = 'claimed'`, owner, micros(now))
	return wrap("free deliveries", err)
}

// ReleaseClaim gives back what the owner claimed until exactly then, as if it had never claimed it.
func (tx *Tx) ReleaseClaim(ctx context.Context, owner string, until time.Time) error {
	if _, err := tx.run.exec(ctx, freeChunk+` WHERE claim_owner = $1 AND claim_until = $2`, owner, micros(until)); err != nil {
		return wrap("release claimed chunk", err)
	}
	_, err := tx.run.exec(ctx, `UPDATE deliveries SET state = 'pending', attempts = attempts - 1, claim_owner = NULL, claim_until = NULL
		WHERE claim_owner = $1 AND claim_until = $2 AND state = 'claimed'`, owner, micros(until))
	return wrap("release claimed deliveries", err)
}

// ExpireClaims makes everything under claims that ended before `before` unknown (rows and chunks whose owner never came back and left no journal),
// at most limit deliveries at a time, and returns how many outcomes were written; fewer than limit: that was all.
func (tx *Tx) ExpireClaims(ctx context.Context, before, now time.Time, limit int) (int, error) {
	// The plus keeps planners from walking the whole table in order of id.
	expired, err := many(ctx, tx.run, scanDelivery, selectDelivery+` WHERE claim_owner IS NOT NULL AND claim_until < $1
		AND state IN ('claimed', 'sending') ORDER BY +id LIMIT $2`+tx.dialect.skipLocked(), micros(before), limit)
	if err != nil {
		return 0, wrap("list expired claims", err)
	}
	chunks, err := many(ctx, tx.run, scanChunk, `SELECT `+chunkColumns+` FROM chunks WHERE claim_owner IS NOT NULL AND claim_until < $1
		ORDER BY +id`+tx.dialect.skipLocked(), micros(before))
	if err != nil {
		return 0, wrap("list expired chunks", err)
	}
	for _, c := range chunks {
		under, err := tx.expireChunk(ctx, c, limit-len(expired))
		if err != nil {
			return 0, err
		}
		expired = append(expired, under...)
	}
	return tx.makeUnknown(ctx, expired, now)
}

// expireChunk returns up to limit deliveries under the chunk; when that is all of them, the chunk's claim ends.
func (tx *Tx) expireChunk(ctx context.Context, c *Chunk, limit int) ([]*Delivery, error) {
	under, err := tx.ChunkDeliveries(ctx, c)
	if err != nil {
		return nil, err
	}
	if len(under) > limit {
		return under[:limit], nil
	}
	_, err = tx.run.exec(ctx, `UPDATE chunks SET claim_owner = NULL, claim_until = NULL WHERE id = $1`, c.ID)
	return under, wrap("end claim of chunk", err)
}

func (tx *Tx) makeUnknown(ctx context.Context, ds []*Delivery, now time.Time) (int, error) {
	os := make([]Outcome, len(ds))
	for i, d := range ds {
		os[i] = Outcome{Delivery: d.ID, Enrollment: d.Enrollment, Chunk: d.Chunk, State: campaigns.Unknown, Reason: campaigns.OutcomeUnknown, At: now}
	}
	written, err := tx.WriteOutcomes(ctx, os)
	return len(written), err
}

// FreeHolder ends the leases and the actor claims of a process that is dead, so that nobody waits for them to run out. Its actor claims are named owner#N.
func (tx *Tx) FreeHolder(ctx context.Context, owner string) error {
	if _, err := tx.run.exec(ctx, `DELETE FROM leases WHERE holder = $1`, owner); err != nil {
		return wrap("free leases", err)
	}
	_, err := tx.run.exec(ctx, `DELETE FROM actor_claims WHERE substr(claim_owner, 1, length($1) + 1) = $1 || '#'`, owner)
	return wrap("free actor claims", err)
}

// FreeHolders ends the leases and the claims on actors of everybody: of a restored database, whose owners are gone. Moments stay.
func (tx *Tx) FreeHolders(ctx context.Context) error {
	for _, sql := range []string{`DELETE FROM leases WHERE holder <> '` + momentOf + `'`, `DELETE FROM actor_claims`} {
		if _, err := tx.run.exec(ctx, sql); err != nil {
			return wrap("free all holders", err)
		}
	}
	return nil
}
