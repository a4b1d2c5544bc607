package store

import (
	"context"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// CallKind are calls of one step that failed for one reason.
type CallKind struct {
	Campaign campaigns.CampaignID
	Step     campaigns.StepID
	Endpoint string
	Reason   campaigns.Reason
}

// CallCount counts them.
type CallCount struct {
	CallKind
	Version     int // the newest of theirs
	N           int
	Member      campaigns.MemberID // one of them
	First, Last time.Time
}

// unanswered is what a person can do something about: whoever went on elsewhere waited for no answer, of who was erased nobody is told any more, and whose passage
// still stands at the step, as in a pause, has not gone on without the answer yet. The first line is that of the index calls_unanswered.
const unanswered = `calls.state = 'failed' AND calls.reason NOT IN ('member_erased', 'call_left')
	AND EXISTS (SELECT 1 FROM members m WHERE m.id = calls.member_id AND m.state <> 'erased')
	AND NOT EXISTS (SELECT 1 FROM enrollments e WHERE e.id = calls.enrollment_id AND e.state = 'waiting' AND e.step = calls.step AND e.visit = calls.visit)`

// CountUnanswered counts the newest calls that failed, the latest first.
func (q queries) CountUnanswered(ctx context.Context) ([]CallCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c CallCount, err error) {
		err = r.Scan(&c.Campaign, &c.Step, &c.Endpoint, &c.Reason, &c.Version, &c.N, &c.Member, timeInto{&c.First}, timeInto{&c.Last})
		return c, err
	}, `SELECT campaign_id, step, endpoint, reason, max(version), count(*), min(member_id), min(created_at), max(created_at)
		FROM (SELECT campaign_id, step, endpoint, reason, version, member_id, created_at FROM calls WHERE `+unanswered+` ORDER BY created_at DESC LIMIT 10000) AS c
		GROUP BY 1, 2, 3, 4 ORDER BY 9 DESC, 1, 2, 3, 4 LIMIT 200`)
	return cs, wrap("count failed calls", err)
}

// CallAgain lets at most limit of the kind that failed before now wait again, as if they were new, each a gap after the one before, to be tried as long as it lasts, and
// returns them as they were. A person asks for it.
func (tx *Tx) CallAgain(ctx context.Context, k CallKind, now, due time.Time, gap, lasts time.Duration, limit int) ([]*OutsideCall, error) {
	cs, err := many(ctx, tx.run, scanCall, `SELECT `+callColumns.list("")+` FROM calls
		WHERE campaign_id = $1 AND step = $2 AND endpoint = $3 AND reason = $4 AND `+unanswered+` AND ended_at < $5
		ORDER BY created_at LIMIT $6`+tx.dialect.skipLocked(), k.Campaign, k.Step, k.Endpoint, k.Reason, micros(now), limit)
	if err != nil || len(cs) == 0 {
		return nil, wrap("find failed calls", err)
	}
	waits := make([]repeatedCall, len(cs))
	for i, c := range cs {
		waits[i] = repeatedCall{c.ID, due.Add(time.Duration(i) * gap)}
	}
	_, err = repeatedCallColumns.apply(ctx, tx.queries, `UPDATE calls SET state = 'pending', reason = '', code = 0, tries = 0, ended_at = NULL, due_at = u.due_at,
		until_at = u.due_at + `+strconv.FormatInt(lasts.Microseconds(), 10)+` FROM {rows} WHERE calls.id = u.id`, waits)
	return cs, wrap("let calls wait again", err)
}

// repeatedCall is when a call is made once more.
type repeatedCall struct {
	id  int64
	due time.Time
}

var repeatedCallColumns = columns[repeatedCall]{
	ints("id", func(c repeatedCall) int64 { return c.id }),
	times("due_at", func(c repeatedCall) time.Time { return c.due }),
}
