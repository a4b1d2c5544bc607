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

// Coming lists what waits for a time after now and before the quarter of an hour of until, the earliest first and limit (1 or more) at most.
func (q queries) Coming(ctx context.Context, ids []campaigns.CampaignID, now, until time.Time, limit int) (cs []ComingStep, err error) {
	err = q.snapshot(ctx, func(q queries) error {
		ds, err := q.counts(ctx, countComing, ids, quarterOf(now))
		if err != nil {
			return err
		}
		ds = slices.DeleteFunc(ds, func(d delta) bool { return d.at >= quarterOf(until) })
		slices.SortStableFunc(ds, func(a, b delta) int { return cmp.Compare(a.at, b.at) })
		for len(ds) > 0 && (len(cs) < limit || fromQuarter(ds[0].at).Before(cs[limit-1].At)) {
			n := min(len(ds), limit)
			some, err := q.comingOf(ctx, ds[:n], now)
			if err != nil {
				return err
			}
			cs, ds = append(cs, some...), ds[n:]
			slices.SortFunc(cs, func(a, b ComingStep) int {
				return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Campaign, b.Campaign), cmp.Compare(a.Step, b.Step))
			})
		}
		return nil
	})
	return cs[:min(len(cs), limit)], err
}

// comingSpan is a quarter of an hour, without what of it has passed, in which some go on at a step.
type comingSpan struct {
	ComingStep
	after, before int64
}

var comingSpans = columns[comingSpan]{
	ints("campaign", func(s comingSpan) campaigns.CampaignID { return s.Campaign }), ints("version", func(s comingSpan) int { return s.Version }),
	texts("step", func(s comingSpan) campaigns.StepID { return s.Step }),
	ints("after", func(s comingSpan) int64 { return s.after }), ints("before", func(s comingSpan) int64 { return s.before }),
}

// comingOf reads what the counters say, and finds when the first of each goes on. Those of whom nobody is left are left out.
func (q queries) comingOf(ctx context.Context, ds []delta, now time.Time) (cs []ComingStep, err error) {
	spans := make([]comingSpan, len(ds))
	for i, d := range ds {
		s := &spans[i]
		*s = comingSpan{ComingStep{Campaign: d.campaign, N: d.n}, max(micros(now), d.at*quarter-1), (d.at + 1) * quarter}
		if err := d.parts(&s.Version, &s.Step); err != nil {
			return nil, wrap("read what comes", err)
		}
		if d.at == quarterOf(now) { // some were to go on by now
			late, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM enrollments WHERE campaign_id = $1 AND version = $2 AND step = $3 AND wait_kind = 'time'
				AND due_at >= $4 AND due_at <= $5`, s.Campaign, s.Version, s.Step, d.at*quarter, micros(now))
			if err != nil {
				return nil, wrap("count what is late", err)
			}
			s.N -= late
		}
	}
	firsts, err := q.firstsIn(ctx, spans)
	for i, s := range spans {
		if err == nil && firsts[i] != nil && s.N > 0 {
			s.At = fromMicros(*firsts[i])
			cs = append(cs, s.ComingStep)
		}
	}
	return cs, wrap("find what comes first", err)
}

// firstsIn finds the first moment in each span, of PostgreSQL in one statement: a page asks for two hundred.
func (q queries) firstsIn(ctx context.Context, spans []comingSpan) (firsts []*int64, err error) {
	const first = `SELECT due_at FROM enrollments WHERE campaign_id = u.campaign AND version = u.version AND step = u.step AND wait_kind = 'time'
		AND due_at > u.after AND due_at < u.before ORDER BY due_at LIMIT 1`
	if q.dialect.postgres {
		return many(ctx, q.run, value[*int64], comingSpans.statement(q, "SELECT ("+first+") FROM {rows} ORDER BY u.n", nil), comingSpans.arrays(nil, spans)...)
	}
	text := comingSpans.statement(q, "SELECT ("+first+")", nil)
	for _, s := range spans {
		at, _, err := one(ctx, q.run, value[*int64], text, comingSpans.values(s)...)
		if err != nil {
			return nil, err
		}
		firsts = append(firsts, at)
	}
	return firsts, nil
}

// OpenSchedules lists the entries by schedule that have not ended.
func (q queries) OpenSchedules(ctx context.Context) ([]Schedule, error) {
	ss, err := many(ctx, q.run, scanSchedule, `SELECT `+scheduleColumns+` FROM campaign_schedules s WHERE s.done_at IS NULL ORDER BY s.due_at`)
	return ss, wrap("list schedules", err)
}
