package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// countedDays is how far back what is counted by time is kept: as far as pages look.
const countedDays = 15

// rowCounts says how each kind is counted from the rows: what the counters must come to.
var rowCounts = map[counterKind]func(queries, context.Context, campaigns.CampaignID) ([]delta, error){
	countPaths: queries.pathRows, countBegan: queries.beganRows, countComing: queries.comingRows, countDeliveries: queries.deliveryRows, countFinal: queries.finalRows,
	countAnswers: queries.answerRows, countChoices: queries.choiceRows, countAnswered: queries.answeredRows, countMeasured: queries.measuredRows,
	countAnswerers: memberRows(countAnswerers), countRounds: memberRows(countRounds), countScores: memberRows(countScores),
	countEntered: memberRows(countEntered), countMembers: memberRows(countMembers), countAddresses: memberRows(countAddresses),
}

// counts reads the counters of a kind, of a campaign or of each of many; a campaign that has not been counted yet is counted from its rows.
func (q queries) counts(ctx context.Context, kind counterKind, ids []campaigns.CampaignID, from int64) (ds []delta, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		if ds, err = q.counted(ctx, kind, ids, from); err != nil {
			return err
		}
		fresh, err := q.uncounted(ctx, ids)
		for _, id := range fresh {
			of, err := rowCounts[kind](q, ctx, id)
			if err != nil {
				return err
			}
			ds = append(withoutCampaign(ds, id), since(of, from)...)
		}
		return err
	})
	return ds, err
}

func withoutCampaign(ds []delta, id campaigns.CampaignID) (out []delta) {
	for _, d := range ds {
		if d.campaign != id {
			out = append(out, d)
		}
	}
	return out
}

func since(ds []delta, from int64) (out []delta) {
	for _, d := range ds {
		if d.at >= from {
			out = append(out, d)
		}
	}
	return out
}

// uncounted are those of the campaigns (nil: of all) that were there before there were counters.
func (q queries) uncounted(ctx context.Context, ids []campaigns.CampaignID) ([]campaigns.CampaignID, error) {
	w := &filter{dialect: q.dialect}
	w.add("at IS NULL")
	if ids != nil {
		w.add("campaign_id" + q.dialect.among(w.param(list(q.dialect, ids))))
	}
	fresh, err := many(ctx, q.run, value[campaigns.CampaignID], `SELECT campaign_id FROM recounts`+w.where(), w.args...)
	return fresh, wrap("list uncounted campaigns", err)
}

// NextRecount is the campaign whose counters were not compared with its rows since, those that never were first; false when there is none. 0 is what is no campaign's.
func (s *Store) NextRecount(ctx context.Context, before time.Time) (campaigns.CampaignID, bool, error) {
	id, ok, err := one(ctx, s.run, value[campaigns.CampaignID], `SELECT id FROM (SELECT id FROM campaigns UNION ALL SELECT 0) AS c LEFT JOIN recounts r ON r.campaign_id = c.id
		WHERE r.at IS NULL OR r.at < $1 ORDER BY COALESCE(r.at, 0), id LIMIT 1`, micros(before))
	return id, ok, wrap("look for recounts", err)
}

// Recount compares the counters of a campaign (0: of what is no campaign's) with its rows and sets right what differs: it returns how many were off. Both
// are read in one snapshot, and what differs is appended like any other change, so nobody waits meanwhile. fresh: it had never been counted. Before that it notes
// where passages began that a process moved which noted nothing.
func (s *Store) Recount(ctx context.Context, id campaigns.CampaignID, now time.Time) (off int, fresh bool, err error) {
	if err := s.fillBegan(ctx, id); err != nil {
		return 0, false, err
	}
	var differ map[countable]int
	err = s.snapshot(ctx, func(q queries) error {
		uncounted, err := q.uncounted(ctx, []campaigns.CampaignID{id})
		if err != nil {
			return err
		}
		fresh = len(uncounted) > 0
		differ, err = q.differences(ctx, id, quarterOf(now.AddDate(0, 0, -countedDays)))
		return err
	})
	if err != nil {
		return 0, fresh, err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		for c, n := range differ {
			tx.count(c, n)
		}
		_, err := tx.run.exec(ctx, `INSERT INTO recounts (campaign_id, at) VALUES ($1, $2) ON CONFLICT (campaign_id) DO UPDATE SET at = excluded.at`, id, micros(now))
		return err
	})
	return len(differ), fresh, wrap("recount", err)
}

// differences is what rows say less what counters say, where that is not nothing.
func (q queries) differences(ctx context.Context, id campaigns.CampaignID, from int64) (map[countable]int, error) {
	differ := map[countable]int{}
	for kind, count := range rowCounts {
		rows, err := count(q, ctx, id)
		if err != nil {
			return nil, err
		}
		counters, err := q.counted(ctx, kind, []campaigns.CampaignID{id}, 0)
		if err != nil {
			return nil, err
		}
		for _, d := range rows {
			differ[d.counter] += d.n
		}
		for _, d := range counters {
			differ[d.counter] -= d.n
		}
	}
	for c, n := range differ {
		if at := c.counter().at; n == 0 || at != 0 && at < from {
			delete(differ, c)
		}
	}
	return differ, nil
}

func (q queries) beganRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := beganGroup{campaign: id}
		err = r.Scan(&g.began, &g.version, &d.n)
		d.counter = g.counter()
		return d, err
	}, `SELECT began_in, version, count(*) FROM enrollments WHERE campaign_id = $1 AND began_in <> 0 GROUP BY 1, 2`, id)
	return ds, wrap("count who was moved", err)
}

func (q queries) comingRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		var version int
		var step string
		err = r.Scan(&version, &step, &d.at, &d.n)
		d.kind, d.campaign, d.key = countComing, id, keyOf(version, step)
		return d, err
	}, `SELECT version, step, due_at / $2, count(*) FROM enrollments WHERE campaign_id = $1 AND wait_kind = 'time' AND due_at IS NOT NULL
		GROUP BY version, step, due_at / $2`, id, quarter)
	return ds, wrap("count what comes", err)
}

func (q queries) deliveryRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := deliveryGroup{campaign: id}
		err = r.Scan(&g.step, &g.channel, &g.state, &g.reason, &d.n)
		d.counter = g.counter()
		return d, err
	}, `SELECT step, channel, CASE WHEN state IN ('claimed', 'sending') THEN 'pending' ELSE state END AS s, reason, count(*)
		FROM deliveries WHERE campaign_id = $1 GROUP BY 1, 2, 3, 4`, id)
	return ds, wrap("count deliveries", err)
}

func (q queries) finalRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	where := `campaign_id = $1`
	if id == 0 {
		where = `campaign_id IS NULL AND $1 = 0`
	}
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := finalGroup{campaign: id}
		err = r.Scan(&g.at, &g.state, &g.reason, &d.n)
		d.counter = g.counter()
		return d, err
	}, `SELECT final_at / $2, state, reason, count(*) FROM deliveries WHERE `+where+` AND final_at IS NOT NULL GROUP BY 1, 2, 3`, id, quarter)
	return ds, wrap("count final deliveries", err)
}

func (q queries) answerRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := answerGroup{campaign: id}
		var number *float64
		err = r.Scan(&g.question, &g.kind, orEmpty(&g.choice), &number, &g.late, &d.n)
		if number != nil {
			g.numeric, g.number = true, *number
		}
		d.counter = g.counter()
		return d, err
	}, `SELECT question, type, choice, number, late, count(*) FROM responses WHERE campaign_id = $1 GROUP BY question, type, choice, number, late`, id)
	return ds, wrap("count answers", err)
}

func (q queries) choiceRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	each := q.dialect.either(
		`json_each(r.answer, '$.list') AS o`,
		`LATERAL jsonb_array_elements_text(r.answer::jsonb -> 'list') AS o (value)`)
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		g := choiceGroup{campaign: id}
		err = r.Scan(&g.question, &g.kind, &g.choice, &g.late, &d.n)
		d.counter = g.counter()
		return d, err
	}, `SELECT r.question, r.type, o.value, r.late, count(*) FROM responses r CROSS JOIN `+each+`
		WHERE r.campaign_id = $1 AND r.type = 'choices' GROUP BY r.question, r.type, o.value, r.late`, id)
	return ds, wrap("count choices", err)
}

func (q queries) answeredRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		d.kind, d.campaign, d.key = countAnswered, id, keyOf()
		err = r.Scan(&d.at, &d.n)
		return d, err
	}, `SELECT answered_at / $2, count(*) FROM responses WHERE campaign_id = $1 GROUP BY 1`, id, quarter)
	return ds, wrap("count answers by time", err)
}

// memberCounts count members rather than rows: of those rows for which {rows} holds.
var memberCounts = map[counterKind]string{
	countEntered: `SELECT t.campaign_id, m.language, '', count(*) FROM (SELECT DISTINCT campaign_id, member_id FROM enrollments WHERE {rows}) AS t
		JOIN members m ON m.id = t.member_id GROUP BY t.campaign_id, m.language`,
	countAnswerers: `SELECT campaign_id, '', '', count(*) FROM (SELECT DISTINCT campaign_id, member_id FROM responses WHERE {rows}) AS t GROUP BY campaign_id`,
	countRounds: `SELECT campaign_id, CAST(round AS TEXT), '', count(*) FROM (
			SELECT DISTINCT campaign_id, round, member_id FROM responses WHERE round > 0 AND NOT late AND {rows}) AS t GROUP BY campaign_id, round`,
	countScores: `SELECT campaign_id, CAST(total AS TEXT), '', count(*) FROM (
			SELECT campaign_id, member_id, SUM(points) AS total FROM points WHERE {rows} GROUP BY campaign_id, member_id) AS t GROUP BY campaign_id, total`,
	countMembers: `SELECT 0, language, '', count(*) FROM (SELECT id AS member_id, 0 AS campaign_id, language, state FROM members) AS m
		WHERE state = 'active' AND {rows} GROUP BY language`,
	countAddresses: `SELECT 0, a.channel, m.language, count(*) FROM (SELECT member_id, 0 AS campaign_id, channel FROM addresses) AS a
		JOIN members m ON m.id = a.member_id WHERE {rows} GROUP BY a.channel, m.language`,
}

// communityKinds are no campaign's.
func (k counterKind) community() bool { return k == countMembers || k == countAddresses }

func (q queries) memberCount(ctx context.Context, kind counterKind, where string, arg any) ([]delta, error) {
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		var a, b string
		err = r.Scan(&d.campaign, &a, &b, &d.n)
		d.kind, d.key = kind, memberKey(a, b)
		return d, err
	}, strings.Replace(memberCounts[kind], "{rows}", where, 1), arg)
	return ds, wrap(fmt.Sprintf("count members (%s)", kind), err)
}

// memberKey holds as many of the words as the kind has.
func memberKey(a, b string) string {
	if b != "" {
		return keyOf(a, b)
	}
	return keyOf(a)
}

func memberRows(kind counterKind) func(queries, context.Context, campaigns.CampaignID) ([]delta, error) {
	return func(q queries, ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
		if kind.community() != (id == 0) {
			return nil, nil
		}
		return q.memberCount(ctx, kind, `campaign_id = $1`, id)
	}
}

// recountMembers runs fn, which changes who the members are, and counts them before and after.
func (tx *Tx) recountMembers(ctx context.Context, ids []campaigns.MemberID, fn func() error) error {
	if err := tx.countMembers(ctx, ids, -1); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return tx.countMembers(ctx, ids, 1)
}

func (tx *Tx) countMembers(ctx context.Context, ids []campaigns.MemberID, sign int) error {
	for kind := range memberCounts {
		ds, err := tx.memberCount(ctx, kind, `member_id`+tx.dialect.among(1), list(tx.dialect, ids))
		if err != nil {
			return err
		}
		for _, d := range ds {
			tx.count(d.counter, sign*d.n)
		}
	}
	return nil
}
