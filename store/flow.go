package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// PathCount counts the enrollments that went the same way: the same version and state, standing at the same step, having entered the same
// steps as often. Ways are few where members are many, so a campaign of any size is a short list.
type PathCount struct {
	Version int
	State   campaigns.EnrollmentState
	Reason  campaigns.Reason
	Step    campaigns.StepID
	Wait    campaigns.WaitKind
	Visits  map[campaigns.StepID]int // how often each step was entered; inside a repeat: the round
	N       int
}

// visitsText cuts the visits out of a record that begins as decide.Enrollment is written, and parses any other: SQLite parses the whole record for
// one field, which takes twice as long.
const visitsText = `CASE WHEN substr(data, 1, 25) = '{"started":true,"visits":' THEN substr(data, 26, instr(data, '}') - 25) ELSE data -> '$.visits' END`

// CountPaths groups a campaign's enrollments by the way they went.
func (q queries) CountPaths(ctx context.Context, id campaigns.CampaignID) ([]PathCount, error) {
	ds, err := q.counts(ctx, countPaths, []campaigns.CampaignID{id}, 0)
	ps := make([]PathCount, len(ds))
	for i, d := range ds {
		p := &ps[i]
		p.N = d.n
		if err := d.parts(&p.Version, &p.State, &p.Reason, &p.Step, &p.Wait, &p.Visits); err != nil {
			return nil, wrap("read path", err)
		}
	}
	return ps, err
}

// pathRows groups them as one text (a sort by six columns takes half as long again), which is parsed once a group and not once a row.
func (q queries) pathRows(ctx context.Context, id campaigns.CampaignID) ([]delta, error) {
	visits := q.dialect.either(visitsText, `(data::json -> 'visits')::text`)
	ds, err := many(ctx, q.run, func(r rows) (d delta, err error) {
		p, err := scanPath(r)
		d.counter, d.n = by(countPaths, id, p.Version, p.State, p.Reason, p.Step, p.Wait, p.Visits), p.N
		return d, err
	}, `SELECT version || ' ' || state || ' ' || reason || ' ' || step || ' ' || wait_kind || ' ' || COALESCE(`+visits+`, '{}'), count(*)
		FROM enrollments WHERE campaign_id = $1 GROUP BY 1 ORDER BY 1`, id)
	return ds, wrap("count paths", err)
}

// scanPath takes the text apart: none of its words holds a space but the last.
func scanPath(r rows) (p PathCount, err error) {
	var way string
	if err := r.Scan(&way, &p.N); err != nil {
		return p, err
	}
	parts := strings.SplitN(way, " ", 6)
	if len(parts) != 6 {
		return p, fmt.Errorf("way of %d words", len(parts))
	}
	if p.Version, err = strconv.Atoi(parts[0]); err != nil {
		return p, err
	}
	p.State, p.Reason, p.Step, p.Wait = campaigns.EnrollmentState(parts[1]), campaigns.Reason(parts[2]), campaigns.StepID(parts[3]), campaigns.WaitKind(parts[4])
	return p, json.Unmarshal([]byte(parts[5]), &p.Visits)
}

// LanguageCount counts members who read the language.
type LanguageCount struct {
	Language campaigns.Lang // empty: not known
	N        int
}

// CountLanguages counts the members who ever entered the campaign, by language.
func (q queries) CountLanguages(ctx context.Context, id campaigns.CampaignID) ([]LanguageCount, error) {
	return q.languages(ctx, countEntered, id)
}

func (q queries) languages(ctx context.Context, kind counterKind, id campaigns.CampaignID) ([]LanguageCount, error) {
	ds, err := q.counts(ctx, kind, []campaigns.CampaignID{id}, 0)
	ls := make([]LanguageCount, len(ds))
	for i, d := range ds {
		ls[i].N = d.n
		if err := d.parts(&ls[i].Language); err != nil {
			return nil, wrap("read languages", err)
		}
	}
	slices.SortFunc(ls, func(a, b LanguageCount) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Language, b.Language))
	})
	return ls, err
}

// RoundCount counts the members who answered in one round of a repeat in time.
type RoundCount struct{ Round, N int }

// CountRounds counts, by round, the members who answered in it.
func (q queries) CountRounds(ctx context.Context, id campaigns.CampaignID) ([]RoundCount, error) {
	ds, err := q.counts(ctx, countRounds, []campaigns.CampaignID{id}, 0)
	rs := make([]RoundCount, len(ds))
	for i, d := range ds {
		var round string
		if err := d.parts(&round); err != nil {
			return nil, wrap("read rounds", err)
		}
		rs[i].N = d.n
		if rs[i].Round, err = strconv.Atoi(round); err != nil {
			return nil, wrap("read rounds", err)
		}
	}
	slices.SortFunc(rs, func(a, b RoundCount) int { return cmp.Compare(a.Round, b.Round) })
	return rs, err
}

// CampaignCount counts the enrollments of a campaign in a state.
type CampaignCount struct {
	Campaign campaigns.CampaignID
	State    campaigns.EnrollmentState
	N        int
}

// CountByCampaign counts the enrollments of the campaigns by state.
func (q queries) CountByCampaign(ctx context.Context, ids []campaigns.CampaignID) ([]CampaignCount, error) {
	ds, err := q.counts(ctx, countPaths, ids, 0)
	if err != nil {
		return nil, err
	}
	n := map[CampaignCount]int{}
	for _, d := range ds {
		c := CampaignCount{Campaign: d.campaign}
		var version int
		if err := d.parts(&version, &c.State); err != nil {
			return nil, wrap("read states", err)
		}
		n[c] += d.n
	}
	cs := make([]CampaignCount, 0, len(n))
	for c, n := range n {
		cs = append(cs, CampaignCount{c.Campaign, c.State, n})
	}
	slices.SortFunc(cs, func(a, b CampaignCount) int {
		return cmp.Or(cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.State, b.State))
	})
	return cs, nil
}

// Answered counts the members who answered at least one question, by campaign.
func (q queries) Answered(ctx context.Context, ids []campaigns.CampaignID) (map[campaigns.CampaignID]int, error) {
	ds, err := q.counts(ctx, countAnswerers, ids, 0)
	out := map[campaigns.CampaignID]int{}
	for _, d := range ds {
		out[d.campaign] += d.n
	}
	return out, err
}

// ComingStep is what waits for a time: how many enrollments go on at a step within one quarter of an hour.
type ComingStep struct {
	Campaign campaigns.CampaignID
	Version  int
	Step     campaigns.StepID
	At       time.Time // the first of them
	N        int
}

// Coming lists what waits for a time after now and before the quarter of an hour of until, the earliest first.
func (q queries) Coming(ctx context.Context, ids []campaigns.CampaignID, now, until time.Time, limit int) (cs []ComingStep, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		ds, err := q.counts(ctx, countComing, ids, quarterOf(now))
		slices.SortStableFunc(ds, func(a, b delta) int { return cmp.Compare(a.at, b.at) })
		for _, d := range ds {
			if d.at >= quarterOf(until) || len(cs) > 0 && len(cs) >= limit && !fromQuarter(d.at).Before(cs[limit-1].At) {
				break
			}
			c := ComingStep{Campaign: d.campaign, N: d.n}
			if err := d.parts(&c.Version, &c.Step); err != nil {
				return wrap("read what comes", err)
			}
			if err := q.firstComing(ctx, &c, d.at, now); err != nil {
				return err
			}
			if c.N > 0 {
				cs = append(cs, c)
			}
		}
		return err
	})
	slices.SortFunc(cs, func(a, b ComingStep) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Step, b.Step))
	})
	return cs[:min(len(cs), limit)], err
}

// firstComing finds when the first of them goes on, and takes from their number those who were to go on by now.
func (q queries) firstComing(ctx context.Context, c *ComingStep, at int64, now time.Time) error {
	const waits = `FROM enrollments WHERE campaign_id = $1 AND version = $2 AND step = $3 AND wait_kind = 'time' AND `
	if at == quarterOf(now) {
		late, _, err := one(ctx, q.run, value[int], `SELECT count(*) `+waits+`due_at >= $4 AND due_at <= $5`, c.Campaign, c.Version, c.Step, at*quarter, micros(now))
		if err != nil {
			return wrap("count what is late", err)
		}
		c.N -= late
	}
	first, ok, err := one(ctx, q.run, value[int64], `SELECT due_at `+waits+`due_at > $4 AND due_at < $5 ORDER BY due_at LIMIT 1`,
		c.Campaign, c.Version, c.Step, max(micros(now), at*quarter-1), (at+1)*quarter)
	c.At = fromMicros(first)
	if !ok {
		c.N = 0
	}
	return wrap("find what comes first", err)
}

// OpenSchedules lists the entries by schedule that have not ended.
func (q queries) OpenSchedules(ctx context.Context) ([]Schedule, error) {
	ss, err := many(ctx, q.run, scanSchedule, `SELECT `+scheduleColumns+` FROM campaign_schedules s WHERE s.done_at IS NULL ORDER BY s.due_at`)
	return ss, wrap("list schedules", err)
}
