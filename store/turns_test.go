package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
)

// TestTurnsChangeWhatRowsAloneChange: many rows at once change on SQLite what they change one by one, and tell the same of it, also where an id is named twice: in one
// set, in two, or among what is left; and where rows are not there or not to be changed.
func TestTurnsChangeWhatRowsAloneChange(t *testing.T) {
	const n = 40
	now := time.Unix(1000, 0)
	text := `UPDATE members SET last_act_at = u.at FROM {rows} WHERE members.id = u.id AND (members.last_act_at IS NULL OR members.last_act_at < u.at)`
	lists := map[string]func(i int) int{
		"each once":       func(i int) int { return i%n + 1 },
		"in one set":      func(i int) int { return twiceAt(7, i) },
		"in two sets":     func(i int) int { return twiceAt(40, i) },
		"at the end":      func(i int) int { return twiceAt(53, i) },
		"all over":        func(i int) int { return i*i%n + 1 },
		"not there":       func(i int) int { return i*3 + 1 },
		"always the same": func(int) int { return 5 },
	}
	for name, id := range lists {
		for _, size := range []int{10, 24, 25, 26, 51, 60, 76} {
			var ts []touch
			for i := range size {
				ts = append(ts, touch{campaigns.MemberID(id(i)), now.Add(time.Duration(i*37%53) * time.Second)})
			}
			alone := playTurns(t, n, func(tx *Tx) (at []int, err error) {
				return touchColumns.perRow(t.Context(), tx.queries, touchColumns.statement(tx.queries, text, nil), ts)
			})
			for way, apply := range map[string]func(tx *Tx) ([]int, error){
				"apply": func(tx *Tx) ([]int, error) { return touchColumns.apply(t.Context(), tx.queries, text, ts) },
				"applyInto": func(tx *Tx) ([]int, error) {
					var changed int64
					var read []int64
					at, err := touchColumns.applyInto(t.Context(), tx.queries, text, "members.id", ts, []any{&changed}, func() { read = append(read, changed) })
					for i, j := range at {
						if read[i] != int64(ts[j].member) {
							return nil, fmt.Errorf("row %d was read for %d", read[i], ts[j].member)
						}
					}
					return at, err
				},
			} {
				if got := playTurns(t, n, apply); got != alone {
					t.Errorf("%s, %d rows, %s:\n%s\none by one:\n%s", name, size, way, got, alone)
				}
			}
		}
	}
}

// twiceAt counts up, and names the third once more at one place.
func twiceAt(place, i int) int {
	if i == place {
		return 3
	}
	return i + 1
}

// playTurns says which rows changed something, and what stands then.
func playTurns(t *testing.T, n int, apply func(*Tx) ([]int, error)) (told string) {
	t.Helper()
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *Tx) error {
		var ids []campaigns.MemberID
		for i := 1; i <= n; i++ {
			ids = append(ids, campaigns.MemberID(i))
			m := &members.Member{ID: ids[i-1], ExternalID: fmt.Sprint(i), State: members.Active, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0)}
			if err := tx.InsertMember(t.Context(), m); err != nil {
				return err
			}
		}
		at, err := apply(tx)
		if err != nil {
			return err
		}
		slices.Sort(at)
		told = fmt.Sprint(at)
		acts, err := many(t.Context(), tx.run, value[*int64], "SELECT last_act_at FROM members ORDER BY id")
		for _, a := range acts {
			if a == nil {
				told += " –"
			} else {
				told += fmt.Sprint(" ", *a)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}
