package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func TestOneTypedQuestionIsOpen(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s)
		ask := func(key string) (*store.Campaign, *store.Enrollment, store.QuestionSlot) {
			c := newCampaign(t, s, key, campaigns.Running)
			e := newEnrollment(t, s, c, m, func(e *store.Enrollment) { e.State, e.WaitKind = campaigns.EnrollmentWaiting, campaigns.WaitAnswer })
			return c, e, store.QuestionSlot{Member: m.ID, Enrollment: e.ID, Step: e.Step, Visit: e.Visit, Delivery: 7, OpenedAt: now}
		}
		take := func(q store.QuestionSlot) (ok bool) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				ok, err = tx.TakeQuestionSlot(ctx, q)
				return err
			})
			return ok
		}
		save := func(e *store.Enrollment) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveEnrollments(ctx, []*store.Enrollment{e}) })
		}
		slot := func() *store.QuestionSlot { return must[*store.QuestionSlot](t)(s.QuestionSlot(t.Context(), m.ID)) }
		ca, ea, a := ask("a")
		_, eb, b := ask("b")
		if slot() != nil {
			t.Fatal("a question is open before any")
		}
		same(t, true, take(a))
		same(t, &a, slot())
		same(t, false, take(b))
		a.Delivery, a.OpenedAt = 8, at(1) // asked again
		same(t, true, take(a))
		same(t, &a, slot())
		again := a
		again.Visit++ // another question of the same enrollment, while it stands at the first
		same(t, false, take(again))

		// The holder's campaign is paused.
		check(t, s.Exec(t.Context(), `UPDATE campaigns SET state = 'paused' WHERE id = $1`, ca.ID))
		same(t, true, take(b))
		check(t, s.Exec(t.Context(), `UPDATE campaigns SET state = 'running' WHERE id = $1`, ca.ID))
		same(t, false, take(a))
		// The holder stands elsewhere.
		eb.Step = "later"
		save(eb)
		same(t, true, take(a))
		// The holder is over.
		ea.State = campaigns.EnrollmentExited
		save(ea)
		same(t, true, take(b))

		waits := stepDelivery(ea, func(d *store.Delivery) { d.DueAt, d.Reason = ptr(at(500)), campaigns.QuestionOpen })
		sleeps := stepDelivery(ea, func(d *store.Delivery) { d.DueAt, d.Reason, d.Part = ptr(at(500)), campaigns.QuietHours, 1 })
		insert(t, s, waits, sleeps)
		free := func(e campaigns.EnrollmentID) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.FreeQuestionSlot(ctx, m.ID, e, at(9)) })
		}
		free(ea.ID) // does not hold it
		same(t, &b, slot())
		same(t, ptr(at(500)), delivery(t, s, waits.ID).DueAt)
		free(eb.ID)
		same(t, nil, slot())
		same(t, ptr(at(9)), delivery(t, s, waits.ID).DueAt)
		same(t, ptr(at(500)), delivery(t, s, sleeps.ID).DueAt)
	})
}

// TestSlotIsFreedByItsOwnDelivery: a late outcome of an old question leaves the slot to the same enrollment's next one.
func TestSlotIsFreedByItsOwnDelivery(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s)
		c := newCampaign(t, s, "a", campaigns.Running)
		e := newEnrollment(t, s, c, m, func(e *store.Enrollment) { e.State, e.WaitKind = campaigns.EnrollmentWaiting, campaigns.WaitAnswer })
		for _, freed := range []campaigns.DeliveryID{7, 8} {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.TakeQuestionSlot(ctx, store.QuestionSlot{Member: m.ID, Enrollment: e.ID, Step: e.Step, Visit: e.Visit, Delivery: 8, OpenedAt: now}); err != nil {
					return err
				}
				return tx.FreeDeliverySlot(ctx, m.ID, freed, now)
			})
			slot, err := s.QuestionSlot(t.Context(), m.ID)
			if err != nil || (slot == nil) != (freed == 8) {
				t.Errorf("after delivery %d came out badly: %+v, %v", freed, slot, err)
			}
		}
	})
}
