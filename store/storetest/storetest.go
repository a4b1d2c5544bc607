// Package storetest opens fresh databases for tests, on either engine.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kruzhok/kruzhok/internal/race"
	"github.com/kruzhok/kruzhok/store"
)

// PostgresEnv names the variable with the URL of a PostgreSQL server on which databases may be made.
const PostgresEnv = "KRUZHOK_TEST_POSTGRES_URL"

// RequireEnv names the variable that, set to 1, makes a missing service a failure.
const RequireEnv = "KRUZHOK_REQUIRE_SERVICES"

// SharedEnv names the variable that, set to 1, says that a run with the race detector follows: what that one plays on PostgreSQL, this one plays on SQLite alone.
const SharedEnv = "KRUZHOK_TEST_SHARED"

// SQLite opens a fresh, migrated database in a folder of the test's own.
func SQLite(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, SQLiteURL(t))
}

// SQLiteURL is the URL of a database that is not there yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "kruzhok.db")
}

// Postgres opens a migrated database with nothing in it on the server that KRUZHOK_TEST_POSTGRES_URL names, for as long as the test runs. Another test gets it
// afterwards, without its rows: one that changes the schema takes PostgresURL. Without that variable the test is skipped, or fails when
// KRUZHOK_REQUIRE_SERVICES is 1.
func Postgres(t testing.TB) *store.Store {
	t.Helper()
	return Open(t, takeSlot(t, testServer(t)))
}

// PostgresURL is the URL of a fresh database without a schema, which is dropped when the test ends; see Postgres.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := testServer(t)
	name := "kruzhok_test_" + strings.ToLower(rand.Text())
	onServer(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { onServer(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := databaseURL(server, name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// testServer is the URL of the server that the tests use.
func testServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv(PostgresEnv)
	if server == "" {
		if os.Getenv(RequireEnv) == "1" {
			t.Fatalf("%s is not set, and %s=1", PostgresEnv, RequireEnv)
		}
		t.Skipf("%s is not set", PostgresEnv)
	}
	return server
}

// databaseURL is the server's URL with another database in it.
func databaseURL(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", fmt.Errorf("%s is no URL", PostgresEnv)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// Each runs the test on both engines, as subtests; on SQLite alone where a run with the race detector follows, which runs it on both.
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	if !race.Enabled && os.Getenv(SharedEnv) == "1" {
		return
	}
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// Open opens the database, migrates it, and closes it when the test ends.
func Open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// Terminate ends every connection to the database, as a restart of the server would.
func Terminate(t testing.TB, database string) {
	t.Helper()
	onServer(t, os.Getenv(PostgresEnv), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+database+"' AND pid <> pg_backend_pid()")
}

func onServer(t testing.TB, server, sql string) {
	t.Helper()
	ctx := context.Background() // also in Cleanup, when the test's context is over
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatalf("%.20s…: %v", sql, err)
	}
}
