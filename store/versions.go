package store

import (
	"context"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Version is one published definition; its Source never changes.
type Version struct {
	Campaign    campaigns.CampaignID
	Number      int
	Source      string
	Format      string
	SHA256      string
	PublishedAt time.Time
	PublishedBy string
}

// InsertVersion writes the version and makes it the live one.
func (tx *Tx) InsertVersion(ctx context.Context, v *Version) error {
	_, err := tx.run.exec(ctx, `INSERT INTO campaign_versions (campaign_id, version, source, format, sha256, published_at, published_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, v.Campaign, v.Number, v.Source, v.Format, v.SHA256, micros(v.PublishedAt), v.PublishedBy)
	if err != nil {
		return wrap("insert version", err)
	}
	_, err = tx.run.exec(ctx, `UPDATE campaigns SET live_version = $2, updated_at = $3 WHERE id = $1`, v.Campaign, v.Number, micros(v.PublishedAt))
	return wrap("make version live", err)
}

// Version returns one version. Fault not_found.version.
func (q queries) Version(ctx context.Context, id campaigns.CampaignID, number int) (*Version, error) {
	v, ok, err := one(ctx, q.run, scanVersion, `SELECT campaign_id, version, source, format, sha256, published_at, published_by
		FROM campaign_versions WHERE campaign_id = $1 AND version = $2`, id, number)
	return found("version", args{"version": strconv.Itoa(number)}, v, ok, err)
}

// Versions lists a campaign's versions, the newest first, without their Source.
func (q queries) Versions(ctx context.Context, id campaigns.CampaignID) ([]*Version, error) {
	vs, err := many(ctx, q.run, scanVersion, `SELECT campaign_id, version, '', format, sha256, published_at, published_by
		FROM campaign_versions WHERE campaign_id = $1 ORDER BY version DESC`, id)
	return vs, wrap("list versions", err)
}

func scanVersion(r rows) (*Version, error) {
	v := &Version{}
	err := r.Scan(&v.Campaign, &v.Number, &v.Source, &v.Format, &v.SHA256, timeInto{&v.PublishedAt}, &v.PublishedBy)
	return v, err
}
