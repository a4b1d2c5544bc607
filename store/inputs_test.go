package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func newInput(key, actor string) *store.Input {
	return &store.Input{Source: "telegram", SourceKey: key, Actor: actor, Kind: "update", Raw: `{"text":"привет"}`, ReceivedAt: now}
}

func insertInputs(t *testing.T, s *store.Store, in ...*store.Input) (ids []campaigns.InputID) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = tx.InsertInputs(ctx, in)
		return err
	})
	return ids
}

func TestInputIsStoredOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b := newInput("1", "telegram:7"), newInput("2", "telegram:7")
		same(t, 2, len(insertInputs(t, s, a, b)))
		c := newInput("3", "telegram:7")
		ids := insertInputs(t, s, newInput("1", "telegram:8"), c, newInput("3", "x"))
		same(t, []campaigns.InputID{c.ID}, ids)
		same(t, a, must[*store.Input](t)(s.Input(t.Context(), a.ID)))
		same(t, []*store.Input{a, b}, must[[]*store.Input](t)(s.StoredInputs(t.Context(), "telegram:7", 2)))
		_, err := s.Input(t.Context(), 1<<40)
		wantFault(t, err, "not_found.input")
	})
}

func TestInputIsFinishedOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b := newInput("1", "x"), newInput("2", "x")
		a.Member = 5
		insertInputs(t, s, a, b)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				ok := must[bool](t)(tx.FinishInput(ctx, a.ID, 0, at(i)))
				same(t, want, ok)
			}
			same(t, true, must[bool](t)(tx.FinishInput(ctx, b.ID, 9, at(3))))
			return nil
		})
		a.State, a.HandledAt = store.InputDone, ptr(now)
		b.State, b.HandledAt, b.Member = store.InputDone, ptr(at(3)), 9
		same(t, a, must[*store.Input](t)(s.Input(t.Context(), a.ID)))
		same(t, b, must[*store.Input](t)(s.Input(t.Context(), b.ID)))
	})
}

func TestInputDiesAfterItsTries(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a := newInput("1", "x")
		insertInputs(t, s, a)
		for i := range 3 {
			same(t, store.InputStored, must[*store.Input](t)(s.Input(t.Context(), a.ID)).State)
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.FailInput(ctx, a.ID, "boom", 3, at(i)) })
		}
		a.State, a.Tries, a.Error, a.HandledAt = store.InputDead, 3, "boom", ptr(at(2))
		same(t, a, must[*store.Input](t)(s.Input(t.Context(), a.ID)))
		same(t, 0, len(must[[]*store.Input](t)(s.StoredInputs(t.Context(), "x", 5))))
		same(t, store.Backlog{DeadInputs: 1}, must[store.Backlog](t)(s.Backlog(t.Context())))
	})
}

func TestActorIsClaimedByOne(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		claim := func(owner string, from, until int) (ok bool) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				ok, err = tx.ClaimActor(ctx, "telegram:7", owner, at(from), at(until))
				return err
			})
			return ok
		}
		release := func(owner string) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseActor(ctx, "telegram:7", owner) })
		}
		for i, step := range []struct {
			owner       string
			from, until int
			want        bool
		}{
			{"a", 0, 10, true}, {"b", 1, 11, false}, {"a", 5, 15, true}, {"b", 12, 20, false}, {"b", 15, 25, true}, {"a", 16, 26, false},
		} {
			if got := claim(step.owner, step.from, step.until); got != step.want {
				t.Errorf("claim %d: %v", i, got)
			}
		}
		release("a") // not its own any more
		same(t, false, claim("a", 16, 26))
		release("b")
		same(t, true, claim("a", 16, 26))
	})
}

func TestActorIsClaimedByOneAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var got atomic.Int64
		var wg sync.WaitGroup
		for _, owner := range []string{"a", "b", "c", "d", "e", "f"} {
			wg.Go(func() {
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					ok, err := tx.ClaimActor(t.Context(), "telegram:7", owner, now, at(10))
					if ok {
						got.Add(1)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		same(t, int64(1), got.Load())
	})
}

func TestStoredActors(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		late := newInput("9", "telegram:9")
		late.ReceivedAt = at(5)
		insertInputs(t, s, newInput("1", "telegram:2"), newInput("2", "telegram:1"), newInput("3", "telegram:2"), newInput("4", "telegram:3"), late)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ClaimActor(ctx, "telegram:3", "a", now, at(10))
			return err
		})
		actors := func(before, from, limit int) []string {
			return must[[]string](t)(s.StoredActors(t.Context(), at(before), at(from), limit))
		}
		same(t, []string{"telegram:2", "telegram:1"}, actors(1, 1, 9))
		same(t, []string{"telegram:2"}, actors(1, 1, 1))
		same(t, []string{"telegram:2", "telegram:1", "telegram:3", "telegram:9"}, actors(6, 10, 9))
	})
}

func TestMessagesAreKeptForCoordinators(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := &store.Message{Member: 3, Channel: campaigns.Telegram, Input: 4, Kind: "text", Text: "привет", At: now}
		again, other := *m, &store.Message{Member: 5, Channel: campaigns.Email, Input: 6, Kind: "photo", At: now}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.InsertMessage(ctx, m))
			check(t, tx.InsertMessage(ctx, &again))
			return tx.InsertMessage(ctx, other)
		})
		list := func(state string, member campaigns.MemberID) []*store.Message {
			return must[[]*store.Message](t)(s.Messages(t.Context(), state, member, store.Page{}))
		}
		same(t, []*store.Message{m, other}, list("", 0))
		same(t, []*store.Message{other}, list("open", 5))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			closed := must[*store.Message](t)(tx.CloseMessage(ctx, m.ID, "token:1", at(1)))
			m.State, m.ClosedAt, m.ClosedBy = "closed", ptr(at(1)), "token:1"
			same(t, m, closed)
			same(t, m, must[*store.Message](t)(tx.CloseMessage(ctx, m.ID, "token:2", at(2))))
			_, err := tx.CloseMessage(ctx, 1<<40, "token:1", now)
			wantFault(t, err, "not_found.message")
			return nil
		})
		same(t, []*store.Message{m}, list("closed", 0))
	})
}

func TestSelections(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		put := func(visit int, options []string) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.PutSelection(ctx, 1, "q", visit, options) })
		}
		get := func(visit int) []string { return must[[]string](t)(s.Selection(t.Context(), 1, "q", visit)) }
		put(1, []string{"a", "ё"})
		put(1, []string{"b"})
		put(2, []string{})
		same(t, []string{"b"}, get(1))
		same(t, []string{}, get(2))
		same(t, nil, get(3))
		put(1, nil)
		same(t, nil, get(1))
	})
}
