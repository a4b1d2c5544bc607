package store

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// AudienceAmong is Audience among some members.
func (q queries) AudienceAmong(ctx context.Context, a Asked, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	e := q.evaluator(a)
	e.args = append(e.args, list(q.dialect, ids))
	in, err := many(ctx, q.run, value[campaigns.MemberID],
		`SELECT m.id FROM members m WHERE m.id`+q.dialect.among(1)+` AND m.state = 'active' AND `+e.condition(a.Condition)+` ORDER BY m.id`, e.args...)
	return in, wrap("read audience", err)
}

// Listed lists up to limit members of the watch's segment, by id after one.
func (q queries) Listed(ctx context.Context, watch int64, after campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	return q.listed(ctx, watch, after, math.MaxInt64, limit)
}

// ListedUpTo lists those after one member and up to another.
func (q queries) ListedUpTo(ctx context.Context, watch int64, after, last campaigns.MemberID) ([]campaigns.MemberID, error) {
	return q.listed(ctx, watch, after, last, math.MaxInt32)
}

func (q queries) listed(ctx context.Context, watch int64, after, last campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	ids, err := many(ctx, q.run, value[campaigns.MemberID], `SELECT member_id FROM segment_members
		WHERE watch_id = $1 AND member_id > $2 AND member_id <= $3 ORDER BY member_id LIMIT $4`, watch, after, last, limit)
	return ids, wrap("list members of segment", err)
}

// ListedAmong lists which of the members are in the watch's segment.
func (q queries) ListedAmong(ctx context.Context, watch int64, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	in, err := many(ctx, q.run, value[campaigns.MemberID], `SELECT member_id FROM segment_members WHERE watch_id = $1 AND member_id`+q.dialect.among(2)+` ORDER BY member_id`,
		watch, list(q.dialect, ids))
	return in, wrap("list members of segment", err)
}

// CreatedAfter keeps those of the members, in order, who are newer than that.
func (q queries) CreatedAfter(ctx context.Context, ids []campaigns.MemberID, at time.Time) ([]campaigns.MemberID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	newer, err := many(ctx, q.run, value[campaigns.MemberID], `SELECT id FROM members WHERE id`+q.dialect.among(1)+` AND created_at > $2 ORDER BY id`,
		list(q.dialect, ids), micros(at))
	return newer, wrap("look for new members", err)
}

// RefusedUnaddressed keeps those of the members, in order, who are on the watch's list, and whom the campaign did not take in while they were, because they had no
// address: that was before.
func (q queries) RefusedUnaddressed(ctx context.Context, watch int64, campaign campaigns.CampaignID, ids []campaigns.MemberID, before time.Time) ([]campaigns.MemberID, error) {
	refused, err := many(ctx, q.run, value[campaigns.MemberID], `SELECT DISTINCT e.member_id FROM events e JOIN segment_members s ON s.watch_id = $1 AND s.member_id = e.member_id
		WHERE e.member_id`+q.dialect.among(2)+` AND e.campaign_id = $3 AND e.name = 'enrollment.refused' AND e.reason = 'no_address' AND e.at >= s.since AND e.at < $4
		AND NOT EXISTS (SELECT 1 FROM enrollments x WHERE x.member_id = e.member_id AND x.campaign_id = $3 AND x.entered_at >= e.at) ORDER BY e.member_id`,
		watch, list(q.dialect, ids), campaign, micros(before))
	return refused, wrap("look for who had no address", err)
}

// ListedSince says since when the member is listed; nil: they are not.
func (q queries) ListedSince(ctx context.Context, watch int64, id campaigns.MemberID) (*time.Time, error) {
	at, ok, err := one(ctx, q.run, func(r rows) (at time.Time, err error) {
		err = r.Scan(timeInto{&at})
		return at, err
	}, `SELECT since FROM segment_members WHERE watch_id = $1 AND member_id = $2`, watch, id)
	if err != nil || !ok {
		return nil, wrap("look for member of segment", err)
	}
	return &at, nil
}

// CountListed counts the members of the watch's segment.
func (q queries) CountListed(ctx context.Context, watch int64) (int, error) {
	n, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM segment_members WHERE watch_id = $1`, watch)
	return n, wrap("count members of segment", err)
}

// ListMembers lists members as the watch's, which the transaction holds. None of them is listed yet.
func (tx *Tx) ListMembers(ctx context.Context, watch int64, ids []campaigns.MemberID, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.run.exec(ctx, `INSERT INTO segment_members (watch_id, member_id, since) SELECT CAST($1 AS BIGINT), i.id, CAST($2 AS BIGINT) FROM `+tx.dialect.eachID(3),
		watch, micros(now), list(tx.dialect, ids))
	return wrap("list members of segment", err)
}

// UnlistMembers takes members off the watch's list.
func (tx *Tx) UnlistMembers(ctx context.Context, watch int64, ids []campaigns.MemberID) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.run.exec(ctx, `DELETE FROM segment_members WHERE watch_id = $1 AND member_id`+tx.dialect.among(2), watch, list(tx.dialect, ids))
	return wrap("take members off a segment's list", err)
}

// UnlistSome takes up to n off a list that nobody needs, and returns how many those were.
func (tx *Tx) UnlistSome(ctx context.Context, watch int64, n int) (int, error) {
	ids, err := tx.Listed(ctx, watch, 0, n)
	if err != nil {
		return 0, err
	}
	return len(ids), tx.UnlistMembers(ctx, watch, ids)
}

func sortedOnce(ids []campaigns.MemberID) []campaigns.MemberID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
