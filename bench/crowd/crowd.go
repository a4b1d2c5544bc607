// Package crowd puts a community into a migrated database, past the product: measuring begins where a million members are there already.
package crowd

import (
	"context"
	"database/sql"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// FirstChat is the chat id of member 1; member i has FirstChat + i - 1.
const FirstChat = 1_000_001

// Database is the service's database, beside the service.
type Database struct {
	*sql.DB
	sqlite bool
}

// Open opens the database of a service (KRUZHOK_DATABASE_URL).
func Open(url string) (*Database, error) {
	driver := "pgx"
	path, sqlite := strings.CutPrefix(url, "sqlite:")
	if sqlite {
		driver, url = "sqlite", "file:"+path+"?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &Database{db, sqlite}, nil
}

// Series runs a statement that reads i FROM series, which is 1 to n, and is $1.
func (d *Database) Series(ctx context.Context, statement string, n int, more ...any) error {
	series := "generate_series(1, CAST($1 AS BIGINT)) AS s(i)"
	if d.sqlite {
		series = "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i < $1) SELECT i FROM s) AS s"
	}
	_, err := d.ExecContext(ctx, strings.Replace(statement, "FROM series", "FROM "+series, 1), append([]any{n}, more...)...)
	return err
}

// Analyzed makes the planner know what is there.
func (d *Database) Analyzed(ctx context.Context) error {
	_, err := d.ExecContext(ctx, "ANALYZE")
	return err
}

// Members puts in n members with ids from 1, whom the platform knows as m1, m2, …; each has a chat and a mailbox, and wants news on both.
func (d *Database) Members(ctx context.Context, n int) error {
	for _, statement := range []string{
		`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, created_at, updated_at)
			SELECT i, 'm' || i, 'Anna' || i, '', 'en', 'Europe/Moscow', '{}', 'active', 0, 0 FROM series`,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT i, i, 'telegram', CAST(1000000 + i AS TEXT), CAST(1000000 + i AS TEXT), 't' || i, 'ok', 0, 0 FROM series`,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT 100000000 + i, i, 'email', 'm' || i || '@example.com', 'm' || i || '@example.com', 'e' || i, 'ok', 0, 0 FROM series`,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT i, 'telegram', 'news', true, 0 FROM series`,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT i, 'email', 'news', true, 0 FROM series`,
	} {
		if err := d.Series(ctx, statement, n); err != nil {
			return err
		}
	}
	return d.Analyzed(ctx)
}
