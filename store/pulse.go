package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// recentRows bounds what the pulse reads: the newest rows, by id. Times stand in no index (a delivery is written twice in its life and no more),
// so a busier installation sees fewer days rather than waits longer.
const recentRows = 100_000

// DeliveryCount counts deliveries that became final within one quarter of an hour.
type DeliveryCount struct {
	Campaign campaigns.CampaignID // 0: a reply
	State    campaigns.DeliveryState
	Reason   campaigns.Reason
	At       time.Time // the quarter's beginning
	N        int
}

// RecentDeliveries counts the newest deliveries that became final since.
func (q queries) RecentDeliveries(ctx context.Context, since time.Time) ([]DeliveryCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c DeliveryCount, err error) {
		var at int64
		err = r.Scan(orZero(&c.Campaign), &c.State, &c.Reason, &at, &c.N)
		c.At = fromMicros(at * quarter)
		return c, err
	}, `SELECT campaign_id, state, reason, final_at / $2, count(*) FROM (
			SELECT campaign_id, state, reason, final_at FROM deliveries ORDER BY id DESC LIMIT $3) AS d
		WHERE final_at >= $1 GROUP BY 1, 2, 3, 4 ORDER BY 4, 1, 2, 3`, micros(since), quarter, recentRows)
	return cs, wrap("count recent deliveries", err)
}

// TimeCount counts what happened within one quarter of an hour.
type TimeCount struct {
	At time.Time
	N  int
}

// RecentAnswers counts the newest answers since.
func (q queries) RecentAnswers(ctx context.Context, since time.Time) ([]TimeCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c TimeCount, err error) {
		var at int64
		err = r.Scan(&at, &c.N)
		c.At = fromMicros(at * quarter)
		return c, err
	}, `SELECT answered_at / $2, count(*) FROM (SELECT answered_at FROM responses ORDER BY id DESC LIMIT $3) AS r
		WHERE answered_at >= $1 GROUP BY 1 ORDER BY 1`, micros(since), quarter, recentRows)
	return cs, wrap("count recent answers", err)
}

// Attention is what waits for a person.
type Attention struct {
	Messages      int        // open, written by members on their own
	OldestMessage *time.Time // nil: none
	Dead          int        // inputs that could not be handled
	FailedMedia   int        // files whose content could not be had, of those that are the newest
	Members       int        // who are not erased
	StoppedSince  int        // of them, turned everything off since
}

// Attention counts what waits for a person, and who left since.
func (q queries) Attention(ctx context.Context, since time.Time) (Attention, error) {
	a, _, err := one(ctx, q.run, func(r rows) (a Attention, err error) {
		err = r.Scan(&a.Messages, timesInto{&a.OldestMessage}, &a.Dead, &a.FailedMedia, &a.Members, &a.StoppedSince)
		return a, err
	}, `SELECT (SELECT count(*) FROM messages WHERE state = 'open'), (SELECT min(at) FROM messages WHERE state = 'open'),
		(SELECT count(*) FROM inputs WHERE state = 'dead'),
		(SELECT count(*) FROM (SELECT state, created_at FROM media ORDER BY id DESC LIMIT 5000) AS m WHERE state = 'failed' AND created_at >= $1),
		(SELECT count(*) FROM members WHERE state = 'active'), (SELECT count(*) FROM members WHERE state = 'active' AND stopped_at >= $1)`, micros(since))
	return a, wrap("count what needs a person", err)
}
