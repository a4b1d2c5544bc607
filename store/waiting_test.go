package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestWaiting: one statement tells of everything that begins at a moment, at that moment and not before, and of nothing in a campaign that rests.
func TestWaiting(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m := newCampaign(t, s, "a", campaigns.Running), newMember(t, s)
		rests := newCampaign(t, s, "rests", campaigns.Paused)
		e := newEnrollment(t, s, rests, m, func(e *store.Enrollment) { e.DueAt = ptr(now) })
		insert(t, s, stepDelivery(e, func(d *store.Delivery) { d.Lane = campaigns.Bulk }))
		is := func(want store.Waiting, second int) {
			t.Helper()
			same(t, want, must[store.Waiting](t)(s.Waiting(t.Context(), at(second), at(second))))
		}
		is(store.Waiting{}, 100)

		for what, begin := range map[string]func(context.Context, *store.Tx) error{
			"passage": func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.InsertEnrollments(ctx, []*store.Enrollment{{
					Campaign: c.ID, Version: 1, Member: m.ID, State: campaigns.EnrollmentActive, DueAt: ptr(at(10)), Data: []byte(`{}`), EnteredAt: now, UpdatedAt: now,
				}})
				return err
			},
			"schedule": func(ctx context.Context, tx *store.Tx) error {
				return tx.PutSchedule(ctx, store.Schedule{Campaign: c.ID, Version: 1, DueAt: at(10)})
			},
			"move": func(ctx context.Context, tx *store.Tx) error {
				return tx.InsertMove(ctx, &store.Move{Campaign: c.ID, Version: 2, AskedAt: at(10)})
			},
		} {
			t.Run(what, func(t *testing.T) {
				write(t, s, begin)
				is(store.Waiting{}, 9)
				is(store.Waiting{Due: true}, 10)
				check(t, s.Exec(t.Context(), `DELETE FROM enrollments WHERE campaign_id = $1`, c.ID))
				check(t, s.Exec(t.Context(), `DELETE FROM campaign_schedules`))
				check(t, s.Exec(t.Context(), `DELETE FROM campaign_moves`))
			})
		}

		e = newEnrollment(t, s, c, m)
		for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
			d := stepDelivery(e, func(d *store.Delivery) { d.Lane, d.DueAt = lane, ptr(at(20)) })
			insert(t, s, d)
			is(store.Waiting{}, 19)
			is(store.Waiting{Lanes: true}, 20)
			check(t, s.Exec(t.Context(), `DELETE FROM deliveries WHERE id = $1`, d.ID))
		}

		in := newInput("1", "telegram:7")
		in.ReceivedAt = at(29)
		insertInputs(t, s, in)
		is(store.Waiting{}, 29)
		is(store.Waiting{Actors: true}, 30)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			must[[]string](t)(tx.ClaimActors(ctx, []string{"telegram:7"}, "w", at(30), at(40)))
			return nil
		})
		is(store.Waiting{}, 39)
		is(store.Waiting{Actors: true}, 40)
	})
}
