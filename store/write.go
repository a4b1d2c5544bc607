package store

import (
	"context"
	"math/rand/v2"
	"time"
)

// maxTries bounds how often a transaction is begun.
const maxTries = 5

// Write runs fn in one transaction and commits when it returns nil. It repeats fn (from its start, so fn must have no effect outside) when the
// database reports a deadlock, a serialization failure or that it is busy; at most five times. Fault unavailable.database while it does not answer.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, single, fn)
}

// WriteBulk is Write for work over many rows: on SQLite at most one such transaction stands ahead of an interactive one.
// Keep a transaction to BulkRows rows.
func (s *Store) WriteBulk(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, bulk, fn)
}

// WriteOften is WriteBulk for transactions that run over and over with the same statements: PostgreSQL keeps their plans, as for WriteTogether. Planning
// them anew was a sixth of what a mail of a broadcast costs it.
func (s *Store) WriteOften(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, often, fn)
}

// WriteTogether is Write for what many members wait for: it lets nobody go first as WriteBulk does, and PostgreSQL keeps its plans, which walk indexes.
func (s *Store) WriteTogether(ctx context.Context, fn func(*Tx) error) error {
	return s.write(ctx, together, fn)
}

// writeOne is Write for fn with one statement: PostgreSQL makes a transaction of it by itself, without two more round trips.
func (s *Store) writeOne(ctx context.Context, fn func(*Tx) error) error {
	if s.Embedded() {
		return s.Write(ctx, fn)
	}
	return away(fn(&Tx{queries: queries{run: s.engine, dialect: s.dialect}, ids: s.ids}))
}

func (s *Store) write(ctx context.Context, how manner, fn func(*Tx) error) error {
	for try := 1; ; try++ {
		var tx *Tx
		err := s.engine.write(ctx, how, func(r runner) error {
			tx = &Tx{queries: queries{run: r, dialect: s.dialect}, ids: s.ids, bulk: how != single, watching: s.watching}
			if err := fn(tx); err != nil {
				return err
			}
			if tx.gathered != nil {
				if err := tx.gathered.write(ctx); err != nil {
					return err
				}
			}
			if err := tx.writeWords(ctx); err != nil {
				return err
			}
			if err := tx.appendMarks(ctx); err != nil {
				return err
			}
			return tx.appendCounts(ctx)
		})
		if err == nil {
			for _, fn := range tx.committed {
				fn()
			}
			return nil
		}
		if try == maxTries || !s.engine.again(err) {
			return away(err)
		}
		if err := rest(ctx, try); err != nil {
			return err
		}
	}
}

// OnCommit has fn called when the transaction has committed; of one that is rolled back, or done once more from its start, never. Calls keep their order.
func (tx *Tx) OnCommit(fn func()) { tx.committed = append(tx.committed, fn) }

// rest waits a little longer before each repetition, and not equally long for two that met.
func rest(ctx context.Context, try int) error {
	most := 5 * time.Millisecond << try
	t := time.NewTimer(most/2 + rand.N(most/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// indexOnly forbids PostgreSQL's planner everything but index walks until the transaction ends. Statistics taken when all was sent say
// "no pending rows", and the next outcome UPDATE becomes a sequential scan times unnest: 13 s for 1000 rows (measured). Joins are made in the order in which
// they are written: a condition that was guessed wrong let a thousand members each be looked for among all addresses (3 s instead of 8 ms).
func (tx *Tx) indexOnly(ctx context.Context) error {
	if tx.bulk || !tx.dialect.postgres {
		return nil
	}
	tx.bulk = true
	_, err := tx.run.exec(ctx, pgIndexOnly)
	return err
}

// inIndexOrder lets PostgreSQL walk an index that has the order asked for: with 30,000 due and old statistics, it read and sorted them all for the first
// thousand, and again for the next (46 ms instead of 0.7 ms, measured). Other statements are better off with sorting.
func (tx *Tx) inIndexOrder(ctx context.Context, fn func() error) error {
	if !tx.dialect.postgres {
		return fn()
	}
	if _, err := tx.run.exec(ctx, "SET LOCAL enable_sort = off"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err := tx.run.exec(ctx, "SET LOCAL enable_sort = on")
	return err
}

// sideBySide lets PostgreSQL walk indexes that have one order side by side, and do nothing else with them: where it may choose, old statistics make it look each row
// up among all of the others.
func (tx *Tx) sideBySide(ctx context.Context, fn func() error) error {
	if _, err := tx.run.exec(ctx, "SET LOCAL enable_mergejoin = on; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off"); err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	_, err := tx.run.exec(ctx, "SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = on; SET LOCAL enable_sort = on")
	return err
}

// anew runs fn, whose statements are of their own for each campaign, with plans made for what they ask now.
func (tx *Tx) anew(ctx context.Context, fn func(queries) error) error {
	kept, ok := tx.run.(marked)
	if !ok {
		return fn(tx.queries)
	}
	if _, err := kept.runner.exec(ctx, "SET LOCAL plan_cache_mode = force_custom_plan"); err != nil {
		return err
	}
	q := tx.queries
	q.run = kept.runner
	if err := fn(q); err != nil {
		return err
	}
	_, err := kept.runner.exec(ctx, "SET LOCAL plan_cache_mode = force_generic_plan")
	return err
}

const (
	pgIndexOnly = "SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_custom_plan; " + pgWalk
	pgWalk      = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL join_collapse_limit = 1"

	// pgKeep is for statements that run often and have the same plan whatever they are asked: planning the small ones took as long as running them. They are marked,
	// so that no plan serves them that was made without it.
	pgKeep     = "SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan; " + pgWalk
	pgKeepMark = "/* kept */ "

	// pgCounting is for a look at all members, until its transaction ends: sets of a million ids fit into memory, and one process walks the indexes in the order that
	// they share (76 ms), where three of them hashed what they found (236 ms on two cores, measured).
	pgCounting = "SET LOCAL work_mem = '64MB'; SET LOCAL max_parallel_workers_per_gather = 0"
)
