package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/bench/crowd"
	"github.com/kruzhok/kruzhok/bench/measure"
)

// waits are the passages.
type waits struct{ db *crowd.Database }

// firstPassage is the id of the first that was put in; the others follow.
const firstPassage = 1_000_000_000_000

// kinds are the campaigns, the most urgent first; passage i is in campaign i modulo their number.
var kinds = []struct{ key, head string }{
	{"service", "kind: onboarding\npurpose: service\nentry: {manual: true}\n"},
	{"normal", "kind: onboarding\nentry: {manual: true}\n"},
	{"broadcast", "kind: broadcast\nentry: {schedule: {at: \"2026-01-01 10:00\", zone: community, audience: {attribute: first, is: yes}}}\n"},
}

const steps = `topic: news
languages: [en]
channels: [email]
steps:
  - id: w
    wait: {for: 24h}
  - id: hello
    send: {subject: {en: "Hello"}, text: {en: "Hello, {{ member.first_name }}."}}
`

// seed lets one member come to the wait of each campaign, and copies that passage.
func (w *waits) seed(ctx context.Context, service *measure.Service) error {
	if _, err := service.Do(ctx, "PUT", "/v1/members/m1", "application/json", []byte(`{"attributes": {"first": "yes"}}`)); err != nil {
		return err
	}
	for i, k := range kinds {
		source := fmt.Sprintf("key: %s\nname: %s\n%s%s", k.key, k.key, k.head, steps)
		if _, err := service.Do(ctx, "POST", "/v1/campaigns", "application/yaml", []byte(source)); err != nil {
			return err
		}
		if _, err := service.Do(ctx, "POST", "/v1/campaigns/"+k.key+"/publication", "application/json", []byte(`{"schedule_past":"accept"}`)); err != nil {
			return err
		}
		if k.key != "broadcast" {
			if _, err := service.Do(ctx, "POST", "/v1/campaigns/"+k.key+"/enrollments", "application/json", []byte(`{"members": ["m1"]}`)); err != nil {
				return err
			}
		}
		if err := w.copy(ctx, k.key, i); err != nil {
			return err
		}
	}
	return w.db.Analyzed(ctx)
}

func (w *waits) copy(ctx context.Context, key string, nth int) error {
	const passage = ` FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = $1 AND e.member_id = 1 AND e.wait_kind = 'time'`
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		n := 0
		if err := w.db.QueryRowContext(ctx, `SELECT count(*)`+passage, key).Scan(&n); err != nil {
			return err
		}
		if n == 1 {
			break
		}
		if time.Since(began) > time.Minute {
			return fmt.Errorf("nobody waits in %s", key)
		}
	}
	return w.db.Series(ctx, `INSERT INTO enrollments (id, campaign_id, version, member_id, run_key, source, state, reason, step, visit, wait_kind, due_at, data, rev, entered_at, updated_at)
		SELECT 1000000000000 + i, e.campaign_id, e.version, i + 1, '', e.source, e.state, e.reason, e.step, e.visit, e.wait_kind, e.due_at, e.data, e.rev, e.entered_at, e.updated_at
		FROM series, enrollments e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = $2 AND e.member_id = 1 AND i % $3 = $4`, *waiting, key, len(kinds), nth)
}

// due sets when passages from the from-th on become due: n of them, evenly within the span after at.
func (w *waits) due(ctx context.Context, from, n int, at time.Time, span time.Duration) error {
	_, err := w.db.ExecContext(ctx, `UPDATE enrollments SET due_at = $1 + (id - $2) * $3 / $4 WHERE id >= $2 AND id < $2 + $4`,
		at.UnixMicro(), int64(firstPassage+from), span.Microseconds(), n)
	return err
}

// late is how much later than their due time messages were written and taken.
type late struct{ began, taken []time.Duration }

// wait returns once the n messages from the from-th passage on are sent.
func (w *waits) wait(ctx context.Context, from, n int, due func(i int) time.Time) (l late, err error) {
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		sent := 0
		err := w.db.QueryRowContext(ctx, `SELECT count(*) FROM deliveries WHERE enrollment_id >= $1 AND enrollment_id < $2 AND state = 'sent'`, firstPassage+from, firstPassage+from+n).Scan(&sent)
		if err != nil {
			return l, err
		}
		if sent == n {
			break
		}
		if time.Since(began) > 10*time.Minute {
			return l, fmt.Errorf("%d of %d sent", sent, n)
		}
	}
	rows, err := w.db.QueryContext(ctx, `SELECT enrollment_id, created_at, final_at FROM deliveries WHERE enrollment_id >= $1 AND enrollment_id < $2`, firstPassage+from, firstPassage+from+n)
	if err != nil {
		return l, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, created, final int64
		if err := rows.Scan(&id, &created, &final); err != nil {
			return l, err
		}
		at := due(int(id) - firstPassage)
		l.began, l.taken = append(l.began, time.UnixMicro(created).Sub(at)), append(l.taken, time.UnixMicro(final).Sub(at))
	}
	slices.Sort(l.began)
	slices.Sort(l.taken)
	return l, rows.Err()
}

func at(share float64, sorted []time.Duration) time.Duration {
	return sorted[int(share*float64(len(sorted)-1))].Round(time.Millisecond)
}

// first is where the passages that become due begin.
const first = 1

// steady lets some become due each second.
func (w *waits) steady(ctx context.Context) (n int, err error) {
	n = int(float64(*each) * duration.Seconds())
	start := time.Now().Add(5 * time.Second).Truncate(time.Second)
	if err := w.due(ctx, first, n, start, *duration); err != nil {
		return n, err
	}
	if time.Now().After(start) {
		return n, fmt.Errorf("setting due times took too long")
	}
	time.Sleep(time.Until(start.Add(*duration)))
	l, err := w.wait(ctx, first, n, func(i int) time.Time {
		return start.Add(time.Duration(i-first) * *duration / time.Duration(n))
	})
	if err != nil {
		return n, err
	}
	fmt.Printf("%d due each second: the step begins after median %s, p99 %s, longest %s; its mail is taken after median %s, p99 %s; the goal is p99 ≤ %s\n",
		*each, at(0.5, l.began), at(0.99, l.began), at(1, l.began), at(0.5, l.taken), at(0.99, l.taken), *goal)
	if at(0.99, l.began) > *goal {
		return n, fmt.Errorf("the goal is missed")
	}
	return n, nil
}

// burst lets very many become due within a second, and tells how fast they drain and in which order the campaigns go.
func (w *waits) burst(ctx context.Context, steady int) error {
	from, n := first+steady, min(*burst, *waiting-steady)
	start := time.Now().Add(time.Minute).Truncate(time.Second)
	if err := w.due(ctx, from, n, start, time.Second); err != nil {
		return err
	}
	time.Sleep(time.Until(start))
	l, err := w.wait(ctx, from, n, func(int) time.Time { return start })
	if err != nil {
		return err
	}
	whole := at(1, l.taken)
	fmt.Printf("%d due in one second: decided after %s, all taken after %s: %.0f a second\n", n, at(1, l.began), whole, float64(n)/whole.Seconds())
	for _, k := range kinds {
		var median float64
		err := w.db.QueryRowContext(ctx, `SELECT avg(d.final_at) FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id
			WHERE c.key = $1 AND d.enrollment_id >= $2 AND d.enrollment_id < $3`, k.key, firstPassage+from, firstPassage+from+n).Scan(&median)
		if err != nil {
			return err
		}
		fmt.Printf("  %s: taken after %s on average\n", k.key, time.UnixMicro(int64(median)).Sub(start).Round(10*time.Millisecond))
	}
	return nil
}
