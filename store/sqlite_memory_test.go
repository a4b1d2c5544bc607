package store_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestThrowaway: a database in memory has the schema, writes, rolls back and reads as any other, one apart from the next; and a read that waits for its own
// transaction ends with an error that says so.
func TestThrowaway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := throwaway(t), throwaway(t)
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

func throwaway(t *testing.T) *store.Store {
	t.Helper()
	s := must[*store.Store](t)(store.Open(t.Context(), store.Options{Throwaway: true}))
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
