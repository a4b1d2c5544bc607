package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const pgMaxConns = 16

// pgEngine is a pool, and beside it one connection for ids: a transaction that needs a block of ids must not wait for a
// connection that another such transaction holds.
type pgEngine struct {
	pool *pgxpool.Pool
	side *pgxpool.Pool
	ids  *pgIDs
}

func openPostgres(ctx context.Context, o Options) (*pgEngine, error) {
	pool, err := pgPool(ctx, o.URL, max(o.MaxConns, 0))
	if err != nil {
		return nil, err
	}
	side, err := pgPool(ctx, o.URL, 1)
	if err != nil {
		pool.Close()
		return nil, err
	}
	e := &pgEngine{pool: pool, side: side, ids: &pgIDs{side: side}}
	if err := pool.Ping(ctx); err != nil {
		_ = e.close()
		return nil, hideURL(err)
	}
	return e, nil
}

func pgPool(ctx context.Context, url string, conns int) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, hideURL(err)
	}
	if conns == 0 {
		conns = pgMaxConns
	}
	cfg.MaxConns = int32(conns)
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "kruzhok"
	}
	// Compiling a statement takes longer than any of ours runs: a list that might have to look far is estimated as dear, and stops after some thousand rows.
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		registerArrays(c.TypeMap())
		_, err := c.Exec(ctx, "SET jit = off")
		return err
	}
	return pgxpool.NewWithConfig(ctx, cfg)
}

// hideURL keeps the password out: pgconn's errors for a wrong URL repeat it.
func hideURL(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("postgres: the database URL cannot be read")
	}
	return err
}

func (e *pgEngine) dialect() dialect   { return dialect{postgres: true} }
func (e *pgEngine) idSource() idSource { return e.ids }

func (e *pgEngine) exec(ctx context.Context, text string, args ...any) (int64, error) {
	t, err := e.pool.Exec(ctx, text, args...)
	return t.RowsAffected(), err
}

func (e *pgEngine) query(ctx context.Context, text string, args ...any) (rows, error) {
	return e.pool.Query(ctx, text, args...)
}

func (e *pgEngine) read(ctx context.Context, fn func(runner) error) error {
	return e.transact(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
}

func (e *pgEngine) write(ctx context.Context, how manner, fn func(runner) error) error {
	var o pgx.TxOptions
	switch how { // one round trip; for the reason see indexOnly
	case bulk:
		o.BeginQuery = "BEGIN; " + pgIndexOnly
	case often, together:
		o.BeginQuery = "BEGIN; " + pgKeep
		return e.transact(ctx, o, func(r runner) error { return fn(marked{r, pgKeepMark}) })
	}
	return e.transact(ctx, o, fn)
}

// marked puts a comment before each statement, so that its plan is its own.
type marked struct {
	runner
	mark string
}

func (m marked) exec(ctx context.Context, text string, args ...any) (int64, error) {
	return m.runner.exec(ctx, m.mark+text, args...)
}

func (m marked) query(ctx context.Context, text string, args ...any) (rows, error) {
	return m.runner.query(ctx, m.mark+text, args...)
}

func (e *pgEngine) transact(ctx context.Context, o pgx.TxOptions, fn func(runner) error) error {
	tx, err := e.pool.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer func() { // does nothing after a commit; also when fn panicked
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx)
	}()
	if err := fn(pgTx{tx}); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// again: SQLSTATE 40001 serialization_failure and 40P01 deadlock_detected.
func (e *pgEngine) again(err error) bool {
	var pe *pgconn.PgError
	return errors.As(err, &pe) && (pe.Code == "40001" || pe.Code == "40P01")
}

func (e *pgEngine) close() error {
	e.pool.Close()
	e.side.Close()
	return nil
}

type pgTx struct{ tx pgx.Tx }

func (t pgTx) exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

func (t pgTx) query(ctx context.Context, text string, args ...any) (rows, error) {
	return t.tx.Query(ctx, text, args...)
}
