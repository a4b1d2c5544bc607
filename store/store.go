// Package store is the truth: SQLite and PostgreSQL under one behaviour. It is concrete; one file per aggregate; the SQL stands beside the method that runs it.
//
// Reading methods are on queries, so they work on the Store (its own snapshot) and inside a Tx (the transaction's). Writing methods are on Tx only.
// Every error is a *fault.Error where a person can do something about it (not found, conflict); others are wrapped "verb noun: cause".
// No error text of this package holds a value of a member.
package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Options says where the database is and how it is used.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://…".
	URL string
	// MaxConns bounds PostgreSQL's pool (default 16). SQLite has one writer and four readers.
	MaxConns int
	// Throwaway: a SQLite database in memory, which is gone when it is closed; URL is not used. It is for one caller: whoever reads waits for whoever writes.
	Throwaway bool
	// MaxBytes bounds a Throwaway (0: by nothing). Whatever does not fit fails with ErrFull.
	MaxBytes int64
}

// Store is one open database. It is safe for concurrent use.
type Store struct {
	queries
	engine engine
	ids    idSource

	watching *watching
}

// Tx is one transaction. It is not safe for concurrent use.
type Tx struct {
	queries
	ids  idSource
	bulk bool // the engine's settings for hot statements are on already

	gathered *gathered // nil: writes do not wait for each other

	counts tallies // what is appended to the counters before the transaction commits

	committed []func() // told when the transaction has committed

	watching *watching
	reworded map[campaigns.MemberID]bool // whose words are written anew before the transaction commits
	marked   map[campaigns.MemberID]bool // who is marked as changed before the transaction commits, where anybody listens to a segment; true: they got an address
}

// queries holds everything that reads.
type queries struct {
	run     runner
	dialect dialect
	// reader begins a read transaction, for reads of several statements; nil inside a Tx, which is one already.
	reader func(ctx context.Context, fn func(runner) error) error
	// foreseen is what a Tx over many has read ahead; nil elsewhere.
	foreseen *foreseen
}

// Open connects. It does not migrate; see Migrate. On SQLite it creates the file (mode 0600) and its folder.
func Open(ctx context.Context, o Options) (*Store, error) {
	e, err := openEngine(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return &Store{
		queries: queries{run: e, dialect: e.dialect(), reader: e.read},
		engine:  e,
		ids:     e.idSource(),

		watching: &watching{},
	}, nil
}

func openEngine(ctx context.Context, o Options) (engine, error) {
	if o.Throwaway {
		return openMemory(ctx, o.MaxBytes)
	}
	scheme, rest, _ := strings.Cut(o.URL, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, o)
	}
	return nil, fmt.Errorf("database URL: scheme must be sqlite or postgres")
}

// Close waits for what runs and closes.
func (s *Store) Close() error { return s.engine.close() }

// Ping reports whether the database answers and has this binary's schema.
// Fault conflict.schema when the schema is newer, an internal error when it is older or absent.
func (s *Store) Ping(ctx context.Context) error { return s.checkSchema(ctx) }

// Embedded reports whether the database serves one process only (SQLite).
func (s *Store) Embedded() bool { return !s.dialect.postgres }

// BulkRows is how many rows a bulk transaction may hold: 300 on SQLite, 1000 on PostgreSQL.
func (s *Store) BulkRows() int {
	if s.Embedded() {
		return 300
	}
	return 1000
}

// EntryRows is how many members may enter in one transaction, all by one statement: 300 on SQLite, 5000 on PostgreSQL.
func (s *Store) EntryRows() int {
	if s.Embedded() {
		return s.BulkRows()
	}
	return 5000
}

// Page is one page of a list. After is the id that the page begins after (0: from the start). Limit 0 is 100.
type Page struct {
	After int64
	Limit int
	// Stopped bounds what is looked at, where it is given: a list with a condition that no index serves looks at lookedRows rows and no more. If it found
	// fewer than Limit among them, Stopped is set to the id that the next page begins after.
	Stopped *int64
}

// lookedRows is what can be looked at within some milliseconds.
const lookedRows = 2000

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 100
	}
	return p.Limit
}
