package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// Community is the installation's one community.
type Community struct {
	Name          string
	TimeZone      string
	Languages     []campaigns.Lang // the first is the fallback
	Topics        []string
	PostalAddress string
	Brand         string
	PrivacyURL    string
	Budget        []decide.BudgetRule // how much a member gets at most, over all campaigns; empty: no limit
	UpdatedAt     time.Time
}

// Community returns the settings; before the first save, defaults: zone UTC, languages en and ru, everything else empty.
func (q queries) Community(ctx context.Context) (*Community, error) {
	c, ok, err := one(ctx, q.run, func(r rows) (*Community, error) {
		c := &Community{}
		err := r.Scan(&c.Name, &c.TimeZone, jsonInto{&c.Languages}, jsonInto{&c.Topics}, &c.PostalAddress, &c.Brand, &c.PrivacyURL, jsonInto{&c.Budget}, timeInto{&c.UpdatedAt})
		return c, err
	}, `SELECT name, time_zone, languages, topics, postal_address, brand, privacy_url, budget, updated_at FROM community WHERE id = 1`)
	if err == nil && !ok {
		c = &Community{TimeZone: "UTC", Languages: []campaigns.Lang{"en", "ru"}}
	}
	return c, wrap("read community", err)
}

// SaveCommunity replaces the settings.
func (tx *Tx) SaveCommunity(ctx context.Context, c *Community) error {
	_, err := tx.run.exec(ctx, `INSERT INTO community (id, name, time_zone, languages, topics, postal_address, brand, privacy_url, budget, updated_at)
		VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, languages = excluded.languages, topics = excluded.topics,
			postal_address = excluded.postal_address, brand = excluded.brand, privacy_url = excluded.privacy_url, budget = excluded.budget,
			updated_at = excluded.updated_at`,
		c.Name, c.TimeZone, toJSON(c.Languages), toJSON(c.Topics), c.PostalAddress, c.Brand, c.PrivacyURL, toJSON(c.Budget), micros(c.UpdatedAt))
	return wrap("save community", err)
}
