package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// ErrNotSQLite says that the database has its own tools for backups: pg_dump, for PostgreSQL.
var ErrNotSQLite = errors.New("only a SQLite database is one file")

// SQLiteFile is the file of a SQLite database's URL. Error ErrNotSQLite for any other.
func SQLiteFile(databaseURL string) (string, error) {
	scheme, rest, _ := strings.Cut(databaseURL, ":")
	if scheme != "sqlite" {
		return "", ErrNotSQLite
	}
	return filepath.Abs(strings.TrimPrefix(rest, "//"))
}

// BackupSQLite writes the database as it is at one moment to a new file, while the service goes on (SQLite "VACUUM INTO"), and reads the copy through
// before it has its name: a backup that is there is whole. The file is for this user alone. Error fs.ErrExist where it is there already.
func BackupSQLite(ctx context.Context, database, file string) (err error) {
	if _, err := os.Stat(database); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if _, err := os.Stat(file); err == nil {
		return fmt.Errorf("back up to %s: %w", file, os.ErrExist)
	}
	part := file + ".part"
	_ = os.Remove(part) // of an earlier attempt
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // SQLite takes an empty file, and its mode
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := onSQLite(ctx, database, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, `VACUUM INTO ?`, part)
		return err
	}); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := CheckSQLite(ctx, part); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return settle(part, file)
}

// CheckSQLite reads a database through: an error says that it is none of ours, or that it is damaged (SQLite "PRAGMA integrity_check").
func CheckSQLite(ctx context.Context, file string) error {
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		return errors.Join(fmt.Errorf("%s is empty or not there", file), err)
	}
	return onSQLite(ctx, file, func(db *sql.DB) error {
		var answer string
		if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
			return fmt.Errorf("%s is no SQLite database, or is damaged: %w", file, err)
		}
		if answer != "ok" {
			return fmt.Errorf("%s is damaged: %s", file, answer)
		}
		var n int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM community`).Scan(&n); err != nil {
			return fmt.Errorf("%s is not a database of Kruzhok: %w", file, err)
		}
		return nil
	})
}

// CopySQLite makes a copy of a backup that was read through, to be made ready before ReplaceSQLite gives it its name.
func CopySQLite(ctx context.Context, backup, part string) error {
	if err := CheckSQLite(ctx, backup); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(part), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, end := range liteFiles { // of an earlier attempt
		if err := os.Remove(part + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := copyFile(backup, part); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// liteFiles are the ends of what SQLite keeps beside a database, which it finds by the database's name, and of the lock of its migrations.
var liteFiles = []string{"-wal", "-shm", ".migrate"}

// ReplaceSQLite puts a database that is ready in the place of another one; nobody may have either open. What was there is kept beside it, under the name
// that is returned (empty: nothing was there). A crash in between leaves the old database under one name or the other, with all that was committed.
func ReplaceSQLite(ctx context.Context, part, database, suffix string) (kept string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore: %w", err)
		}
	}()
	if err := checkpoint(ctx, part); err != nil {
		return "", err
	}
	if _, err := os.Stat(database); err == nil {
		if err := checkpoint(ctx, database); err != nil { // then nothing of it lies elsewhere
			return "", err
		}
		kept = database + suffix
		if err := os.Rename(database, kept); err != nil {
			return "", err
		}
	}
	for _, end := range []string{"-wal", "-shm"} { // also of a database that is gone: they would be read into this one
		if err := os.Rename(database+end, database+suffix+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return kept, err
		}
	}
	if err := settle(part, database); err != nil {
		return kept, err
	}
	for _, end := range liteFiles {
		_ = os.Remove(part + end) // what is left of them says nothing any more
	}
	return kept, nil
}

// checkpoint brings what lies in the write-ahead log into the database's file.
func checkpoint(ctx context.Context, file string) error {
	return onSQLite(ctx, file, func(db *sql.DB) error {
		var busy, log, moved int
		if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &log, &moved); err != nil {
			return err
		}
		if busy != 0 {
			return fmt.Errorf("%s is in use", file)
		}
		return nil
	})
}

func onSQLite(ctx context.Context, file string, do func(*sql.DB) error) error {
	file, err := filepath.Abs(file) // a URL would take a relative path's first part for a host
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{"_pragma": {"busy_timeout(10000)"}}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return errors.Join(do(db), db.Close())
}

// copyFile writes the copy down before it returns.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// settle gives a file that is whole its name, and makes both last.
func settle(part, file string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, file); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(file)); err == nil { // not every system syncs a folder
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}
