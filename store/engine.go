package store

import "context"

// runner runs statements: on a connection of its own, or inside a transaction. Parameters are $1, $2, … on both engines.
type runner interface {
	// exec returns how many rows were written.
	exec(ctx context.Context, sql string, args ...any) (int64, error)
	query(ctx context.Context, sql string, args ...any) (rows, error)
}

// rows is what *sql.Rows and pgx.Rows have in common.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// engine is one of the two databases. As a runner it reads, each statement on its own.
type engine interface {
	runner
	dialect() dialect
	idSource() idSource
	// read runs fn in one snapshot.
	read(ctx context.Context, fn func(runner) error) error
	// write runs fn in one transaction, once.
	write(ctx context.Context, how manner, fn func(runner) error) error
	// again reports whether the same transaction may succeed when it is repeated.
	again(err error) bool
	// migrator returns what migrates, and its end.
	migrator(ctx context.Context) (migrator, func() error, error)
	close() error
}

// manner is what a transaction is about.
type manner int

const (
	single   manner = iota // a few rows
	bulk                   // many rows, which nobody waits for
	often                  // the same, by statements that run over and over
	together               // what many members wait for
)

// idSource gives out blocks of consecutive ids.
type idSource interface {
	// next returns the first of n ids, 1 ≤ n ≤ idBlock.
	next(ctx context.Context, n int) (int64, error)
}

// one returns the only row, or ok false when there is none.
func one[T any](ctx context.Context, r runner, scan func(rows) (T, error), sql string, args ...any) (v T, ok bool, err error) {
	all, err := many(ctx, r, scan, sql, args...)
	if err != nil || len(all) == 0 {
		return v, false, err
	}
	return all[0], true, nil
}

// many returns all rows. They are read before it returns, so the connection is free for the next statement.
func many[T any](ctx context.Context, r runner, scan func(rows) (T, error), sql string, args ...any) ([]T, error) {
	rs, err := r.query(ctx, sql, args...)
	if err != nil {
		return nil, away(err)
	}
	defer rs.Close()
	var all []T
	for rs.Next() {
		v, err := scan(rs)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, away(rs.Err())
}

// value scans a row of one column.
func value[T any](r rows) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// snapshot runs fn on one state of the database: the transaction's, or one of its own.
func (q queries) snapshot(ctx context.Context, fn func(queries) error) error {
	if q.reader == nil {
		return fn(q)
	}
	return q.reader(ctx, func(r runner) error {
		return fn(queries{run: r, dialect: q.dialect})
	})
}

// counting is snapshot for statements that look at a whole table.
func (q queries) counting(ctx context.Context, fn func(queries) error) error {
	return q.snapshot(ctx, func(q queries) error {
		if q.dialect.postgres {
			if _, err := q.run.exec(ctx, pgCounting); err != nil {
				return err
			}
		}
		return fn(q)
	})
}
