package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kruzhok/kruzhok/internal/fault"
)

type args map[string]any

// notFound is fault not_found.<what>.
func notFound(what string, a args) error { return fault.New(fault.NotFound, "not_found."+what, a) }

// conflict is fault conflict.<what>.
func conflict(what string, a args) error { return fault.New(fault.Conflict, "conflict."+what, a) }

// found turns "no row" into a fault and wraps the rest.
func found[T any](what string, a args, v T, ok bool, err error) (T, error) {
	var none T
	if err != nil {
		return none, fmt.Errorf("read %s: %w", what, err)
	}
	if !ok {
		return none, notFound(what, a)
	}
	return v, nil
}

// wrap is "doing: cause", or nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// taken reports whether a unique index refused the row.
func taken(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code == "23505" // unique_violation
	}
	var se *sqlite.Error
	return errors.As(err, &se) && (se.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || se.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
