package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestWhoActsTwiceActedLast: of what a transaction gathers about one member, however often and in whatever order, the last act stands, as it does one by one.
func TestWhoActsTwiceActedLast(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const n = 30
		now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
		done(t, s.Write(t.Context(), func(tx *store.Tx) error {
			for i := 1; i <= n; i++ {
				if err := tx.InsertMember(t.Context(), &members.Member{ID: campaigns.MemberID(i), ExternalID: fmt.Sprint(i), State: members.Active, CreatedAt: now, UpdatedAt: now}); err != nil {
					return err
				}
			}
			return nil
		}))
		want := map[campaigns.MemberID]time.Time{}
		done(t, s.WriteTogether(t.Context(), func(tx *store.Tx) error {
			tx.Gather()
			for i := range 4 * n {
				m, at := campaigns.MemberID(i*i%n+1), now.Add(time.Duration(i*37%97)*time.Minute)
				if at.After(want[m]) {
					want[m] = at
				}
				if err := tx.TouchMember(t.Context(), m, at); err != nil {
					return err
				}
			}
			return nil
		}))
		ps := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), idsTo(n)))
		for id, at := range want {
			if got := ps[id].LastActAt; got == nil || !got.Equal(at) {
				t.Errorf("member %d acted last at %v, want %v", id, got, at)
			}
		}
	})
}

func done(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func idsTo(n int) (ids []campaigns.MemberID) {
	for i := 1; i <= n; i++ {
		ids = append(ids, campaigns.MemberID(i))
	}
	return ids
}

// TestAnInputFinishedTwiceStandsApart: wherever in a batch, and also where the two stand in parts of it that are written by statements of their own.
func TestAnInputFinishedTwiceStandsApart(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		const n = 60
		now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
		var ins []*store.Input
		for i := range n {
			ins = append(ins, &store.Input{ID: campaigns.InputID(i + 1), Source: "api", SourceKey: fmt.Sprint(i), Actor: "a", Kind: "event", Raw: "{}", ReceivedAt: now})
		}
		done(t, s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertInputs(t.Context(), ins)
			return err
		}))
		for _, again := range []int{-1, 3, 20, 30, 55, 59} {
			stop := errors.New("stop")
			err := s.WriteTogether(t.Context(), func(tx *store.Tx) error {
				tx.Gather()
				for i, in := range ins {
					ids := []campaigns.InputID{in.ID}
					if i == again {
						ids = append(ids, ins[2].ID)
					}
					for _, id := range ids {
						if _, err := tx.FinishInput(t.Context(), id, 0, now); err != nil {
							return err
						}
					}
				}
				if _, err := tx.Input(t.Context(), 1); err != nil { // writes what was gathered
					return err
				}
				return stop
			})
			if want := map[bool]error{true: stop, false: store.ErrApart}[again < 0]; !errors.Is(err, want) {
				t.Errorf("again behind %d: %v, want %v", again, err, want)
			}
		}
	})
}
