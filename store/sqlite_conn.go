package store

import (
	"context"
	"database/sql"
	"fmt"
)

// maxPrepared bounds the statements kept by a connection; only audiences have more texts than that.
const maxPrepared = 300

// liteConn is one connection with its prepared statements. One goroutine has it at a time.
type liteConn struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func (c *liteConn) stmt(ctx context.Context, text string) (st *sql.Stmt, done func(), err error) {
	if st := c.prepared[text]; st != nil {
		return st, func() {}, nil
	}
	if st, err = c.conn.PrepareContext(context.WithoutCancel(ctx), text); err != nil {
		return nil, nil, err
	}
	if len(c.prepared) >= maxPrepared {
		return st, func() { _ = st.Close() }, nil
	}
	c.prepared[text] = st
	return st, func() {}, nil
}

func (c *liteConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, done, err := c.stmt(ctx, text)
	if err != nil {
		return 0, err
	}
	defer done()
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (c *liteConn) query(ctx context.Context, text string, args ...any) (rows, error) {
	st, done, err := c.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	rs, err := st.QueryContext(ctx, args...)
	if err != nil {
		done()
		return nil, err
	}
	return liteRows{rs, done}, nil
}

// transact runs fn between begin and COMMIT.
func (c *liteConn) transact(begin string, fn func() error) (err error) {
	ctx := context.Background()
	if _, err := c.exec(ctx, begin); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	committed := false
	defer func() {
		if !committed { // also when fn panicked
			_, _ = c.conn.ExecContext(ctx, "ROLLBACK")
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if _, err := c.exec(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	committed = true
	return nil
}

func (c *liteConn) close() {
	for _, st := range c.prepared {
		_ = st.Close()
	}
	_ = c.conn.Close()
}

// liteRows is *sql.Rows with a Close that returns nothing: its error is in Err already.
type liteRows struct {
	*sql.Rows
	done func()
}

func (r liteRows) Close() {
	_ = r.Rows.Close()
	r.done()
}

// uncanceled runs statements to their end whatever happens to the caller.
type uncanceled struct{ c *liteConn }

func (u uncanceled) exec(_ context.Context, text string, args ...any) (int64, error) {
	return u.c.exec(context.Background(), text, args...)
}

func (u uncanceled) query(_ context.Context, text string, args ...any) (rows, error) {
	return u.c.query(context.Background(), text, args...)
}
