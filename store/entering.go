package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Entry is how members enter a campaign together: every row is as Row but for its member, and due now.
type Entry struct {
	Row Enrollment
	// Ended lets those in again whose last run was over by then; nil: nobody enters twice.
	Ended *time.Time
}

// enterRows writes a row for each of the members whom the entry rule lets in: those who have no run, and where $8 is a time those whose last run had
// ended by then. The ids begin with $9.
const enterRows = `INSERT INTO enrollments (id, campaign_id, version, member_id, run_key, source, state, reason, step, visit, wait_kind, due_at, data, rev, entered_at, updated_at)
	SELECT $9 + k.n, $1, $2, k.id, $3, $4, $5, '', '', 0, '', $6, $7, 0, $6, $6 FROM {members} AS k
	WHERE NOT EXISTS (SELECT 1 FROM enrollments r WHERE r.campaign_id = $1 AND r.member_id = k.id AND r.run_key = $3
		AND ($8 IS NULL OR r.state IN ('active', 'waiting') OR r.ended_at IS NULL OR r.ended_at > $8)
		AND r.id = (SELECT max(l.id) FROM enrollments l WHERE l.campaign_id = $1 AND l.member_id = k.id AND l.run_key = $3){each})
	ON CONFLICT (campaign_id, member_id, run_key) WHERE state IN ('active', 'waiting') DO NOTHING`

// EnterTogether writes the rows in one statement, and returns how many there are: the others are inside, or may not enter (again).
func (tx *Tx) EnterTogether(ctx context.Context, e Entry, ids []campaigns.MemberID) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	first, err := tx.NextIDs(ctx, len(ids))
	if err != nil {
		return 0, err
	}
	members := tx.dialect.either(`(SELECT value AS id, key AS n FROM json_each($10))`, `(SELECT u.id, u.n - 1 AS n FROM unnest($10::bigint[]) WITH ORDINALITY AS u (id, n))`)
	text := tx.dialect.filled(enterRows, "{members}", members, "{each}", tx.dialect.perRow(), "$8 IS NULL", tx.dialect.either("$8 IS NULL", "$8::bigint IS NULL"))
	r := e.Row
	at := micros(r.EnteredAt)
	n, err := tx.run.exec(ctx, text, r.Campaign, r.Version, r.RunKey, r.Source, r.State, at, jsonText(r.Data), nullMicros(e.Ended), first, list(tx.dialect, ids))
	if err != nil || n == 0 {
		return 0, wrap("enter members", err)
	}
	tx.countStanding(r.standing(), int(n))
	return int(n), tx.countEnteredBetween(ctx, r.Campaign, first, first+int64(len(ids))-1)
}

func (tx *Tx) countEnteredBetween(ctx context.Context, id campaigns.CampaignID, first, last int64) error {
	ls, err := many(ctx, tx.run, scanLanguage, `SELECT m.language, count(*) FROM enrollments e JOIN members m ON m.id = e.member_id WHERE e.id BETWEEN $2 AND $3
		AND NOT EXISTS (SELECT 1 FROM enrollments o WHERE o.campaign_id = $1 AND o.member_id = e.member_id AND o.id < e.id`+tx.dialect.perRow()+`) GROUP BY m.language`, id, first, last)
	for _, l := range ls {
		tx.count(by(countEntered, id, l.Language), l.N)
	}
	return wrap("count who entered", err)
}

// MemberAfter is the n-th member after one, or the last of all: no more than n have to be looked at up to there. False when nobody comes after.
func (q queries) MemberAfter(ctx context.Context, after campaigns.MemberID, n int) (campaigns.MemberID, bool, error) {
	id, _, err := one(ctx, q.run, func(r rows) (id campaigns.MemberID, err error) {
		err = r.Scan(orZero(&id))
		return id, err
	}, `SELECT max(id) FROM (SELECT id FROM members WHERE id > $1 ORDER BY id LIMIT $2) AS m`, after, n)
	return id, id != 0, wrap("look for members", err)
}
