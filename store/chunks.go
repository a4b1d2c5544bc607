package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Chunk is a lease over bulk deliveries with ids from Lo to Hi. A delivery stands under it while its chunk_id names it: until it is final, or is put off
// on its own.
type Chunk struct {
	ID       int64
	Campaign campaigns.CampaignID
	Channel  campaigns.Channel
	Lo, Hi   campaigns.DeliveryID
	Left     int
	Priority int
	DueAt    time.Time

	// Of a chunk that is written claimed: by whom, and until when. They are not read.
	Owner string
	Until time.Time
}

const chunkColumns = `id, campaign_id, channel, lo, hi, left_n, priority, due_at`

func scanChunk(r rows) (*Chunk, error) {
	c := &Chunk{}
	err := r.Scan(&c.ID, &c.Campaign, &c.Channel, &c.Lo, &c.Hi, &c.Left, &c.Priority, timeInto{&c.DueAt})
	return c, err
}

// InsertChunk writes the lease over deliveries whose ids are consecutive, all of one campaign and channel, written in the same transaction with that
// chunk's id. ID 0 is not filled in: the deliveries name it.
func (tx *Tx) InsertChunk(ctx context.Context, c Chunk) error {
	var owner, until any
	if c.Owner != "" {
		owner, until = c.Owner, micros(c.Until)
	}
	_, err := tx.run.exec(ctx, `INSERT INTO chunks (`+chunkColumns+`, claim_owner, claim_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		c.ID, c.Campaign, c.Channel, c.Lo, c.Hi, c.Left, c.Priority, micros(c.DueAt), owner, until)
	return wrap("insert chunk", err)
}

// BulkWaits reports whether any of a running campaign's deliveries on the channel is due in the bulk lane and held by nobody.
func (tx *Tx) BulkWaits(ctx context.Context, ch campaigns.Channel, now time.Time) (bool, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return false, wrap("look for waiting deliveries", err)
	}
	n, _, err := one(ctx, tx.run, value[int64], `SELECT count(*) FROM (SELECT 1 FROM campaigns c WHERE c.state = 'running' AND (
			EXISTS (SELECT 1 FROM deliveries d
				WHERE d.lane = 'bulk' AND d.campaign_id = c.id AND d.channel = $1 AND d.due_at <= $2 AND d.state = 'pending')
			OR EXISTS (SELECT 1 FROM chunks k
				WHERE k.campaign_id = c.id AND k.channel = $1 AND k.left_n > 0 AND k.due_at <= $2 AND k.claim_owner IS NULL)) LIMIT 1) AS w`, ch, micros(now))
	return n > 0, wrap("look for waiting deliveries", err)
}

// runningCampaigns come first in every bulk claim, so that a paused campaign's due rows are not even looked at.
func (q queries) runningCampaigns(ctx context.Context) (any, error) {
	ids, err := many(ctx, q.run, value[int64], `SELECT id FROM campaigns WHERE state = 'running'`)
	return list(q.dialect, ids), wrap("list running campaigns", err)
}

// ClaimChunk claims the most urgent due chunk of a running campaign on the channel; nil when there is none. A chunk whose claim ran out is not
// claimed again before ExpireClaims or FreeOwner has ended that claim: its owner may be sending.
func (tx *Tx) ClaimChunk(ctx context.Context, ch campaigns.Channel, owner string, now, until time.Time) (*Chunk, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return nil, wrap("claim chunk", err)
	}
	running, err := tx.runningCampaigns(ctx)
	if err != nil {
		return nil, err
	}
	c, _, err := one(ctx, tx.run, scanChunk, `WITH taken AS MATERIALIZED (
			SELECT id AS chunk FROM chunks
			WHERE campaign_id`+tx.dialect.among(1)+` AND channel = $2 AND left_n > 0 AND due_at <= $3 AND claim_owner IS NULL
			ORDER BY priority, due_at, id LIMIT 1`+tx.dialect.skipLocked()+`)
		UPDATE chunks SET claim_owner = $4, claim_until = $5 WHERE id IN (SELECT chunk FROM taken)
		RETURNING `+chunkColumns, running, ch, micros(now), owner, micros(until))
	return c, wrap("claim chunk", err)
}

// ChunkDeliveries returns the chunk's deliveries that are still pending and not due row by row.
func (q queries) ChunkDeliveries(ctx context.Context, c *Chunk) ([]*Delivery, error) {
	ds, err := many(ctx, q.run, scanDelivery, selectDelivery+` WHERE id BETWEEN $1 AND $2 AND `+underChunk+` $3 ORDER BY id`, c.Lo, c.Hi, c.ID)
	return ds, wrap("read chunk", err)
}

const underChunk = `state = 'pending' AND due_at IS NULL AND chunk_id =`

// freeChunk ends a claim and counts what is left.
const freeChunk = `UPDATE chunks SET claim_owner = NULL, claim_until = NULL, left_n = (
	SELECT count(*) FROM deliveries d WHERE d.id BETWEEN chunks.lo AND chunks.hi AND ` + underChunk + ` chunks.id)`

// ReleaseChunk gives the rest of a chunk back: its claim ends, left is counted anew. Only when the owner still holds it.
func (tx *Tx) ReleaseChunk(ctx context.Context, id int64, owner string) error {
	_, err := tx.run.exec(ctx, freeChunk+` WHERE id = $1 AND claim_owner = $2`, id, owner)
	return wrap("release chunk", err)
}
