package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// history does at random what changes counted rows, through the store's own methods.
type history struct {
	t         *testing.T
	s         *store.Store
	rnd       *rand.Rand
	campaigns []*store.Campaign
	members   []campaigns.MemberID
	runs      []campaigns.EnrollmentID
	tick      int
}

func (h *history) now() time.Time { return at(h.tick * 400) }

func pick[T any](h *history, of []T) T { return of[h.rnd.IntN(len(of))] }

func (h *history) step() {
	h.tick++
	acts := []func(context.Context, *store.Tx) error{
		h.join, h.enter, h.enter, h.move, h.move, h.move, h.republish, h.send, h.send, h.end, h.end, h.put, h.cancel, h.answer, h.answer, h.answer, h.score, h.speak, h.address, h.claim, h.again,
	}
	if h.rnd.IntN(8) == 0 {
		acts = []func(context.Context, *store.Tx) error{h.merge, h.merge, h.erase, h.expire}
	}
	if len(h.members) < 4 {
		acts = acts[:1]
	}
	write(h.t, h.s, pick(h, acts))
	if h.rnd.IntN(10) == 0 {
		must[bool](h.t)(h.s.FoldCounters(h.t.Context()))
	}
}

func (h *history) join(ctx context.Context, tx *store.Tx) error {
	m := &members.Member{State: members.Active, Language: pick(h, []campaigns.Lang{"", "en", "ru"}), CreatedAt: now, UpdatedAt: now}
	if err := tx.InsertMember(ctx, m); err != nil {
		return err
	}
	h.members = append(h.members, m.ID)
	return h.addressOf(ctx, tx, m.ID)
}

func (h *history) addressOf(ctx context.Context, tx *store.Tx, id campaigns.MemberID) error {
	a := members.Address{Member: id, Channel: pick(h, []campaigns.Channel{campaigns.Telegram, campaigns.Email}), Value: fmt.Sprint(h.tick)}
	return tx.SetAddress(ctx, a, a.Value, a.Value, now)
}

func (h *history) address(ctx context.Context, tx *store.Tx) error {
	id := pick(h, h.members)
	if h.rnd.IntN(3) == 0 {
		return tx.RemoveAddress(ctx, id, campaigns.Email)
	}
	return h.addressOf(ctx, tx, id)
}

// speak changes the member's language, and perhaps nothing.
func (h *history) speak(ctx context.Context, tx *store.Tx) error {
	p, err := tx.LockMember(ctx, pick(h, h.members))
	if err != nil {
		return err
	}
	p.Language = pick(h, []campaigns.Lang{"en", "ru", "ka"})
	return tx.UpdateMember(ctx, &p.Member)
}

func (h *history) enter(ctx context.Context, tx *store.Tx) error {
	es := []*store.Enrollment{}
	for range 1 + h.rnd.IntN(3) {
		es = append(es, &store.Enrollment{
			Campaign: pick(h, h.campaigns).ID, Version: 1 + h.rnd.IntN(2), Member: pick(h, h.members), State: campaigns.EnrollmentActive, EnteredAt: now, UpdatedAt: now, DueAt: ptr(h.now()),
		})
	}
	ids, err := tx.InsertEnrollments(ctx, es)
	h.runs = append(h.runs, ids...)
	return err
}

// move lets a run wait for something, come to a step again, or end.
func (h *history) move(ctx context.Context, tx *store.Tx) error {
	return h.withRun(ctx, tx, func(e *store.Enrollment) error {
		if e.State.Final() {
			return nil
		}
		e.Step, e.Visit = campaigns.StepID(pick(h, []string{"hello", "level"})), e.Visit+1
		e.Data = fmt.Appendf(nil, `{"started":true,"visits":{%q:%d},"answers":{"level":{"text":"}"}}}`, e.Step, e.Visit%3)
		e.State, e.WaitKind, e.DueAt = campaigns.EnrollmentWaiting, pick(h, []campaigns.WaitKind{campaigns.WaitTime, campaigns.WaitAnswer, campaigns.WaitDelivery}), ptr(h.now().Add(time.Hour))
		if h.rnd.IntN(4) == 0 {
			e.State, e.WaitKind, e.DueAt, e.EndedAt = campaigns.EnrollmentExited, "", nil, ptr(now)
			e.Reason = pick(h, []campaigns.Reason{"", campaigns.ExitWithdrawn})
		}
		return tx.SaveEnrollments(ctx, []*store.Enrollment{e})
	})
}

// republish takes a run over into the next version.
func (h *history) republish(ctx context.Context, tx *store.Tx) error {
	return h.withRun(ctx, tx, func(e *store.Enrollment) error {
		if e.State.Final() {
			return nil
		}
		e.Began, e.Version = e.BeganIn(), e.Version+1
		if err := tx.SaveEnrollments(ctx, []*store.Enrollment{e}); err != nil {
			return err
		}
		return tx.SetVersion(ctx, []*store.Enrollment{e})
	})
}

func (h *history) withRun(ctx context.Context, tx *store.Tx, fn func(*store.Enrollment) error) error {
	if len(h.runs) == 0 {
		return nil
	}
	e, err := tx.LockEnrollment(ctx, pick(h, h.runs))
	if err != nil {
		return err
	}
	return fn(e)
}

// send writes a chunk of deliveries, or single ones, one of which ended at once.
func (h *history) send(ctx context.Context, tx *store.Tx) error {
	return h.withRun(ctx, tx, func(e *store.Enrollment) error {
		first := must[int64](h.t)(h.s.NextIDs(ctx, 3))
		var ds []*store.Delivery
		for i := range int64(3) {
			ds = append(ds, stepDelivery(e, func(d *store.Delivery) {
				d.ID, d.Visit, d.Part, d.DueAt = campaigns.DeliveryID(first+i), h.tick, int(i), ptr(h.now())
				d.Reason = pick(h, []campaigns.Reason{"", campaigns.QuietHours})
			}))
		}
		if h.rnd.IntN(2) == 0 {
			ds[0].State, ds[0].Reason, ds[0].FinalAt, ds[0].DueAt = campaigns.Suppressed, campaigns.NoConsent, ptr(h.now()), nil
			_, err := tx.InsertDeliveries(ctx, append(ds, &store.Delivery{
				Kind: store.SystemDelivery, Input: campaigns.InputID(h.tick), Name: "help", Member: e.Member, Channel: campaigns.Telegram, Lane: campaigns.Interactive, State: campaigns.Pending,
				ExpiresAt: at(99), CreatedAt: now,
			}))
			return err
		}
		for _, d := range ds {
			d.Chunk, d.DueAt, d.Lane = first, nil, campaigns.Bulk
		}
		if _, err := tx.InsertDeliveries(ctx, ds); err != nil {
			return err
		}
		return tx.InsertChunk(ctx, store.Chunk{ID: first, Campaign: e.Campaign, Channel: campaigns.Telegram, Lo: ds[0].ID, Hi: ds[2].ID, Left: 3, DueAt: h.now()})
	})
}

func (h *history) some(ctx context.Context, tx *store.Tx) []*store.Delivery {
	ds := must[[]*store.Delivery](h.t)(tx.Deliveries(ctx, store.DeliveryFilter{}, store.Page{Limit: 10_000}))
	h.rnd.Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] })
	return ds[:min(len(ds), 4)]
}

// end writes outcomes, also of rows that are final already, and of some whose chunk is not named.
func (h *history) end(ctx context.Context, tx *store.Tx) error {
	var os []store.Outcome
	for _, d := range h.some(ctx, tx) {
		o := store.Outcome{Delivery: d.ID, Enrollment: d.Enrollment, Chunk: d.Chunk, State: campaigns.Sent, At: h.now()}
		if h.rnd.IntN(3) == 0 {
			o.State, o.Reason, o.Chunk = campaigns.Failed, pick(h, []campaigns.Reason{campaigns.Rejected, campaigns.RenderFailed}), 0
		} else if h.rnd.IntN(2) == 0 {
			over, err := h.over(ctx, tx, d)
			if err != nil {
				return err
			}
			o.Over = over
		}
		os = append(os, o)
	}
	_, err := tx.WriteOutcomes(ctx, os)
	return err
}

// over lets the passage wait for the delivery and completes it with that, if it is not over; now and then somebody else changes it between.
func (h *history) over(ctx context.Context, tx *store.Tx, d *store.Delivery) (*store.Enrollment, error) {
	e, err := tx.LockEnrollment(ctx, d.Enrollment)
	if err != nil || e.State.Final() {
		return nil, nil //nolint:nilerr // erased, or over
	}
	e.State, e.WaitKind, e.WaitDelivery, e.DueAt = campaigns.EnrollmentWaiting, campaigns.WaitDelivery, d.ID, nil
	if err := tx.SaveEnrollments(ctx, []*store.Enrollment{e}); err != nil {
		return nil, err
	}
	done := *e
	done.State, done.WaitKind, done.WaitDelivery, done.EndedAt = campaigns.EnrollmentCompleted, campaigns.WaitNone, 0, ptr(h.now())
	if h.rnd.IntN(3) == 0 {
		err = tx.SaveEnrollments(ctx, []*store.Enrollment{e})
	}
	return &done, err
}

// again lets failed deliveries wait again.
func (h *history) again(ctx context.Context, tx *store.Tx) error {
	ds, err := tx.Deliveries(ctx, store.DeliveryFilter{State: campaigns.Failed}, store.Page{Limit: 5})
	var ids []campaigns.DeliveryID
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	if err == nil {
		_, err = tx.SendAgain(ctx, ids, "{}", 1, h.now(), h.now())
	}
	return err
}

// put puts deliveries off, alone or under their chunk.
func (h *history) put(ctx context.Context, tx *store.Tx) error {
	var os []store.Outcome
	for _, d := range h.some(ctx, tx) {
		o := store.Outcome{Delivery: d.ID, Chunk: d.Chunk, State: campaigns.Pending, Reason: pick(h, []campaigns.Reason{campaigns.QuietHours, campaigns.RateLimited}), At: h.now()}
		if h.rnd.IntN(2) == 0 {
			o.DueAt = ptr(h.now())
		}
		os = append(os, o)
	}
	_, err := tx.WriteOutcomes(ctx, os)
	return err
}

func (h *history) claim(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ClaimDue(ctx, campaigns.Interactive, campaigns.Telegram, "w", h.now(), h.now().Add(time.Second), 3)
	if err != nil || h.rnd.IntN(2) == 0 {
		return err
	}
	return tx.FreeOwner(ctx, "w", h.now())
}

func (h *history) expire(ctx context.Context, tx *store.Tx) error {
	_, err := tx.ExpireClaims(ctx, h.now(), h.now(), 5)
	return err
}

func (h *history) cancel(ctx context.Context, tx *store.Tx) error {
	if h.rnd.IntN(3) == 0 {
		_, _, err := tx.CancelLeft(ctx, pick(h, h.campaigns).ID, campaigns.ExitWithdrawn, h.now(), 2)
		return err
	}
	return tx.CancelPendingOfMember(ctx, pick(h, h.members), campaigns.ExitWithdrawn, h.now())
}

// answer answers a question, perhaps again and otherwise, perhaps late.
func (h *history) answer(ctx context.Context, tx *store.Tx) error {
	return h.withRun(ctx, tx, func(e *store.Enrollment) error {
		a := campaigns.Answer{
			Type: campaigns.Choices, List: []string{"a", pick(h, []string{"b", "c"})}, Input: campaigns.InputID(h.tick), Late: h.rnd.IntN(3) == 0, At: h.now(), Channel: campaigns.Email,
		}
		if h.rnd.IntN(2) == 0 {
			a.Type, a.List, a.Number = campaigns.NPS, nil, float64(h.rnd.IntN(11))/2
		}
		return tx.SaveResponse(ctx, &store.Response{
			Enrollment: e.ID, Campaign: e.Campaign, Version: e.Version, Member: e.Member, Question: string(a.Type), Step: campaigns.StepID(a.Type),
			Visit: h.rnd.IntN(3), Round: h.rnd.IntN(3), Answer: a, AnsweredAt: h.now(),
		})
	})
}

// score gives points to some runs at once, perhaps to one of them twice.
func (h *history) score(ctx context.Context, tx *store.Tx) error {
	var ps []store.Points
	for range 1 + h.rnd.IntN(3) {
		if err := h.withRun(ctx, tx, func(e *store.Enrollment) error {
			id := must[int64](h.t)(tx.NextID(ctx))
			ps = append(ps, store.Points{ID: id, Campaign: e.Campaign, Enrollment: e.ID, Member: e.Member, Step: "award", Visit: h.rnd.IntN(2), Points: 5, At: h.now()})
			return nil
		}); err != nil {
			return err
		}
	}
	return tx.AddPoints(ctx, ps...)
}

func (h *history) erase(ctx context.Context, tx *store.Tx) error {
	return tx.EraseMember(ctx, pick(h, h.members), h.now())
}

// merge makes two into one; the runs of the one who goes end before.
func (h *history) merge(ctx context.Context, tx *store.Tx) error {
	i := h.rnd.IntN(len(h.members))
	from, into := must[*store.Profile](h.t)(tx.LockMember(ctx, h.members[i])), must[*store.Profile](h.t)(tx.LockMember(ctx, pick(h, h.members)))
	if from.ID == into.ID || from.State != members.Active || into.State != members.Active {
		return nil
	}
	es := must[[]*store.Enrollment](h.t)(tx.LockMemberEnrollments(ctx, from.ID))
	for _, e := range es {
		e.State, e.Reason, e.WaitKind, e.DueAt = campaigns.EnrollmentExited, campaigns.ExitMerged, "", nil
	}
	if err := tx.SaveEnrollments(ctx, es); err != nil {
		return err
	}
	h.members = slices.Delete(h.members, i, i+1)
	keep := map[campaigns.Channel]campaigns.MemberID{campaigns.Telegram: pick(h, []campaigns.MemberID{from.ID, into.ID})}
	return tx.MergeMembers(ctx, store.Merge{From: from, Into: into, Keep: keep, At: now})
}

// TestCountersAreTheRows: whatever happened, folded or not, what the counters say is what the rows say.
func TestCountersAreTheRows(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for seed := range uint64(2) {
			h := &history{t: t, s: s, rnd: rand.New(rand.NewPCG(seed, 7)), tick: int(seed) * 1000}
			for i := range 3 {
				h.campaigns = append(h.campaigns, newCampaign(t, s, fmt.Sprintf("c%d-%d", seed, i), campaigns.Running))
			}
			for range 150 {
				h.step()
			}
			for _, id := range append(campaignIDs(h.campaigns), 0) {
				if off := must[[]string](t)(s.Differences(t.Context(), id)); len(off) > 0 {
					t.Fatalf("seed %d: counters of campaign %d are off: %v", seed, id, off)
				}
			}
		}
	})
}

func campaignIDs(cs []*store.Campaign) (ids []campaigns.CampaignID) {
	for _, c := range cs {
		ids = append(ids, c.ID)
	}
	return ids
}

// TestRecount: what was never counted is counted from its rows until it is; what is off is set right.
func TestRecount(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		c := newCampaign(t, s, "a", campaigns.Running)
		e := newEnrollment(t, s, c, newMember(t, s))
		insert(t, s, stepDelivery(e))
		want := []store.Count{{Step: "hello", Channel: "telegram", State: "pending", N: 1}}
		same(t, want, must[[]store.Count](t)(s.CountDeliveries(ctx, c.ID)))

		check(t, s.Exec(ctx, `DELETE FROM counters`))
		check(t, s.Exec(ctx, `DELETE FROM counter_deltas`))
		same(t, 0, len(must[[]store.Count](t)(s.CountDeliveries(ctx, c.ID))))
		check(t, s.Exec(ctx, `INSERT INTO recounts (campaign_id, at) VALUES ($1, NULL)`, c.ID)) // as the migration leaves campaigns
		same(t, want, must[[]store.Count](t)(s.CountDeliveries(ctx, c.ID)))

		for range 2 {
			id, ok, err := s.NextRecount(ctx, now)
			check(t, err)
			if !ok {
				t.Fatal("nothing to recount")
			}
			_, fresh, err := s.Recount(ctx, id, now)
			check(t, err)
			same(t, id == c.ID || id == 0, fresh)
		}
		if _, ok, err := s.NextRecount(ctx, now); ok || err != nil {
			t.Errorf("more to recount: %v, %v", ok, err)
		}
		same(t, want, must[[]store.Count](t)(s.CountDeliveries(ctx, c.ID)))
		if off, _, err := s.Recount(ctx, c.ID, now); off != 0 || err != nil {
			t.Errorf("%d are off, %v", off, err)
		}
	})
}

// TestFoldTakesWhatThereIs: however often it is folded, the sums stay; what came to nothing leaves no row.
func TestFoldTakesWhatThereIs(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		m := newMember(t, s, func(m *members.Member) { m.Language = "en" })
		for range 3 {
			must[bool](t)(s.FoldCounters(ctx))
			same(t, []store.LanguageCount{{Language: "en", N: 1}}, must[[]store.LanguageCount](t)(s.MemberLanguages(ctx)))
		}
		m.Language = "ru"
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMember(ctx, m) })
		same(t, []store.LanguageCount{{Language: "ru", N: 1}}, must[[]store.LanguageCount](t)(s.MemberLanguages(ctx)))
		must[bool](t)(s.FoldCounters(ctx))
		left := must[[]string](t)(s.Texts(ctx, `SELECT key FROM counters WHERE kind = 'member'`))
		same(t, []string{`["ru"]`}, left)
	})
}
