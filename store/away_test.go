package store_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestAwayIsUnavailable: a database that was taken away is no error of ours, and an input that met it has lost no try.
func TestAwayIsUnavailable(t *testing.T) {
	raw := storetest.PostgresURL(t)
	s := storetest.Open(t, raw)
	if _, err := s.Community(t.Context()); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	storetest.Terminate(t, u.Path[1:])
	_, err = s.Community(t.Context())
	if k := fault.KindOf(err); err != nil && k != fault.Unavailable {
		t.Errorf("a read on an ended connection: %s: %v", k, err)
	}
	gone := *u
	gone.Host = "127.0.0.1:1"
	if _, err := store.Open(t.Context(), store.Options{URL: gone.String()}); err == nil {
		t.Error("opened a database that is not there")
	}
}

func TestFullDiskIsUnavailable(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), `PRAGMA max_page_count = 1`); err != nil { // no larger than it is
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AppendEvents(t.Context(), []store.Event{{Name: "big", Data: []byte(`{"x":"` + strings.Repeat("x", 1<<20) + `"}`)}})
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("%s: %v", fault.KindOf(err), err)
	}
}
