package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kruzhok/kruzhok/store"
)

// A slot is a database with the newest schema that tests take one after another, of whatever process. To empty one takes a third of the time in which
// one is copied and dropped. Slots stay on the server, as many as tests ever ran at once; those of another schema are dropped.
const slotPrefix = "kruzhok_slot_"

// pristine is the schema, in each slot, that keeps the rows that migrations wrote.
const pristine = "pristine"

// slotLock is the first key of the advisory locks, in the server's own database, that say that a process has a slot; the second is the slot's number.
const slotLock = 0x6b72757a

// slots are those of this process, which keeps what it has taken until it ends.
var slots struct {
	sync.Mutex
	conn *pgx.Conn // to the server; with it go the locks
	last int       // the number of the last slot that was asked for
	free []string  // URLs of slots that no test has
}

// takeSlot returns the URL of an empty slot that is the test's until it ends.
func takeSlot(t testing.TB, server string) string {
	t.Helper()
	slots.Lock()
	defer slots.Unlock()
	url, err := freeSlot(t.Context(), server, slotPrefix+schemaHash(t)+"_")
	if err != nil {
		t.Fatalf("a database of the test server: %v", err)
	}
	t.Cleanup(func() {
		slots.Lock()
		defer slots.Unlock()
		slots.free = append(slots.free, url)
	})
	return url
}

// freeSlot is one of the process's own, or the first on the server that no process has, made where there is none. The caller has the lock of slots.
func freeSlot(ctx context.Context, server, prefix string) (url string, err error) {
	if n := len(slots.free); n > 0 {
		url, slots.free = slots.free[n-1], slots.free[:n-1]
		return url, emptySlot(ctx, url)
	}
	if slots.conn == nil {
		if slots.conn, err = pgx.Connect(context.WithoutCancel(ctx), server); err != nil {
			return "", err
		}
	}
	for ok := false; !ok; {
		slots.last++
		if err := slots.conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, slotLock, slots.last).Scan(&ok); err != nil {
			return "", err
		}
	}
	if err := makeSlot(ctx, slots.conn, server, prefix, slots.last); err != nil {
		return "", fmt.Errorf("make %s%d: %w", prefix, slots.last, err)
	}
	if url, err = databaseURL(server, fmt.Sprintf("%s%d", prefix, slots.last)); err != nil {
		return "", err
	}
	return url, emptySlot(ctx, url)
}

// makeSlot makes the slot unless it is there, and drops its like of another schema. The caller has the slot's lock.
func makeSlot(ctx context.Context, c *pgx.Conn, server, prefix string, n int) error {
	name := fmt.Sprintf("%s%d", prefix, n)
	there, err := names(ctx, c, `SELECT datname::text FROM pg_database WHERE datname LIKE $1`, fmt.Sprintf("%s%%\\_%d", slotPrefix, n))
	if err != nil {
		return err
	}
	found := false
	for _, db := range there {
		if db == name {
			found = true
		} else if _, err := c.Exec(ctx, "DROP DATABASE IF EXISTS "+db+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	making := "kruzhok_test_" + strings.ToLower(rand.Text())
	if _, err := c.Exec(ctx, "CREATE DATABASE "+making); err != nil {
		return err
	}
	url, err := databaseURL(server, making)
	if err != nil {
		return err
	}
	if err := fillSlot(ctx, url); err != nil {
		return err
	}
	_, err = c.Exec(ctx, "ALTER DATABASE "+making+" RENAME TO "+name) // it is there whole or not at all
	return err
}

// fillSlot makes the newest schema, and keeps what migrations wrote.
func fillSlot(ctx context.Context, url string) error {
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return err
	}
	err = s.Migrate(ctx)
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return onDatabase(ctx, url, func(c *pgx.Conn) error {
		full, err := fullTables(ctx, c)
		if err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "CREATE SCHEMA "+pristine); err != nil {
			return err
		}
		for _, table := range full {
			if _, err := c.Exec(ctx, "CREATE TABLE "+pristine+"."+table+" AS TABLE public."+table); err != nil {
				return err
			}
		}
		return nil
	})
}

// emptySlot ends whoever was left over in the slot, and makes it what it was when it was new.
func emptySlot(ctx context.Context, url string) error {
	return onDatabase(ctx, url, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			return err
		}
		full, err := fullTables(ctx, c)
		if err != nil {
			return err
		}
		kept, err := names(ctx, c, `SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = '`+pristine+`'::regnamespace`)
		if err != nil {
			return err
		}
		var sql strings.Builder
		for _, table := range kept { // a few rows each
			fmt.Fprintf(&sql, "DELETE FROM public.%[1]s; INSERT INTO public.%[1]s OVERRIDING SYSTEM VALUE SELECT * FROM %[2]s.%[1]s;", table, pristine)
		}
		full = slices.DeleteFunc(full, func(table string) bool { return slices.Contains(kept, table) })
		if len(full) > 0 {
			fmt.Fprintf(&sql, "TRUNCATE %s;", strings.Join(full, ", "))
		}
		sql.WriteString("SELECT setval('id_blocks', 1, false);")
		_, err = c.Exec(ctx, "BEGIN;"+sql.String()+"COMMIT")
		return err
	})
}

// fullTables are those with a row.
func fullTables(ctx context.Context, c *pgx.Conn) ([]string, error) {
	var ask string
	err := c.QueryRow(ctx, `SELECT string_agg(format('SELECT %L WHERE EXISTS (SELECT 1 FROM %I)', relname, relname), ' UNION ALL ' ORDER BY relname)
		FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`).Scan(&ask)
	if err != nil {
		return nil, err
	}
	return names(ctx, c, ask)
}

func names(ctx context.Context, c *pgx.Conn, query string, args ...any) ([]string, error) {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func onDatabase(ctx context.Context, url string, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	return do(c)
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
