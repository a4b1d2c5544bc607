package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kruzhok/kruzhok/store"
)

// templateOnce is the name of the migrated database that others are copied from, made once a process.
var templateOnce struct {
	sync.Mutex
	name string
}

// template returns the name of a database with the newest schema and nothing in it, on the server that the tests use. It is made by the first process that
// needs it, and stays: copying it costs less than migrating for each test. Nobody connects to it.
func template(t testing.TB, server string) string {
	t.Helper()
	templateOnce.Lock()
	defer templateOnce.Unlock()
	if templateOnce.name == "" {
		name := "kruzhok_template_" + schemaHash(t)
		if err := makeTemplate(context.Background(), server, name); err != nil {
			t.Fatalf("make the database that others are copied from: %v", err)
		}
		templateOnce.name = name
	}
	return templateOnce.name
}

// schemaHash tells one schema from another.
func schemaHash(t testing.TB) string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "..", "migrations", "postgres", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	h := sha256.New()
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = h.Write(text) // a hash takes everything
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// templateLock is an advisory lock of the server's own database: one process makes the template.
const templateLock = 0x6b72757a686f6b

func makeTemplate(ctx context.Context, server, name string) error {
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }() // with it goes the lock
	if _, err := c.Exec(ctx, `SELECT pg_advisory_lock($1)`, templateLock); err != nil {
		return err
	}
	var there bool
	if err := c.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil || there {
		return err
	}
	making := "kruzhok_test_" + strings.ToLower(rand.Text())
	if _, err := c.Exec(ctx, "CREATE DATABASE "+making); err != nil {
		return err
	}
	url, err := databaseURL(server, making)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		_ = s.Close()
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	_, err = c.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name) // it is there whole or not at all
	return err
}
