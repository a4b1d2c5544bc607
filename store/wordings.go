package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// RightWordings are the texts that somebody called right as they are, by what difference.Text.Beside names them.
func (q queries) RightWordings(ctx context.Context, id campaigns.CampaignID) ([]string, error) {
	list, err := many(ctx, q.run, value[string], `SELECT sha256 FROM right_wordings WHERE campaign_id = $1`, id)
	return list, wrap("list right wordings", err)
}

// InsertRightWording notes one; that it was called so before changes nothing.
func (tx *Tx) InsertRightWording(ctx context.Context, id campaigns.CampaignID, sha256, by string, now time.Time) error {
	_, err := tx.run.exec(ctx, `INSERT INTO right_wordings (campaign_id, sha256, said_at, said_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, id, sha256, micros(now), by)
	return wrap("insert right wording", err)
}
