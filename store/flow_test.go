package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

func named(first, last, lang string) func(*members.Member) {
	return func(m *members.Member) {
		m.FirstName, m.LastName, m.Language = first, last, campaigns.Lang(lang)
	}
}

func standing(step string, state campaigns.EnrollmentState, data string) func(*store.Enrollment) {
	return func(e *store.Enrollment) {
		e.Step, e.State, e.Data = campaigns.StepID(step), state, []byte(data)
		if state == campaigns.EnrollmentWaiting {
			e.WaitKind, e.DueAt = campaigns.WaitTime, ptr(at(3600))
		}
	}
}

func TestPathsAreCountedByTheirWay(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, other := newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Running)
		for i, lang := range []string{"ru", "ru", "en"} {
			m := newMember(t, s, named("N", "", lang))
			newEnrollment(t, s, c, m, standing("b", campaigns.EnrollmentWaiting, `{"visits":{"a":1,"b":2},"points":`+fmt.Sprint(i)+`}`))
			newEnrollment(t, s, other, m)
		}
		newEnrollment(t, s, c, newMember(t, s, named("N", "", "")), standing("b", campaigns.EnrollmentCompleted, `{"started":true,"visits":{"b":1},"answers":{"b":{"type":"text","text":"}"}}}`))
		newEnrollment(t, s, c, newMember(t, s))
		got := must[[]store.PathCount](t)(s.CountPaths(t.Context(), c.ID))
		same(t, []store.PathCount{
			{Version: 1, State: "active", Step: "hello", Visits: map[campaigns.StepID]int{}, N: 1},
			{Version: 1, State: "completed", Step: "b", Visits: map[campaigns.StepID]int{"b": 1}, N: 1},
			{Version: 1, State: "waiting", Step: "b", Wait: "time", Visits: map[campaigns.StepID]int{"a": 1, "b": 2}, N: 3},
		}, got)
		same(t, []store.LanguageCount{{"", 2}, {"ru", 2}, {"en", 1}}, must[[]store.LanguageCount](t)(s.CountLanguages(t.Context(), c.ID)))
		same(t, []store.CampaignCount{{c.ID, "active", 1}, {c.ID, "completed", 1}, {c.ID, "waiting", 3}},
			must[[]store.CampaignCount](t)(s.CountByCampaign(t.Context(), []campaigns.CampaignID{c.ID})))
		same(t, []store.ComingStep{{c.ID, 1, "b", at(3600), 3}},
			must[[]store.ComingStep](t)(s.Coming(t.Context(), []campaigns.CampaignID{c.ID, other.ID}, now, at(7200), 9)))
		if late := must[[]store.ComingStep](t)(s.Coming(t.Context(), []campaigns.CampaignID{c.ID}, now, at(60), 9)); len(late) != 0 {
			t.Errorf("%v comes within a minute", late)
		}
		if in := must[[]*store.Enrollment](t)(s.Inside(t.Context(), c.ID, "b", store.Page{})); len(in) != 3 {
			t.Errorf("%d inside at b", len(in))
		}
	})
}

// However many steps go on within one quarter of an hour, and however few lines are asked for, the first are told, each by the first of those who go on.
func TestTheFirstThatComeAreTold(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		var want []store.ComingStep
		for quarter := range 4 {
			for i, step := range []campaigns.StepID{"a", "b", "c"} {
				first := at(quarter*900 + 300 - i*50) // the steps go on in the other order than they are called
				for _, due := range []time.Time{first.Add(5 * time.Minute), first} {
					newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) {
						e.Step, e.State, e.WaitKind, e.DueAt = step, campaigns.EnrollmentWaiting, campaigns.WaitTime, &due
					})
				}
				want = append(want, store.ComingStep{Campaign: c.ID, Version: 1, Step: step, At: first, N: 2})
			}
			slices.Reverse(want[len(want)-3:])
		}
		for _, x := range []*store.ComingStep{&want[0], &want[1]} { // of “c” and “b” the first moment of the first quarter has passed
			x.At, x.N = x.At.Add(5*time.Minute), 1
		}
		want[0], want[1], want[2] = want[2], want[0], want[1]
		for limit := 1; limit <= len(want)+1; limit++ {
			same(t, want[:min(limit, len(want))], must[[]store.ComingStep](t)(s.Coming(t.Context(), []campaigns.CampaignID{c.ID}, at(275), at(7200), limit)))
		}
	})
}

func TestRoundsAndAnsweredAreMembers(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		for range 2 {
			e := newEnrollment(t, s, c, newMember(t, s))
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				for round := range 3 {
					r := &store.Response{
						Enrollment: e.ID, Campaign: c.ID, Version: 1, Member: e.Member, Question: "q", Step: "q", Visit: round, Round: round,
						Answer: campaigns.Answer{Type: campaigns.Text, Text: "x", Input: campaigns.InputID(100*int64(e.ID) + int64(round))}, AnsweredAt: at(round),
					}
					if err := tx.SaveResponse(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
		}
		same(t, []store.RoundCount{{1, 2}, {2, 2}}, must[[]store.RoundCount](t)(s.CountRounds(t.Context(), c.ID)))
		same(t, map[campaigns.CampaignID]int{c.ID: 2}, must[map[campaigns.CampaignID]int](t)(s.Answered(t.Context(), []campaigns.CampaignID{c.ID})))
		latest := must[[]*store.Response](t)(s.LatestResponses(t.Context(), store.ResponseFilter{Campaign: c.ID, Question: "q"}, 0, 4))
		if len(latest) != 4 || latest[0].ID < latest[3].ID {
			t.Fatalf("latest: %v", latest)
		}
		rest := must[[]*store.Response](t)(s.LatestResponses(t.Context(), store.ResponseFilter{Campaign: c.ID, Question: "q"}, latest[3].ID, 4))
		if len(rest) != 2 {
			t.Errorf("%d older answers", len(rest))
		}
		day := must[[]store.TimeCount](t)(s.RecentAnswers(t.Context(), at(-60)))
		if len(day) != 1 || day[0].N != 6 || now.Sub(day[0].At) > 15*time.Minute {
			t.Errorf("answers: %v", day)
		}
	})
}

func TestMembersAreFound(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		nino := newMember(t, s, named("Нино", "Берёза", "ru"), func(m *members.Member) { m.ExternalID = "SL-1" })
		lev := newMember(t, s, named("Lev", "O'Neil", "en"))
		newMember(t, s, func(m *members.Member) { m.State = members.Erased })
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			a := members.Address{Member: lev.ID, Channel: campaigns.Email, Value: "Lev@Example.org", Reach: "ok", Proof: members.Given}
			return tx.SetAddress(ctx, a, "lev@example.org", "h", now)
		})
		for _, c := range []struct {
			q    store.MemberQuery
			want []campaigns.MemberID
		}{
			{store.MemberQuery{}, []campaigns.MemberID{nino.ID, lev.ID}},
			{store.MemberQuery{Text: " нино бер"}, []campaigns.MemberID{nino.ID}},
			{store.MemberQuery{Text: "БЕРЁЗА"}, []campaigns.MemberID{nino.ID}},
			{store.MemberQuery{Text: "sl-1"}, []campaigns.MemberID{nino.ID}},
			{store.MemberQuery{Text: "example.ORG"}, []campaigns.MemberID{lev.ID}},
			{store.MemberQuery{Text: "o'neil"}, []campaigns.MemberID{lev.ID}},
			{store.MemberQuery{Text: "%"}, nil},
			{store.MemberQuery{Language: "ru"}, []campaigns.MemberID{nino.ID}},
			{store.MemberQuery{Channel: campaigns.Email}, []campaigns.MemberID{lev.ID}},
			{store.MemberQuery{Channel: campaigns.Email, Language: "ru"}, nil},
			{store.MemberQuery{Text: "lev", Channel: campaigns.Telegram}, nil},
		} {
			same(t, c.want, must[[]campaigns.MemberID](t)(s.FindMembers(t.Context(), c.q, store.Page{})))
		}
		same(t, []campaigns.MemberID{lev.ID}, must[[]campaigns.MemberID](t)(s.FindMembers(t.Context(), store.MemberQuery{}, store.Page{After: int64(nino.ID), Limit: 1})))
		if n := must[int](t)(s.CountMembers(t.Context(), store.MemberQuery{Language: "en"})); n != 1 {
			t.Errorf("%d read English", n)
		}
		same(t, []store.LanguageCount{{"en", 1}, {"ru", 1}}, must[[]store.LanguageCount](t)(s.MemberLanguages(t.Context())))
	})
}

func TestAttentionCountsWhatWaits(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		m := newMember(t, s)
		left := newMember(t, s, func(m *members.Member) { m.StoppedAt = ptr(at(5)) })
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertMessage(ctx, &store.Message{Member: m.ID, Channel: campaigns.Telegram, Input: 7, Kind: "text", Text: "hi", At: at(1)})
		})
		e, f := newEnrollment(t, s, c, m), newEnrollment(t, s, c, left)
		insert(t, s,
			stepDelivery(e, func(d *store.Delivery) { d.State, d.FinalAt, d.DueAt = campaigns.Sent, ptr(at(2)), nil }),
			stepDelivery(f, func(d *store.Delivery) {
				d.State, d.Reason, d.FinalAt, d.DueAt = campaigns.Failed, campaigns.Rejected, ptr(at(3)), nil
			}))
		got := must[store.Attention](t)(s.Attention(t.Context(), now))
		same(t, store.Attention{Messages: 1, OldestMessage: ptr(at(1)), Members: 2, StoppedSince: 1}, got)
		recent := must[[]store.DeliveryCount](t)(s.RecentDeliveries(t.Context(), now))
		if len(recent) != 2 || recent[0].State != campaigns.Failed || recent[0].Reason != campaigns.Rejected || recent[1].N != 1 {
			t.Errorf("recent: %+v", recent)
		}
		if old := must[[]store.DeliveryCount](t)(s.RecentDeliveries(t.Context(), at(15*60))); len(old) != 0 {
			t.Errorf("old: %+v", old)
		}
	})
}

// BenchmarkFlow is what one look at a campaign of 100,000 members costs.
func BenchmarkFlow(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			c := newCampaign(b, s, "a", campaigns.Running)
			crowd(b, s, c, 100_000)
			for what, read := range map[string]func() error{
				"paths":      func() error { _, err := s.CountPaths(b.Context(), c.ID); return err },
				"languages":  func() error { _, err := s.CountLanguages(b.Context(), c.ID); return err },
				"deliveries": func() error { _, err := s.CountDeliveries(b.Context(), c.ID); return err },
				"recent":     func() error { _, err := s.RecentDeliveries(b.Context(), at(-86400)); return err },
				"campaigns":  func() error { _, err := s.CountByCampaign(b.Context(), []campaigns.CampaignID{c.ID}); return err },
				"coming": func() error {
					_, err := s.Coming(b.Context(), []campaigns.CampaignID{c.ID}, now, at(86400*7), 50)
					return err
				},
				"search": func() error {
					_, err := s.FindMembers(b.Context(), store.MemberQuery{Text: "нет такого"}, store.Page{Limit: 50})
					return err
				},
			} {
				b.Run(what, func(b *testing.B) {
					for b.Loop() {
						check(b, read())
					}
				})
			}
		})
	}
}

// crowd writes members with their enrollments and a delivery each.
func crowd(b *testing.B, s *store.Store, c *store.Campaign, n int) {
	for done := 0; done < n; done += 300 {
		check(b, s.WriteBulk(b.Context(), func(tx *store.Tx) error {
			first, err := s.NextIDs(b.Context(), 300)
			check(b, err)
			es, ds := make([]*store.Enrollment, 300), make([]*store.Delivery, 300)
			for i := range es {
				id := first + int64(i)
				m := &members.Member{ID: campaigns.MemberID(id), FirstName: "Имя", LastName: fmt.Sprint("Фамилия ", id), Language: "ru", State: members.Active, CreatedAt: now, UpdatedAt: now}
				check(b, tx.InsertMember(b.Context(), m))
				day := int(id % 14)
				es[i] = &store.Enrollment{
					ID: campaigns.EnrollmentID(id), Campaign: c.ID, Version: 1, Member: m.ID, Source: "api", State: campaigns.EnrollmentWaiting, Step: "task", Visit: day,
					WaitKind: campaigns.WaitTime, DueAt: ptr(at(int(id % 86400))), EnteredAt: now, UpdatedAt: now,
					Data: fmt.Appendf(nil, `{"started":true,"visits":{"hello":1,"level":1,"days":%d,"task":%d,"point":%d,"done":%d},"answers":{"level":{"type":"choice","text":"a1","at":"2026-11-24T09:00:00Z","channel":"telegram","input":%d}},"asked":{"task":{"visit":%d,"channel":"telegram","at":"2026-11-24T09:00:00Z"}},"points":%d}`, day+1, day, day, day/2, id, day, id%140),
				}
				ds[i] = &store.Delivery{
					ID: campaigns.DeliveryID(id), Kind: store.StepDelivery, Campaign: c.ID, Version: 1, Enrollment: es[i].ID, Member: m.ID, Step: "hello", Visit: 1,
					Channel: campaigns.Email, Lane: campaigns.Bulk, Priority: 5, State: campaigns.Sent, FinalAt: ptr(at(int(id % 3600))), ExpiresAt: at(9), CreatedAt: now,
				}
			}
			if _, err := tx.InsertEnrollments(b.Context(), es); err != nil {
				return err
			}
			_, err = tx.InsertDeliveries(b.Context(), ds)
			return err
		}))
	}
}
