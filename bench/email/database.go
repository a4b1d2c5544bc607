package main

import (
	"context"
	"database/sql"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// database is where members are put and outcomes are counted, beside the product.
type database struct{ sql *sql.DB }

// openDatabase fills a migrated database with members, half of them Russian, who all want news by mail.
func openDatabase(ctx context.Context, url string, n int) (*database, error) {
	driver := "pgx"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, url = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	for _, statement := range seed {
		if driver == "sqlite" {
			statement = strings.NewReplacer("generate_series(1, $1) AS g(i)", "(WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM g WHERE i < $1) SELECT i FROM g)").Replace(statement)
		}
		if _, err := db.ExecContext(ctx, statement, n); err != nil {
			return nil, err
		}
	}
	if driver == "pgx" {
		_, err = db.ExecContext(ctx, "ANALYZE")
	}
	return &database{db}, err
}

var seed = []string{
	`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, created_at, updated_at)
		SELECT i, 'm' || i, CASE i % 2 WHEN 0 THEN 'Анна' ELSE 'Anna' END || i, '', CASE i % 2 WHEN 0 THEN 'ru' ELSE 'en' END, 'Europe/Moscow', '{}', 'active', 0, 0
		FROM generate_series(1, $1) AS g(i)`,
	`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
		SELECT i, i, 'email', 'm' || i || '@example.com', 'm' || i || '@example.com', 'h' || i, 'ok', 0, 0 FROM generate_series(1, $1) AS g(i)`,
	`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT i, 'email', 'news', true, 0 FROM generate_series(1, $1) AS g(i)`,
}

// counted is how a broadcast stands.
type counted struct{ sent, open int }

func (d *database) count(ctx context.Context, key string) (c counted, err error) {
	err = d.sql.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM deliveries d JOIN campaigns c ON c.id = d.campaign_id WHERE c.key = $1 AND d.state = 'sent'),
		(SELECT count(*) FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id WHERE c.key = $1 AND e.state IN ('active', 'waiting'))`, key).Scan(&c.sent, &c.open)
	return c, err
}
