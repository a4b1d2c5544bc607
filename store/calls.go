package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// OutsideCall is one call of another system, for one visit of a call step. Body may hold personal values: never log it.
type OutsideCall struct {
	ID         int64
	Campaign   campaigns.CampaignID
	Version    int
	Enrollment campaigns.EnrollmentID
	Member     campaigns.MemberID
	Step       campaigns.StepID
	Visit      int
	Endpoint   string
	State      CallState
	Reason     campaigns.Reason
	Code       int // HTTP status of the last answer; 0: there was none
	Tries      int
	Claim      string     // who makes it until DueAt, or pauseHolds; empty: nobody
	DueAt      *time.Time // nil: it is over
	UntilAt    time.Time
	Body       string // empty: not put together yet, or over
	CreatedAt  time.Time
	EndedAt    *time.Time
}

// CallState is the life cycle of a call. The SQL CHECK of calls.state repeats this list.
type CallState string

const (
	// CallPending: it is to be made. Left by an answer, by one that will not change, when its time is over, and when the passage goes on elsewhere.
	CallPending CallState = "pending"
	// CallAnswered is final.
	CallAnswered CallState = "answered"
	// CallFailed is final; Reason says why.
	CallFailed CallState = "failed"
)

var callColumns = columns[*OutsideCall]{
	ints("id", func(c *OutsideCall) int64 { return c.ID }),
	ints("campaign_id", func(c *OutsideCall) campaigns.CampaignID { return c.Campaign }),
	ints("version", func(c *OutsideCall) int { return c.Version }),
	ints("enrollment_id", func(c *OutsideCall) campaigns.EnrollmentID { return c.Enrollment }),
	ints("member_id", func(c *OutsideCall) campaigns.MemberID { return c.Member }),
	texts("step", func(c *OutsideCall) campaigns.StepID { return c.Step }),
	ints("visit", func(c *OutsideCall) int { return c.Visit }),
	texts("endpoint", func(c *OutsideCall) string { return c.Endpoint }),
	texts("state", func(c *OutsideCall) CallState { return c.State }),
	texts("reason", func(c *OutsideCall) campaigns.Reason { return c.Reason }),
	ints("code", func(c *OutsideCall) int { return c.Code }),
	ints("tries", func(c *OutsideCall) int { return c.Tries }),
	texts("claim", func(c *OutsideCall) string { return c.Claim }),
	nullTimes("due_at", func(c *OutsideCall) *time.Time { return c.DueAt }),
	times("until_at", func(c *OutsideCall) time.Time { return c.UntilAt }),
	texts("body", func(c *OutsideCall) string { return c.Body }),
	times("created_at", func(c *OutsideCall) time.Time { return c.CreatedAt }),
	nullTimes("ended_at", func(c *OutsideCall) *time.Time { return c.EndedAt }),
}

func scanCall(r rows) (*OutsideCall, error) {
	c := &OutsideCall{}
	err := r.Scan(&c.ID, &c.Campaign, &c.Version, &c.Enrollment, &c.Member, &c.Step, &c.Visit, &c.Endpoint, &c.State, &c.Reason, &c.Code, &c.Tries, &c.Claim,
		timesInto{&c.DueAt}, timeInto{&c.UntilAt}, &c.Body, timeInto{&c.CreatedAt}, timesInto{&c.EndedAt})
	return c, err
}

// InsertCalls writes what other systems are to be asked. A visit's again changes nothing.
func (tx *Tx) InsertCalls(ctx context.Context, cs []*OutsideCall) error {
	_, err := callColumns.insert(ctx, tx.queries, "calls", "ON CONFLICT (enrollment_id, step, visit) DO NOTHING", cs)
	return wrap("insert calls", err)
}

// CallFilter narrows a list; empty fields match all.
type CallFilter struct {
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
}

// Calls lists by id.
func (q queries) Calls(ctx context.Context, f CallFilter, p Page) ([]*OutsideCall, error) {
	w := q.filter("id > ", p.After)
	w.id("member_id = ", int64(f.Member))
	w.id("enrollment_id = ", int64(f.Enrollment))
	cs, err := many(ctx, q.run, scanCall, w.page(`SELECT `+callColumns.list("")+` FROM calls`, p), w.args...)
	return cs, wrap("list calls", err)
}

// CallDue reports whether the endpoint has a call to make.
func (q queries) CallDue(ctx context.Context, endpoint string, now time.Time) (bool, error) {
	_, due, err := one(ctx, q.run, value[int], `SELECT 1 FROM calls WHERE endpoint = $1 AND due_at <= $2 LIMIT 1`, endpoint, micros(now))
	return due, wrap("find due call", err)
}

// EndpointBeside is an endpoint that has a call to make and is none of these; empty: there is none. It goes from endpoint to endpoint, and not from call to call.
func (q queries) EndpointBeside(ctx context.Context, known []string, now time.Time) (string, error) {
	endpoint, _, err := one(ctx, q.run, value[string], `WITH RECURSIVE e (endpoint) AS (
		SELECT (SELECT endpoint FROM calls WHERE due_at IS NOT NULL ORDER BY endpoint LIMIT 1)
		UNION ALL SELECT (SELECT c.endpoint FROM calls c WHERE c.due_at IS NOT NULL AND c.endpoint > e.endpoint ORDER BY c.endpoint LIMIT 1) FROM e WHERE e.endpoint IS NOT NULL)
		SELECT endpoint FROM e WHERE endpoint IS NOT NULL AND NOT (endpoint`+q.dialect.among(1)+`)
		AND EXISTS (SELECT 1 FROM calls c WHERE c.endpoint = e.endpoint AND c.due_at <= $2) LIMIT 1`, list(q.dialect, known), micros(now))
	return endpoint, wrap("find due call", err)
}

// ClaimCalls takes at most limit of the endpoint's that are due: nobody else gets them before until.
func (tx *Tx) ClaimCalls(ctx context.Context, endpoint, claim string, now, until time.Time, limit int) ([]*OutsideCall, error) {
	cs, err := many(ctx, tx.run, scanCall, `UPDATE calls SET claim = $2, due_at = $4, tries = tries + 1 WHERE id IN (
		SELECT id FROM calls WHERE endpoint = $1 AND due_at <= $3 ORDER BY due_at, id LIMIT $5`+tx.dialect.skipLocked()+`) RETURNING `+callColumns.list(""),
		endpoint, claim, micros(now), micros(until), limit)
	return cs, wrap("claim calls", err)
}

// pauseHolds is the claim of a call that is put off for a pause. One that waits for its next try, or for its first, has none.
const pauseHolds = "pause"

// PutOffCalls lets at most limit of the campaign's that are due at the endpoint wait until then, or until their time is over, and returns how many; none where the
// campaign is not paused any more.
func (tx *Tx) PutOffCalls(ctx context.Context, endpoint string, campaign campaigns.CampaignID, now, until time.Time, limit int) (int, error) {
	n, err := tx.run.exec(ctx, `UPDATE calls SET due_at = CASE WHEN until_at < $4 THEN until_at ELSE $4 END, claim = $6 WHERE id IN (
		SELECT id FROM calls WHERE endpoint = $1 AND due_at <= $3 AND until_at > $3 AND campaign_id = $2
			AND EXISTS (SELECT 1 FROM campaigns WHERE campaigns.id = $2 AND campaigns.state = 'paused') ORDER BY due_at LIMIT $5`+tx.dialect.skipLocked()+`)`,
		endpoint, campaign, micros(now), micros(until), limit, pauseHolds)
	return int(n), wrap("put off calls", err)
}

// HastenCalls makes due at most limit of the campaign's at the endpoint that PutOffCalls let wait, until then at most, and returns how many.
func (tx *Tx) HastenCalls(ctx context.Context, endpoint string, campaign campaigns.CampaignID, now, until time.Time, limit int) (int, error) {
	n, err := tx.run.exec(ctx, `UPDATE calls SET due_at = $3, claim = '' WHERE id IN (
		SELECT id FROM calls WHERE endpoint = $1 AND due_at > $3 AND due_at <= $4 AND campaign_id = $2 AND claim = $6 ORDER BY due_at LIMIT $5`+tx.dialect.skipLocked()+`)`,
		endpoint, campaign, micros(now), micros(until), limit, pauseHolds)
	return int(n), wrap("hasten calls", err)
}

// KeepCall writes what is sent, before it is; false: the claim does not hold the call any more.
func (tx *Tx) KeepCall(ctx context.Context, id int64, claim, body string) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE calls SET body = $3 WHERE id = $1 AND claim = $2 AND state = 'pending'`, id, claim, body)
	return n == 1, wrap("keep call", err)
}

// CallOutcome is what became of a try. With Due it is tried again then; a try that does not count is taken back.
type CallOutcome struct {
	State   CallState
	Reason  campaigns.Reason
	Code    int
	Due     *time.Time
	Uncount bool
	EndedAt *time.Time
}

// SettleCall writes it; false: the claim does not hold the call any more.
func (tx *Tx) SettleCall(ctx context.Context, id int64, claim string, o CallOutcome) (bool, error) {
	back := 0
	if o.Uncount {
		back = 1
	}
	n, err := tx.run.exec(ctx, `UPDATE calls SET state = $3, reason = $4, code = $5, due_at = $6, tries = tries - $7, ended_at = $8, claim = '',
		body = CASE WHEN $9 = 0 THEN body ELSE '' END WHERE id = $1 AND claim = $2 AND state = 'pending'`,
		id, claim, o.State, o.Reason, o.Code, nullMicros(o.Due), back, nullMicros(o.EndedAt), over(o))
	return n == 1, wrap("settle call", err)
}

func over(o CallOutcome) int {
	if o.State == CallPending {
		return 0
	}
	return 1
}

// CallEnd gives up the call of one visit of a step.
type CallEnd struct {
	Enrollment campaigns.EnrollmentID
	Step       campaigns.StepID
	Visit      int
	Reason     campaigns.Reason
	At         time.Time
}

var callEndColumns = columns[CallEnd]{
	ints("enrollment_id", func(c CallEnd) campaigns.EnrollmentID { return c.Enrollment }),
	texts("step", func(c CallEnd) campaigns.StepID { return c.Step }),
	ints("visit", func(c CallEnd) int { return c.Visit }),
	texts("reason", func(c CallEnd) campaigns.Reason { return c.Reason }),
	times("at", func(c CallEnd) time.Time { return c.At }),
}

// EndCalls gives up the calls that passages waited for. One that was never tried, when its time is over, says so.
func (tx *Tx) EndCalls(ctx context.Context, ends []CallEnd) error {
	_, err := callEndColumns.apply(ctx, tx.queries, `UPDATE calls SET state = 'failed',
		reason = CASE WHEN u.reason = 'call_timed_out' AND calls.body = '' AND calls.code = 0 THEN 'call_not_made' ELSE u.reason END, due_at = NULL, ended_at = u.at, claim = '', body = ''
		FROM {rows} WHERE calls.enrollment_id = u.enrollment_id AND calls.step = u.step AND calls.visit = u.visit AND calls.state = 'pending'`, ends)
	return wrap("end calls", err)
}
