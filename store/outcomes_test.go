package store_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func outcomes(t testing.TB, s *store.Store, os ...store.Outcome) (ids []campaigns.DeliveryID) {
	t.Helper()
	err := s.WriteBulk(t.Context(), func(tx *store.Tx) (err error) {
		ids, err = tx.WriteOutcomes(t.Context(), os)
		return err
	})
	check(t, err)
	return ids
}

func TestOutcomeEndsARowAndWakesWhatWaited(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		e := newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.State, e.WaitKind = campaigns.EnrollmentWaiting, campaigns.WaitDelivery })
		d := stepDelivery(e)
		insert(t, s, d)
		e.WaitDelivery = d.ID
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveEnrollments(ctx, []*store.Enrollment{e}) })
		d = claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w", 0, 1)[0]

		o := store.Outcome{
			Delivery: d.ID, Enrollment: e.ID, State: campaigns.Failed, Reason: campaigns.Rejected, Code: "400", Detail: "Bad Request",
			ProviderID: "77", At: at(3),
		}
		same(t, []campaigns.DeliveryID{d.ID}, outcomes(t, s, o))
		d.State, d.Reason, d.Code, d.Detail, d.ProviderID, d.FinalAt = campaigns.Failed, campaigns.Rejected, "400", "Bad Request", "77", ptr(at(3))
		d.DueAt, d.ClaimOwner, d.ClaimUntil = nil, "", nil
		same(t, d, delivery(t, s, d.ID))
		e.DueAt = ptr(at(3))
		same(t, e, enrollment(t, s, e.ID))

		e.DueAt = nil
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveEnrollments(ctx, []*store.Enrollment{e}) })
		for _, again := range []campaigns.DeliveryState{campaigns.Sent, campaigns.Failed, campaigns.Pending, campaigns.Unknown} {
			o.State, o.At = again, at(9)
			same(t, 0, len(outcomes(t, s, o)))
		}
		same(t, d, delivery(t, s, d.ID))
		same(t, e, enrollment(t, s, e.ID))
	})
}

func TestOutcomeWakesOnlyWhatWaitsForIt(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		for name, change := range map[string]func(*store.Enrollment){
			"exited":           func(e *store.Enrollment) { e.State = campaigns.EnrollmentExited },
			"another delivery": func(e *store.Enrollment) { e.WaitDelivery++ },
			"an answer":        func(e *store.Enrollment) { e.WaitKind = campaigns.WaitAnswer },
		} {
			e := newEnrollment(t, s, c, newMember(t, s))
			d := stepDelivery(e)
			insert(t, s, d)
			e.State, e.WaitKind, e.WaitDelivery = campaigns.EnrollmentWaiting, campaigns.WaitDelivery, d.ID
			change(e)
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveEnrollments(ctx, []*store.Enrollment{e}) })
			outcomes(t, s, store.Outcome{Delivery: d.ID, Enrollment: e.ID, State: campaigns.Sent, At: at(1)})
			if enrollment(t, s, e.ID).DueAt != nil {
				t.Errorf("%s: was woken", name)
			}
		}
	})
}

func TestRowIsPutOff(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		insert(t, s, stepDelivery(e))
		d := claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w", 0, 1)[0]
		o := store.Outcome{Delivery: d.ID, Enrollment: e.ID, State: campaigns.Pending, Reason: campaigns.Temporary, Code: "502", Detail: "Bad Gateway", DueAt: ptr(at(30)), At: at(1)}
		same(t, []campaigns.DeliveryID{d.ID}, outcomes(t, s, o))
		same(t, 0, len(outcomes(t, s, o))) // it waits already
		d.State, d.Reason, d.Code, d.Detail, d.DueAt, d.ClaimOwner, d.ClaimUntil = campaigns.Pending, campaigns.Temporary, "502", "Bad Gateway", ptr(at(30)), "", nil
		same(t, d, delivery(t, s, d.ID))
		same(t, 1, d.Attempts)

		d = claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w", 30, 1)[0]
		outcomes(t, s, store.Outcome{Delivery: d.ID, State: campaigns.Pending, Reason: campaigns.RateLimited, Lane: campaigns.Bulk, NoAttempt: true, At: at(31)})
		got := delivery(t, s, d.ID)
		if got.Attempts != 1 || got.Lane != campaigns.Bulk || !got.DueAt.Equal(at(31)) || got.FinalAt != nil {
			t.Errorf("put off without an attempt: %+v", got)
		}
	})
}

func TestOutcomesUnderAChunk(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k, ds := bulk(t, s, newCampaign(t, s, "a", campaigns.Running), 6)
		claimChunk(t, s, "w", 0)
		of := func(i int, state campaigns.DeliveryState, change ...func(*store.Outcome)) store.Outcome {
			o := store.Outcome{Delivery: ds[i].ID, Enrollment: ds[i].Enrollment, Chunk: k.ID, State: state, At: at(1)}
			for _, c := range change {
				c(&o)
			}
			return o
		}
		all := []store.Outcome{
			of(3, campaigns.Sent), of(0, campaigns.Sent), of(1, campaigns.Suppressed),
			of(2, campaigns.Pending, func(o *store.Outcome) { o.DueAt, o.Reason = ptr(at(50)), campaigns.QuietHours; o.NoAttempt = true }),
			of(4, campaigns.Pending, func(o *store.Outcome) { o.Reason = campaigns.Temporary }),
		}
		same(t, 5, len(outcomes(t, s, all...)))
		same(t, "2 w", left(t, s, k)) // one stays, one was not looked at
		off := delivery(t, s, ds[2].ID)
		if off.Chunk != 0 || off.Attempts != 0 || !off.DueAt.Equal(at(50)) || off.Reason != campaigns.QuietHours || off.Lane != campaigns.Bulk {
			t.Errorf("put off on its own: %+v", off)
		}
		stays := delivery(t, s, ds[4].ID)
		if stays.Chunk != k.ID || stays.Attempts != 1 || stays.DueAt != nil || stays.Reason != campaigns.Temporary {
			t.Errorf("stays under its chunk: %+v", stays)
		}
		same(t, 1, delivery(t, s, ds[0].ID).Attempts)
		same(t, ptr(at(1)), enrollment(t, s, ds[0].Enrollment).DueAt)
		same(t, nil, enrollment(t, s, ds[2].Enrollment).DueAt)

		for _, o := range all[:4] { // replayed from a journal: nothing changes, nothing is counted twice
			same(t, 0, len(outcomes(t, s, o)))
		}
		same(t, "2 w", left(t, s, k))
		same(t, 2, len(must[[]*store.Delivery](t)(s.ChunkDeliveries(t.Context(), k))))

		// What left the chunk ends by itself, also when the journal names the chunk.
		same(t, 1, len(outcomes(t, s, of(2, campaigns.Sent))))
		same(t, "2 w", left(t, s, k))
		outcomes(t, s, of(4, campaigns.Sent), of(5, campaigns.Expired))
		same(t, "0 -", left(t, s, k)) // with the last of them ends the claim
	})
}

func TestOutcomeMustBeOne(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for _, state := range []campaigns.DeliveryState{campaigns.Claimed, campaigns.Sending} {
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.WriteOutcomes(t.Context(), []store.Outcome{{Delivery: 1, State: state}})
				return err
			})
			if err == nil {
				t.Errorf("%s was taken for an outcome", state)
			}
		}
		same(t, 0, len(outcomes(t, s)))
	})
}

// Several writers with outcomes of the same chunks, in opposite order.
func TestOutcomesByManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		k1, one := bulk(t, s, c, 20)
		k2, two := bulk(t, s, c, 20)
		var wg sync.WaitGroup
		for w := range 5 {
			wg.Go(func() {
				var os []store.Outcome
				for i := w; i < 20; i += 5 {
					a := store.Outcome{Delivery: one[i].ID, Enrollment: one[i].Enrollment, Chunk: k1.ID, State: campaigns.Sent, At: at(1)}
					b := store.Outcome{Delivery: two[i].ID, Enrollment: two[i].Enrollment, Chunk: k2.ID, State: campaigns.Sent, At: at(1)}
					if w%2 == 0 {
						a, b = b, a
					}
					os = append(os, a, b)
				}
				outcomes(t, s, os...)
			})
		}
		wg.Wait()
		same(t, "0 -", left(t, s, k1))
		same(t, "0 -", left(t, s, k2))
	})
}

func TestCancelPending(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		m := newMember(t, s)
		e, other := newEnrollment(t, s, c, m), newEnrollment(t, s, newCampaign(t, s, "b", campaigns.Running), m)
		ds := []*store.Delivery{
			stepDelivery(e), stepDelivery(e, func(d *store.Delivery) { d.Part, d.DueAt = 1, ptr(at(9)) }),
			stepDelivery(e, func(d *store.Delivery) { d.Part, d.State = 2, campaigns.Sent }), stepDelivery(other, func(d *store.Delivery) { d.DueAt = ptr(at(9)) }),
			{
				Kind: store.SystemDelivery, Member: m.ID, Channel: campaigns.Telegram, Input: 9, Name: "help", Lane: campaigns.Interactive,
				State: campaigns.Pending, DueAt: ptr(at(9)), ExpiresAt: at(50), CreatedAt: now,
			},
		}
		insert(t, s, ds...)
		claimed := claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w", 0, 1)
		states := func() (all []campaigns.DeliveryState) {
			for _, d := range ds {
				all = append(all, delivery(t, s, d.ID).State)
			}
			return all
		}
		same(t, ds[0].ID, claimed[0].ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.CancelPending(ctx, []campaigns.EnrollmentID{e.ID}, campaigns.EnrollmentOver, at(1))
		})
		same(t, []campaigns.DeliveryState{campaigns.Claimed, campaigns.Canceled, campaigns.Sent, campaigns.Pending, campaigns.Pending}, states())
		got := delivery(t, s, ds[1].ID)
		if got.Reason != campaigns.EnrollmentOver || !got.FinalAt.Equal(at(1)) || got.DueAt != nil {
			t.Errorf("canceled: %+v", got)
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.CancelPendingOfMember(ctx, m.ID, campaigns.Stopped, at(2))
		})
		same(t, []campaigns.DeliveryState{campaigns.Claimed, campaigns.Canceled, campaigns.Sent, campaigns.Canceled, campaigns.Canceled}, states())
	})
}

func TestCancelPendingUnderChunks(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		held, sending := bulk(t, s, c, 3, func(k *store.Chunk) { k.Priority = 1 })
		free, waiting := bulk(t, s, c, 3)
		same(t, held.ID, claimChunk(t, s, "w", 0).ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.CancelPending(ctx, []campaigns.EnrollmentID{sending[0].Enrollment, waiting[0].Enrollment, waiting[2].Enrollment}, campaigns.EnrollmentOver, at(1))
		})
		same(t, "3 w", left(t, s, held))
		same(t, "1 -", left(t, s, free))
		same(t, campaigns.Pending, delivery(t, s, sending[0].ID).State)
		same(t, campaigns.Canceled, delivery(t, s, waiting[0].ID).State)
		same(t, []campaigns.DeliveryID{waiting[1].ID}, idsOf(must[[]*store.Delivery](t)(s.ChunkDeliveries(t.Context(), free))))
	})
}

func TestOwnerThatIsGone(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		k, under := bulk(t, s, c, 3)
		other, _ := bulk(t, s, c, 1, func(k *store.Chunk) { k.Priority = 9 })
		row := stepDelivery(newEnrollment(t, s, c, newMember(t, s)))
		insert(t, s, row)
		claimChunk(t, s, "gone", 0)
		claimChunk(t, s, "here", 0)
		row = claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "gone", 0, 1)[0]

		chunks, rows, err := s.OwnerClaims(t.Context(), "gone")
		check(t, err)
		same(t, []*store.Chunk{k}, chunks)
		same(t, []*store.Delivery{row}, rows)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.WriteOutcomes(ctx, []store.Outcome{{Delivery: under[0].ID, Chunk: k.ID, State: campaigns.Unknown, At: at(1)}})
			check(t, err)
			return tx.FreeOwner(ctx, "gone", at(2))
		})
		same(t, "2 -", left(t, s, k))
		same(t, "1 here", left(t, s, other))
		row.State, row.DueAt, row.ClaimOwner, row.ClaimUntil = campaigns.Pending, ptr(at(2)), "", nil
		same(t, row, delivery(t, s, row.ID))
		chunks, rows, err = s.OwnerClaims(t.Context(), "gone")
		check(t, err)
		same(t, 0, len(chunks)+len(rows))
	})
}

func TestClaimsExpire(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		k, under := bulk(t, s, c, 5)
		row := stepDelivery(newEnrollment(t, s, c, newMember(t, s)))
		insert(t, s, row)
		claimChunk(t, s, "gone", 0) // until 60
		claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "gone", 0, 1)
		outcomes(t, s, store.Outcome{Delivery: under[0].ID, Chunk: k.ID, State: campaigns.Sent, At: at(1)})
		expire := func(before int) (n int) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				n, err = tx.ExpireClaims(ctx, at(before), at(100), 3)
				return err
			})
			return n
		}
		same(t, 0, expire(60))
		same(t, 3, expire(61))
		same(t, "2 gone", left(t, s, k))
		same(t, 2, expire(61))
		same(t, "0 -", left(t, s, k))
		same(t, 0, expire(61))
		got := delivery(t, s, row.ID)
		if got.State != campaigns.Unknown || got.Reason != campaigns.OutcomeUnknown || !got.FinalAt.Equal(at(100)) || got.ClaimOwner != "" {
			t.Errorf("expired: %+v", got)
		}
		same(t, campaigns.Sent, delivery(t, s, under[0].ID).State)
		same(t, ptr(at(100)), enrollment(t, s, under[4].Enrollment).DueAt)
	})
}

// TestOver: an outcome completes the passage that was decided beforehand, unless somebody has changed it since: then it is woken, as one without a decision.
func TestOver(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		for name, changed := range map[string]bool{"as it was read": false, "changed since": true} {
			e := newEnrollment(t, s, c, newMember(t, s))
			d := stepDelivery(e)
			insert(t, s, d)
			e.State, e.WaitKind, e.WaitDelivery, e.Data = campaigns.EnrollmentWaiting, campaigns.WaitDelivery, d.ID, []byte(`{"started":true,"visits":{}}`)
			save := func(ctx context.Context, tx *store.Tx) error { return tx.SaveEnrollments(ctx, []*store.Enrollment{e}) }
			write(t, s, save)
			over := *enrollment(t, s, e.ID)
			if changed {
				write(t, s, save)
			}
			over.State, over.WaitKind, over.WaitDelivery, over.UpdatedAt, over.EndedAt = campaigns.EnrollmentCompleted, campaigns.WaitNone, 0, at(2), ptr(at(2))
			outcomes(t, s, store.Outcome{Delivery: d.ID, Enrollment: e.ID, State: campaigns.Sent, At: at(2), Over: &over})
			got := enrollment(t, s, e.ID)
			switch {
			case changed && (got.State != campaigns.EnrollmentWaiting || got.DueAt == nil):
				t.Errorf("%s: %+v", name, got)
			case !changed:
				over.Rev++
				same(t, &over, got)
			}
		}
	})
}

// TestOutcomesOfManyUnderAChunk: of as many as are written together, those that changed are told, each with its own outcome, and counted.
func TestOutcomesOfManyUnderAChunk(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		k, ds := bulk(t, s, c, 70)
		result := func(i int) store.Outcome {
			o := store.Outcome{Delivery: ds[i].ID, Enrollment: ds[i].Enrollment, Chunk: k.ID, State: campaigns.Sent, ProviderID: fmt.Sprint(i), At: at(i)}
			if i%4 == 0 {
				o.State, o.Reason = campaigns.Failed, campaigns.Rejected
			}
			if i%3 == 0 { // nothing follows: its passage is completed, unless another has changed it
				o.Over = enrollment(t, s, ds[i].Enrollment)
				o.Over.State, o.Over.WaitKind, o.Over.WaitDelivery = campaigns.EnrollmentCompleted, campaigns.WaitNone, 0
				if i%2 == 0 {
					o.Over.Rev--
				}
			}
			return o
		}
		var some, all []store.Outcome
		var want []campaigns.DeliveryID
		for i := range ds {
			o := result(i)
			if all = append(all, o); i%5 == 0 {
				some = append(some, o)
			} else {
				want = append(want, ds[i].ID)
			}
		}
		outcomes(t, s, some...)
		for i := range all { // none of those changes again
			if i%5 == 0 {
				all[i].State, all[i].ProviderID = campaigns.Unknown, "another"
			}
		}
		got := outcomes(t, s, all...)
		slices.Sort(got)
		same(t, want, got)
		for i := range ds {
			o, d, e := result(i), delivery(t, s, ds[i].ID), enrollment(t, s, ds[i].Enrollment)
			same(t, []any{o.State, o.Reason, o.ProviderID, o.At}, []any{d.State, d.Reason, d.ProviderID, *d.FinalAt})
			if completed := i%3 == 0 && i%2 > 0; completed != (e.State == campaigns.EnrollmentCompleted) || !completed && (e.DueAt == nil || !e.DueAt.Equal(at(i))) {
				t.Errorf("the passage of %d is %s, due %v", i, e.State, e.DueAt)
			}
		}
		if left := claimChunk(t, s, "w", 100); left != nil {
			t.Errorf("the chunk has %d left", left.Left)
		}
		same(t, 0, len(must[[]string](t)(s.Differences(t.Context(), c.ID))))
	})
}

// TestOutcomeNamedTwice: of two outcomes of one delivery the first is written, counted and told, also where many are written together.
func TestOutcomeNamedTwice(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		e := newEnrollment(t, s, c, newMember(t, s))
		var ds []*store.Delivery
		var os []store.Outcome
		for i := range 60 {
			ds = append(ds, stepDelivery(e, func(d *store.Delivery) { d.Part, d.Lane = i, campaigns.Bulk }))
		}
		insert(t, s, ds...)
		for i, d := range ds {
			one := store.Outcome{Delivery: d.ID, Enrollment: e.ID, State: campaigns.Sent, At: at(3)}
			if os = append(os, one); i%7 == 0 {
				one.State, one.Reason = campaigns.Failed, campaigns.Rejected
				os = append(os, one)
			}
		}
		same(t, idsOf(ds), slices.Sorted(slices.Values(outcomes(t, s, os...))))
		for _, d := range ds {
			same(t, campaigns.Sent, delivery(t, s, d.ID).State)
		}
		same(t, 0, len(must[[]string](t)(s.Differences(t.Context(), c.ID))))
	})
}
