package store

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestAwayErrors: which errors say that the database does not answer, however deep they are wrapped.
func TestAwayErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want fault.Kind
	}{
		"server shuts down":     {&pgconn.PgError{Code: "57P01"}, fault.Unavailable},
		"server starts":         {&pgconn.PgError{Code: "57P03"}, fault.Unavailable},
		"connection broken":     {&pgconn.PgError{Code: "08006"}, fault.Unavailable},
		"too many connections":  {&pgconn.PgError{Code: "53300"}, fault.Unavailable},
		"our statement":         {&pgconn.PgError{Code: "42601"}, fault.Internal},
		"a unique index":        {&pgconn.PgError{Code: "23505"}, fault.Internal},
		"cut in a reply":        {io.ErrUnexpectedEOF, fault.Unavailable},
		"refused":               {&net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Unavailable},
		"something else":        {errors.New("no"), fault.Internal},
		"a fault keeps its own": {notFound("member", nil), fault.NotFound},
	} {
		if got := fault.KindOf(away(fmt.Errorf("list things: %w", c.err))); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if away(nil) != nil {
		t.Error("nil is an error")
	}
}
