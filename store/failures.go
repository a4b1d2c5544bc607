package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// recentRows bounds what is looked through for failures: the newest rows, by id.
const recentRows = 100_000

// ourFault is what says of a message that it failed by our own fault and never left. state and reason stand in no index (a delivery is written twice in
// its life and no more), so it is looked for among the newest rows, as the pulse is.
const ourFault = `state = 'failed' AND reason IN ('render_failed', 'media_missing', 'stumbled')`

// newestFrom is the id of the oldest of the newest rows.
const newestFrom = `COALESCE((SELECT id FROM deliveries ORDER BY id DESC LIMIT 1 OFFSET $1), 0)`

// notElsewhere leaves out a message whose step reached its member, or is going to, on another channel.
const notElsewhere = `NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.enrollment_id = d.enrollment_id AND o.step = d.step AND o.visit = d.visit
	AND o.channel <> d.channel AND o.state IN ('pending', 'claimed', 'sending', 'sent', 'unknown'))`

// FailedKind is what messages that failed by our own fault have in common.
type FailedKind struct {
	Campaign campaigns.CampaignID // 0: replies of the bot
	Step     campaigns.StepID     // of a reply: its name
	Channel  campaigns.Channel
	Reason   campaigns.Reason
}

// FailedCount counts the messages of one kind.
type FailedCount struct {
	FailedKind
	Version     int // the newest of theirs
	N           int
	Member      campaigns.MemberID // one of them
	First, Last time.Time
}

// CountFailed counts the newest messages that failed by our own fault and that nobody got on another channel, the latest first.
func (q queries) CountFailed(ctx context.Context) ([]FailedCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c FailedCount, err error) {
		err = r.Scan(orZero(&c.Campaign), &c.Step, &c.Channel, &c.Reason, orZero(&c.Version), &c.N, &c.Member, timeInto{&c.First}, timeInto{&c.Last})
		return c, err
	}, `SELECT campaign_id, CASE WHEN kind = 'system' THEN name ELSE step END, channel, reason, max(version), count(*), min(member_id), min(final_at), max(final_at)
		FROM deliveries d WHERE id > `+newestFrom+` AND `+ourFault+` AND `+notElsewhere+`
		GROUP BY 1, 2, 3, 4 ORDER BY 9 DESC, 1, 2, 3, 4 LIMIT 200`, recentRows)
	return cs, wrap("count what failed by our fault", err)
}

// Failed lists the newest step messages of one kind by id, after the page's.
func (q queries) Failed(ctx context.Context, k FailedKind, p Page) ([]*Delivery, error) {
	ds, err := many(ctx, q.run, scanDelivery, `SELECT `+deliveryColumns.list("d.")+` FROM deliveries d WHERE id > `+newestFrom+` AND id > $2 AND kind = 'step'
		AND campaign_id = $3 AND step = $4 AND channel = $5 AND reason = $6 AND `+ourFault+` AND `+notElsewhere+` ORDER BY id LIMIT $7`,
		recentRows, p.After, k.Campaign, k.Step, k.Channel, k.Reason, p.limit())
	return ds, wrap("list what failed by our fault", err)
}

// SendAgain lets messages wait again that failed by our own fault, row by row and apart from bulk work, with params; returns how many do.
// No transition of the life cycle leads out of a final state: this is a person's act, and nothing of these messages had left.
func (tx *Tx) SendAgain(ctx context.Context, ids []campaigns.DeliveryID, params string, priority int, now, expires time.Time) (int, error) {
	ds, err := many(ctx, tx.run, scanDelivery, selectDelivery+` WHERE `+ourFault+` AND id`+tx.dialect.among(1)+tx.dialect.forUpdate(), list(tx.dialect, ids))
	if err != nil {
		return 0, wrap("lock failed deliveries", err)
	}
	for _, d := range ds {
		tx.countAgain(d)
	}
	n, err := tx.run.exec(ctx, `UPDATE deliveries SET state = 'pending', reason = '', code = '', detail = '', final_at = NULL, chunk_id = NULL, attempts = 0,
		lane = 'interactive', priority = $2, params = $3, due_at = $4, expires_at = $5 WHERE `+ourFault+` AND id`+tx.dialect.among(1),
		list(tx.dialect, ids), priority, params, micros(now), micros(expires))
	return int(n), wrap("let deliveries wait again", err)
}

// countAgain counts that a delivery is final no longer.
func (tx *Tx) countAgain(d *Delivery) {
	g := deliveryGroup{d.Campaign, d.Step, d.Channel, d.State, d.Reason}
	tally(&tx.counts.finals, finalGroup{d.Campaign, quarterOf(*d.FinalAt), d.State, d.Reason}, -1)
	if d.Campaign != 0 {
		tally(&tx.counts.deliveries, g, -1)
	}
	g.state, g.reason = campaigns.Pending, ""
	tx.countDelivery(g, 0)
}
