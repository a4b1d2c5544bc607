package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

type versionKey struct {
	campaign campaigns.CampaignID
	version  int
}

// live is the campaign's live definition, or its draft's before the first publication; nil when the draft has problems.
func (r *Reports) live(ctx context.Context, c *store.Campaign) (*definition.Definition, error) {
	if c.LiveVersion > 0 {
		return r.version(ctx, c.ID, c.LiveVersion)
	}
	def, problems := definition.Parse([]byte(c.Draft), definition.Format(c.DraftFormat))
	if len(problems) > 0 {
		return nil, nil
	}
	return def, nil
}

// version is a published definition. Its bytes never change, so it is parsed once. Nil: this binary's language has moved on from it.
func (r *Reports) version(ctx context.Context, id campaigns.CampaignID, number int) (*definition.Definition, error) {
	key := versionKey{id, number}
	if def, ok := r.parsed.Load(key); ok {
		return def.(*definition.Definition), nil
	}
	v, err := r.store.Version(ctx, id, number)
	if err != nil {
		return nil, err
	}
	def, problems := definition.ParseStored([]byte(v.Source), definition.Format(v.Format))
	if len(problems) > 0 {
		def = nil
	}
	r.parsed.Store(key, def) // also that there is none: finding that out takes as long
	return def, nil
}
