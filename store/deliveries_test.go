package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func TestDeliveryIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m := newCampaign(t, s, "a", campaigns.Running), newMember(t, s)
		e := newEnrollment(t, s, c, m)
		step := stepDelivery(e, func(d *store.Delivery) {
			d.Reason, d.Code, d.Detail, d.ProviderID, d.Attempts = campaigns.RateLimited, "429", "Too Many Requests", "77", 2
			d.ClaimOwner, d.ClaimUntil, d.FinalAt, d.State = "a", ptr(at(1)), ptr(at(2)), campaigns.Sent
		})
		system := &store.Delivery{
			Kind: store.SystemDelivery, Member: m.ID, Channel: campaigns.Telegram, Input: 9, Name: "help", Params: []byte(`{"a":1}`),
			Lane: campaigns.Interactive, State: campaigns.Pending, DueAt: ptr(now), ExpiresAt: at(5), CreatedAt: now,
		}
		insert(t, s, system, step)
		same(t, step, delivery(t, s, step.ID))
		same(t, system, delivery(t, s, system.ID))
		for _, f := range []store.DeliveryFilter{{Campaign: c.ID}, {Enrollment: e.ID}, {State: campaigns.Sent, Member: m.ID}} {
			same(t, []*store.Delivery{step}, must[[]*store.Delivery](t)(s.Deliveries(t.Context(), f, store.Page{})))
		}
		same(t, []*store.Delivery{system, step}, must[[]*store.Delivery](t)(s.Deliveries(t.Context(), store.DeliveryFilter{}, store.Page{})))
		same(t, step, must[*store.Delivery](t)(s.DeliveryByProviderID(t.Context(), m.ID, campaigns.Telegram, "77")))
		if d := must[*store.Delivery](t)(s.DeliveryByProviderID(t.Context(), m.ID, campaigns.Email, "77")); d != nil {
			t.Errorf("found %v on another channel", d.ID)
		}
		_, err := s.Delivery(t.Context(), 1<<40)
		wantFault(t, err, "not_found.delivery")
	})
}

func TestMessageIsWrittenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		reply := func(input campaigns.InputID, part int) *store.Delivery {
			return &store.Delivery{
				Kind: store.SystemDelivery, Member: e.Member, Channel: campaigns.Telegram, Input: input, Name: "help", Part: part,
				Lane: campaigns.Interactive, State: campaigns.Pending, DueAt: ptr(now), ExpiresAt: at(5), CreatedAt: now,
			}
		}
		insert(t, s, stepDelivery(e), reply(1, 0))
		part, other := stepDelivery(e, func(d *store.Delivery) { d.Part = 1 }), reply(1, 1)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			ids, err := tx.InsertDeliveries(ctx, []*store.Delivery{stepDelivery(e), reply(1, 0), other, part, part2(part)})
			same(t, []campaigns.DeliveryID{part.ID, other.ID}, ids)
			return err
		})
		used := stepDelivery(e, func(d *store.Delivery) { d.Part, d.ID = 7, part.ID })
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertDeliveries(t.Context(), []*store.Delivery{used})
			return err
		})
		if err == nil {
			t.Error("an id that is used was taken for a message that was written before")
		}
	})
}

// part2 is the same message under another id.
func part2(d *store.Delivery) *store.Delivery {
	c := *d
	c.ID = 0
	return &c
}

func claimDue(t *testing.T, s *store.Store, lane campaigns.Lane, ch campaigns.Channel, owner string, when, limit int) (ds []*store.Delivery) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		ds, err = tx.ClaimDue(ctx, lane, ch, owner, at(when), at(when+60), limit)
		return err
	})
	return ds
}

func idsOf(ds []*store.Delivery) (ids []campaigns.DeliveryID) {
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestClaimDueGoesByPriorityThenTime(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		row := func(part, priority, due int, change ...func(*store.Delivery)) *store.Delivery {
			d := stepDelivery(e, func(d *store.Delivery) { d.Part, d.Priority, d.DueAt = part, priority, ptr(at(due)) })
			for _, c := range change {
				c(d)
			}
			return d
		}
		ds := []*store.Delivery{
			row(0, 5, -1), row(1, 5, -2), row(2, 1, 0), row(3, 5, 1),
			row(4, 0, 0, func(d *store.Delivery) { d.Channel = campaigns.Email }),
			row(5, 0, 0, func(d *store.Delivery) { d.Lane = campaigns.Bulk }),
			row(6, 0, 0, func(d *store.Delivery) { d.State = campaigns.Sent }),
		}
		insert(t, s, ds...)
		got := claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w1", 0, 2)
		same(t, []campaigns.DeliveryID{ds[2].ID, ds[1].ID}, idsOf(got))
		want := *ds[2]
		want.State, want.Attempts, want.ClaimOwner, want.ClaimUntil = campaigns.Claimed, 1, "w1", ptr(at(60))
		same(t, &want, got[0])
		same(t, &want, delivery(t, s, want.ID))
		same(t, []campaigns.DeliveryID{ds[0].ID}, idsOf(claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w2", 0, 9)))
		same(t, nil, claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w2", 0, 9))
		same(t, []campaigns.DeliveryID{ds[3].ID}, idsOf(claimDue(t, s, campaigns.Interactive, campaigns.Telegram, "w2", 100, 9))) // the claims of w1 ran out: not its rows
		same(t, []campaigns.DeliveryID{ds[5].ID}, idsOf(claimDue(t, s, campaigns.Bulk, campaigns.Telegram, "w2", 0, 9)))
	})
}

func TestBulkLaneIsOfRunningCampaigns(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var want []campaigns.DeliveryID
		for i, state := range []campaigns.State{campaigns.Running, campaigns.Paused, campaigns.Finished, campaigns.Running, campaigns.Scheduled} {
			e := newEnrollment(t, s, newCampaign(t, s, string(rune('a'+i)), state), newMember(t, s))
			d := stepDelivery(e, func(d *store.Delivery) { d.Lane, d.DueAt, d.Priority = campaigns.Bulk, ptr(at(-i)), 3 })
			insert(t, s, d)
			if state == campaigns.Running {
				want = append([]campaigns.DeliveryID{d.ID}, want...) // the later campaign's is due earlier
			}
		}
		same(t, want, idsOf(claimDue(t, s, campaigns.Bulk, campaigns.Telegram, "w", 0, 9)))
	})
}

func TestRowClaimsGoToOneWorker(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		const many = 300
		for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
			var ds []*store.Delivery
			for i := range many {
				ds = append(ds, stepDelivery(e, func(d *store.Delivery) { d.Part, d.Priority, d.Lane, d.Step = i, i%3, lane, campaigns.StepID(lane) }))
			}
			insert(t, s, ds...)
			seen := drain(t, 8, func() (ids []int64) {
				err := s.Write(t.Context(), func(tx *store.Tx) error {
					ids = nil
					got, err := tx.ClaimDue(t.Context(), lane, campaigns.Telegram, "w", now, at(60), 7)
					for _, d := range got {
						ids = append(ids, int64(d.ID))
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				return ids
			})
			same(t, many, seen)
		}
	})
}

func TestClaimDeliveriesTakesWhatIsFree(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		ds := make([]*store.Delivery, 4)
		for i := range ds {
			ds[i] = stepDelivery(e, func(d *store.Delivery) { d.Part, d.DueAt = i, nil })
		}
		ds[2].Chunk, ds[3].State = 77, campaigns.Sent
		insert(t, s, ds...)
		claim := func(owner string) (got []*store.Delivery) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				got, err = tx.ClaimDeliveries(ctx, idsOf(ds), campaigns.Telegram, owner, now, at(60))
				return err
			})
			return got
		}
		same(t, idsOf(ds[:2]), idsOf(claim("a")))
		same(t, nil, claim("b"))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.ReleaseDeliveries(ctx, idsOf(ds), "b", at(1))) // not the owner
			same(t, campaigns.Claimed, must[*store.Delivery](t)(tx.Delivery(ctx, ds[0].ID)).State)
			return tx.ReleaseDeliveries(ctx, idsOf(ds), "a", at(1))
		})
		want := *ds[0]
		want.DueAt = ptr(at(1))
		same(t, &want, delivery(t, s, want.ID))
		same(t, idsOf(ds[:2]), idsOf(claim("b")))
	})
}

func TestDueChannels(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		running, paused := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Paused)
		e, p := newEnrollment(t, s, running, newMember(t, s)), newEnrollment(t, s, paused, newMember(t, s))
		due := func() []store.DueLane {
			ls := must[[]store.DueLane](t)(s.DueChannels(t.Context(), now))
			slices.SortFunc(ls, func(a, b store.DueLane) int {
				return slices.Compare([]string{string(a.Lane), string(a.Channel)}, []string{string(b.Lane), string(b.Channel)})
			})
			return ls
		}
		insert(t, s,
			stepDelivery(e, func(d *store.Delivery) { d.DueAt = ptr(at(1)) }),
			stepDelivery(e, func(d *store.Delivery) { d.Part, d.State = 1, campaigns.Claimed }),
			stepDelivery(p, func(d *store.Delivery) { d.Lane = campaigns.Bulk }))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i, k := range []store.Chunk{{Campaign: paused.ID, Left: 2, DueAt: now}, {Campaign: running.ID, Left: 0, DueAt: now}, {Campaign: running.ID, Left: 1, DueAt: at(1)}} {
				k.ID, k.Channel = int64(i+1), campaigns.Email
				check(t, tx.InsertChunk(ctx, k))
			}
			return nil
		})
		same(t, 0, len(due()))
		insert(t, s, stepDelivery(p, func(d *store.Delivery) { d.Part = 2 }), stepDelivery(e, func(d *store.Delivery) { d.Part, d.Lane = 2, campaigns.Bulk }))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertChunk(ctx, store.Chunk{ID: 9, Campaign: running.ID, Channel: campaigns.Email, Lo: 1, Hi: 1, Left: 1, DueAt: now})
		})
		same(t, []store.DueLane{
			{Lane: campaigns.Bulk, Channel: campaigns.Email},
			{Lane: campaigns.Bulk, Channel: campaigns.Telegram},
			{Lane: campaigns.Interactive, Channel: campaigns.Telegram},
		}, due())
	})
}

// bulk writes n deliveries under one chunk and returns both.
func bulk(t *testing.T, s *store.Store, c *store.Campaign, n int, change ...func(*store.Chunk)) (*store.Chunk, []*store.Delivery) {
	t.Helper()
	k := &store.Chunk{Campaign: c.ID, Channel: campaigns.Telegram, Left: n, Priority: 5, DueAt: now}
	for _, c := range change {
		c(k)
	}
	ds := make([]*store.Delivery, n)
	for i := range ds {
		e := newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) {
			e.State, e.WaitKind = campaigns.EnrollmentWaiting, campaigns.WaitDelivery
		})
		ds[i] = stepDelivery(e, func(d *store.Delivery) { d.Lane, d.DueAt = campaigns.Bulk, nil })
	}
	err := s.WriteBulk(t.Context(), func(tx *store.Tx) (err error) {
		first, err := s.NextIDs(t.Context(), n)
		if err != nil {
			return err
		}
		if k.ID, err = s.NextID(t.Context()); err != nil {
			return err
		}
		for i, d := range ds {
			d.ID, d.Chunk = campaigns.DeliveryID(first)+campaigns.DeliveryID(i), k.ID
			e := must[*store.Enrollment](t)(tx.LockEnrollment(t.Context(), d.Enrollment))
			e.WaitDelivery = d.ID
			check(t, tx.SaveEnrollments(t.Context(), []*store.Enrollment{e}))
		}
		k.Lo, k.Hi = ds[0].ID, ds[n-1].ID
		if _, err := tx.InsertDeliveries(t.Context(), ds); err != nil {
			return err
		}
		return tx.InsertChunk(t.Context(), *k)
	})
	check(t, err)
	return k, ds
}

func claimChunk(t *testing.T, s *store.Store, owner string, when int) (k *store.Chunk) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		k, err = tx.ClaimChunk(ctx, campaigns.Telegram, owner, at(when), at(when+60))
		return err
	})
	return k
}

func left(t *testing.T, s *store.Store, k *store.Chunk) string {
	t.Helper()
	return must[[]string](t)(s.Texts(t.Context(), `SELECT CAST(left_n AS TEXT) || ' ' || COALESCE(claim_owner, '-') FROM chunks WHERE id = $1`, k.ID))[0]
}

func TestChunkIsClaimedByUrgency(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		running, paused := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Paused)
		slow, _ := bulk(t, s, running, 1)
		urgent, _ := bulk(t, s, running, 1, func(k *store.Chunk) { k.Priority = 1; k.DueAt = at(1) })
		early, ds := bulk(t, s, running, 2, func(k *store.Chunk) { k.DueAt = at(-1) })
		bulk(t, s, paused, 1, func(k *store.Chunk) { k.Priority = 0 })
		bulk(t, s, running, 1, func(k *store.Chunk) { k.Priority = 0; k.Channel = campaigns.Email })
		same(t, early, claimChunk(t, s, "w", 0))
		same(t, ds, must[[]*store.Delivery](t)(s.ChunkDeliveries(t.Context(), early)))
		same(t, urgent, claimChunk(t, s, "w", 1))
		same(t, slow, claimChunk(t, s, "w", 1))
		if k := claimChunk(t, s, "w", 1000); k != nil {
			t.Errorf("chunk %d was claimed again while its owner may be sending", k.ID)
		}
	})
}

func TestChunksGoToOneWorker(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		const many = 40
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for i := range int64(many) {
				check(t, tx.InsertChunk(ctx, store.Chunk{ID: i + 1, Campaign: c.ID, Channel: campaigns.Telegram, Left: 1, DueAt: now}))
			}
			return nil
		})
		seen := drain(t, 8, func() (ids []int64) {
			if k := claimChunk(t, s, "w", 0); k != nil {
				ids = []int64{k.ID}
			}
			return ids
		})
		same(t, many, seen)
	})
}

// TestClaimIsReleasedByItsEnd: of an owner's claims, those that end exactly then; the rows are as if nobody had claimed them.
func TestClaimIsReleasedByItsEnd(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k, _ := bulk(t, s, newCampaign(t, s, "a", campaigns.Running), 4)
		claimChunk(t, s, "w", 0) // until at(60)
		d := stepDelivery(newEnrollment(t, s, newCampaign(t, s, "b", campaigns.Running), newMember(t, s)))
		insert(t, s, d)
		before := delivery(t, s, d.ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ClaimDeliveries(ctx, []campaigns.DeliveryID{d.ID}, campaigns.Telegram, "w", now, at(60))
			return err
		})
		release := func(owner string, until time.Time) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseClaim(ctx, owner, until) })
		}
		release("other", at(60))
		release("w", at(60).Add(time.Microsecond))
		same(t, "4 w", left(t, s, k))
		same(t, campaigns.Claimed, delivery(t, s, d.ID).State)
		release("w", at(60))
		same(t, "4 -", left(t, s, k))
		same(t, before, delivery(t, s, d.ID))
	})
}

func TestChunkIsReleasedByItsOwner(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		k, ds := bulk(t, s, newCampaign(t, s, "a", campaigns.Running), 4)
		claimChunk(t, s, "w", 0)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.WriteOutcomes(ctx, []store.Outcome{{Delivery: ds[1].ID, Chunk: k.ID, State: campaigns.Sent, At: at(1)}})
			check(t, err)
			return tx.ReleaseChunk(ctx, k.ID, "other")
		})
		same(t, "3 w", left(t, s, k))
		check(t, s.Exec(t.Context(), `UPDATE chunks SET left_n = 9 WHERE id = $1`, k.ID)) // to see it counted anew
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseChunk(ctx, k.ID, "w") })
		same(t, "3 -", left(t, s, k))
		same(t, 3, len(must[[]*store.Delivery](t)(s.ChunkDeliveries(t.Context(), k))))
	})
}

// TestListStopsLooking: a condition that no index serves is looked for among so many rows and no more, and the list goes on from there.
func TestListStopsLooking(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		e := newEnrollment(t, s, newCampaign(t, s, "a", campaigns.Running), newMember(t, s))
		var ds []*store.Delivery
		for i := range 2200 {
			ds = append(ds, stepDelivery(e, func(d *store.Delivery) { d.Part = i }))
		}
		ds[2100].State, ds[2100].FinalAt, ds[2100].DueAt = campaigns.Failed, ptr(now), nil
		insert(t, s, ds...)
		f := store.DeliveryFilter{Campaign: e.Campaign, State: campaigns.Failed}
		var stopped int64
		if got := must[[]*store.Delivery](t)(s.Deliveries(t.Context(), f, store.Page{Limit: 10, Stopped: &stopped})); len(got) != 0 || stopped != int64(ds[1999].ID) {
			t.Fatalf("%d deliveries, stopped at %d", len(got), stopped)
		}
		after := stopped
		stopped = 0
		if got := must[[]*store.Delivery](t)(s.Deliveries(t.Context(), f, store.Page{After: after, Limit: 10, Stopped: &stopped})); len(got) != 1 || got[0].ID != ds[2100].ID || stopped != 0 {
			t.Errorf("then %d deliveries, stopped at %d", len(got), stopped)
		}
		if got := must[[]*store.Delivery](t)(s.Deliveries(t.Context(), f, store.Page{Limit: 10})); len(got) != 1 {
			t.Errorf("without a bound %d deliveries", len(got))
		}
	})
}
