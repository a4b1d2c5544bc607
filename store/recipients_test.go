package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// various gives the n-th of some members what its neighbours do not have, so that nothing of one may be taken for another's.
func various(m *members.Member, n int) {
	m.Attributes = map[string]any{}
	if n%3 > 0 {
		m.Attributes[fmt.Sprint("only", n)] = float64(n)
	}
	if n%2 > 0 {
		m.LastActAt, m.Quiet = ptr(at(n)), &timing.Window{From: timing.LocalTime{Hour: n % 24}, To: timing.LocalTime{Hour: 9, Minute: n}}
	}
	if n%5 == 1 {
		m.StoppedAt = ptr(at(n))
	}
	if n%4 == 3 {
		m.Language, m.TimeZone = "ru", "Asia/Tokyo"
	}
}

// TestRecipients: what is read for a message is what the whole profile says about its channel and topic, for every way in which they can stand.
func TestRecipients(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var ids []campaigns.MemberID
		decided := []*bool{nil, ptr(true), ptr(false)}
		for _, about := range decided {
			for _, all := range decided {
				for _, where := range [][]campaigns.Channel{nil, {campaigns.Email}, {campaigns.Telegram}, {campaigns.Email, campaigns.Telegram}} {
					m := newMember(t, s, func(m *members.Member) { various(m, len(ids)) })
					ids = append(ids, m.ID)
					write(t, s, func(ctx context.Context, tx *store.Tx) error {
						for _, ch := range where {
							a := members.Address{Member: m.ID, Channel: ch, Value: fmt.Sprint(ch, m.ID)}
							check(t, tx.SetAddress(ctx, a, a.Value, a.Value, at(1)))
							must[bool](t)(tx.SetReach(ctx, m.ID, ch, channels.ReachGone, at(2), at(2)))
							if len(ids)%3 == 0 {
								check(t, tx.Suppress(ctx, ch, a.Value, "complaint", at(3)))
							}
						}
						for topic, given := range map[string]*bool{"news": about, members.AllTopics: all, "other": ptr(true)} {
							for _, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
								if given != nil {
									check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: ch, Topic: topic, Given: *given, At: at(4)}))
								}
							}
						}
						return nil
					})
				}
			}
		}
		whole := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), ids))
		both := must[map[campaigns.MemberID]*store.Profile](t)(s.Recipients(t.Context(), ids, []campaigns.Channel{campaigns.Email, campaigns.Telegram}, "news"))
		for _, id := range ids {
			want := *whole[id]
			want.Consents = members.Consents{}
			for key, given := range whole[id].Consents {
				if _, has := want.Addresses.Find(key.Channel); has && key.Topic != "other" { // where nothing can be sent, nobody asks
					want.Consents[key] = given
				}
			}
			if len(want.Addresses) > 0 {
				same(t, &want, both[id])
			}
		}
		for _, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
			got := must[map[campaigns.MemberID]*store.Profile](t)(s.Recipients(t.Context(), append(ids, 1<<40), []campaigns.Channel{ch}, "news"))
			same(t, len(ids), len(got))
			facts := must[map[campaigns.MemberID]*store.MemberFacts](t)(s.MemberFacts(t.Context(), ids, store.FactsWanted{Topic: "news", Channels: []campaigns.Channel{ch}, Attributes: true}))
			for _, id := range ids {
				want := *whole[id]
				want.Addresses, want.Consents = members.Addresses{}, members.Consents{}
				if a, ok := whole[id].Addresses.Find(ch); ok {
					want.Addresses.Set(a)
				}
				for key, given := range whole[id].Consents {
					if key.Channel == ch && key.Topic != "other" {
						want.Consents[key] = given
					}
				}
				same(t, &want, got[id])
				short := want.Facts("news")
				short.Attributes = nil
				if len(want.Attributes) > 0 {
					short.Attributes = want.Attributes
				}
				same(t, &short, facts[id])
			}
		}
	})
}

// TestInOrder: members are read in order as they are read one by one, whoever lies between them.
func TestInOrder(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var ids []campaigns.MemberID
		said := []*bool{nil, ptr(true), ptr(false)}
		for n := range 90 {
			m := newMember(t, s, func(m *members.Member) { various(m, n) })
			ids = append(ids, m.ID)
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				for i, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
					if n%4 != 2*i { // some have both, some one
						a := members.Address{Member: m.ID, Channel: ch, Value: fmt.Sprint(ch, m.ID)}
						check(t, tx.SetAddress(ctx, a, a.Value, a.Value, at(1)))
						if n%7 == i {
							check(t, tx.Suppress(ctx, ch, a.Value, "complaint", at(3)))
						}
					}
					for j, topic := range []string{"news", members.AllTopics, "other"} {
						if given := said[(n/(1+i+2*j))%3]; given != nil {
							check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: ch, Topic: topic, Given: *given, At: at(4)}))
						}
					}
				}
				return nil
			})
		}
		half, few := ids[3:80:80], []campaigns.MemberID{}
		for i, id := range ids { // the first and the last are not asked for, and most between are
			if i%6 > 0 {
				few = append(few, id)
			}
		}
		for _, asked := range [][]campaigns.MemberID{ids, half, few, append(few[:len(few):len(few)], 1<<40), ids[5:6]} {
			for _, chs := range [][]campaigns.Channel{{campaigns.Email}, {campaigns.Telegram}, {campaigns.Email, campaigns.Telegram}} {
				want := store.FactsWanted{Topic: "news", Channels: chs, Attributes: true, Tags: true}
				facts := must[map[campaigns.MemberID]*store.MemberFacts](t)(s.MemberFacts(t.Context(), asked, want))
				whole := must[map[campaigns.MemberID]*store.Profile](t)(s.Recipients(t.Context(), asked, chs, "news"))
				check(t, s.WriteOften(t.Context(), func(tx *store.Tx) error {
					same(t, facts, must[map[campaigns.MemberID]*store.MemberFacts](t)(tx.FactsInOrder(t.Context(), asked, want)))
					same(t, whole, must[map[campaigns.MemberID]*store.Profile](t)(tx.RecipientsInOrder(t.Context(), asked, chs, "news")))
					return nil
				}))
			}
		}
	})
}

// TestInOrderAsPlanned: whatever PostgreSQL knows of its tables, it walks the indexes side by side, each row once. Few among many members are looked up.
func TestInOrderAsPlanned(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t)
	var ids []campaigns.MemberID
	for n := range 60 {
		m := newMember(t, s, func(m *members.Member) { various(m, n) })
		ids = append(ids, m.ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
				a := members.Address{Member: m.ID, Channel: ch, Value: fmt.Sprint(ch, m.ID)}
				check(t, tx.SetAddress(ctx, a, a.Value, a.Value, at(1)))
				for _, topic := range []string{"news", members.AllTopics} {
					check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: ch, Topic: topic, Given: true, At: at(4)}))
				}
			}
			return nil
		})
	}
	for _, told := range []bool{false, true} {
		if told {
			check(t, s.Exec(t.Context(), "ANALYZE"))
		}
		for _, chs := range [][]campaigns.Channel{{campaigns.Email}, {campaigns.Email, campaigns.Telegram}} {
			for _, how := range []func(context.Context, func(*store.Tx) error) error{s.WriteOften, s.WriteBulk} {
				check(t, how(t.Context(), func(tx *store.Tx) error {
					plans, err := store.PlanInOrder(t.Context(), tx, ids, chs)
					same(t, 1, len(plans))
					for _, plan := range plans {
						if strings.Count(plan, "Merge Left Join") != 3 || strings.Contains(plan, "Nested Loop") || strings.Contains(plan, "Sort") {
							t.Error(plan)
						}
					}
					if err == nil {
						plans, err = store.PlanInOrder(t.Context(), tx, append(ids[:40:40], ids[59]), chs)
						same(t, 0, len(plans))
					}
					return err
				}))
			}
		}
	}
}

// TestSetReaches notes what is known of many addresses.
func TestSetReaches(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var rs []store.Reached
		for i := range 60 {
			m := newMember(t, s)
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				a := members.Address{Member: m.ID, Channel: campaigns.Email, Value: fmt.Sprint(m.ID)}
				return tx.SetAddress(ctx, a, a.Value, a.Value, at(1))
			})
			rs = append(rs, store.Reached{Member: m.ID, Channel: campaigns.Email, Address: fmt.Sprint(m.ID), Reach: []channels.Reach{channels.ReachOK, channels.ReachGone}[i%2], Began: at(1)})
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetReaches(ctx, append(rs, store.Reached{Member: 1 << 40, Channel: campaigns.Email, Reach: channels.ReachOK}), at(9))
		})
		for _, r := range rs {
			p := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), []campaigns.MemberID{r.Member}))[r.Member]
			same(t, r.Reach, p.Addresses.On(campaigns.Email).Reach)
		}
	})
}

// TestAnOlderAttemptTellsNothing: what was heard of an address since an attempt began, or of an address that came in its place, stays, and no question is looked at for it.
func TestAnOlderAttemptTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		asks := newCampaign(t, s, "a", campaigns.Running)
		for _, c := range []struct {
			address string
			began   time.Time
			want    channels.Reach
		}{{"old", at(5), channels.ReachOK}, {"new", at(1), channels.ReachOK}, {"new", at(2), channels.ReachGone}} {
			m := newMember(t, s)
			key := fmt.Sprint(m.ID)
			asked := newEnrollment(t, s, asks, m, func(e *store.Enrollment) {
				e.State, e.WaitKind, e.DueAt = campaigns.EnrollmentWaiting, campaigns.WaitAnswer, ptr(at(90))
			}).ID
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Email, Value: "new", Reach: channels.ReachOK}, key, key, at(2)))
				return tx.SetReaches(ctx, []store.Reached{{Member: m.ID, Channel: campaigns.Email, Address: c.address, Reach: channels.ReachGone, Began: c.began}}, at(6))
			})
			p := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), []campaigns.MemberID{m.ID}))[m.ID]
			same(t, c.want, p.Addresses.On(campaigns.Email).Reach)
			due := map[channels.Reach]time.Time{channels.ReachOK: at(90), channels.ReachGone: at(6)}[c.want]
			same(t, due, *enrollment(t, s, asked).DueAt)
		}
	})
}
