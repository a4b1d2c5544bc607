package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// CancelPending makes the enrollments' pending, unclaimed deliveries canceled with the reason. Claimed ones, and those under a chunk that is claimed,
// are caught at the gate or sent.
func (tx *Tx) CancelPending(ctx context.Context, ids []campaigns.EnrollmentID, reason campaigns.Reason, now time.Time) error {
	return tx.cancel(ctx, `enrollment_id`+tx.dialect.among(1), list(tx.dialect, ids), reason, now)
}

// CancelPendingOfMember does so for every delivery of the member, system replies included.
func (tx *Tx) CancelPendingOfMember(ctx context.Context, id campaigns.MemberID, reason campaigns.Reason, now time.Time) error {
	return tx.cancel(ctx, `member_id = $1`, id, reason, now)
}

// cancel locks the chunks first: one that is claimed in between would send what was canceled.
func (tx *Tx) cancel(ctx context.Context, where string, of any, reason campaigns.Reason, now time.Time) error {
	free, err := many(ctx, tx.run, value[int64], `SELECT id FROM chunks WHERE claim_owner IS NULL AND id IN (
		SELECT chunk_id FROM deliveries WHERE `+where+` AND state = 'pending' AND chunk_id IS NOT NULL) ORDER BY id`+tx.dialect.forUpdate(), of)
	if err != nil {
		return wrap("lock chunks", err)
	}
	left := map[int64]int{}
	_, err = many(ctx, tx.run, func(r rows) (_ struct{}, err error) {
		m, err := scanMoved(r)
		if err != nil {
			return
		}
		tx.countMoved(m, campaigns.Canceled, reason, micros(now))
		if m.chunk != 0 {
			left[m.chunk]++
		}
		return
	}, `UPDATE deliveries SET state = 'canceled', reason_before = deliveries.reason, reason = $2, final_at = $3, due_at = NULL WHERE `+where+`
		AND state = 'pending' AND claim_owner IS NULL AND (chunk_id IS NULL OR chunk_id`+tx.dialect.among(4)+`) RETURNING `+movedColumns,
		of, reason, micros(now), list(tx.dialect, free))
	if err != nil {
		return wrap("cancel deliveries", err)
	}
	return tx.lowerLeft(ctx, left)
}

// CancelLeft cancels pending deliveries of a campaign that is over, at most limit at a time: nobody claims bulk work of a campaign that does not run.
// rest tells that there may be more, held that somebody has claimed some yet: they come back when their claim ends.
func (tx *Tx) CancelLeft(ctx context.Context, id campaigns.CampaignID, reason campaigns.Reason, now time.Time, limit int) (rest, held bool, err error) {
	// The channels are named so that planners take the due index instead of all of the campaign's deliveries.
	const (
		bulk  = `SELECT id FROM deliveries WHERE campaign_id = $1 AND channel IN ('telegram', 'email') AND lane = 'bulk' AND due_at IS NOT NULL`
		chunk = `SELECT k.id FROM chunks k WHERE k.campaign_id = $1 AND k.left_n > 0`
	)
	ids, err := many(ctx, tx.run, value[campaigns.DeliveryID], bulk+` AND state = 'pending' AND claim_owner IS NULL
		UNION ALL SELECT d.id FROM chunks k JOIN deliveries d ON d.id BETWEEN k.lo AND k.hi AND d.chunk_id = k.id
			WHERE k.campaign_id = $1 AND k.left_n > 0 AND k.claim_owner IS NULL AND d.state = 'pending' AND d.due_at IS NULL
		LIMIT $2`, id, limit)
	if err != nil {
		return false, false, wrap("list what is left of campaign", err)
	}
	if len(ids) > 0 {
		if err := tx.cancel(ctx, `id`+tx.dialect.among(1), list(tx.dialect, ids), reason, now); err != nil {
			return false, false, err
		}
	}
	_, held, err = one(ctx, tx.run, value[int64], bulk+` AND claim_owner IS NOT NULL UNION ALL `+chunk+` AND k.claim_owner IS NOT NULL LIMIT 1`, id)
	return len(ids) == limit, held, wrap("look for claims of campaign", err)
}
