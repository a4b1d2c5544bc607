package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Points is one entry of the ledger: what one visit of an award step gave.
type Points struct {
	ID         int64
	Campaign   campaigns.CampaignID
	Enrollment campaigns.EnrollmentID
	Member     campaigns.MemberID
	Step       campaigns.StepID
	Visit      int
	Round      int // of the repeat around the step; 0 outside of one
	Points     int
	At         time.Time
}

// AddPoints writes an entry; a visit that has one already keeps it.
func (tx *Tx) AddPoints(ctx context.Context, p Points) error {
	n, err := tx.run.exec(ctx, `INSERT INTO points (id, campaign_id, enrollment_id, member_id, step, visit, round, points, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (enrollment_id, step, visit) DO NOTHING`,
		p.ID, p.Campaign, p.Enrollment, p.Member, p.Step, p.Visit, p.Round, p.Points, micros(p.At))
	if err != nil || n == 0 {
		return wrap("add points", err)
	}
	return tx.countScorer(ctx, p)
}

// Place is one line of a campaign's standings.
type Place struct {
	Place  int // equal points share one: 1, 2, 2, 4
	Member campaigns.MemberID
	Points int
	At     time.Time // of the last award
}

const standings = `SELECT place, member_id, total, last_at FROM (
	SELECT rank() OVER (ORDER BY total DESC) AS place, member_id, total, last_at FROM (
		SELECT member_id, CAST(SUM(points) AS BIGINT) AS total, MAX(at) AS last_at FROM points WHERE campaign_id = $1 GROUP BY member_id) AS t) AS p`

func scanPlace(r rows) (p Place, err error) {
	err = r.Scan(&p.Place, &p.Member, &p.Points, timeInto{&p.At})
	return p, err
}

// Standings lists those who have points, the most first; within one place, who came to their points first. skip says how many lines to leave out.
func (q queries) Standings(ctx context.Context, id campaigns.CampaignID, skip, limit int) ([]Place, error) {
	ps, err := many(ctx, q.run, scanPlace, standings+` ORDER BY total DESC, last_at, member_id LIMIT $2 OFFSET $3`, id, limit, skip)
	return ps, wrap("read standings", err)
}

// Standing is one member's line, and false when they have no points.
func (q queries) Standing(ctx context.Context, id campaigns.CampaignID, member campaigns.MemberID) (Place, bool, error) {
	p, ok, err := one(ctx, q.run, scanPlace, standings+` WHERE member_id = $2`, id, member)
	return p, ok, wrap("read standing", err)
}

// CountPlaces is how many members have points in the campaign.
func (q queries) CountPlaces(ctx context.Context, id campaigns.CampaignID) (int, error) {
	ds, err := q.counts(ctx, countScorers, []campaigns.CampaignID{id}, 0)
	n := 0
	for _, d := range ds {
		n += d.n
	}
	return n, err
}

// Round is one round of a member in which a question was answered in time.
type Round struct {
	Member  campaigns.MemberID
	Round   int
	Seconds int // recorded, as far as known
}

// RoundsAnswered lists the members' rounds in the campaign.
func (q queries) RoundsAnswered(ctx context.Context, id campaigns.CampaignID, ids []campaigns.MemberID) ([]Round, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rs, err := many(ctx, q.run, func(r rows) (x Round, err error) {
		err = r.Scan(&x.Member, &x.Round, &x.Seconds)
		return x, err
	}, `SELECT r.member_id, r.round, CAST(COALESCE(SUM(m.seconds), 0) AS BIGINT) FROM responses AS r LEFT JOIN media AS m ON m.input_id = r.input_id
		WHERE r.campaign_id = $1 AND r.round > 0 AND NOT r.late AND r.member_id`+q.dialect.among(2)+`
		GROUP BY r.member_id, r.round ORDER BY r.member_id, r.round`, id, list(q.dialect, ids))
	return rs, wrap("read rounds", err)
}

// LatestWith is the campaign, among those of the kind, that the member entered last; false when there is none.
func (q queries) LatestWith(ctx context.Context, id campaigns.MemberID, kind string) (campaigns.CampaignID, bool, error) {
	c, ok, err := one(ctx, q.run, value[campaigns.CampaignID], `SELECT e.campaign_id FROM enrollments AS e JOIN campaigns AS c ON c.id = e.campaign_id
		WHERE e.member_id = $1 AND c.kind = $2 ORDER BY e.id DESC LIMIT 1`, id, kind)
	return c, ok, wrap("find campaign", err)
}
