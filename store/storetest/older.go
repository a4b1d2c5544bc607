package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// GoBack makes the database what it would be if nobody had migrated it to the newest schema yet: the rows stay, less what only the newest one keeps.
// Nobody may use it meanwhile. It returns the version that it has then.
func GoBack(ctx context.Context, url string) (version int64, err error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return goBackSQLite(ctx, path)
	}
	return goBackPostgres(ctx, url)
}

// goBackSQLite fills a new file and puts it in the place of the old one.
func goBackSQLite(ctx context.Context, path string) (version int64, err error) {
	older := path + ".older"
	db, err := sql.Open("sqlite", "file:"+older)
	if err != nil {
		return 0, err
	}
	db.SetMaxOpenConns(1) // what is attached belongs to a connection
	if version, err = upToPrevious(ctx, goose.DialectSQLite3, db); err == nil {
		_, err = db.ExecContext(ctx, `ATTACH DATABASE ? AS newest`, path)
	}
	if err == nil {
		err = copyRows(ctx, db, "main", "newest", `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`, `SELECT name FROM pragma_table_info('%[2]s', '%[1]s')`)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return 0, err
	}
	for _, end := range []string{"-wal", "-shm"} {
		_ = os.Remove(path + end)
	}
	return version, os.Rename(older, path)
}

// goBackPostgres moves the tables aside, and copies their rows into older ones.
func goBackPostgres(ctx context.Context, url string) (version int64, err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	for _, text := range []string{
		`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`, // whoever knows the newest tables
		`ALTER SCHEMA public RENAME TO newest`, `CREATE SCHEMA public`,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return 0, err
		}
	}
	if version, err = upToPrevious(ctx, goose.DialectPostgres, db); err != nil {
		return 0, err
	}
	err = copyRows(ctx, db, "public", "newest", `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
		`SELECT column_name FROM information_schema.columns WHERE table_schema = '%s' AND table_name = '%s'`)
	if err != nil {
		return 0, err
	}
	names, err := texts(ctx, db, `SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'`)
	for _, name := range names {
		if err == nil {
			_, err = db.ExecContext(ctx, fmt.Sprintf(`SELECT setval('public.%[1]s', last_value, is_called) FROM newest.%[1]s`, name))
		}
	}
	if err == nil {
		_, err = db.ExecContext(ctx, `DROP SCHEMA newest CASCADE`)
	}
	return version, err
}

// upToPrevious brings an empty database up to the schema before the newest.
func upToPrevious(ctx context.Context, dialect goose.Dialect, db *sql.DB) (version int64, err error) {
	_, here, _, _ := runtime.Caller(0)
	folder := map[goose.Dialect]string{goose.DialectSQLite3: "sqlite", goose.DialectPostgres: "postgres"}[dialect]
	p, err := goose.NewProvider(dialect, db, os.DirFS(filepath.Join(filepath.Dir(here), "..", "migrations", folder)), goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, err
	}
	all := p.ListSources()
	version = all[len(all)-2].Version
	_, err = p.UpTo(ctx, version)
	return version, err
}

// copyRows copies what both have: the columns of the older table.
func copyRows(ctx context.Context, db *sql.DB, older, newest, tables, columns string) error {
	names, err := texts(ctx, db, tables)
	if err != nil {
		return err
	}
	for _, table := range names {
		if table == "goose_db_version" {
			continue
		}
		into, err := texts(ctx, db, fmt.Sprintf(columns, older, table))
		if err != nil {
			return err
		}
		from, err := texts(ctx, db, fmt.Sprintf(columns, newest, table))
		if err != nil {
			return err
		}
		both := slices.DeleteFunc(into, func(c string) bool { return !slices.Contains(from, c) })
		list := strings.Join(both, ", ")
		for _, text := range []string{fmt.Sprintf(`DELETE FROM %s.%s`, older, table), fmt.Sprintf(`INSERT INTO %s.%s (%s) SELECT %s FROM %s.%s`, older, table, list, list, newest, table)} {
			if _, err := db.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("copy %s: %w", table, err)
			}
		}
	}
	return nil
}

func texts(ctx context.Context, db *sql.DB, query string) (out []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
