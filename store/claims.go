package store

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// ClaimDue claims row by row: up to limit pending deliveries of the lane on the channel with due_at at or before now, whose claim (if any) is over;
// by priority, then due time. In the bulk lane only those of running campaigns, and none behind a chunk that is more urgent: that one goes first.
// State becomes claimed, attempts is raised by one. Rows that wait for later are not looked at, however many there are.
func (tx *Tx) ClaimDue(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, owner string, now, until time.Time, limit int) ([]*Delivery, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return nil, wrap("claim deliveries", err)
	}
	find := tx.dueReplies
	if lane == campaigns.Bulk {
		find = tx.dueBulk
	}
	ids, err := find(ctx, ch, now, limit)
	if err != nil || len(ids) == 0 {
		return nil, wrap("find due deliveries", err)
	}
	return tx.claim(ctx, `id`+tx.dialect.among(4), micros(now), owner, micros(until), list(tx.dialect, ids))
}

const claimable = `state = 'pending' AND (claim_until IS NULL OR claim_until <= $1)`

// dueReplies finds and locks the most urgent rows of the interactive lane, one priority after the other: the index leads from each to the next.
func (tx *Tx) dueReplies(ctx context.Context, ch campaigns.Channel, now time.Time, limit int) (ids []campaigns.DeliveryID, err error) {
	for last := int64(math.MinInt32); len(ids) < limit; {
		next, _, err := one(ctx, tx.run, nullNumber, `SELECT min(priority) FROM deliveries
			WHERE lane = 'interactive' AND due_at IS NOT NULL AND channel = $1 AND priority > $2`, ch, last)
		if err != nil || next == nil {
			return ids, err
		}
		last = *next
		some, err := many(ctx, tx.run, value[campaigns.DeliveryID], `SELECT id FROM deliveries WHERE `+claimable+`
			AND lane = 'interactive' AND channel = $2 AND priority = $3 AND due_at <= $1 ORDER BY due_at, id LIMIT $4`+tx.dialect.skipLocked(),
			micros(now), ch, last, limit-len(ids))
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	return ids, nil
}

// dueRow is one that may be claimed.
type dueRow struct {
	id       campaigns.DeliveryID
	priority int
	due      int64
}

// dueBulk finds (and locks) the most urgent rows of the bulk lane: the first of each running campaign by time, and of these the first by priority, which
// a campaign's rows have in common.
func (tx *Tx) dueBulk(ctx context.Context, ch campaigns.Channel, now time.Time, limit int) ([]campaigns.DeliveryID, error) {
	running, err := many(ctx, tx.run, value[int64], `SELECT id FROM campaigns WHERE state = 'running'`)
	if err != nil || len(running) == 0 {
		return nil, err
	}
	most, _, err := one(ctx, tx.run, nullNumber, `SELECT min(priority) FROM chunks WHERE campaign_id`+tx.dialect.among(3)+`
		AND channel = $2 AND left_n > 0 AND due_at <= $1 AND claim_owner IS NULL`, micros(now), ch, list(tx.dialect, running))
	if err != nil {
		return nil, err
	}
	const ofCampaign = `SELECT id, priority, due_at FROM deliveries WHERE ` + claimable + `
		AND lane = 'bulk' AND channel = $2 AND due_at <= $1 AND campaign_id = `
	var due []dueRow
	if tx.dialect.postgres {
		due, err = many(ctx, tx.run, scanDueRow, `SELECT d.id, d.priority, d.due_at FROM unnest($4::bigint[]) AS c (id) CROSS JOIN LATERAL (
			`+ofCampaign+`c.id ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS d ORDER BY d.priority, d.due_at, d.id LIMIT $3`, micros(now), ch, limit, running)
	} else {
		for _, id := range running {
			some, serr := many(ctx, tx.run, scanDueRow, ofCampaign+`$4 ORDER BY due_at LIMIT $3`, micros(now), ch, limit, id)
			due, err = append(due, some...), errors.Join(err, serr)
		}
	}
	slices.SortFunc(due, func(a, b dueRow) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id))
	})
	var ids []campaigns.DeliveryID
	for _, d := range due[:min(limit, len(due))] {
		if most == nil || int64(d.priority) <= *most {
			ids = append(ids, d.id)
		}
	}
	return ids, err
}

func scanDueRow(r rows) (d dueRow, err error) {
	err = r.Scan(&d.id, &d.priority, &d.due)
	return d, err
}

func nullNumber(r rows) (n *int64, err error) {
	err = r.Scan(&n)
	return n, err
}

// ClaimDeliveries claims those of these rows that are the channel's, if they are pending, stand under no chunk, and nobody holds them; used right after
// writing them.
func (tx *Tx) ClaimDeliveries(ctx context.Context, ids []campaigns.DeliveryID, ch campaigns.Channel, owner string, now, until time.Time) ([]*Delivery, error) {
	return tx.claim(ctx, `chunk_id IS NULL AND channel = $5 AND id`+tx.dialect.among(4)+` ORDER BY id`, micros(now), owner, micros(until), list(tx.dialect, ids), ch)
}

// LeaveToLane makes those of these rows that are the channel's due at once, for whoever looks after their lane, and reports whether there were any.
func (tx *Tx) LeaveToLane(ctx context.Context, ids []campaigns.DeliveryID, ch campaigns.Channel, now time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE deliveries SET due_at = $2 WHERE channel = $3 AND due_at > $2 AND state = 'pending' AND claim_owner IS NULL AND id`+tx.dialect.among(1),
		list(tx.dialect, ids), micros(now), ch)
	return n > 0, wrap("leave deliveries to their lane", err)
}

// claim takes rows that nobody holds at $1 for the owner $2 until $3. PostgreSQL might run a subquery with LIMIT more than once; a materialized one not.
func (tx *Tx) claim(ctx context.Context, where string, args ...any) ([]*Delivery, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return nil, wrap("claim deliveries", err)
	}
	ds, err := many(ctx, tx.run, scanDelivery, `WITH taken AS MATERIALIZED (
			SELECT id AS delivery FROM deliveries WHERE `+claimable+` AND `+where+tx.dialect.skipLocked()+`)
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
	}, dueLanes, micros(now))
	return lanes, wrap("list due channels", err)
}

const dueLanes = `WITH RECURSIVE ch AS (SELECT 'telegram' AS name UNION ALL SELECT 'email'),
	urgency AS ( -- the priorities in use
		SELECT ch.name AS channel, (SELECT min(d.priority) FROM deliveries d
			WHERE d.lane = 'interactive' AND d.due_at IS NOT NULL AND d.channel = ch.name) AS priority FROM ch
		UNION ALL SELECT u.channel, (SELECT min(d.priority) FROM deliveries d
			WHERE d.lane = 'interactive' AND d.due_at IS NOT NULL AND d.channel = u.channel AND d.priority > u.priority)
		FROM urgency u WHERE u.priority IS NOT NULL)
	SELECT DISTINCT 'interactive', u.channel FROM urgency u WHERE EXISTS (SELECT 1 FROM deliveries d
		WHERE d.lane = 'interactive' AND d.channel = u.channel AND d.priority = u.priority AND d.due_at <= $1 AND d.state = 'pending')
	UNION ALL
	SELECT 'bulk', name FROM ch WHERE EXISTS (SELECT 1 FROM campaigns c WHERE c.state = 'running' AND (
		EXISTS (SELECT 1 FROM deliveries d
			WHERE d.lane = 'bulk' AND d.campaign_id = c.id AND d.channel = ch.name AND d.due_at <= $1 AND d.state = 'pending')
		OR EXISTS (SELECT 1 FROM chunks k
			WHERE k.campaign_id = c.id AND k.channel = ch.name AND k.left_n > 0 AND k.due_at <= $1 AND k.claim_owner IS NULL)))`

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
