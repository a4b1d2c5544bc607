package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Entry is how members enter a campaign together: every row is as Row but for its member, and due now.
type Entry struct {
	Row Enrollment
	// Ended lets those in again whose last run was over by then; nil: nobody enters twice.
	Ended *time.Time
}

// enterRows writes a row for each of the members whom the entry rule lets in: {inside} finds those whom it does not. The ids begin with $8. The pluses keep
// planners from walking the whole campaign for each member.
const enterRows = `INSERT INTO enrollments (id, campaign_id, version, member_id, run_key, source, state, reason, step, visit, wait_kind, due_at, data, rev, entered_at, updated_at)
	SELECT $8 + k.n, $1, $2, k.id, $3, $4, $5, '', '', 0, '', $6, $7, 0, $6, $6 FROM {members} AS k
	WHERE NOT EXISTS (SELECT 1 FROM enrollments r WHERE r.member_id = k.id AND +r.campaign_id = $1 AND r.run_key = $3{inside}{each})
	ON CONFLICT (campaign_id, member_id, run_key) WHERE holds_place DO NOTHING`

// makeWay frees the places of those among {members} who may enter again.
const makeWay = `UPDATE enrollments SET holds_place = FALSE WHERE holds_place AND state IN ('completed', 'exited') AND ended_at <= $4
	AND run_key = $3 AND +campaign_id = $1 AND member_id`

// stillInside is added where one may enter again: the last run is not over, or has not been for long enough.
const stillInside = ` AND (r.state IN ('active', 'waiting') OR r.ended_at IS NULL OR r.ended_at > $10)
	AND r.id = (SELECT max(l.id) FROM enrollments l WHERE l.member_id = k.id AND +l.campaign_id = $1 AND l.run_key = $3)`

// EnterTogether writes the rows set by set, and returns how many there are: the others are inside, or may not enter (again).
func (tx *Tx) EnterTogether(ctx context.Context, e Entry, ids []campaigns.MemberID) (entered int, err error) {
	for some := range slices.Chunk(ids, idBlock) {
		n, err := tx.enterSome(ctx, e, some)
		if err != nil {
			return 0, err
		}
		entered += n
	}
	return entered, nil
}

func (tx *Tx) enterSome(ctx context.Context, e Entry, ids []campaigns.MemberID) (int, error) {
	first, err := tx.NextIDs(ctx, len(ids))
	if err != nil {
		return 0, err
	}
	members := tx.dialect.either(`(SELECT value AS id, key AS n FROM json_each($9))`, `(SELECT u.id, u.n - 1 AS n FROM unnest($9::bigint[]) WITH ORDINALITY AS u (id, n))`)
	r := e.Row
	args := []any{r.Campaign, r.Version, r.RunKey, r.Source, r.State, micros(r.EnteredAt), jsonText(r.Data), first, list(tx.dialect, ids)}
	inside := ""
	if e.Ended != nil {
		if _, err := tx.run.exec(ctx, makeWay+tx.dialect.among(2), r.Campaign, list(tx.dialect, ids), r.RunKey, micros(*e.Ended)); err != nil {
			return 0, wrap("make way", err)
		}
		inside, args = stillInside, append(args, micros(*e.Ended))
	}
	n, err := tx.run.exec(ctx, strings.NewReplacer("{members}", members, "{inside}", inside, "{each}", tx.dialect.perRow()).Replace(enterRows), args...)
	if err != nil || n == 0 {
		return 0, wrap("enter members", err)
	}
	tx.countStanding(r.standing(), int(n))
	return int(n), tx.countEnteredBetween(ctx, r.Campaign, first, first+int64(len(ids))-1)
}

// countEnteredBetween counts, by language, those of the written rows that are their member's first in the campaign.
func (tx *Tx) countEnteredBetween(ctx context.Context, id campaigns.CampaignID, first, last int64) error {
	ls, err := many(ctx, tx.run, scanLanguage, `SELECT m.language, count(*) FROM enrollments e JOIN members m ON m.id = e.member_id WHERE e.id BETWEEN $2 AND $3
		AND NOT EXISTS (SELECT 1 FROM enrollments o WHERE o.member_id = e.member_id AND +o.campaign_id = $1 AND o.id < e.id`+tx.dialect.perRow()+`) GROUP BY m.language`, id, first, last)
	for _, l := range ls {
		tx.count(by(countEntered, id, l.Language), l.N)
	}
	return wrap("count who entered", err)
}

// EverInside tells who of the members, in order of their ids, ever entered the campaign, however that ended: one of a member's runs always holds the place,
// so that the index of places tells it in one go.
func (tx *Tx) EverInside(ctx context.Context, id campaigns.CampaignID, ids []campaigns.MemberID) (map[campaigns.MemberID]bool, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var known []campaigns.MemberID
	err := tx.inIndexOrder(ctx, func() (err error) { // another index begins with the campaign too: it has another order
		known, err = many(ctx, tx.run, value[campaigns.MemberID], `SELECT member_id FROM enrollments
			WHERE campaign_id = $1 AND member_id >= $2 AND member_id <= $3 AND holds_place ORDER BY campaign_id, member_id, run_key`, id, ids[0], ids[len(ids)-1])
		return err
	})
	inside := make(map[campaigns.MemberID]bool, len(known))
	for _, m := range known {
		inside[m] = true
	}
	ever := map[campaigns.MemberID]bool{}
	for _, m := range ids {
		if inside[m] {
			ever[m] = true
		}
	}
	return ever, wrap("look for earlier runs", err)
}

// enteredGroup is what members are counted by who entered a campaign for the first time.
type enteredGroup struct {
	campaign campaigns.CampaignID
	language campaigns.Lang
}

// MakeWay frees the places of runs that are over, before their members enter again.
func (tx *Tx) MakeWay(ctx context.Context, ids []campaigns.EnrollmentID) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.run.exec(ctx, `UPDATE enrollments SET holds_place = FALSE WHERE state IN ('completed', 'exited') AND id`+tx.dialect.among(1), list(tx.dialect, ids))
	return wrap("make way", err)
}

// EnterAs writes new rows (ID 0 is filled in) of members of whom it is known who enters for the first time, and in which language they are counted. Not ok:
// another run holds the place of one of them, and nothing of the transaction can be committed.
func (tx *Tx) EnterAs(ctx context.Context, es []*Enrollment, first map[campaigns.MemberID]campaigns.Lang) (ok bool, err error) {
	for _, some := range byKind(es, func(e *Enrollment) campaigns.EnrollmentState { return e.State }) {
		if _, err := tx.insertEnrollments(ctx, some, ""); taken(err) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	entered := map[enteredGroup]int{}
	for _, e := range es {
		if language, ok := first[e.Member]; ok {
			entered[enteredGroup{e.Campaign, language}]++
		}
	}
	for g, n := range entered {
		tx.count(by(countEntered, g.campaign, g.language), n)
	}
	return true, nil
}

// MemberAfter is the n-th member after one, or the last of all: no more than n have to be looked at up to there. False when nobody comes after.
func (q queries) MemberAfter(ctx context.Context, after campaigns.MemberID, n int) (campaigns.MemberID, bool, error) {
	id, _, err := one(ctx, q.run, func(r rows) (id campaigns.MemberID, err error) {
		err = r.Scan(orZero(&id))
		return id, err
	}, `SELECT max(id) FROM (SELECT id FROM members WHERE id > $1 ORDER BY id LIMIT $2) AS m`, after, n)
	return id, id != 0, wrap("look for members", err)
}
