package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Count is one line of a grouped count; unused fields are empty.
type Count struct {
	Version int
	State   string
	Reason  string
	Step    string
	Visit   int
	Channel string
	Wait    string
	N       int
}

// CountEnrollments groups a campaign's enrollments by version, state, reason and, for those inside, step and wait kind.
func (q queries) CountEnrollments(ctx context.Context, id campaigns.CampaignID) ([]Count, error) {
	ps, err := q.CountPaths(ctx, id)
	n := map[Count]int{}
	for _, p := range ps {
		c := Count{Version: p.Version, State: string(p.State), Reason: string(p.Reason)}
		if !p.State.Final() {
			c.Step, c.Wait = string(p.Step), string(p.Wait)
		}
		n[c] += p.N
	}
	return inOrder(n, func(c Count) []string {
		return []string{fmt.Sprintf("%9d", c.Version), c.State, c.Reason, c.Step, c.Wait}
	}), err
}

// CountDeliveries groups a campaign's deliveries by step, channel, state and reason. What is claimed or about to be sent is pending.
func (q queries) CountDeliveries(ctx context.Context, id campaigns.CampaignID) ([]Count, error) {
	ds, err := q.counts(ctx, countDeliveries, []campaigns.CampaignID{id}, 0)
	n := map[Count]int{}
	for _, d := range ds {
		var c Count
		if err := d.parts(&c.Step, &c.Channel, &c.State, &c.Reason); err != nil {
			return nil, wrap("read deliveries", err)
		}
		n[c] += d.n
	}
	return inOrder(n, func(c Count) []string { return []string{c.Step, c.Channel, c.State, c.Reason} }), err
}

func inOrder(n map[Count]int, order func(Count) []string) []Count {
	cs := make([]Count, 0, len(n))
	for c, n := range n {
		c.N = n
		cs = append(cs, c)
	}
	slices.SortFunc(cs, func(a, b Count) int {
		return slices.Compare(order(a), order(b))
	})
	return cs
}

// AnswerCount is one line of a question's summary.
type AnswerCount struct {
	Question string
	Type     campaigns.QuestionType
	Choice   string   // choice, yes_no
	Number   *float64 // scale, nps, csat, number
	Late     bool
	N        int
}

// CountAnswers groups a campaign's responses by question, type, choice and number. Texts, dates and lists are counted without their values.
func (q queries) CountAnswers(ctx context.Context, id campaigns.CampaignID) ([]AnswerCount, error) {
	return q.answerCounts(ctx, countAnswers, id, func(d delta, c *AnswerCount) error {
		return d.parts(&c.Question, &c.Type, &c.Choice, &c.Number, &c.Late)
	})
}

// CountChoices counts each value of the campaign's answers to questions with several answers.
func (q queries) CountChoices(ctx context.Context, id campaigns.CampaignID) ([]AnswerCount, error) {
	return q.answerCounts(ctx, countChoices, id, func(d delta, c *AnswerCount) error {
		return d.parts(&c.Question, &c.Type, &c.Choice, &c.Late)
	})
}

func (q queries) answerCounts(ctx context.Context, kind counterKind, id campaigns.CampaignID, read func(delta, *AnswerCount) error) ([]AnswerCount, error) {
	ds, err := q.counts(ctx, kind, []campaigns.CampaignID{id}, 0)
	cs := make([]AnswerCount, len(ds))
	for i, d := range ds {
		cs[i].N = d.n
		if err := read(d, &cs[i]); err != nil {
			return nil, wrap("read answers", err)
		}
	}
	slices.SortFunc(cs, func(a, b AnswerCount) int {
		return cmp.Or(cmp.Compare(a.Question, b.Question), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Choice, b.Choice), compareNumbers(a.Number, b.Number))
	})
	return cs, err
}

func compareNumbers(a, b *float64) int {
	if a == nil || b == nil {
		return 0
	}
	return cmp.Compare(*a, *b)
}

// Backlog is what waits, for metrics and readiness.
type Backlog struct {
	StoredInputs, DeadInputs, PendingDeliveries, OpenChunks int
}

// Backlog counts what waits.
func (q queries) Backlog(ctx context.Context) (Backlog, error) {
	b, _, err := one(ctx, q.run, func(r rows) (b Backlog, err error) {
		err = r.Scan(&b.StoredInputs, &b.DeadInputs, &b.PendingDeliveries, &b.OpenChunks)
		return b, err
	}, `SELECT (SELECT count(*) FROM inputs WHERE state = 'stored'),
		(SELECT count(*) FROM inputs WHERE state = 'dead'),
		(SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL AND lane = 'interactive' AND state = 'pending')
			+ (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL AND lane = 'bulk' AND state = 'pending')
			+ (SELECT CAST(COALESCE(sum(left_n), 0) AS BIGINT) FROM chunks WHERE left_n > 0),
		(SELECT count(*) FROM chunks WHERE left_n > 0)`)
	return b, wrap("count backlog", err)
}
