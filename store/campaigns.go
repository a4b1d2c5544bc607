package store

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Campaign is one row of campaigns.
type Campaign struct {
	ID          campaigns.CampaignID
	Key         campaigns.Key
	Name        string                    // in the campaign's first language
	Names       map[campaigns.Lang]string // in each, where the definition says it
	Kind        string
	State       campaigns.State
	Draft       string // as typed
	DraftFormat string // "yaml" or "json"
	DraftRev    int64
	LiveVersion int // 0: never published
	CreatedAt   time.Time
	UpdatedAt   time.Time
	StateAt     time.Time
	StateBy     string
}

const campaignColumns = `id, key, name, names, kind, state, draft, draft_format, draft_rev, live_version, created_at, updated_at, state_at, state_by`

func scanCampaign(r rows) (*Campaign, error) {
	c := &Campaign{}
	err := r.Scan(&c.ID, &c.Key, &c.Name, jsonInto{&c.Names}, &c.Kind, &c.State, &c.Draft, &c.DraftFormat, &c.DraftRev, orZero(&c.LiveVersion),
		timeInto{&c.CreatedAt}, timeInto{&c.UpdatedAt}, timeInto{&c.StateAt}, &c.StateBy)
	if len(c.Names) == 0 {
		c.Names = nil
	}
	return c, err
}

// NameIn is the name in the language, or in the campaign's first.
func (c *Campaign) NameIn(lang campaigns.Lang) string { return cmp.Or(c.Names[lang], c.Name) }

// Campaign returns the campaign by id. Fault not_found.campaign.
func (q queries) Campaign(ctx context.Context, id campaigns.CampaignID) (*Campaign, error) {
	c, ok, err := one(ctx, q.run, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns WHERE id = $1`, id)
	return found("campaign", args{"key": strconv.FormatInt(int64(id), 10)}, c, ok, err)
}

// CampaignByKey returns the campaign. Fault not_found.campaign.
func (q queries) CampaignByKey(ctx context.Context, key campaigns.Key) (*Campaign, error) {
	c, ok, err := one(ctx, q.run, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns WHERE key = $1`, key)
	return found("campaign", args{"key": string(key)}, c, ok, err)
}

// listedColumns leaves the draft's text, which may have a megabyte, to those who read one campaign.
var listedColumns = strings.Replace(campaignColumns, "draft,", "'',", 1)

// Campaigns lists campaigns by id, without the text of their drafts; states empty: all.
func (q queries) Campaigns(ctx context.Context, p Page, states ...campaigns.State) ([]*Campaign, error) {
	f := q.filter("id > ", p.After)
	if len(states) > 0 {
		f.add("state" + q.dialect.among(f.param(list(q.dialect, states))))
	}
	cs, err := many(ctx, q.run, scanCampaign, f.page(`SELECT `+listedColumns+` FROM campaigns`, p), f.args...)
	return cs, wrap("list campaigns", err)
}

// InsertCampaign writes a new draft; ID 0 is filled in. Fault conflict.campaign when the key is taken.
func (tx *Tx) InsertCampaign(ctx context.Context, c *Campaign) error {
	if err := fill(ctx, tx.ids, &c.ID); err != nil {
		return err
	}
	n, err := tx.run.exec(ctx, `INSERT INTO campaigns (`+campaignColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (key) DO NOTHING`,
		c.ID, c.Key, c.Name, namesText(c.Names), c.Kind, c.State, c.Draft, c.DraftFormat, c.DraftRev, zeroNull(c.LiveVersion),
		micros(c.CreatedAt), micros(c.UpdatedAt), micros(c.StateAt), c.StateBy)
	if err == nil && n == 0 {
		return conflict("campaign", args{"key": string(c.Key)})
	}
	return wrap("insert campaign", err)
}

// LockCampaign locks the row until the transaction ends. Fault not_found.campaign.
func (tx *Tx) LockCampaign(ctx context.Context, key campaigns.Key) (*Campaign, error) {
	c, ok, err := one(ctx, tx.run, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns WHERE key = $1`+tx.dialect.forUpdate(), key)
	return found("campaign", args{"key": string(key)}, c, ok, err)
}

// UpdateDraft replaces the draft when its revision is still rev, and raises it. Fault conflict.draft otherwise.
func (tx *Tx) UpdateDraft(ctx context.Context, id campaigns.CampaignID, rev int64, name string, names map[campaigns.Lang]string, kind, draft, format string, now time.Time) error {
	n, err := tx.run.exec(ctx, `UPDATE campaigns SET name = $3, kind = $4, draft = $5, draft_format = $6, draft_rev = draft_rev + 1, updated_at = $7, names = $8
		WHERE id = $1 AND draft_rev = $2`, id, rev, name, kind, draft, format, micros(now), namesText(names))
	if err == nil && n == 0 {
		return conflict("draft", nil)
	}
	return wrap("update draft", err)
}

// SetCampaignState is one compare-and-set; it refuses what campaigns.State.May forbids. Faults conflict.campaign_state with the state found;
// not_found.campaign.
func (tx *Tx) SetCampaignState(ctx context.Context, id campaigns.CampaignID, from, to campaigns.State, by string, now time.Time) error {
	if from.May(to) {
		n, err := tx.run.exec(ctx, `UPDATE campaigns SET state = $3, state_at = $4, state_by = $5 WHERE id = $1 AND state = $2`,
			id, from, to, micros(now), by)
		if err != nil || n == 1 {
			return wrap("set campaign state", err)
		}
	}
	c, err := tx.Campaign(ctx, id)
	if err != nil {
		return err
	}
	return conflict("campaign_state", args{"state": string(c.State)})
}

// namesText is the names as a column has them; none is an empty object.
func namesText(names map[campaigns.Lang]string) string {
	if names == nil {
		return "{}"
	}
	return toJSON(names)
}
