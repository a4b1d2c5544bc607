package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// Audience is for how many members a condition holds.
type Audience struct {
	Members   int       `json:"members" doc:"For whom the condition holds"`
	CountedAt time.Time `json:"counted_at" doc:"When they were counted: a count that took long is told again for a while, for ten minutes at most"`
}

// audienceKey names what was counted: a document, with the community's first language, and the state of all segments where it names one.
type audienceKey struct {
	document string
	fallback campaigns.Lang
	segments string
}

// Audience counts whom the draft would take in together, by its schedule or as present members of a segment. Scopes campaigns:read, members:read, and responses:read where it looks at answers. Fault conflict.no_audience where it takes nobody in so.
func (r *Reports) Audience(ctx context.Context, p engine.Principal, key campaigns.Key) (*Audience, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	def, problems := definition.Parse([]byte(c.Draft), definition.Format(c.DraftFormat))
	if len(problems) > 0 || def.Entry.Audience() == nil {
		return nil, fault.New(fault.Conflict, "conflict.no_audience", nil)
	}
	return r.count(ctx, p, definition.SourceHash([]byte(c.Draft)), def.Entry.Audience())
}

// Segment counts the members of a segment, whose document it is given: a saved one, or one that is yet to be. Scopes campaigns:read,
// members:read, and responses:read where it looks at answers.
func (r *Reports) Segment(ctx context.Context, p engine.Principal, d engine.Draft) (*Audience, error) {
	if err := p.Require(engine.CampaignsRead); err != nil {
		return nil, err
	}
	s, err := engine.ParseStoredSegment(d)
	if err != nil {
		return nil, err
	}
	return r.count(ctx, p, definition.SourceHash([]byte(d.Source)), &s.Who)
}

// count asks the condition of everybody, or tells the last count again.
func (r *Reports) count(ctx context.Context, p engine.Principal, document string, who *definition.Condition) (*Audience, error) {
	community, err := r.store.Community(ctx)
	if err != nil {
		return nil, err
	}
	fallback := engine.Fallback(community)
	segments, marks, err := r.segments(ctx, who)
	if err != nil {
		return nil, err
	}
	if err := p.RequireFor(who, segments); err != nil {
		return nil, err
	}
	told, err := r.audiences.tell(audienceKey{document, fallback, marks}, func() (Audience, error) {
		now := r.Now()
		n, err := r.store.CountAudience(ctx, store.Asked{Condition: who, Segments: segments, Fallback: fallback, Now: now})
		return Audience{n, now.UTC()}, err
	})
	if err != nil {
		return nil, err
	}
	return &told, nil
}

// segments are those that a condition may name, with a word for the state that all of them are in; none where it names none.
func (r *Reports) segments(ctx context.Context, c *definition.Condition) (definition.Segments, string, error) {
	if !definition.NeedsOf(c, nil).Segments {
		return nil, "", nil
	}
	rows, err := r.store.Segments(ctx)
	if err != nil {
		return nil, "", err
	}
	marks := ""
	for _, s := range rows {
		marks += fmt.Sprintf("%s %d %d\n", s.Key, s.Rev, s.CreatedAt.UnixMicro())
	}
	return engine.SegmentConditions(rows), marks, nil
}
