package engine

import (
	"context"
	"fmt"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// Sample returns members with all that deciding and sending look at, to be played elsewhere: those with the external ids, or, without ids, the first n of those
// for whom the condition holds (nil: for everybody). Scope members:read, and responses:read where the condition looks at answers. Fault invalid.simulation names each id that is nobody's.
func (e *Engine) Sample(ctx context.Context, p Principal, externalIDs []string, among *definition.Condition, n int) ([]*MemberView, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	var ids []campaigns.MemberID
	var err error
	if len(externalIDs) > 0 {
		ids, err = e.named(ctx, externalIDs)
	} else {
		ids, err = e.some(ctx, p, among, n)
	}
	if err != nil {
		return nil, err
	}
	profiles, err := e.Store.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []*MemberView
	for _, id := range ids {
		if p := profiles[id]; p != nil {
			out = append(out, &MemberView{*p})
		}
	}
	return out, nil
}

func (e *Engine) named(ctx context.Context, externalIDs []string) (ids []campaigns.MemberID, err error) {
	known, err := e.Store.MemberIDsByExternalID(ctx, externalIDs)
	if err != nil {
		return nil, err
	}
	var wrong []fault.Detail
	seen := map[campaigns.MemberID]bool{}
	for i, x := range externalIDs {
		id, ok := known[x]
		if !ok {
			wrong = append(wrong, fault.Detail{Path: fmt.Sprintf("members.external_ids[%d]", i), Code: "unknown_member"})
		} else if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(wrong) > 0 {
		return nil, fault.New(fault.Invalid, "invalid.simulation", nil).With(wrong...)
	}
	return ids, nil
}

func (e *Engine) some(ctx context.Context, p Principal, among *definition.Condition, n int) ([]campaigns.MemberID, error) {
	c, err := e.community(ctx, e.Store)
	if err != nil {
		return nil, err
	}
	if among == nil {
		among = &definition.Condition{Everyone: true}
	}
	asked, err := e.asked(ctx, e.Store, among, c, e.now())
	if err != nil {
		return nil, err
	}
	if err := p.RequireFor(among, asked.Segments); err != nil {
		return nil, err
	}
	return e.Store.Audience(ctx, asked, 0, n)
}
