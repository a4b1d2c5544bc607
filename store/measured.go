package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Measured is a passage that was held out, or reached its goal.
type Measured struct {
	Enrollment campaigns.EnrollmentID
	Campaign   campaigns.CampaignID
	Version    int // by which it began
	HeldOut    bool
	ReachedAt  *time.Time // nil: not yet, or never
}

// GoalCount counts the passages that are alike.
type GoalCount struct {
	Began            int // the version by which they began
	Now              int // the version by which they go, or went to their end; of CountFirstGoals alone
	HeldOut, Reached bool
	N                int
}

var measuredColumns = columns[*Measured]{
	ints("enrollment_id", func(m *Measured) campaigns.EnrollmentID { return m.Enrollment }),
	ints("campaign_id", func(m *Measured) campaigns.CampaignID { return m.Campaign }),
	ints("version", func(m *Measured) int { return m.Version }),
	bools("held_out", func(m *Measured) bool { return m.HeldOut }),
	nullTimes("reached_at", func(m *Measured) *time.Time { return m.ReachedAt }),
}

// goalGroup is what measured passages are counted by.
type goalGroup struct {
	campaign         campaigns.CampaignID
	version          int
	heldOut, reached bool
}

func (g goalGroup) counter() counter {
	return by(countMeasured, g.campaign, g.version, g.heldOut, g.reached)
}

// Measure writes passages that are held out from now on, or have just reached their goal: each once.
func (tx *Tx) Measure(ctx context.Context, ms []*Measured) error {
	if len(ms) == 0 {
		return nil
	}
	err := measuredColumns.append(ctx, tx.queries, "measured", `ON CONFLICT (enrollment_id) DO UPDATE SET reached_at = excluded.reached_at`, ms)
	for _, m := range ms {
		g := goalGroup{m.Campaign, m.Version, m.HeldOut, m.ReachedAt != nil}
		tx.count(g, 1)
		if g.heldOut && g.reached {
			g.reached = false
			tx.count(g, -1)
		}
	}
	return wrap("write what is measured", err)
}

// CountGoals counts a campaign's measured passages. Those that were not held out and have not reached the goal have no row.
func (q queries) CountGoals(ctx context.Context, id campaigns.CampaignID) ([]GoalCount, error) {
	ds, err := q.counts(ctx, countMeasured, []campaigns.CampaignID{id}, 0)
	out := make([]GoalCount, len(ds))
	for i, d := range ds {
		if err := d.parts(&out[i].Began, &out[i].HeldOut, &out[i].Reached); err != nil {
			return nil, wrap("read goals", err)
		}
		out[i].N = d.n
	}
	return out, err
}

// measuredRows trusts the passage rather than the row: of one that was moved, a process of before 00019 has written the version of that moment.
func (q queries) measuredRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := goalGroup{campaign: id}
		err = r.Scan(&g.version, &g.heldOut, &g.reached, &d.n)
		d.counter = g.counter()
		return d, err
	}, `SELECT CASE WHEN e.began_in <> 0 THEN e.began_in ELSE g.version END, g.held_out, g.reached_at IS NOT NULL, count(*)
		FROM measured g LEFT JOIN enrollments e ON e.id = g.enrollment_id WHERE g.campaign_id = $1 GROUP BY 1, 2, 3`, id)
	return ds, wrap("count goals", err)
}

// CountFirstGoals counts the members who ever entered a campaign, each by their first passage, which most have no row of measured for. It looks at all of
// the campaign's passages. One that gave way to another when two members became one is not among them.
func (q queries) CountFirstGoals(ctx context.Context, id campaigns.CampaignID) (out []GoalCount, err error) {
	err = q.counting(ctx, func(q queries) (err error) {
		out, err = many(ctx, q.run, func(r rows) (n GoalCount, err error) {
			err = r.Scan(&n.Began, &n.Now, &n.HeldOut, &n.Reached, &n.N)
			return n, err
		}, `SELECT CASE WHEN e.began_in <> 0 THEN e.began_in ELSE e.version END, e.version, COALESCE(g.held_out, FALSE), g.reached_at IS NOT NULL, count(*)
			FROM (SELECT min(id) AS id FROM enrollments WHERE campaign_id = $1 AND reason <> $2 GROUP BY member_id) AS f
			JOIN enrollments e ON e.id = f.id LEFT JOIN measured g ON g.enrollment_id = e.id GROUP BY 1, 2, 3, 4`, id, campaigns.ExitMerged)
		return err
	})
	return out, wrap("count goals of first passages", err)
}

// LockEnded locks and returns the member's passages through the campaigns that are over and began since then, by id. One that gave way to another when two
// members became one is not among them.
func (tx *Tx) LockEnded(ctx context.Context, member campaigns.MemberID, ids []campaigns.CampaignID, since time.Time) ([]*Enrollment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return tx.lockEnrollments(ctx, ` WHERE member_id = $1 AND campaign_id`+tx.dialect.among(2)+` AND entered_at >= $3 AND state IN ('completed', 'exited')
		AND reason <> $4 ORDER BY id`+tx.dialect.forUpdate(), member, list(tx.dialect, ids), micros(since), campaigns.ExitMerged)
}
