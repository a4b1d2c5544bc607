package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// BudgetHold is a place in a member's budget, for a message that may be leaving.
type BudgetHold struct {
	Delivery campaigns.DeliveryID
	Member   campaigns.MemberID
	Until    time.Time
}

// budgetLock is the PostgreSQL advisory lock of those who count and hold: two parts with messages for one member would each see the other's place free.
const budgetLock = 0x6b72757a686f6b02

// BudgetsWait keeps others from holding places until the transaction ends. Of SQLite there is one writer at a time anyway.
func (tx *Tx) BudgetsWait(ctx context.Context) error {
	if !tx.dialect.postgres {
		return nil
	}
	_, err := tx.run.exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(budgetLock))
	return wrap("hold budgets", err)
}

// Spent returns the first parts of campaigns' messages that left after since, or may be leaving. Who was put off, or has another final state, gave its
// place back by that: nothing is written where outcomes are.
func (q queries) Spent(ctx context.Context, ids []campaigns.MemberID, since, now time.Time) (map[campaigns.MemberID][]decide.Spent, error) {
	out := map[campaigns.MemberID][]decide.Spent{}
	among := list(q.dialect, ids)
	_, err := many(ctx, q.run, func(r rows) (none struct{}, err error) {
		var id campaigns.MemberID
		var s decide.Spent
		var at, until *time.Time
		if err = r.Scan(&id, &s.Delivery, &s.Enrollment, &s.Kind, timesInto{&at}, timesInto{&until}); err != nil {
			return none, err
		}
		if at != nil {
			s.At = *at
		}
		if until != nil {
			s.Until = *until
		}
		out[id] = append(out[id], s)
		return none, nil
	}, `SELECT d.member_id, d.id, d.enrollment_id, c.kind, d.final_at, NULL FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id
			WHERE d.member_id`+q.dialect.among(1)+` AND d.kind = 'step' AND d.part = 0 AND d.state IN ('sent', 'unknown') AND d.final_at > $2
		UNION ALL SELECT h.member_id, d.id, d.enrollment_id, c.kind, NULL, h.until FROM budget_holds h JOIN deliveries d ON d.id = h.delivery_id JOIN campaigns c ON c.id = d.campaign_id
			WHERE h.member_id`+q.dialect.among(1)+` AND h.until > $3
			AND (d.state IN ('claimed', 'sending') OR d.state = 'pending' AND (d.due_at IS NULL OR d.due_at <= $3))`, among, micros(since), micros(now))
	return out, wrap("count messages", err)
}

// DueMessage is the first part of a campaign's message that is due.
type DueMessage struct {
	Member     campaigns.MemberID
	Delivery   campaigns.DeliveryID
	Enrollment campaigns.EnrollmentID
	Campaign   campaigns.CampaignID
	Version    int
	Channel    campaigns.Channel
	Address    string // empty: the member has none there
	Kind       definition.Kind
}

// DueFor returns what is due for the members, or claimed, of campaigns that run, and was not due already at since. What was put off until a moment of its own is due
// from then; of the rest, who only gave it back makes it no younger.
func (q queries) DueFor(ctx context.Context, ids []campaigns.MemberID, since, now time.Time) ([]DueMessage, error) {
	due, err := many(ctx, q.run, func(r rows) (d DueMessage, err error) {
		err = r.Scan(&d.Member, &d.Delivery, &d.Enrollment, &d.Campaign, &d.Version, &d.Channel, &d.Address, &d.Kind)
		return d, err
	}, `SELECT d.member_id, d.id, d.enrollment_id, d.campaign_id, d.version, d.channel, COALESCE(a.value, ''), c.kind
		FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id
		LEFT JOIN addresses a ON a.member_id = d.member_id AND a.channel = d.channel
		WHERE d.member_id`+q.dialect.among(1)+` AND d.kind = 'step' AND d.part = 0 AND d.state IN ('pending', 'claimed') AND c.state = 'running'
			AND CASE WHEN d.due_at IS NULL OR d.reason IN ('', 'rate_limited', 'temporary') THEN d.created_at ELSE d.due_at END > $2
			AND COALESCE(d.due_at, d.created_at) <= $3`, list(q.dialect, ids), micros(since), micros(now))
	return due, wrap("list due messages", err)
}

// BegunPassages are those of these enrollments that have sent a message, or may have.
func (q queries) BegunPassages(ctx context.Context, ids []campaigns.EnrollmentID) (map[campaigns.EnrollmentID]bool, error) {
	found, err := many(ctx, q.run, value[campaigns.EnrollmentID], `SELECT DISTINCT enrollment_id FROM deliveries
		WHERE enrollment_id`+q.dialect.among(1)+` AND kind = 'step' AND part = 0 AND state IN ('sent', 'unknown')`, list(q.dialect, ids))
	out := make(map[campaigns.EnrollmentID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, wrap("find passages that have begun", err)
}

var holdColumns = columns[BudgetHold]{
	ints("delivery_id", func(h BudgetHold) campaigns.DeliveryID { return h.Delivery }),
	ints("member_id", func(h BudgetHold) campaigns.MemberID { return h.Member }),
	times("until", func(h BudgetHold) time.Time { return h.Until }),
}

// HoldBudget holds places; one that is held already is held longer.
func (tx *Tx) HoldBudget(ctx context.Context, hs []BudgetHold) error {
	if len(hs) == 0 {
		return nil
	}
	return wrap("hold budget", holdColumns.append(ctx, tx.queries, "budget_holds", `ON CONFLICT (delivery_id) DO UPDATE SET until = excluded.until`, hs))
}

// DropHolds forgets at most limit places that have run out, and returns how many.
func (tx *Tx) DropHolds(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := tx.run.exec(ctx, `DELETE FROM budget_holds WHERE delivery_id IN (SELECT delivery_id FROM budget_holds WHERE until <= $1 ORDER BY until LIMIT $2`+
		tx.dialect.skipLocked()+`)`, micros(now), limit)
	return int(n), wrap("drop budget holds", err)
}

// HeldLane is where messages wait on their own: a campaign's bulk on a channel, or (campaign 0) the answers of a channel.
type HeldLane struct {
	Campaign campaigns.CampaignID
	Channel  campaigns.Channel
}

// HeldLanes are all where messages may wait.
func (q queries) HeldLanes(ctx context.Context) ([]HeldLane, error) {
	lanes, err := many(ctx, q.run, func(r rows) (l HeldLane, err error) {
		err = r.Scan(&l.Campaign, &l.Channel)
		return l, err
	}, `WITH ch AS (SELECT 'telegram' AS name UNION ALL SELECT 'email')
		SELECT 0, name FROM ch UNION ALL SELECT c.id, ch.name FROM campaigns c CROSS JOIN ch WHERE c.state IN ('running', 'paused')`)
	return lanes, wrap("list lanes", err)
}

// HeldByOthers finds at most limit messages that wait until since or later for a rule of the budget which is none of these, in order of the time at which they
// are due; last is that of the last.
func (q queries) HeldByOthers(ctx context.Context, l HeldLane, rules []string, since time.Time, limit int) (ids []campaigns.DeliveryID, last time.Time, err error) {
	lane, args := `lane = 'interactive'`, []any{l.Channel, micros(since), list(q.dialect, rules), limit}
	if l.Campaign != 0 {
		lane, args = `lane = 'bulk' AND campaign_id = $5`, append(args, l.Campaign)
	}
	ids, err = many(ctx, q.run, func(r rows) (id campaigns.DeliveryID, err error) {
		err = r.Scan(&id, timeInto{&last})
		return id, err
	}, `SELECT id, due_at FROM deliveries WHERE `+lane+` AND channel = $1 AND due_at IS NOT NULL AND due_at >= $2
		AND state = 'pending' AND reason = 'over_budget' AND claim_owner IS NULL AND NOT detail`+q.dialect.among(3)+` ORDER BY due_at LIMIT $4`, args...)
	return ids, last, wrap("find held messages", err)
}
