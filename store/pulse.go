package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// DeliveryCount counts deliveries that became final within one quarter of an hour.
type DeliveryCount struct {
	Campaign campaigns.CampaignID // 0: a reply
	State    campaigns.DeliveryState
	Reason   campaigns.Reason
	At       time.Time // the quarter's beginning
	N        int
}

// RecentDeliveries counts the deliveries that became final since, of the last countedDays at most.
func (q queries) RecentDeliveries(ctx context.Context, since time.Time) ([]DeliveryCount, error) {
	ds, err := q.counts(ctx, countFinal, nil, quarterOf(since))
	cs := make([]DeliveryCount, len(ds))
	for i, d := range ds {
		cs[i].Campaign, cs[i].At, cs[i].N = d.campaign, fromQuarter(d.at), d.n
		if err := d.parts(&cs[i].State, &cs[i].Reason); err != nil {
			return nil, wrap("read recent deliveries", err)
		}
	}
	return cs, err
}

// TimeCount counts what happened within one quarter of an hour.
type TimeCount struct {
	At time.Time
	N  int
}

// RecentAnswers counts the answers since, of the last countedDays at most.
func (q queries) RecentAnswers(ctx context.Context, since time.Time) ([]TimeCount, error) {
	ds, err := q.counts(ctx, countAnswered, nil, quarterOf(since))
	cs := make([]TimeCount, len(ds))
	for i, d := range ds {
		cs[i] = TimeCount{fromQuarter(d.at), d.n}
	}
	return cs, err
}

// Attention is what waits for a person.
type Attention struct {
	Messages      int        // open, written by members on their own
	OldestMessage *time.Time // nil: none
	Dead          int        // inputs that could not be handled
	FailedMedia   int        // files whose content could not be had, of those that are the newest
	Unanswered    int        // calls of other systems that failed since
	Untold        int        // notices that did not reach the staff since
	Members       int        // who are not erased
	StoppedSince  int        // of them, turned everything off since
}

// Attention counts what waits for a person, and who left since.
func (q queries) Attention(ctx context.Context, since time.Time) (Attention, error) {
	a, _, err := one(ctx, q.run, func(r rows) (a Attention, err error) {
		err = r.Scan(&a.Messages, timesInto{&a.OldestMessage}, &a.Dead, &a.FailedMedia, &a.Untold, &a.Unanswered, &a.StoppedSince)
		return a, err
	}, `SELECT (SELECT count(*) FROM messages WHERE state = 'open'), (SELECT at FROM messages WHERE state = 'open' ORDER BY id LIMIT 1),
		(SELECT count(*) FROM inputs WHERE state = 'dead'),
		(SELECT count(*) FROM (SELECT state, created_at FROM media ORDER BY id DESC LIMIT 5000) AS m WHERE state = 'failed' AND created_at >= $1),
		(SELECT count(*) FROM (SELECT 1 AS x FROM notices WHERE state = 'failed' AND reason <> 'member_erased' AND created_at >= $1 LIMIT 10000) AS n),
		(SELECT count(*) FROM (SELECT 1 AS x FROM calls WHERE `+unanswered+` AND created_at >= $1 LIMIT 10000) AS c),
		(SELECT count(*) FROM members WHERE state = 'active' AND stopped_at >= $1)`, micros(since))
	if err != nil {
		return a, wrap("count what needs a person", err)
	}
	a.Members, err = q.CountMembers(ctx, MemberQuery{})
	return a, err
}
