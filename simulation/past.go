package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// pastOf reads what was with members of the live service, as far as conditions ask for it.
type pastOf func(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error)

// been tells of campaigns in which copied members were in the live service, so that the entry rule would not take them in when the days begin: the simulation shows
// the campaign to them all the same.
func (r *Result) been(ctx context.Context, plan *Plan, defs []*definition.Definition) (notes []string, err error) {
	var live []campaigns.MemberID
	for _, m := range plan.Members {
		if m.Live != 0 {
			live = append(live, m.Live)
		}
	}
	if plan.past == nil || len(live) == 0 {
		return nil, nil
	}
	for i, def := range defs {
		if def.Entry.Key != "" { // each object has a run of its own
			continue
		}
		known, err := plan.past(ctx, live, []*definition.Condition{{Subject: definition.SubjectEntered, Name: string(def.Key)}}, plan.Start)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, past := range known {
			if past != nil && slices.ContainsFunc(past.Passages[def.Key], func(p definition.Passage) bool { return holdsBack(def.Entry, p, plan.Start) }) {
				n++
			}
		}
		if n > 0 {
			notes = append(notes, locale.T(plan.Lang, "simulation.note.been", map[string]any{"n": n, "campaign": r.Campaigns[i].Name}))
		}
	}
	return notes, nil
}

// holdsBack reports whether the entry rule takes nobody in at the moment who had the passage.
func holdsBack(entry definition.Entry, p definition.Passage, at time.Time) bool {
	return entry.Reentry == definition.ReentryNever || p.Ended.IsZero() || at.Before(entry.After.Add(p.Ended, time.UTC))
}

// before is what was with the members whom those who are played are copies of. What happens to a copy adds to it.
func (s *stage) before(ctx context.Context, ids []campaigns.MemberID, asked []*definition.Condition, now time.Time) (map[campaigns.MemberID]*definition.Past, error) {
	live := make([]campaigns.MemberID, 0, len(ids))
	for _, id := range ids {
		if p := s.member[id]; p != nil && p.Live != 0 {
			live = append(live, p.Live)
		}
	}
	if len(live) == 0 {
		return nil, nil
	}
	known, err := s.plan.past(ctx, live, asked, now)
	if err != nil {
		return nil, err
	}
	out := make(map[campaigns.MemberID]*definition.Past, len(known))
	for _, id := range ids {
		if p := s.member[id]; p != nil {
			out[id] = known[p.Live]
		}
	}
	return out, nil
}
