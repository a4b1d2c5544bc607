package store

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// away makes an error that says "the database does not answer" a fault of kind Unavailable: the same call may succeed later. Others stay as they are.
func away(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) || !isAway(err) {
		return err
	}
	return fault.Wrap(fault.Unavailable, err, "unavailable.database", nil)
}

func isAway(err error) bool {
	var (
		pe      *pgconn.PgError
		connect *pgconn.ConnectError
		network net.Error
		se      *sqlite.Error
	)
	switch {
	case errors.As(err, &pe):
		// Class 08 connection exception, 53 insufficient resources, 57P01–57P03 shutdown and start (PostgreSQL appendix A).
		return strings.HasPrefix(pe.Code, "08") || strings.HasPrefix(pe.Code, "53") || strings.HasPrefix(pe.Code, "57P")
	case errors.As(err, &se):
		switch se.Code() & 0xff { // the primary result code
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}
