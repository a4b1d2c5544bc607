// Package reports is the read side: what became of a campaign, of its messages and questions, and of one member.
//
// Nothing here writes. Every method asks the principal for the scope that the engine would ask for.
package reports

import (
	"context"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Reports reads. It is safe for concurrent use.
type Reports struct {
	// Now is the clock that spans of time in conditions are counted back from; New sets the real one. The demo's is virtual.
	Now func() time.Time

	store  *store.Store
	blobs  Blobs
	parsed sync.Map // published definitions by versionKey

	audiences *keep[audienceKey, Audience]
	firsts    *keep[campaigns.CampaignID, []store.GoalCount]
}

// New makes a Reports over the store; blobs may be nil where no files are kept.
func New(s *store.Store, blobs Blobs) *Reports {
	return &Reports{
		Now: time.Now, store: s, blobs: blobs,
		audiences: newKeep[audienceKey, Audience](), firsts: newKeep[campaigns.CampaignID, []store.GoalCount](),
	}
}

// campaign returns the campaign when the principal has the scope.
func (r *Reports) campaign(ctx context.Context, p engine.Principal, scope engine.Scope, key campaigns.Key) (*store.Campaign, error) {
	if err := p.Require(scope); err != nil {
		return nil, err
	}
	return r.store.CampaignByKey(ctx, key)
}

// parsedVersions bounds how many versions are read for the labels of options and the names of questions.
const parsedVersions = 10

// definitions returns the newest versions, the live one first.
func (r *Reports) definitions(ctx context.Context, c *store.Campaign) ([]*definition.Definition, error) {
	vs, err := r.store.Versions(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	var defs []*definition.Definition
	for _, v := range vs[:min(len(vs), parsedVersions)] {
		if v.Source == "" {
			if v, err = r.store.Version(ctx, c.ID, v.Number); err != nil {
				return nil, err
			}
		}
		if def, problems := definition.ParseStored([]byte(v.Source), definition.Format(v.Format)); len(problems) == 0 {
			defs = append(defs, def)
		}
	}
	return defs, nil
}

// externalIDs returns the members' external ids; members without one are absent.
func (r *Reports) externalIDs(ctx context.Context, ids []campaigns.MemberID) (map[campaigns.MemberID]string, error) {
	names := make(map[campaigns.MemberID]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	profiles, err := r.store.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, p := range profiles {
		names[id] = p.ExternalID
	}
	return names, nil
}

// reasonWords is the sentence of a reason; empty for none, and for one that has no words.
func reasonWords(lang string, reason campaigns.Reason) string {
	if reason == "" || !locale.Has("reason."+string(reason)) {
		return ""
	}
	return locale.T(lang, "reason."+string(reason), nil)
}
