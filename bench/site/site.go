// Package site is one installation with a community in chats, for benches that send by Telegram: the real binary, its database, its Redis.
package site

import (
	"context"
	"database/sql"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

// Site is the installation. PG and Redis are nil on SQLite.
type Site struct {
	Lab     *measure.Lab
	PG      *measure.Postgres
	Redis   *measure.Redis
	Service *measure.Service
	DB      *sql.DB // beside the product
}

// FirstChat is the chat of member m1; the others follow.
const FirstChat = 1_000_000

// Open makes the installation with members who have a chat with the bot at botURL and want everything there. No limit of ours holds messages.
func Open(ctx context.Context, lab *measure.Lab, database string, members int, botURL string, settings ...string) (*Site, error) {
	s := &Site{Lab: lab}
	url, redisURL, err := s.services(ctx, database)
	if err != nil {
		return nil, err
	}
	binary, err := lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return nil, err
	}
	settings = append([]string{"KRUZHOK_TELEGRAM_TOKEN=" + botapi.Token, "KRUZHOK_TELEGRAM_API_URL=" + botURL, "KRUZHOK_TELEGRAM_RATE=0"}, settings...)
	if s.Service, err = lab.Service(ctx, binary, url, redisURL, settings...); err != nil {
		return nil, err
	}
	if err := s.seed(ctx, url, members); err != nil {
		return nil, err
	}
	return s, s.Service.Start(ctx, "kruzhok", "serve")
}

func (s *Site) services(ctx context.Context, database string) (url, redisURL string, err error) {
	if database != "postgres" {
		url, err = s.Lab.SQLite()
		return url, "", err
	}
	if s.PG, err = s.Lab.Postgres(ctx); err != nil {
		return "", "", err
	}
	if s.Redis, err = s.Lab.Redis(ctx); err != nil {
		return "", "", err
	}
	url, err = s.PG.Database(ctx)
	return url, s.Redis.URL, err
}

// Processes are those of the installation.
func (s *Site) Processes() []measure.Process {
	all := s.Service.Processes()
	if s.PG != nil {
		all = append(all, s.PG.Process(), s.Redis.Process())
	}
	return all
}

func (s *Site) seed(ctx context.Context, url string, n int) (err error) {
	driver := "pgx"
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, url = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	}
	if s.DB, err = sql.Open(driver, url); err != nil {
		return err
	}
	s.DB.SetMaxOpenConns(1)
	const from = ` FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1) SELECT n FROM numbers) AS numbers`
	for _, statement := range []string{
		`INSERT INTO members (id, external_id, first_name, last_name, language, time_zone, attributes, state, created_at, updated_at)
			SELECT n, 'm' || n, 'Anna', '', 'en', 'Europe/Moscow', '{}', 'active', 0, 0` + from,
		`INSERT INTO addresses (id, member_id, channel, value, value_key, value_hash, reach, reach_at, created_at)
			SELECT n, n, 'telegram', '' || (999999 + n), '' || (999999 + n), 'h' || n, 'ok', 0, 0` + from,
		`INSERT INTO subscriptions (member_id, channel, topic, given, at) SELECT n, 'telegram', 'community', true, 0` + from,
	} {
		if _, err := s.DB.ExecContext(ctx, statement, int64(n)); err != nil {
			return err
		}
	}
	if driver == "pgx" {
		_, err = s.DB.ExecContext(ctx, "ANALYZE")
	}
	return err
}
