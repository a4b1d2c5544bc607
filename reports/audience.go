package reports

import (
	"context"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// Audience is how many members a campaign's schedule would reach.
type Audience struct {
	Members   int       `json:"members" doc:"For whom the audience's condition holds"`
	CountedAt time.Time `json:"counted_at" doc:"When they were counted: a count that took long is told again for a while, for ten minutes at most"`
}

// Counts are told again for so many times as long as they took, and not for longer than maxAge: the rows are read for a hundredth of the time at most.
const (
	worth  = 100
	maxAge = 10 * time.Minute
)

// counted is a count that is kept. Whoever asks meanwhile waits for it, and does not count too.
type counted struct {
	sync.Mutex
	Audience
	until time.Time
}

// audienceKey names what was counted: a draft in one revision, with the community's first language.
type audienceKey struct {
	campaign campaigns.CampaignID
	rev      int64
	fallback campaigns.Lang
}

// Audience counts whom the draft's schedule would reach. Scope campaigns:read. Fault conflict.no_audience where the draft has no schedule.
func (r *Reports) Audience(ctx context.Context, p engine.Principal, key campaigns.Key) (*Audience, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	def, problems := definition.Parse([]byte(c.Draft), definition.Format(c.DraftFormat))
	if len(problems) > 0 || def.Entry.Schedule == nil {
		return nil, fault.New(fault.Conflict, "conflict.no_audience", nil)
	}
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	fallback := engine.Fallback(community)
	kept := r.audience(audienceKey{c.ID, c.DraftRev, fallback})
	kept.Lock()
	defer kept.Unlock()
	began := time.Now()
	if began.Before(kept.until) {
		return &Audience{kept.Members, kept.CountedAt}, nil
	}
	n, err := r.store.CountAudience(ctx, &def.Entry.Schedule.Audience, fallback)
	if err != nil {
		return nil, err
	}
	kept.Audience = Audience{n, began.UTC()}
	kept.until = began.Add(min(worth*time.Since(began), maxAge))
	return &Audience{n, began.UTC()}, nil
}

// maxAudiences bounds how many counts are kept.
const maxAudiences = 200

func (r *Reports) audience(key audienceKey) *counted {
	r.audiences.Lock()
	defer r.audiences.Unlock()
	if len(r.audiences.kept) >= maxAudiences {
		clear(r.audiences.kept)
	}
	if r.audiences.kept[key] == nil {
		r.audiences.kept[key] = &counted{}
	}
	return r.audiences.kept[key]
}
