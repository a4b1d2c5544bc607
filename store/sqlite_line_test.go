package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

// TestLine: the connection that was used last goes first; who may not wait is told; after the end there is none.
func TestLine(t *testing.T) {
	t.Parallel()
	l, a, b := newLine(2), &liteConn{}, &liteConn{}
	l.give(a)
	l.give(b)
	take := func() *liteConn {
		t.Helper()
		c, err := l.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 3 {
		if c := take(); c != b {
			t.Fatal("another one than the last was lent")
		}
		l.give(b)
	}
	take()
	if take() != a {
		t.Fatal("one was lent twice")
	}
	waits := make(chan *liteConn)
	go func() { c, _ := l.take(context.WithoutCancel(t.Context())); waits <- c }()
	l.give(a)
	if <-waits != a {
		t.Fatal("whoever waited was not served")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l.give(b)
	if _, err := l.take(gone); !errors.Is(err, context.Canceled) {
		t.Fatalf("lent to somebody who has gone: %v", err)
	}
	take()
	l.shut()
	if _, err := l.take(t.Context()); !errors.Is(err, sql.ErrConnDone) {
		t.Fatalf("after the end: %v", err)
	}
}
