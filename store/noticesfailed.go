package store

import (
	"context"
	"time"
)

// untold is what a person can do something about: who was erased is named to nobody.
const untold = `state = 'failed' AND reason <> 'member_erased'`

// CountUntold counts the newest notices that did not reach the staff, the latest first. An empty channel: none was set up.
func (q queries) CountUntold(ctx context.Context) ([]FailedCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c FailedCount, err error) {
		err = r.Scan(&c.Campaign, &c.Step, &c.Channel, &c.Reason, &c.Version, &c.N, &c.Member, timeInto{&c.First}, timeInto{&c.Last})
		return c, err
	}, `SELECT campaign_id, step, channel, reason, max(version), count(*), min(member_id), min(created_at), max(created_at)
		FROM (SELECT campaign_id, step, channel, reason, version, member_id, created_at FROM notices WHERE `+untold+` ORDER BY created_at DESC LIMIT 10000) AS n
		GROUP BY 1, 2, 3, 4 ORDER BY 9 DESC, 1, 2, 3, 4 LIMIT 200`)
	return cs, wrap("count what the staff was not told", err)
}

// Untold lists those of one kind by id, after the page's.
func (q queries) Untold(ctx context.Context, k FailedKind, p Page) ([]*Notice, error) {
	ns, err := many(ctx, q.run, scanNotice, `SELECT `+noticeColumns.list("")+` FROM notices WHERE id > $1 AND campaign_id = $2 AND step = $3 AND channel = $4 AND reason = $5 AND `+untold+`
		ORDER BY id LIMIT $6`, p.After, k.Campaign, k.Step, k.Channel, k.Reason, p.limit())
	return ns, wrap("list what the staff was not told", err)
}

// TellAgain lets notices that failed wait again, as if they were new, and returns how many do. A person asks for it.
func (tx *Tx) TellAgain(ctx context.Context, ids []int64, now time.Time) (int, error) {
	n, err := tx.run.exec(ctx, `UPDATE notices SET state = 'pending', reason = '', tries = 0, due_at = $2 WHERE `+untold+` AND id`+tx.dialect.among(1), list(tx.dialect, ids), micros(now))
	return int(n), wrap("let notices wait again", err)
}

// DropUntold removes notices that failed and that others stand for now, and returns how many.
func (tx *Tx) DropUntold(ctx context.Context, ids []int64) (int, error) {
	n, err := tx.run.exec(ctx, `DELETE FROM notices WHERE `+untold+` AND id`+tx.dialect.among(1), list(tx.dialect, ids))
	return int(n), wrap("drop notices", err)
}
