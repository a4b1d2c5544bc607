package engine

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// Several messages of one member may want the last place in a budget at the same moment. The more important one has it, whichever is looked at first.

const (
	// rivalSpan is how long ago a more important message came due at most that others let go first: one that has not left by then is held up by something else.
	rivalSpan = time.Hour
	// rivalWait is when a message that let another go first looks for a place again.
	rivalWait = time.Minute
)

// rank is how important a version's messages are to the budget: more goes first.
func rank(l *live) int {
	switch l.def.Priority {
	case definition.PriorityHigh:
		return 2
	case definition.PriorityLow:
		return 0
	}
	return 1
}

// outranked reports whether a running campaign's messages are more important than one of these. Of most installations none are, and nobody looks for any.
func (e *Engine) outranked(ctx context.Context, asks []candidate) (bool, error) {
	least := slices.MinFunc(asks, func(a, b candidate) int { return rank(a.l) - rank(b.l) })
	states, err := e.campaignStates(ctx)
	if err != nil {
		return false, err
	}
	for id, c := range states {
		if c.State == campaigns.Running && e.rankOf(ctx, e.Store, id, c.LiveVersion) > rank(least.l) {
			return true, nil
		}
	}
	return false, nil
}

// rankOf is the rank of a version; of one that cannot be read nothing is sent.
func (e *Engine) rankOf(ctx context.Context, from source, id campaigns.CampaignID, version int) int {
	if version == 0 {
		return -1
	}
	l, err := e.version(ctx, from, id, version)
	if err != nil {
		return -1
	}
	return rank(l)
}

// rival is a message that is due, and may be more important.
type rival struct {
	decide.Spent
	rank int
}

type rivals map[campaigns.MemberID][]rival

// rivals are what is due for the members now, and could leave.
func (e *Engine) rivals(ctx context.Context, tx *store.Tx, cool cooldowns, ids []campaigns.MemberID, now time.Time) (rivals, error) {
	due, err := tx.DueFor(ctx, ids, now.Add(-rivalSpan), now)
	if err != nil {
		return nil, err
	}
	out := rivals{}
	for _, d := range due {
		if cool.stopped[d.Channel] || e.off(d.Channel) || cool.holds(d, now) {
			continue
		}
		s := decide.Spent{Delivery: d.Delivery, Enrollment: d.Enrollment, Kind: d.Kind, Until: now.Add(rivalWait)}
		out[d.Member] = append(out[d.Member], rival{s, e.rankOf(ctx, tx, d.Campaign, d.Version)})
	}
	return out, nil
}

// join adds, to what counts already, the messages that go before this one.
func (rs rivals) join(spent []decide.Spent, c candidate) []decide.Spent {
	out := spent
	for _, r := range rs[c.d.Member] {
		counts := func(s decide.Spent) bool { return s.Delivery == r.Delivery }
		if r.rank > rank(c.l) && r.Delivery != c.d.ID && !slices.ContainsFunc(spent, counts) {
			out = append(slices.Clip(out), r.Spent)
		}
	}
	return out
}

// budget says when the rules let the message leave, with those that go before it. One that would expire while it waits for others, though there is a place,
// does not wait: they may never take it.
func (rs rivals) budget(rules []decide.BudgetRule, w decide.Wish, spent []decide.Spent, c candidate, now time.Time) (time.Time, *decide.BudgetRule) {
	until, rule := decide.Budget(rules, w, rs.join(spent, c), now)
	if rule != nil && until.After(c.d.ExpiresAt) {
		return decide.Budget(rules, w, spent, now)
	}
	return until, rule
}

// holds reports whether the message's channel, chat or mail domain rests.
func (c cooldowns) holds(d store.DueMessage, now time.Time) bool {
	of := chatCooldown(&store.Delivery{Member: d.Member})
	if d.Channel == campaigns.Email {
		of = domainCooldown(domainOf(d.Address))
	}
	return c.by[string(d.Channel)].Until.After(now) || c.by[of].Until.After(now)
}

// drop forgets a message that has no place itself.
func (rs rivals) drop(d *store.Delivery) {
	if rs == nil {
		return
	}
	rs[d.Member] = slices.DeleteFunc(rs[d.Member], func(r rival) bool { return r.Delivery == d.ID })
}

// byRank sorts schedules that are due: what is written first is sent first.
func (e *Engine) byRank(ctx context.Context, due []store.Schedule) {
	slices.SortStableFunc(due, func(a, b store.Schedule) int {
		return e.rankOf(ctx, e.Store, b.Campaign, b.Version) - e.rankOf(ctx, e.Store, a.Campaign, a.Version)
	})
}
