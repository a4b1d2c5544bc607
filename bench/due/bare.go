package main

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
)

// raw is a connection of the rival's own, with nothing of ours between it and the database.
type raw interface {
	exec(ctx context.Context, sql string, args ...any) (int64, error)
	number(ctx context.Context, sql string, args ...any) (int64, error)
	// settle lets the database come to rest after the rows were written: statistics, a checkpoint.
	settle(ctx context.Context) error
	// move claims, moves and inserts up to limit rows in one transaction.
	move(ctx context.Context, campaign, now, firstID int64, limit int) (int, error)
	close()
}

func openRaw(ctx context.Context, url string) (raw, error) {
	if isPostgres(url) {
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			return nil, err
		}
		_, err = c.Exec(ctx, "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_sort = off") // its best plan, whatever the statistics say
		return &rawPostgres{c}, err
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=cache_size(-65536)&_pragma=temp_store(MEMORY)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &rawSQLite{db: db}, nil
}

// bare moves everything that is due in the rival's campaign.
func (w *world) bare(ctx context.Context, rows int) error {
	if rows == 0 {
		rows = w.store.BulkRows()
	}
	now := w.now.AddDate(0, 0, 1).UnixMicro()
	first := int64(1) << 40 // beyond all ids of the engine's
	for {
		n, err := w.raw.move(ctx, int64(w.theirs), now, first, rows)
		if err != nil || n == 0 {
			return err
		}
		first += int64(n)
	}
}

const (
	newData = `{"started":true,"visits":{"hello":1,"wait-1":1},"waiting":{"channel":"email"}}`

	deliveryColumns = `id, kind, campaign_id, version, enrollment_id, member_id, step, visit, channel, part, name, params, lane, priority, state, reason,
		code, detail, provider_id, attempts, chunk_id, expires_at, created_at`
	dueRows = `campaign_id = $1 AND due_at <= $2 AND state IN ('active', 'waiting') ORDER BY due_at LIMIT $3`
	// moved is what a due row becomes; $5 is the number before the first delivery's.
	moved = `state = 'waiting', reason = '', step = 'hello', visit = 1, wait_kind = 'delivery', due_at = NULL, data = '` + newData + `', rev = rev + 1, updated_at = $2`
)

type rawPostgres struct{ c *pgx.Conn }

// moveAll is one statement: what is due is claimed, moved, and its deliveries are written.
const moveAll = `WITH due AS MATERIALIZED (SELECT id, version, member_id FROM enrollments WHERE ` + dueRows + ` FOR UPDATE SKIP LOCKED),
	numbered AS MATERIALIZED (SELECT *, $4::bigint + row_number() OVER () AS delivery FROM due),
	gone AS (UPDATE enrollments SET ` + moved + `, wait_delivery = delivery FROM numbered WHERE enrollments.id = numbered.id)
	INSERT INTO deliveries (` + deliveryColumns + `)
	SELECT delivery, 'step', $1, version, id, member_id, 'hello', 1, 'email', 0, '', '{}', 'bulk', 5, 'pending', '', '', '', '', 0, $4, $2 + 86400000000, $2 FROM numbered`

func (p *rawPostgres) move(ctx context.Context, campaign, now, first int64, limit int) (int, error) {
	t, err := p.c.Exec(ctx, moveAll, campaign, now, limit, first)
	return int(t.RowsAffected()), err
}

func (p *rawPostgres) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	t, err := p.c.Exec(ctx, sql, args...)
	return t.RowsAffected(), err
}

func (p *rawPostgres) number(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = p.c.QueryRow(ctx, sql, args...).Scan(&n)
	return n, err
}

func (p *rawPostgres) settle(ctx context.Context) error {
	if _, err := p.c.Exec(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	_, err := p.c.Exec(ctx, "CHECKPOINT")
	return err
}

func (p *rawPostgres) close() { _ = p.c.Close(context.Background()) }

type rawSQLite struct {
	db             *sql.DB
	insert, update *sql.Stmt
}

// move is two statements on SQLite, whose writes cannot stand in a WITH: the deliveries first, while the rows are due.
func (l *rawSQLite) move(ctx context.Context, campaign, now, first int64, limit int) (int, error) {
	if err := l.prepare(ctx); err != nil {
		return 0, err
	}
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	inserted, err := tx.StmtContext(ctx, l.insert).ExecContext(ctx, campaign, now, limit, first)
	if err != nil {
		return 0, err
	}
	updated, err := tx.StmtContext(ctx, l.update).ExecContext(ctx, campaign, now, limit, first)
	if err != nil {
		return 0, err
	}
	a, _ := inserted.RowsAffected()
	if b, _ := updated.RowsAffected(); a != b {
		return 0, errShort
	}
	return int(a), tx.Commit()
}

func (l *rawSQLite) prepare(ctx context.Context) (err error) {
	if l.insert != nil {
		return nil
	}
	const numbered = `SELECT id, version, member_id, $4 + row_number() OVER () AS delivery FROM (SELECT id, version, member_id FROM enrollments WHERE ` + dueRows + `)`
	if l.insert, err = l.db.PrepareContext(ctx, `INSERT INTO deliveries (`+deliveryColumns+`)
		SELECT delivery, 'step', $1, version, id, member_id, 'hello', 1, 'email', 0, '', '{}', 'bulk', 5, 'pending', '', '', '', '', 0, $4, $2 + 86400000000, $2
		FROM (`+numbered+`)`); err != nil {
		return err
	}
	l.update, err = l.db.PrepareContext(ctx, `UPDATE enrollments SET `+moved+`, wait_delivery = n.delivery FROM (`+numbered+`) AS n WHERE enrollments.id = n.id`)
	return err
}

func (l *rawSQLite) exec(ctx context.Context, sql string, args ...any) (int64, error) {
	r, err := l.db.ExecContext(ctx, sql, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (l *rawSQLite) number(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = l.db.QueryRowContext(ctx, sql, args...).Scan(&n)
	return n, err
}

func (l *rawSQLite) settle(ctx context.Context) error {
	_, err := l.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func (l *rawSQLite) close() { _ = l.db.Close() }
