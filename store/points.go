package store

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strconv"
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

var pointColumns = columns[Points]{
	ints("id", func(p Points) int64 { return p.ID }),
	ints("campaign_id", func(p Points) campaigns.CampaignID { return p.Campaign }),
	ints("enrollment_id", func(p Points) campaigns.EnrollmentID { return p.Enrollment }),
	ints("member_id", func(p Points) campaigns.MemberID { return p.Member }),
	texts("step", func(p Points) campaigns.StepID { return p.Step }),
	ints("visit", func(p Points) int { return p.Visit }),
	ints("round", func(p Points) int { return p.Round }),
	ints("points", func(p Points) int { return p.Points }),
	times("at", func(p Points) time.Time { return p.At }),
}

func scanPoints(r rows) (p Points, err error) {
	err = r.Scan(&p.ID, &p.Campaign, &p.Enrollment, &p.Member, &p.Step, &p.Visit, &p.Round, &p.Points, timeInto{&p.At})
	return p, err
}

// PointsOf lists what the member was given, by id.
func (q queries) PointsOf(ctx context.Context, member campaigns.MemberID, p Page) ([]Points, error) {
	w := q.filter("id > ", p.After)
	w.id("member_id = ", int64(member))
	ps, err := many(ctx, q.run, scanPoints, w.page(`SELECT `+pointColumns.list("")+` FROM points`, p), w.args...)
	return ps, wrap("list points", err)
}

// AddPoints writes entries; a visit that has one already keeps it. The transaction holds their members or their enrollments.
func (tx *Tx) AddPoints(ctx context.Context, ps ...Points) error {
	at, err := pointColumns.insert(ctx, tx.queries, "points", `ON CONFLICT (enrollment_id, step, visit) DO NOTHING`, ps)
	if err != nil {
		return wrap("add points", err)
	}
	of := map[campaigns.CampaignID][]campaigns.MemberID{}
	for _, i := range at {
		p := ps[i]
		tx.changed(p.Member)
		if !slices.Contains(of[p.Campaign], p.Member) {
			of[p.Campaign] = append(of[p.Campaign], p.Member)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(of)) {
		if err := tx.score(ctx, id, of[id]); err != nil {
			return err
		}
	}
	return nil
}

// score adds the ledger up for members, and counts who has how much.
func (tx *Tx) score(ctx context.Context, id campaigns.CampaignID, members []campaigns.MemberID) error {
	type score struct {
		member campaigns.MemberID
		total  int
	}
	scan := func(r rows) (s score, err error) {
		err = r.Scan(&s.member, &s.total)
		return s, err
	}
	among := list(tx.dialect, members)
	before, err := many(ctx, tx.run, scan, `SELECT member_id, total FROM scores WHERE campaign_id = $1 AND member_id`+tx.dialect.among(2), id, among)
	if err != nil {
		return wrap("read scores", err)
	}
	after, err := many(ctx, tx.run, scan, `INSERT INTO scores (campaign_id, member_id, total, last_at)
		SELECT campaign_id, member_id, CAST(SUM(points) AS BIGINT), MAX(at) FROM points WHERE campaign_id = $1 AND member_id`+tx.dialect.among(2)+` GROUP BY campaign_id, member_id ORDER BY member_id
		ON CONFLICT (campaign_id, member_id) DO UPDATE SET total = excluded.total, last_at = excluded.last_at RETURNING member_id, total`, id, among)
	if err != nil {
		return wrap("write scores", err)
	}
	for _, s := range before {
		tx.count(by(countScores, id, strconv.Itoa(s.total)), -1)
	}
	for _, s := range after {
		tx.count(by(countScores, id, strconv.Itoa(s.total)), 1)
	}
	return nil
}

// Place is one line of a campaign's standings.
type Place struct {
	Place  int // equal points share one: 1, 2, 2, 4
	Member campaigns.MemberID
	Points int
	At     time.Time // of the last award
}

// heights say how many members have how many points, the most first.
type heights []struct{ total, n int }

func (q queries) heights(ctx context.Context, id campaigns.CampaignID) (hs heights, err error) {
	ds, err := q.counts(ctx, countScores, []campaigns.CampaignID{id}, 0)
	hs = make(heights, len(ds))
	for i, d := range ds {
		var total string
		if err := d.parts(&total); err != nil {
			return nil, wrap("read scores", err)
		}
		if hs[i].total, err = strconv.Atoi(total); err != nil {
			return nil, wrap("read scores", err)
		}
		hs[i].n = d.n
	}
	slices.SortFunc(hs, func(a, b struct{ total, n int }) int { return cmp.Compare(b.total, a.total) })
	return hs, err
}

// above is how many have more points.
func (hs heights) above(total int) (n int) {
	for _, h := range hs {
		if h.total > total {
			n += h.n
		}
	}
	return n
}

// at is who has how many points after so many lines, and how many lines of them are left out.
func (hs heights) at(skip int) (total, left int) {
	for _, h := range hs {
		if skip < h.n {
			return h.total, skip
		}
		skip -= h.n
	}
	return math.MinInt64, 0
}

const selectScore = `SELECT member_id, total, last_at FROM scores WHERE campaign_id = $1`

func (hs heights) scanPlace(r rows) (p Place, err error) {
	err = r.Scan(&p.Member, &p.Points, timeInto{&p.At})
	p.Place = hs.above(p.Points) + 1
	return p, err
}

// Standings lists those who have points, the most first; within one place, who came to their points first. skip says how many lines to leave out.
func (q queries) Standings(ctx context.Context, id campaigns.CampaignID, skip, limit int) (ps []Place, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		hs, err := q.heights(ctx, id)
		if err != nil {
			return err
		}
		from, left := hs.at(skip)
		ps, err = many(ctx, q.run, hs.scanPlace, selectScore+` AND total <= $2 ORDER BY total DESC, last_at, member_id LIMIT $3 OFFSET $4`, id, from, limit, left)
		return err
	})
	return ps, wrap("read standings", err)
}

// Standing is one member's line, and false when they have no points.
func (q queries) Standing(ctx context.Context, id campaigns.CampaignID, member campaigns.MemberID) (p Place, ok bool, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		hs, err := q.heights(ctx, id)
		if err != nil {
			return err
		}
		p, ok, err = one(ctx, q.run, hs.scanPlace, selectScore+` AND member_id = $2`, id, member)
		return err
	})
	return p, ok, wrap("read standing", err)
}

// CountPlaces is how many members have points in the campaign.
func (q queries) CountPlaces(ctx context.Context, id campaigns.CampaignID) (int, error) {
	hs, err := q.heights(ctx, id)
	return hs.above(math.MinInt), err
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
