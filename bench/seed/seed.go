// Package seed fills a database with a community of any size by bare set-based SQL: members, and the campaigns that they went through.
//
// A member has ten deliveries in six campaigns: an onboarding of three messages, a survey of two questions, a challenge of two rounds that every second
// member entered, and broadcasts. Answers, points, events and what members wrote themselves are in proportion.
package seed

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// DB is a database that is filled.
type DB struct {
	*sql.DB
	Postgres bool
	now      int64 // microseconds
}

// Open opens a database that was migrated, by the URL that the service has of it.
func Open(url string) (*DB, error) {
	driver, source := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=temp_store(MEMORY)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // settings hold for a connection
	return &DB{db, driver == "pgx", time.Now().UnixMicro()}, nil
}

// firstID leaves room for what the service has written itself; rows of a kind are a million times a kind apart.
const firstID = 1_000_000_000

// Campaign is one that is filled.
type Campaign struct {
	Key  string
	Kind string
	ID   int64
	Of   int // every how many-th member entered
	Name string
	YAML string
}

// Fill writes members and all that they did. Indexes are dropped before and made again after: that is how a million rows are loaded.
func (db *DB) Fill(ctx context.Context, members int, say func(string)) error {
	indexes, err := db.indexes(ctx)
	if err != nil {
		return err
	}
	var work []string
	for _, i := range indexes {
		work = append(work, "DROP INDEX "+i.name)
	}
	if db.Postgres {
		work = append(work, "SET synchronous_commit = off", "SET maintenance_work_mem = '512MB'", "SET max_parallel_maintenance_workers = 1")
	}
	work = append(work, db.statements(members)...)
	for _, i := range indexes {
		work = append(work, i.create)
	}
	work = append(work, db.settling()...)
	for _, text := range work {
		began := time.Now()
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%.60s…: %w", text, err)
		}
		if took := time.Since(began); took > 2*time.Second {
			say(fmt.Sprintf("%6.1f s  %.70s", took.Seconds(), strings.Join(strings.Fields(text), " ")))
		}
	}
	return nil
}

type index struct{ name, create string }

func (db *DB) indexes(ctx context.Context) (all []index, err error) {
	text := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('enrollments', 'deliveries', 'responses', 'events', 'member_tags', 'member_attributes', 'member_words')`
	if db.Postgres {
		text = `SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname
			WHERE i.schemaname = 'public' AND c.oid IS NULL AND i.tablename IN ('enrollments', 'deliveries', 'responses', 'events', 'member_tags', 'member_attributes', 'member_words')`
	}
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.name, &i.create); err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// FillOnce is Fill unless there are members.
func (db *DB) FillOnce(ctx context.Context, members int, say func(string)) error {
	var there int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM members LIMIT 1) AS m`).Scan(&there); err != nil || there > 0 {
		return err
	}
	return db.Fill(ctx, members, say)
}

// Counted waits until a service has counted what was filled in.
func (db *DB) Counted(ctx context.Context) error {
	for {
		var left int
		if err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM recounts WHERE at IS NULL) + (SELECT count(*) FROM counter_deltas)`).Scan(&left); err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// FillMembers writes members, tags, attributes, addresses and consents, and no history.
func (db *DB) FillMembers(ctx context.Context, members int) error {
	for _, text := range db.members(members) {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%.60s…: %w", text, err)
		}
	}
	return db.settle(ctx)
}

// settle leaves the tables as they are after a while: analysed, and with no work left over.
func (db *DB) settle(ctx context.Context) error {
	for _, text := range db.settling() {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) settling() []string {
	if db.Postgres {
		return []string{"VACUUM ANALYZE", "CHECKPOINT"}
	}
	return []string{"ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"}
}

// ForgetHistory empties what campaigns wrote, so that each turn begins alike.
func (db *DB) ForgetHistory(ctx context.Context) error {
	clear := "DELETE FROM "
	if db.Postgres {
		clear = "TRUNCATE "
	}
	for _, table := range []string{"enrollments", "deliveries", "chunks", "events", "counters", "counter_deltas", "campaign_schedules", "campaign_versions", "campaigns", "inputs"} {
		if _, err := db.ExecContext(ctx, clear+table); err != nil {
			return err
		}
	}
	return db.settle(ctx)
}

// EnrollBare writes the rows that enrolling everybody writes, table by table: passages that wait for their message, the messages, and their chunks.
func (db *DB) EnrollBare(ctx context.Context) error {
	if !db.Postgres {
		if _, err := db.ExecContext(ctx, "PRAGMA synchronous = FULL"); err != nil { // as the service has it
			return err
		}
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, text := range []string{
		`INSERT INTO enrollments (id, campaign_id, version, member_id, run_key, source, state, reason, step, visit, wait_kind, wait_delivery, due_at, data, rev, entered_at, updated_at)
			SELECT id + %[1]d, 1, 1, id, '', 'schedule', 'waiting', '', 'news', 1, 'delivery', id + %[1]d, NULL, '{"started":true,"visits":{"news":1}}', 0, %[2]d, %[2]d
			FROM members WHERE state = 'active'`,
		`INSERT INTO deliveries (id, kind, campaign_id, version, enrollment_id, member_id, step, visit, channel, part, name, params, lane, priority, state, reason, code, detail, provider_id,
				attempts, chunk_id, expires_at, created_at)
			SELECT id + %[1]d, 'step', 1, 1, id + %[1]d, id, 'news', 1, 'email', 0, '', '{}', 'bulk', 7, 'pending', '', '', '', '', 0, id / 500, %[2]d, %[2]d
			FROM members WHERE state = 'active'`,
		`INSERT INTO chunks (id, campaign_id, channel, lo, hi, left_n, priority, due_at)
			SELECT id / 500, 1, 'email', min(id), max(id), count(*), 7, %[2]d FROM members WHERE state = 'active' GROUP BY id / 500`,
	} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(text, firstID, db.now)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
