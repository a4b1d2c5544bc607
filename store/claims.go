package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// ClaimDue claims row by row: up to limit pending deliveries of the lane on the channel with due_at at or before now, whose claim (if any) is over;
// by priority, then due time. In the bulk lane only those of running campaigns. State becomes claimed, attempts is raised by one.
func (tx *Tx) ClaimDue(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, owner string, now, until time.Time, limit int) ([]*Delivery, error) {
	args := []any{micros(now), owner, micros(until), ch, limit}
	// The lane stands in the text, since the due indexes are partial.
	where := `lane = 'interactive'`
	if lane == campaigns.Bulk {
		running, err := tx.runningCampaigns(ctx)
		if err != nil {
			return nil, err
		}
		args = append(args, running)
		where = `lane = 'bulk' AND campaign_id` + tx.dialect.among(6)
	}
	return tx.claim(ctx, where+` AND channel = $4 AND due_at <= $1 ORDER BY priority, due_at, id LIMIT $5`, args...)
}

// ClaimDeliveries claims these rows if they are pending, stand under no chunk, and nobody holds them; used right after writing them.
func (tx *Tx) ClaimDeliveries(ctx context.Context, ids []campaigns.DeliveryID, owner string, now, until time.Time) ([]*Delivery, error) {
	return tx.claim(ctx, `chunk_id IS NULL AND id`+tx.dialect.among(4)+` ORDER BY id`, micros(now), owner, micros(until), list(tx.dialect, ids))
}

// claim takes rows that nobody holds at $1 for the owner $2 until $3. PostgreSQL might run a subquery with LIMIT more than once; a materialized one not.
func (tx *Tx) claim(ctx context.Context, where string, args ...any) ([]*Delivery, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return nil, wrap("claim deliveries", err)
	}
	ds, err := many(ctx, tx.run, scanDelivery, `WITH taken AS MATERIALIZED (
			SELECT id AS delivery FROM deliveries WHERE state = 'pending' AND (claim_until IS NULL OR claim_until <= $1) AND `+where+tx.dialect.skipLocked()+`)
		UPDATE deliveries SET state = 'claimed', claim_owner = $2, claim_until = $3, attempts = attempts + 1
		WHERE id IN (SELECT delivery FROM taken) RETURNING `+deliveryColumns.list(""), args...)
	slices.SortFunc(ds, byUrgency)
	return ds, wrap("claim deliveries", err)
}

// byUrgency is the order of claims: RETURNING has none.
func byUrgency(a, b *Delivery) int {
	due := 0
	if a.DueAt != nil && b.DueAt != nil {
		due = a.DueAt.Compare(*b.DueAt)
	}
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), due, cmp.Compare(a.ID, b.ID))
}

// ReleaseDeliveries gives row claims back untouched: pending, due at once, the attempt not counted. Only rows that the owner still holds.
func (tx *Tx) ReleaseDeliveries(ctx context.Context, ids []campaigns.DeliveryID, owner string, now time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE deliveries SET state = 'pending', due_at = $1, attempts = attempts - 1, claim_owner = NULL, claim_until = NULL
		WHERE state = 'claimed' AND claim_owner = $2 AND id`+tx.dialect.among(3), micros(now), owner, list(tx.dialect, ids))
	return wrap("release deliveries", err)
}

// DueChannels tells which lanes have something to claim now: row by row, or a chunk.
func (q queries) DueChannels(ctx context.Context, now time.Time) ([]DueLane, error) {
	lanes, err := many(ctx, q.run, func(r rows) (l DueLane, err error) {
		err = r.Scan(&l.Lane, &l.Channel)
		return l, err
	}, `WITH ch AS (SELECT 'telegram' AS name UNION ALL SELECT 'email')
		SELECT 'interactive', name FROM ch WHERE EXISTS (SELECT 1 FROM deliveries d
			WHERE d.lane = 'interactive' AND d.channel = ch.name AND d.due_at <= $1 AND d.state = 'pending')
		UNION ALL
		SELECT 'bulk', name FROM ch WHERE EXISTS (SELECT 1 FROM campaigns c WHERE c.state = 'running' AND (
			EXISTS (SELECT 1 FROM deliveries d
				WHERE d.lane = 'bulk' AND d.campaign_id = c.id AND d.channel = ch.name AND d.due_at <= $1 AND d.state = 'pending')
			OR EXISTS (SELECT 1 FROM chunks k
				WHERE k.campaign_id = c.id AND k.channel = ch.name AND k.left_n > 0 AND k.due_at <= $1 AND k.claim_owner IS NULL)))`, micros(now))
	return lanes, wrap("list due channels", err)
}

// DueLane is one lane of one channel with work.
type DueLane struct {
	Lane    campaigns.Lane
	Channel campaigns.Channel
}

// Claimed reports whether any worker holds a delivery, a chunk or (at now) an actor's inputs.
func (q queries) Claimed(ctx context.Context, now time.Time) (bool, error) {
	n, _, err := one(ctx, q.run, value[int64], `SELECT CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE claim_owner IS NOT NULL)
		OR EXISTS (SELECT 1 FROM chunks WHERE claim_owner IS NOT NULL) OR EXISTS (SELECT 1 FROM actor_claims WHERE claim_until > $1) THEN 1 ELSE 0 END`, micros(now))
	return n == 1, wrap("look for claims", err)
}
