package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestActorsTogether: several actors are claimed at once, those of others are left alone, and whoever wrote meanwhile is found after the release.
func TestActorsTogether(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		claim := func(owner string, at0, until int, actors ...string) (mine []string) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				mine, err = tx.ClaimActors(ctx, actors, owner, at(at0), at(until))
				return err
			})
			return mine
		}
		same(t, []string{"a", "b"}, claim("one", 0, 30, "b", "a"))
		same(t, []string{"c"}, claim("two", 1, 60, "a", "c"))
		same(t, []string{"a", "b"}, claim("three", 31, 60, "a", "b")) // those have run out
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, actor := range []string{"b", "a", "b", "c"} {
				_, err := tx.InsertInputs(ctx, []*store.Input{{ID: campaigns.InputID(10 + i), Source: "telegram", SourceKey: string(rune('p' + i)), Actor: actor, ReceivedAt: now}})
				check(t, err)
			}
			return tx.ReleaseActors(ctx, []string{"a", "b", "c"}, "three")
		})
		same(t, []string{"a", "b"}, claim("four", 32, 60, "a", "b", "c")) // c is another's
		ins := must[[]*store.Input](t)(s.FirstInputs(t.Context(), []string{"a", "b", "d"}))
		if len(ins) != 2 || ins[0].ID != 10 || ins[1].ID != 11 {
			t.Errorf("first inputs: %+v", ins)
		}
		waiting := must[[]string](t)(s.WaitingActors(t.Context(), []string{"a", "d"}))
		same(t, []string{"a"}, waiting)
	})
}

// TestGatheredWrites: what waits is written before anything else is read, and at the latest with the commit; an input that is done elsewhere fails all.
func TestGatheredWrites(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		finish := func(ids ...campaigns.InputID) error {
			return s.WriteTogether(t.Context(), func(tx *store.Tx) error {
				tx.Gather()
				for _, id := range ids {
					if ok, err := tx.FinishInput(t.Context(), id, 0, now); err != nil || !ok {
						t.Errorf("finish: %t %v", ok, err)
					}
				}
				return nil
			})
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i := range 3 {
				_, err := tx.InsertInputs(ctx, []*store.Input{{ID: campaigns.InputID(10 + i), Source: "telegram", SourceKey: string(rune('p' + i)), Actor: "a", ReceivedAt: now}})
				check(t, err)
			}
			return nil
		})
		check(t, finish(10))
		if err := finish(11, 10); !errors.Is(err, store.ErrApart) {
			t.Errorf("one that is done: %v", err)
		}
		err := s.WriteTogether(t.Context(), func(tx *store.Tx) error {
			tx.Gather()
			if _, err := tx.FinishInput(t.Context(), 12, 0, now); err != nil {
				return err
			}
			in, err := tx.Input(t.Context(), 12)
			if err == nil && in.State != store.InputDone {
				t.Errorf("read before it was written: %s", in.State)
			}
			return err
		})
		check(t, err)
		in := must[*store.Input](t)(s.Input(t.Context(), 11))
		if in.State != store.InputStored {
			t.Errorf("the other of two that failed is %s", in.State)
		}
	})
}

// TestCallersAreTheQuestions: who presses a button is found by its question, and only where that is theirs; who writes, by the open one.
func TestCallersAreTheQuestions(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		asked := func(chat string) *store.Delivery {
			m := newMember(t, s)
			e := newEnrollment(t, s, c, m)
			d := &store.Delivery{
				Kind: store.StepDelivery, Campaign: c.ID, Version: 1, Enrollment: e.ID, Member: m.ID, Step: e.Step, Visit: 1, Channel: campaigns.Telegram,
				Lane: campaigns.Interactive, State: campaigns.Sent, CreatedAt: now, ExpiresAt: now, FinalAt: &now,
			}
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: chat}, chat, "h"+chat, now))
				_, err := tx.InsertDeliveries(ctx, []*store.Delivery{d})
				return err
			})
			return d
		}
		one, two := asked("1"), asked("2")
		call := func(pressed campaigns.DeliveryID) (found map[string]*store.Caller) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				found, err = tx.LockCallers(ctx, []store.Call{{Chat: "1", Pressed: pressed}, {Chat: "3", Pressed: one.ID}}, now)
				return err
			})
			return found
		}
		if found := call(one.ID); len(found) != 1 || found["1"].Delivery.ID != one.ID || found["1"].Enrollment.ID != one.Enrollment || found["1"].Slot != nil {
			t.Errorf("their own question: %+v", found)
		}
		if found := call(two.ID); len(found) != 0 {
			t.Errorf("another's question: %+v", found)
		}
		if found := call(0); len(found) != 0 {
			t.Errorf("no open question: %+v", found)
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TakeQuestionSlot(ctx, store.QuestionSlot{Member: one.Member, Enrollment: one.Enrollment, Step: one.Step, Visit: 1, Delivery: one.ID, OpenedAt: now})
			return err
		})
		if found := call(0); len(found) != 1 || found["1"].Slot == nil || found["1"].Delivery.ID != one.ID {
			t.Errorf("the open question: %+v", found)
		}
	})
}

// TestLockAnswerers: whose run it is is found, and nobody else; what was read is what the next reads of it give.
func TestLockAnswerers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "talk", campaigns.Running)
		one, two, three := newMember(t, s), newMember(t, s), newMember(t, s)
		e, f := newEnrollment(t, s, c, one), newEnrollment(t, s, c, two)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			found, err := tx.LockAnswerers(ctx, map[campaigns.MemberID]campaigns.EnrollmentID{one.ID: e.ID, two.ID: 12345, three.ID: f.ID})
			check(t, err)
			if len(found) != 1 || found[one.ID] == nil {
				t.Fatalf("found %d: %+v", len(found), found)
			}
			p := must[*store.Profile](t)(tx.LockMember(ctx, one.ID))
			row := must[*store.Enrollment](t)(tx.LockEnrollment(ctx, e.ID))
			if p != found[one.ID].Profile || row != found[one.ID].Enrollment {
				t.Error("it was read again")
			}
			return nil
		})
	})
}
