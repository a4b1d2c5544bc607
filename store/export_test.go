package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Exec runs a statement that no method has, in a transaction.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	return s.Write(ctx, func(tx *Tx) error {
		_, err := tx.run.exec(ctx, sql, args...)
		return err
	})
}

// Texts returns the first column of every row as text.
func (s *Store) Texts(ctx context.Context, sql string, args ...any) ([]string, error) {
	return many(ctx, s.run, func(r rows) (v string, err error) {
		err = r.Scan(orEmpty(&v))
		return v, err
	}, sql, args...)
}

// Differences names the counters that are not what the rows say.
func (s *Store) Differences(ctx context.Context, id campaigns.CampaignID) (off []string, err error) {
	err = s.snapshot(ctx, func(q queries) error {
		differ, err := q.differences(ctx, id, 0)
		for c, n := range differ {
			off = append(off, fmt.Sprintf("%v: %+d", c.counter(), n))
		}
		return err
	})
	return off, err
}

// AudiencePlan is how the database would ask the condition of each member, where indexes pay.
func (s *Store) AudiencePlan(ctx context.Context, a Asked) (plan []string, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		e := tx.evaluator(a)
		sql := `SELECT count(*) FROM members m WHERE ` + e.condition(a.Condition)
		if !tx.dialect.postgres {
			plan, err = many(ctx, tx.run, func(rs rows) (step string, err error) {
				var a, b, c int
				err = rs.Scan(&a, &b, &c, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+sql, e.args...)
			return err
		}
		if _, err := tx.run.exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
			return err
		}
		plan, err = many(ctx, tx.run, value[string], "EXPLAIN "+sql, e.args...)
		return err
	})
	return plan, err
}

// UnansweredPlan is how the database would count the calls that failed, where indexes pay.
func (s *Store) UnansweredPlan(ctx context.Context) (plan []string, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		r := recorder{tx.run, map[string][]any{}}
		tx.run = r
		if _, err := tx.CountUnanswered(ctx); err != nil {
			return err
		}
		for sql := range r.seen {
			if !tx.dialect.postgres {
				plan, err = many(ctx, r.runner, func(rs rows) (step string, err error) {
					var a, b, c int
					err = rs.Scan(&a, &b, &c, &step)
					return step, err
				}, "EXPLAIN QUERY PLAN "+sql)
				return err
			}
			for _, off := range []string{"enable_seqscan", "enable_sort"} {
				if _, err := r.runner.exec(ctx, "SET LOCAL "+off+" = off"); err != nil {
					return err
				}
			}
			plan, err = many(ctx, r.runner, value[string], "EXPLAIN "+sql)
		}
		return err
	})
	return plan, err
}

// SetUsual sets how many members a word may have to be looked up, and returns what sets it back.
func SetUsual(n int) func() {
	before := usual
	usual = n
	return func() { usual = before }
}

// Explained runs fn in the transaction and returns how the database runs each of its queries where indexes pay, by their texts: PostgreSQL as it then did, with what it read.
func Explained(ctx context.Context, tx *Tx, fn func() error) (map[string]string, error) {
	if tx.dialect.postgres {
		if _, err := tx.run.exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
			return nil, err
		}
	}
	r := explainer{tx.run, tx.dialect, map[string]string{}}
	tx.run = r
	return r.plans, fn()
}

// explainer explains each query before it runs it, under the settings that it finds.
type explainer struct {
	runner
	dialect
	plans map[string]string
}

func (r explainer) query(ctx context.Context, text string, args ...any) (rows, error) {
	if strings.HasPrefix(text, "SELECT") {
		how, scan := "EXPLAIN QUERY PLAN ", func(rs rows) (step string, err error) {
			var a, b, c int
			err = rs.Scan(&a, &b, &c, &step)
			return step, err
		}
		if r.postgres {
			how, scan = "EXPLAIN (ANALYZE, TIMING FALSE) ", value[string]
		}
		lines, err := many(ctx, r.runner, scan, how+text, args...)
		if err != nil {
			return nil, err
		}
		r.plans[text] = strings.Join(lines, "\n")
	}
	return r.runner.query(ctx, text, args...)
}

// PlanInOrder is how PostgreSQL reads what members said, for ids that ascend; nothing where they are looked up one by one.
func PlanInOrder(ctx context.Context, tx *Tx, ids []campaigns.MemberID, chs []campaigns.Channel) (plans map[string]string, err error) {
	err = tx.inOrder(ctx, ids, chs, "news", func(of membersSaid) error {
		if of.between == nil {
			return nil
		}
		plans, err = Explained(ctx, tx, func() error {
			_, err := tx.memberFacts(ctx, of, ids, FactsWanted{Topic: "news", Channels: chs})
			return err
		})
		return err
	})
	return plans, err
}
