package store_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestThrowaway: a database in memory has the schema, writes, rolls back and reads as any other, one apart from the next; and a read that waits for its own
// transaction ends with an error that says so.
func TestThrowaway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := throwaway(t, 0), throwaway(t, 0)
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		m := newMember(t, s)
		undone := errors.New("undone")
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := s.NextID(t.Context()); err != nil {
				return err
			}
			if err := tx.TouchMember(t.Context(), m.ID, at(1)); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if found := must[*members.Member](t)(s.Member(t.Context(), m.ID)); found.LastActAt != nil {
			t.Errorf("what was rolled back stays: %v", found.LastActAt)
		}
		if _, err := other.Member(t.Context(), m.ID); err == nil {
			t.Error("another database has the member too")
		}
		err = s.Write(t.Context(), func(*store.Tx) error {
			_, err := s.Member(t.Context(), m.ID)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "a read beside it") {
			t.Errorf("a read that waits for its own transaction: %v", err)
		}
		must[*members.Member](t)(s.Member(t.Context(), m.ID)) // and the connection is there again
	})
}

func throwaway(t *testing.T, most int64) *store.Store {
	t.Helper()
	s := must[*store.Store](t)(store.Open(t.Context(), store.Options{Throwaway: true, MaxBytes: most}))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestThrowawayIsBounded: what does not fit fails, and it is said that waiting would not help; what is there is still read.
func TestThrowawayIsBounded(t *testing.T) {
	s := throwaway(t, 2<<20)
	m := newMember(t, s)
	note := json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)
	var err error
	for n := 0; err == nil && n < 5000; n++ {
		err = s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AppendEvents(t.Context(), []store.Event{{At: at(1), Name: "note", Member: m.ID, Data: note}})
		})
	}
	if !errors.Is(err, store.ErrFull) || fault.Is(err, fault.Unavailable) || !s.Full() {
		t.Fatal(err, s.Full())
	}
	must[*members.Member](t)(s.Member(t.Context(), m.ID))
}
