package engine

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// asked is a condition as the store asks it of members.
func (e *Engine) asked(ctx context.Context, from source, c *definition.Condition, community *store.Community, now time.Time) (store.Asked, error) {
	a := store.Asked{Condition: c, Fallback: Fallback(community), Now: now}
	if !definition.NeedsOf(c, nil).Segments {
		return a, nil
	}
	var err error
	a.Segments, err = e.segmentsNow(ctx, from)
	return a, err
}

// before is what was with the members elsewhere.
func (e *Engine) before(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error) {
	if e.Before == nil {
		return nil, nil
	}
	return e.Before(ctx, ids, asked, now)
}

// asker is where a condition is asked of many members: the store, or a transaction.
type asker interface {
	AudienceUpTo(ctx context.Context, a store.Asked, after, last campaigns.MemberID, limit int) ([]campaigns.MemberID, error)
	AudienceAmong(ctx context.Context, a store.Asked, ids []campaigns.MemberID) ([]campaigns.MemberID, error)
	MemberFacts(ctx context.Context, ids []campaigns.MemberID, want store.FactsWanted) (map[campaigns.MemberID]*store.MemberFacts, error)
	Past(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error)
}

// audienceUpTo returns up to limit members between two for whom the condition holds, in order.
func (e *Engine) audienceUpTo(ctx context.Context, from asker, a store.Asked, after, last campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	if !e.goesBefore(a) {
		return from.AudienceUpTo(ctx, a, after, last, limit)
	}
	all, err := from.AudienceUpTo(ctx, ofEveryone(a), after, last, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	in, err := e.askEach(ctx, from, a, all)
	return in[:min(limit, len(in))], err
}

// audienceAmong keeps those of the members for whom the condition holds, in order.
func (e *Engine) audienceAmong(ctx context.Context, from asker, a store.Asked, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	if !e.goesBefore(a) {
		return from.AudienceAmong(ctx, a, ids)
	}
	all, err := from.AudienceAmong(ctx, ofEveryone(a), ids)
	if err != nil {
		return nil, err
	}
	return e.askEach(ctx, from, a, all)
}

// goesBefore reports whether the condition looks at what was with members elsewhere, of which the store has no rows.
func (e *Engine) goesBefore(a store.Asked) bool {
	return e.Before != nil && len(definition.NeedsOf(a.Condition, a.Segments).Past) > 0
}

func ofEveryone(a store.Asked) store.Asked {
	a.Condition = &definition.Condition{Everyone: true}
	return a
}

// askEach keeps those for whom the condition holds, asked of each by itself, with what was elsewhere. Few have any of that: a simulation's members.
func (e *Engine) askEach(ctx context.Context, from asker, a store.Asked, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	looksAt := definition.NeedsOf(a.Condition, a.Segments).Past
	facts, err := from.MemberFacts(ctx, ids, store.FactsWanted{Attributes: true, Tags: true})
	if err != nil {
		return nil, err
	}
	past, err := from.Past(ctx, ids, looksAt, a.Now)
	if err != nil {
		return nil, err
	}
	before, err := e.before(ctx, ids, looksAt, a.Now)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id campaigns.MemberID) bool {
		return facts[id] == nil || !a.Condition.Holds(factsAsked(a, facts[id], before[id].Then(past[id])))
	}), nil
}

// factsAsked are what the condition looks at of one member, as the store looks at it.
func factsAsked(a store.Asked, m *store.MemberFacts, past *definition.Past) definition.Facts {
	f := definition.Facts{
		Attributes: m.Attributes, Tags: m.Tags, Language: cmp.Or(m.Language, a.Fallback), Channels: map[campaigns.Channel]bool{}, Now: a.Now, Past: past, Segments: a.Segments,
	}
	for _, at := range m.Addresses {
		f.Channels[at.Channel] = at.Reach.Usable() && !at.Suppressed && at.Proof != members.Unconfirmed
	}
	return f
}
