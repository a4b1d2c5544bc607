package reports

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// Listening is what is known of a segment whose members are listed, because an open campaign takes in who comes into it.
type Listening struct {
	watch int64
	// AsOf is when everybody was asked last; nil: the first time, or the first since the segment was changed, is under way.
	AsOf *time.Time
}

// Listening are the segments that campaigns listen to. Scope campaigns:read, or campaigns:write: it is told of what was just written, too.
func (r *Reports) Listening(ctx context.Context, p engine.Principal) (map[campaigns.Key]Listening, error) {
	if err := p.Require(engine.CampaignsRead); err != nil && p.Require(engine.CampaignsWrite) != nil {
		return nil, err
	}
	ws, err := r.store.Watches(ctx)
	if err != nil || len(ws) == 0 {
		return nil, err
	}
	rows, err := r.store.Segments(ctx)
	if err != nil {
		return nil, err
	}
	var changed time.Time // of any: segments name each other
	for _, s := range rows {
		if s.UpdatedAt.After(changed) {
			changed = s.UpdatedAt
		}
	}
	out := map[campaigns.Key]Listening{}
	for _, w := range ws {
		if w.EndedAt == nil {
			out[w.Segment] = listening(w, changed)
		}
	}
	return out, nil
}

func listening(w *store.Watch, changed time.Time) Listening {
	l := Listening{watch: w.ID}
	if w.AsOf != nil && !w.AsOf.Before(changed) {
		l.AsOf = w.AsOf
	}
	return l
}

// SavedSegment counts the members of a saved segment, whose document it is given: those on its list, where there is one. Scopes as for Segment.
func (r *Reports) SavedSegment(ctx context.Context, p engine.Principal, key campaigns.Key, d engine.Draft) (*Audience, error) {
	all, err := r.Listening(ctx, p)
	if err != nil {
		return nil, err
	}
	l := all[key]
	if l.AsOf == nil {
		return r.Segment(ctx, p, d)
	}
	s, err := engine.ParseStoredSegment(d)
	if err != nil {
		return nil, err
	}
	segments, _, err := r.segments(ctx, &s.Who)
	if err != nil {
		return nil, err
	}
	if err := p.RequireFor(&s.Who, segments); err != nil {
		return nil, err
	}
	n, err := r.store.CountListed(ctx, l.watch)
	return &Audience{n, *l.AsOf}, err
}
