package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func TestEnrollmentIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m := newCampaign(t, s, "a", campaigns.Running), newMember(t, s)
		e := newEnrollment(t, s, c, m, func(e *store.Enrollment) {
			e.RunKey, e.Source, e.State, e.WaitKind, e.WaitDelivery, e.DueAt = "order-1", "event:x", campaigns.EnrollmentWaiting, campaigns.WaitDelivery, 5, ptr(at(1))
			e.Data, e.Reason, e.EndedAt = []byte(`{"answers":{"a":"ё"}}`), campaigns.ExitLeft, ptr(at(9))
		})
		same(t, e, enrollment(t, s, e.ID))
		for _, f := range []store.EnrollmentFilter{{}, {Campaign: c.ID}, {Member: m.ID, State: campaigns.EnrollmentWaiting}} {
			same(t, []*store.Enrollment{e}, must[[]*store.Enrollment](t)(s.Enrollments(t.Context(), f, store.Page{})))
		}
		for _, f := range []store.EnrollmentFilter{{Campaign: c.ID + 1}, {Member: m.ID, State: campaigns.EnrollmentActive}} {
			same(t, 0, len(must[[]*store.Enrollment](t)(s.Enrollments(t.Context(), f, store.Page{}))))
		}
		_, err := s.Enrollment(t.Context(), 1<<40)
		wantFault(t, err, "not_found.enrollment")
	})
}

func TestOneRunHoldsThePlace(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m, n := newCampaign(t, s, "a", campaigns.Running), newMember(t, s), newMember(t, s)
		run := func(of campaigns.MemberID, key string) *store.Enrollment {
			return &store.Enrollment{Campaign: c.ID, Version: 1, Member: of, RunKey: key, State: campaigns.EnrollmentActive, EnteredAt: now, UpdatedAt: now}
		}
		first := run(m.ID, "")
		insert := func(es ...*store.Enrollment) (ids []campaigns.EnrollmentID) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				ids, err = tx.InsertEnrollments(ctx, es)
				return err
			})
			return ids
		}
		same(t, 1, len(insert(first)))
		other, keyed := run(n.ID, ""), run(m.ID, "k")
		same(t, []campaigns.EnrollmentID{}, insert(run(m.ID, "")))
		ids := insert(run(m.ID, ""), other, keyed, run(n.ID, ""))
		same(t, []campaigns.EnrollmentID{other.ID, keyed.ID}, ids)

		first.State, first.EndedAt = campaigns.EnrollmentCompleted, ptr(at(1))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SaveEnrollments(ctx, []*store.Enrollment{first})
		})
		second := run(m.ID, "")
		same(t, 0, len(insert(second))) // a run that is over holds the place until it makes way
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.MakeWay(ctx, []campaigns.EnrollmentID{first.ID, other.ID})
		})
		same(t, 1, len(insert(second)))
		same(t, 0, len(insert(run(n.ID, "")))) // who is inside makes no way
		last := must[map[campaigns.MemberID]*store.Enrollment](t)(s.LastRuns(t.Context(), c.ID, "", []campaigns.MemberID{m.ID, n.ID, 1 << 40}))
		if len(last) != 2 || last[m.ID].ID != second.ID || last[n.ID].ID != other.ID {
			t.Errorf("last runs are %v", last)
		}
	})
}

func TestOneRunIsActiveWhateverComesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m := newCampaign(t, s, "a", campaigns.Running), newMember(t, s)
		var mu sync.Mutex
		written := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					ids, err := tx.InsertEnrollments(t.Context(), []*store.Enrollment{{
						Campaign: c.ID, Version: 1, Member: m.ID,
						State: campaigns.EnrollmentActive, EnteredAt: now, UpdatedAt: now,
					}})
					mu.Lock()
					defer mu.Unlock()
					written += len(ids)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		same(t, 1, written)
	})
}

func TestSaveEnrollmentsComparesRev(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		var es []*store.Enrollment
		for range 3 {
			es = append(es, newEnrollment(t, s, c, newMember(t, s)))
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, e := range es {
				e.State, e.Reason, e.Step, e.Visit, e.WaitKind, e.DueAt = campaigns.EnrollmentWaiting, campaigns.QuietHours, "two", i, campaigns.WaitTime, ptr(at(i))
				e.Data, e.UpdatedAt, e.WaitDelivery = fmt.Appendf(nil, `{"n":%d}`, i), at(i), campaigns.DeliveryID(i)
			}
			return tx.SaveEnrollments(ctx, es)
		})
		for _, e := range es {
			same(t, int64(1), e.Rev)
			same(t, e, enrollment(t, s, e.ID))
		}
		stale := *es[0]
		stale.Rev = 0
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SaveEnrollments(t.Context(), []*store.Enrollment{&stale, es[1]})
		})
		if err == nil {
			t.Fatal("a row that somebody else changed was written")
		}
		same(t, int64(1), enrollment(t, s, es[1].ID).Rev)
	})
}

func TestDueEnrollmentsGoToOneWorker(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, paused := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Paused)
		const many = 120
		for i := range many {
			newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(-i)) })
		}
		newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(1)) })
		newEnrollment(t, s, c, newMember(t, s))
		newEnrollment(t, s, paused, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(-1)) })
		same(t, []campaigns.CampaignID{c.ID}, must[[]campaigns.CampaignID](t)(s.DueCampaigns(t.Context(), now)))

		seen := drain(t, 6, func() (ids []int64) {
			err := s.WriteBulk(t.Context(), func(tx *store.Tx) error {
				ids = nil
				es, _, err := tx.LockDue(t.Context(), c.ID, store.DueSpot{}, now, store.Absence{}, 7)
				if err != nil {
					return err
				}
				if !slices.IsSortedFunc(es, func(a, b *store.Enrollment) int { return a.DueAt.Compare(*b.DueAt) }) {
					t.Error("not the oldest due first")
				}
				for _, e := range es {
					ids = append(ids, int64(e.ID))
					e.DueAt = nil
				}
				return tx.SaveEnrollments(t.Context(), es)
			})
			if err != nil {
				t.Error(err)
			}
			return ids
		})
		same(t, many, seen)
		same(t, 0, len(must[[]campaigns.CampaignID](t)(s.DueCampaigns(t.Context(), now))))
	})
}

// drain lets workers take until nothing is left, and returns how many rows were taken; none may be taken twice. An empty hand is not the end
// while another worker may hold rows, so each worker looks again until one round of all of them found nothing.
func drain(t *testing.T, workers int, take func() []int64) int {
	t.Helper()
	var mu sync.Mutex
	seen := map[int64]bool{}
	for found := true; found; {
		found = false
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for ids := take(); len(ids) > 0; ids = take() {
					mu.Lock()
					found = true
					for _, id := range ids {
						if seen[id] {
							t.Errorf("row %d was handed out twice", id)
						}
						seen[id] = true
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	return len(seen)
}

func TestLockNotFinalAndOfMember(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, d, m := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Running), newMember(t, s)
		one := newEnrollment(t, s, c, m)
		newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.State = campaigns.EnrollmentExited })
		two := newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.State = campaigns.EnrollmentWaiting })
		newEnrollment(t, s, d, m, func(e *store.Enrollment) { e.State = campaigns.EnrollmentCompleted })
		three := newEnrollment(t, s, d, m)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			same(t, []*store.Enrollment{one, two}, must[[]*store.Enrollment](t)(tx.LockNotFinal(ctx, c.ID, 0, 5)))
			same(t, []*store.Enrollment{two}, must[[]*store.Enrollment](t)(tx.LockNotFinal(ctx, c.ID, one.ID, 5)))
			same(t, []*store.Enrollment{one, three}, must[[]*store.Enrollment](t)(tx.LockMemberEnrollments(ctx, m.ID)))
			same(t, two, must[*store.Enrollment](t)(tx.LockEnrollment(ctx, two.ID)))
			_, err := tx.LockEnrollment(ctx, 1<<40)
			wantFault(t, err, "not_found.enrollment")
			return nil
		})
	})
}

func TestNextDueIsTheEarliestOfAll(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		next := func() *time.Time { return must[*time.Time](t)(s.NextDue(t.Context())) }
		if next() != nil {
			t.Fatalf("next due of nothing is %v", next())
		}
		running, paused := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Paused)
		e := newEnrollment(t, s, running, newMember(t, s))
		newEnrollment(t, s, paused, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(-100)) })
		if next() != nil {
			t.Fatalf("a paused campaign is due at %v", next())
		}
		insert(t, s, stepDelivery(e, func(d *store.Delivery) { d.DueAt = ptr(at(50)) }))
		same(t, ptr(at(50)), next())
		insert(t, s, stepDelivery(e, func(d *store.Delivery) { d.DueAt, d.Lane, d.Part = ptr(at(40)), campaigns.Bulk, 1 }))
		same(t, ptr(at(40)), next())
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertChunk(ctx, store.Chunk{ID: 9, Campaign: running.ID, Channel: campaigns.Email, Lo: 1, Hi: 2, Left: 2, DueAt: at(30)})
		})
		same(t, ptr(at(30)), next())
		newEnrollment(t, s, running, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(20)) })
		same(t, ptr(at(20)), next())
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutSchedule(ctx, store.Schedule{Campaign: running.ID, DueAt: at(10)})
		})
		same(t, ptr(at(10)), next())
	})
}
