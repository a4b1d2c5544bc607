// Package store is the truth: SQLite and PostgreSQL under one behaviour. It is concrete; one file per aggregate; the SQL stands beside the method that runs it.
//
// Reading methods are on queries, so they work on the Store (its own snapshot) and inside a Tx (the transaction's). Writing methods are on Tx only.
// Every error is a *fault.Error where a person can do something about it (not found, conflict); others are wrapped "verb noun: cause".
package store

import (
	"context"
)

// Options says where the database is and how it is used.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// MaxConns bounds PostgreSQL's pool (default 16). SQLite has one writer and four readers.
	MaxConns int
}

// Store is one open database. It is safe for concurrent use.
type Store struct {
	queries
}

// Tx is one transaction. It is not safe for concurrent use.
type Tx struct {
	queries
}

// queries holds everything that reads.
type queries struct{}

// Open connects. It does not migrate; see Migrate.
func Open(ctx context.Context, o Options) (*Store, error) { panic("store: Open") }

// Close waits for what runs and closes.
func (s *Store) Close() error { panic("") }

// Ping reports whether the database answers and has this binary's schema.
func (s *Store) Ping(ctx context.Context) error { panic("") }

// Migrate brings the schema up under a lock. A schema newer than this binary is refused with a fault of kind Conflict that says so.
func (s *Store) Migrate(ctx context.Context) error { panic("") }

// Embedded reports whether the database serves one process only (SQLite).
func (s *Store) Embedded() bool { panic("") }

// NextID returns a fresh id, larger than any that this process was given before. Ids of one process come from blocks of 1000; a crash leaves a gap.
func (s *Store) NextID(ctx context.Context) (int64, error) { panic("") }

// NextIDs returns the first of n consecutive fresh ids.
func (s *Store) NextIDs(ctx context.Context, n int) (int64, error) { panic("") }

// Write runs fn in one transaction and commits when it returns nil. It repeats fn (from its start, so fn must have no effect outside) when the
// database reports a deadlock, a serialization failure or that it is busy; at most five times.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error { panic("") }

// WriteBulk is Write for work over many rows: on SQLite at most one such transaction stands ahead of an interactive one.
// Keep a transaction to BulkRows rows.
func (s *Store) WriteBulk(ctx context.Context, fn func(*Tx) error) error { panic("") }

// BulkRows is how many rows a bulk transaction may hold: 300 on SQLite, 1000 on PostgreSQL.
func (s *Store) BulkRows() int { panic("") }

// Page is one page of a list. After is the id that the page begins after (0: from the start).
type Page struct {
	After int64
	Limit int
}
