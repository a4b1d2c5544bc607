package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// NextID is Store.NextID inside a transaction.
func (tx *Tx) NextID(ctx context.Context) (int64, error) { return nextIDs(ctx, tx.ids, 1) }

// NextIDs is Store.NextIDs inside a transaction.
func (tx *Tx) NextIDs(ctx context.Context, n int) (int64, error) { return nextIDs(ctx, tx.ids, n) }

// EnrollmentsByID loads many enrollments in one statement. Unknown ids are absent.
func (q queries) EnrollmentsByID(ctx context.Context, ids []campaigns.EnrollmentID) (map[campaigns.EnrollmentID]*Enrollment, error) {
	out := make(map[campaigns.EnrollmentID]*Enrollment, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	es, err := many(ctx, q.run, scanEnrollment, selectEnrollment+` WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, e := range es {
		out[e.ID] = e
	}
	return out, wrap("read enrollments", err)
}

// DeliveriesByID loads many deliveries in one statement. Unknown ids are absent.
func (q queries) DeliveriesByID(ctx context.Context, ids []campaigns.DeliveryID) (map[campaigns.DeliveryID]*Delivery, error) {
	out := make(map[campaigns.DeliveryID]*Delivery, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	ds, err := many(ctx, q.run, scanDelivery, selectDelivery+` WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, d := range ds {
		out[d.ID] = d
	}
	return out, wrap("read deliveries", err)
}

// LiftSuppression takes a keyed hash off the suppression list: the member came back by an act of their own.
func (tx *Tx) LiftSuppression(ctx context.Context, ch campaigns.Channel, hash string) error {
	_, err := tx.run.exec(ctx, `DELETE FROM suppressions WHERE channel = $1 AND value_hash = $2`, ch, hash)
	return wrap("lift suppression", err)
}

// ClearInput empties a stored input that is being handled: its member was erased by it, or it is nobody's. An actor that holds an address becomes "nobody".
func (tx *Tx) ClearInput(ctx context.Context, id campaigns.InputID) error {
	_, err := tx.run.exec(ctx, `UPDATE inputs SET raw = '', actor = CASE WHEN actor LIKE 'member:%' THEN actor ELSE 'nobody' END WHERE id = $1`, id)
	return wrap("clear input", err)
}

// Claimed reports whether any worker holds a delivery, a chunk or (at now) an actor's inputs.
func (q queries) Claimed(ctx context.Context, now time.Time) (bool, error) {
	n, _, err := one(ctx, q.run, value[int64], `SELECT CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE claim_owner IS NOT NULL)
		OR EXISTS (SELECT 1 FROM chunks WHERE claim_owner IS NOT NULL) OR EXISTS (SELECT 1 FROM actor_claims WHERE claim_until > $1) THEN 1 ELSE 0 END`, micros(now))
	return n == 1, wrap("look for claims", err)
}

// FreeHolder ends the leases and the actor claims of a process that is dead, so that nobody waits for them to run out. Its actor claims are named owner#N.
func (tx *Tx) FreeHolder(ctx context.Context, owner string) error {
	if _, err := tx.run.exec(ctx, `DELETE FROM leases WHERE holder = $1`, owner); err != nil {
		return wrap("free leases", err)
	}
	_, err := tx.run.exec(ctx, `DELETE FROM actor_claims WHERE substr(claim_owner, 1, length($1) + 1) = $1 || '#'`, owner)
	return wrap("free actor claims", err)
}
