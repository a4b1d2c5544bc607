package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

func TestIDsAreFreshAndConsecutive(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		first := must[int64](t)(s.NextID(t.Context()))
		block := must[int64](t)(s.NextIDs(t.Context(), 1000))
		after := must[int64](t)(s.NextID(t.Context()))
		if block <= first || after < block+1000 {
			t.Fatalf("ids went %d, %d..%d, %d", first, block, block+999, after)
		}
		for _, n := range []int{0, 1001} {
			if _, err := s.NextIDs(t.Context(), n); err == nil {
				t.Errorf("%d ids were given", n)
			}
		}
	})
}

func TestIDsByManyAtOnceAreGivenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for g := range 24 {
			wg.Go(func() {
				for range 60 {
					// Inside transactions as well: the one writer, and every connection of the pool, may be taken by those who ask.
					err := s.Write(t.Context(), func(*store.Tx) error {
						id, err := s.NextIDs(t.Context(), 1+g)
						if err != nil {
							return err
						}
						mu.Lock()
						defer mu.Unlock()
						for i := range int64(1 + g) {
							if seen[id+i] {
								t.Errorf("id %d was given twice", id+i)
							}
							seen[id+i] = true
						}
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestIDsAfterReopeningAreHigher(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			u := url(t)
			one := storetest.Open(t, u)
			m := newMember(t, one)
			two := storetest.Open(t, u) // as after a crash: the first never closed
			if id := must[int64](t)(two.NextID(t.Context())); id <= int64(m.ID) {
				t.Fatalf("id %d after %d", id, m.ID)
			}
			n := newMember(t, two)
			for range 1500 { // the first goes on, past the block that the second took
				last := newMember(t, one)
				if last.ID == n.ID {
					t.Fatal("two processes gave one id")
				}
			}
		})
	}
}

func TestWriteKeepsAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		boom, told := errors.New("boom"), 0
		touch := func(tx *store.Tx) error {
			tx.OnCommit(func() { told++ })
			_, err := tx.TakeLease(t.Context(), "sweep", "a", now, at(10))
			return err
		}
		if err := s.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(touch(tx), boom) }); !errors.Is(err, boom) {
			t.Fatalf("error is %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = s.Write(t.Context(), func(tx *store.Tx) error { _ = touch(tx); panic("boom") })
		}()
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			ok, err := tx.TakeLease(ctx, "sweep", "b", now, at(10))
			if !ok {
				t.Error("a write that failed left its lease")
			}
			return err
		})
		same(t, 0, told)
		check(t, s.Write(t.Context(), touch))
		same(t, 1, told)
	})
}

func TestWriteEndsWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Write(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v", err)
		}
	})
}

func TestWriteRepeatsAfterDeadlock(t *testing.T) {
	s := storetest.Postgres(t)
	a, b := newMember(t, s), newMember(t, s)
	var meet sync.WaitGroup
	meet.Add(2)
	tries := make(chan int, 2)
	cross := func(m, n *members.Member) error {
		try := 0
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.LockMember(t.Context(), m.ID); err != nil {
				return err
			}
			if try++; try == 1 { // both hold one and want the other's
				meet.Done()
				meet.Wait()
			}
			_, err := tx.LockMember(t.Context(), n.ID)
			return err
		})
		tries <- try
		return err
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := cross(a, b); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() {
		if err := cross(b, a); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if total := <-tries + <-tries; total != 3 {
		t.Errorf("%d tries, want 3: one of the two is repeated once", total)
	}
}

func TestWriteRepeatsWhenBusy(t *testing.T) {
	url := storetest.SQLiteURL(t)
	s := storetest.Open(t, url)
	other := must[*sql.DB](t)(sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:")))
	defer func() { check(t, other.Close()) }()
	tries, told := 0, 0
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		tx.OnCommit(func() { told++ })
		if tries++; tries < 3 {
			_, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE") // refused at once: the store's transaction holds the file
			return err
		}
		return nil
	})
	check(t, err)
	same(t, 3, tries)
	same(t, 1, told)

	tries = 0
	err = s.Write(t.Context(), func(tx *store.Tx) error {
		tries++
		_, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		return err
	})
	if err == nil || tries != 5 {
		t.Errorf("%d tries, error %v; five were allowed", tries, err)
	}
}

func TestBulkRows(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		want := map[bool]int{true: 300, false: 1000}[s.Embedded()]
		same(t, want, s.BulkRows())
	})
}

func TestSQLiteFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "er", "a b%41.db")
	s := storetest.Open(t, "sqlite:"+path)
	newMember(t, s)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info := must[os.FileInfo](t)(os.Stat(path + suffix))
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%q has mode %v", suffix, info.Mode())
		}
	}
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "sqlite::memory:", "mysql://x", "postgres://u:sesame@h:port/x"} {
		_, err := store.Open(t.Context(), store.Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: error is %v", url, err)
		}
	}
}
