package store

import (
	"context"
	"encoding/json"
	"fmt"
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

// CountPaths groups a campaign's enrollments by the way they went. They are grouped as one text (a sort by six columns takes half as long again),
// which is parsed once a group and not once a row.
func (q queries) CountPaths(ctx context.Context, id campaigns.CampaignID) ([]PathCount, error) {
	visits := q.dialect.either(visitsText, `(data::json -> 'visits')::text`)
	ps, err := many(ctx, q.run, scanPath, `SELECT version || ' ' || state || ' ' || reason || ' ' || step || ' ' || wait_kind || ' ' || COALESCE(`+visits+`, '{}'), count(*)
		FROM enrollments WHERE campaign_id = $1 GROUP BY 1 ORDER BY 1`, id)
	return ps, wrap("count paths", err)
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
	ls, err := many(ctx, q.run, func(r rows) (l LanguageCount, err error) {
		err = r.Scan(&l.Language, &l.N)
		return l, err
	}, `SELECT language, count(*) FROM members WHERE id IN (SELECT member_id FROM enrollments WHERE campaign_id = $1) GROUP BY language ORDER BY 2 DESC, 1`, id)
	return ls, wrap("count languages", err)
}

// RoundCount counts the members who answered in one round of a repeat in time.
type RoundCount struct{ Round, N int }

// CountRounds counts, by round, the members who answered in it.
func (q queries) CountRounds(ctx context.Context, id campaigns.CampaignID) ([]RoundCount, error) {
	rs, err := many(ctx, q.run, func(r rows) (c RoundCount, err error) {
		err = r.Scan(&c.Round, &c.N)
		return c, err
	}, `SELECT round, count(DISTINCT member_id) FROM responses WHERE campaign_id = $1 AND round > 0 AND NOT late GROUP BY round ORDER BY round`, id)
	return rs, wrap("count rounds", err)
}

// CampaignCount counts the enrollments of a campaign in a state.
type CampaignCount struct {
	Campaign campaigns.CampaignID
	State    campaigns.EnrollmentState
	N        int
}

// CountByCampaign counts the enrollments of the campaigns by state.
func (q queries) CountByCampaign(ctx context.Context, ids []campaigns.CampaignID) ([]CampaignCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c CampaignCount, err error) {
		err = r.Scan(&c.Campaign, &c.State, &c.N)
		return c, err
	}, `SELECT campaign_id, state, count(*) FROM enrollments WHERE campaign_id`+q.dialect.among(1)+` GROUP BY campaign_id, state ORDER BY campaign_id, state`, list(q.dialect, ids))
	return cs, wrap("count campaigns", err)
}

// Answered counts the members who answered at least one question, by campaign.
func (q queries) Answered(ctx context.Context, ids []campaigns.CampaignID) (map[campaigns.CampaignID]int, error) {
	out := map[campaigns.CampaignID]int{}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var id campaigns.CampaignID
		var n int
		err = r.Scan(&id, &n)
		out[id] = n
		return
	}, `SELECT campaign_id, count(DISTINCT member_id) FROM responses WHERE campaign_id`+q.dialect.among(1)+` GROUP BY campaign_id`, list(q.dialect, ids))
	return out, wrap("count answered", err)
}

// ComingStep is what waits for a time: how many enrollments go on at a step within one quarter of an hour.
type ComingStep struct {
	Campaign campaigns.CampaignID
	Version  int
	Step     campaigns.StepID
	At       time.Time // the first of them
	N        int
}

// quarter is how finely times are grouped: zones differ by quarters of an hour at least.
const quarter = int64(15 * time.Minute / time.Microsecond)

// Coming lists what waits for a time after now and before until, the earliest first.
func (q queries) Coming(ctx context.Context, ids []campaigns.CampaignID, now, until time.Time, limit int) ([]ComingStep, error) {
	cs, err := many(ctx, q.run, func(r rows) (c ComingStep, err error) {
		err = r.Scan(&c.Campaign, &c.Version, &c.Step, timeInto{&c.At}, &c.N)
		return c, err
	}, `SELECT campaign_id, version, step, min(due_at), count(*) FROM enrollments
		WHERE campaign_id`+q.dialect.among(1)+` AND due_at > $2 AND due_at < $3 AND wait_kind = 'time'
		GROUP BY campaign_id, version, step, due_at / $4 ORDER BY 4, 1, 3 LIMIT $5`, list(q.dialect, ids), micros(now), micros(until), quarter, limit)
	return cs, wrap("list what comes", err)
}

// OpenSchedules lists the entries by schedule that have not ended.
func (q queries) OpenSchedules(ctx context.Context) ([]Schedule, error) {
	ss, err := many(ctx, q.run, scanSchedule, `SELECT `+scheduleColumns+` FROM campaign_schedules s WHERE s.done_at IS NULL ORDER BY s.due_at`)
	return ss, wrap("list schedules", err)
}
