//go:build unix

package faults

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // drivers
	_ "modernc.org/sqlite"
)

// books read the store by SQL of their own.
type books struct{ db *sql.DB }

func openBooks(t testing.TB, url string) *books {
	t.Helper()
	driver, source, idle := "pgx", url, 1
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=query_only(ON)"
		idle = 0 // the file may be replaced by a restored one
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(idle)
	t.Cleanup(func() { _ = db.Close() })
	return &books{db}
}

// row is one message of a step.
type row struct {
	id                                           int64
	member, step, channel, state, reason, detail string
	created                                      time.Time
}

func (b *books) rows(ctx context.Context) ([]row, error) {
	rs, err := b.db.QueryContext(ctx, `SELECT d.id, m.external_id, d.step, d.channel, d.state, d.reason, d.detail, d.created_at FROM deliveries d JOIN members m ON m.id = d.member_id WHERE d.kind = 'step' ORDER BY d.id`)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	var out []row
	for rs.Next() {
		var r row
		var created int64
		if err := rs.Scan(&r.id, &r.member, &r.step, &r.channel, &r.state, &r.reason, &r.detail, &created); err != nil {
			return nil, err
		}
		r.created = time.UnixMicro(created)
		out = append(out, r)
	}
	return out, rs.Err()
}

// number is the answer to a question for one number; 0 for NULL.
func (b *books) number(ctx context.Context, query string, args ...any) (int64, error) {
	var n sql.NullInt64
	err := b.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n.Int64, err
}

// Number is the answer to a question in SQL for one number.
func (s *Site) Number(query string) int64 {
	s.t.Helper()
	n, err := s.books.number(s.t.Context(), query)
	s.must(err)
	return n
}

// inMotion is what is not over: messages that are not final, members on their way between two, inputs that nobody handled, moments that have not come.
// others are waits of the circle's, calls, notices and moves; marks are members who may have come into a segment: every event of a member's leaves one.
type inMotion struct{ deliveries, enrollments, inputs, claims, schedules, others, marks int64 }

func (m inMotion) over() bool { return m == inMotion{} }

// sent reports whether no message is on its way or will be soon, whatever the members say meanwhile.
func (m inMotion) sent() bool { return m.deliveries+m.enrollments+m.claims+m.schedules == 0 }

// shortWait is who waits for a moment that is to come in the run: a question's last moment is not.
const shortWait = `state = 'waiting' AND wait_kind IN ('time', 'answer') AND due_at < entered_at + 2592000000000` // 30 days

func (b *books) inMotion(ctx context.Context) (m inMotion, err error) {
	for query, to := range map[string]*int64{
		`SELECT count(*) FROM deliveries WHERE state IN ('pending', 'claimed', 'sending')`:                               &m.deliveries,
		`SELECT count(*) FROM enrollments WHERE state = 'active' OR state = 'waiting' AND wait_kind IN ('', 'delivery')`: &m.enrollments,
		`SELECT count(*) FROM inputs WHERE state = 'stored'`:                                                             &m.inputs,
		`SELECT count(*) FROM campaign_schedules WHERE done_at IS NULL`:                                                  &m.schedules,
		`SELECT (SELECT count(*) FROM enrollments WHERE ` + shortWait + `) + (SELECT count(*) FROM calls WHERE due_at IS NOT NULL)
			+ (SELECT count(*) FROM notices WHERE due_at IS NOT NULL) + (SELECT count(*) FROM campaign_moves WHERE due_at IS NOT NULL)`: &m.others,
		`SELECT count(*) FROM segment_marks`: &m.marks,
		`SELECT (SELECT count(*) FROM deliveries WHERE claim_owner IS NOT NULL) + (SELECT count(*) FROM chunks WHERE claim_owner IS NOT NULL)`: &m.claims,
	} {
		if *to, err = b.number(ctx, query); err != nil {
			return m, err
		}
	}
	return m, nil
}

// nextDue is when something is due that now is not, in microseconds; 0: nothing is.
func (b *books) nextDue(ctx context.Context, now time.Time) (time.Time, bool, error) {
	n, err := b.number(ctx, `SELECT min(x) FROM (
		SELECT min(due_at) AS x FROM deliveries WHERE state = 'pending' AND due_at > $1
		UNION ALL SELECT min(until) FROM cooldowns WHERE until > $1
		UNION ALL SELECT min(due_at) FROM chunks WHERE left_n > 0 AND due_at > $1
		UNION ALL SELECT min(due_at) FROM enrollments WHERE state IN ('active', 'waiting') AND wait_kind IN ('', 'delivery') AND due_at > $1
		UNION ALL SELECT min(due_at) FROM enrollments WHERE `+shortWait+` AND due_at > $1
		UNION ALL SELECT min(due_at) FROM calls WHERE due_at > $1
		UNION ALL SELECT min(due_at) FROM notices WHERE due_at > $1
		UNION ALL SELECT min(due_at) FROM campaign_moves WHERE due_at > $1
		UNION ALL SELECT min(due_at) FROM campaign_schedules WHERE done_at IS NULL AND due_at > $1
		UNION ALL SELECT min(received_at) FROM inputs WHERE state = 'stored' AND received_at > $1
		UNION ALL SELECT min(claim_until) FROM actor_claims WHERE claim_until > $1) AS all_due`, now.UnixMicro())
	return time.UnixMicro(n), n != 0, err
}

// resting is when the last cool-down is over.
func (b *books) resting(ctx context.Context, now time.Time) (time.Time, bool, error) {
	n, err := b.number(ctx, `SELECT max(until) FROM cooldowns WHERE until > $1`, now.UnixMicro())
	return time.UnixMicro(n), n != 0, err
}

// diagnosis lists what is not over.
func (b *books) diagnosis(ctx context.Context, now time.Time) string {
	var out strings.Builder
	m, err := b.inMotion(ctx)
	fmt.Fprintf(&out, "in motion %+v %v, at %s", m, err, now.Format(time.DateTime))
	for _, query := range []string{
		`SELECT channel, step, state, reason, lane, count(*), min(due_at), max(claim_until), min(attempts), max(attempts) FROM deliveries WHERE state IN ('pending', 'claimed', 'sending') GROUP BY 1, 2, 3, 4, 5`,
		`SELECT id, channel, left_n, due_at, claim_owner, claim_until FROM chunks WHERE left_n <> 0 OR claim_owner IS NOT NULL`,
		`SELECT state, step, wait_kind, count(*), min(due_at), max(due_at) FROM enrollments GROUP BY 1, 2, 3`,
		`SELECT state, kind, error, count(*), max(tries) FROM inputs GROUP BY 1, 2, 3`,
		`SELECT bucket, until, reason FROM cooldowns`,
		`SELECT name, holder, until FROM leases`,
		`SELECT actor, claim_owner, claim_until FROM actor_claims`,
		`SELECT state, reason, claim, due_at, count(*), max(tries) FROM calls GROUP BY 1, 2, 3, 4`,
		`SELECT channel, state, reason, claim, due_at, count(*), max(tries) FROM notices GROUP BY 1, 2, 3, 4, 5`,
		`SELECT version, found, moved_n, due_at FROM campaign_moves`,
	} {
		b.table(ctx, &out, query)
	}
	return out.String()
}

func (b *books) table(ctx context.Context, out *strings.Builder, query string) {
	rs, err := b.db.QueryContext(ctx, query)
	if err != nil {
		fmt.Fprintf(out, "\n%v", err)
		return
	}
	defer rs.Close()
	names, _ := rs.Columns()
	for n := 0; rs.Next() && n < 20; n++ {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if err := rs.Scan(values...); err != nil {
			fmt.Fprintf(out, "\n%v", err)
			return
		}
		out.WriteString("\n ")
		for i, v := range values {
			fmt.Fprintf(out, " %s=%v", names[i], *v.(*any))
		}
	}
}
