package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/kruzhok/kruzhok/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// migrator brings one database's schema up; *goose.Provider is one.
type migrator interface {
	GetVersions(ctx context.Context) (current, target int64, err error)
	Up(ctx context.Context) ([]*goose.MigrationResult, error)
}

// Migrate brings the schema up under a lock, so that processes that start at once migrate once. A schema newer than this binary is
// refused with fault conflict.schema, which names both versions.
func (s *Store) Migrate(ctx context.Context) (err error) {
	m, end, err := s.engine.migrator(ctx)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	defer func() { err = errors.Join(err, end()) }()
	found, known, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if found > known {
		return newerSchema(found, known)
	}
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	return nil
}

func newerSchema(found, known int64) error {
	return fault.New(fault.Conflict, "conflict.schema", args{"found": found, "known": known})
}

// checkSchema compares the database's version with the newest that this binary has.
func (s *Store) checkSchema(ctx context.Context) error {
	found, _, err := one(ctx, s.run, value[int64], `SELECT max(version_id) FROM goose_db_version`)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	known, err := newestMigration(s.dialect)
	switch {
	case err != nil:
		return fmt.Errorf("read migrations: %w", err)
	case found > known:
		return newerSchema(found, known)
	case found < known:
		return fmt.Errorf("schema version is %d, %d is needed: migrate first", found, known)
	}
	return nil
}

func newestMigration(d dialect) (newest int64, err error) {
	names, err := fs.Glob(migrations, "migrations/"+d.either("sqlite", "postgres")+"/*.sql")
	for _, name := range names {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		newest = max(newest, n)
	}
	return newest, err
}

func provider(d dialect, db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+d.either("sqlite", "postgres"))
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if d.postgres {
		dialect = goose.DialectPostgres
	}
	options = append(options, goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	return goose.NewProvider(dialect, db, files, options...)
}

// migrator holds a lock file beside the database until its end: SQLite's own lock does not span goose's several transactions.
func (e *sqliteEngine) migrator(ctx context.Context) (migrator, func() error, error) {
	if e.memory != nil {
		return e.memoryMigrator(ctx)
	}
	l := flock.New(e.path+".migrate", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	if _, err := l.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, nil, fmt.Errorf("lock database: %w", err)
	}
	db, err := e.migrations()
	if err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	m, err := provider(e.dialect(), db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close(), l.Close())
	}
	return m, func() error { return errors.Join(db.Close(), l.Close()) }, nil
}

// migrator holds a PostgreSQL advisory lock for as long as it migrates.
func (e *pgEngine) migrator(ctx context.Context) (migrator, func() error, error) {
	free, err := e.migrationLock(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("lock database: %w", err)
	}
	db := stdlib.OpenDB(*e.pool.Config().ConnConfig)
	m, err := provider(e.dialect(), db)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close(), free())
	}
	return m, func() error { return errors.Join(db.Close(), free()) }, nil
}

const (
	// migrationTries, one a second, are how long a process waits for the one that migrates.
	migrationTries = 300
	// migrationLockID is goose's own, by which releases before this one keep others out.
	migrationLockID = lock.DefaultLockID
)

// migrationLock waits for the lock and returns what frees it. It is a transaction's and not a session's: behind a pool that gives each transaction another connection, nobody would
// find the one that holds a session's. Between two tries there is no transaction, or an index that is built concurrently would wait for those who wait for it.
func (e *pgEngine) migrationLock(ctx context.Context) (free func() error, err error) {
	for range migrationTries {
		tx, err := e.side.Begin(ctx)
		if err != nil {
			return nil, err
		}
		var mine bool
		err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock($1)`, migrationLockID).Scan(&mine)
		if err == nil && mine {
			_, err = tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0")
		}
		if err == nil && mine {
			return func() error { return tx.Rollback(context.WithoutCancel(ctx)) }, nil
		}
		if err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))); err != nil {
			return nil, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("another process migrates it for five minutes already")
}
