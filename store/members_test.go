package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

func anna(m *members.Member) {
	m.ExternalID, m.FirstName, m.LastName, m.Language, m.TimeZone = "ext-1", "Анна", "O'Neil", "ru", "Europe/Berlin"
	m.Tags = []string{"VIP", "Клуб"}
	m.Attributes = map[string]any{"level": "B1", "age": 31.5, "active": true}
	m.LastActAt = ptr(at(-5))
}

func TestMemberIsReadAsWritten(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s, anna)
		same(t, m, must[*members.Member](t)(s.Member(t.Context(), m.ID)))
		same(t, m, must[*members.Member](t)(s.MemberByExternalID(t.Context(), "ext-1")))
		same(t, []*members.Member{m}, must[[]*members.Member](t)(s.Members(t.Context(), store.Page{})))
		same(t, map[string]campaigns.MemberID{"ext-1": m.ID},
			must[map[string]campaigns.MemberID](t)(s.MemberIDsByExternalID(t.Context(), []string{"ext-1", "ext-2"})))
		_, err := s.Member(t.Context(), m.ID+1)
		wantFault(t, err, "not_found.member")
		_, err = s.MemberByExternalID(t.Context(), "ext-2")
		wantFault(t, err, "not_found.member")
	})
}

func TestMembersAreListedInPages(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var all []campaigns.MemberID
		for range 5 {
			all = append(all, newMember(t, s).ID)
		}
		page := must[[]*members.Member](t)(s.Members(t.Context(), store.Page{After: int64(all[1]), Limit: 2}))
		if len(page) != 2 || page[0].ID != all[2] || page[1].ID != all[3] {
			t.Fatalf("page is %v", page)
		}
	})
}

func TestUpdateMemberReplacesTagsAndAttributes(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s, anna)
		m.FirstName, m.Tags, m.Attributes, m.StoppedAt = "Аня", []string{"new"}, map[string]any{"level": "B2"}, ptr(at(1))
		m.UpdatedAt, m.LastActAt, m.ExternalID = at(2), nil, ""
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMember(ctx, m) })
		same(t, m, must[*members.Member](t)(s.Member(t.Context(), m.ID)))
	})
}

func TestExternalIDIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		newMember(t, s, anna)
		other := newMember(t, s)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			wantFault(t, tx.InsertMember(ctx, &members.Member{ExternalID: "ext-1", State: members.Active, CreatedAt: now, UpdatedAt: now}), "conflict.member")
			other.ExternalID = "ext-1"
			wantFault(t, tx.UpdateMember(ctx, other), "conflict.member")
			wantFault(t, tx.UpdateMember(ctx, &members.Member{ID: 1 << 40, State: members.Active}), "not_found.member")
			return tx.TouchMember(ctx, other.ID, at(7)) // the transaction goes on
		})
		same(t, ptr(at(7)), must[*members.Member](t)(s.Member(t.Context(), other.ID)).LastActAt)
	})
}

func TestTagsThatDifferInCaseAreOne(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s, func(m *members.Member) { m.Tags = []string{"Клуб", "клуб"} })
		same(t, []string{"Клуб"}, must[*members.Member](t)(s.Member(t.Context(), m.ID)).Tags)
	})
}

func TestAttributesMustBeScalars(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.InsertMember(t.Context(), &members.Member{State: members.Active, Attributes: map[string]any{"x": []string{"secret"}}})
		})
		if err == nil {
			t.Fatal("a list was taken")
		}
	})
}

func TestProfileHoldsAddressesAndConsents(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m, n := newMember(t, s, anna), newMember(t, s)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Email, Value: "Anna@Example.org"}, "anna@example.org", "h1", now))
			check(t, tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: "77", Reach: channels.ReachOK}, "77", "h2", now))
			check(t, tx.Suppress(ctx, campaigns.Email, "h1", "bounce", now))
			check(t, tx.Suppress(ctx, campaigns.Email, "h1", "complaint", at(1)))
			check(t, tx.Suppress(ctx, campaigns.Email, "h2", "other channel", now))
			check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: campaigns.Email, Topic: "*", Given: true, Source: "api", At: now}))
			check(t, tx.AppendConsent(ctx, m.ID, members.Consent{Channel: campaigns.Email, Topic: "*", Source: "one_click", Wording: "v2", At: at(1)}))
			return tx.AppendConsent(ctx, m.ID, members.Consent{Channel: campaigns.Telegram, Topic: "news", Given: true, Source: "start", At: at(2)})
		})
		ps := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), []campaigns.MemberID{m.ID, n.ID, 1 << 40}))
		same(t, map[campaigns.MemberID]*store.Profile{
			m.ID: {
				Member: *m,
				Addresses: members.Addresses{
					{Member: m.ID, Channel: campaigns.Email, Value: "Anna@Example.org", Proof: members.Given, Reach: channels.ReachUnknown, Suppressed: "bounce"},
					{Member: m.ID, Channel: campaigns.Telegram, Value: "77", Proof: members.Given, Reach: channels.ReachOK},
				},
				Consents: members.Consents{{Channel: campaigns.Email, Topic: "*"}: false, {Channel: campaigns.Telegram, Topic: "news"}: true},
			},
			n.ID: {Member: *n, Consents: members.Consents{}},
		}, ps)
		ledger := must[[]members.Consent](t)(s.ConsentLedger(t.Context(), m.ID))
		if len(ledger) != 3 || !ledger[0].Given || ledger[1].Wording != "v2" || !ledger[2].At.Equal(at(2)) {
			t.Errorf("ledger is %v", ledger)
		}
		same(t, map[campaigns.Channel]string{campaigns.Email: "h1", campaigns.Telegram: "h2"},
			must[map[campaigns.Channel]string](t)(s.AddressHashes(t.Context(), m.ID)))
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAddressBelongsToOneMember(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m, n := newMember(t, s), newMember(t, s)
		mail := func(id campaigns.MemberID, value string) members.Address {
			return members.Address{Member: id, Channel: campaigns.Email, Value: value}
		}
		reach := func() channels.Reach {
			ps := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), []campaigns.MemberID{m.ID}))
			return ps[m.ID].Addresses.On(campaigns.Email).Reach
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.SetAddress(ctx, mail(m.ID, "a@x"), "a@x", "h1", now))
			must[bool](t)(tx.SetReach(ctx, m.ID, campaigns.Email, channels.ReachGone, now, now))
			wantFault(t, tx.SetAddress(ctx, mail(n.ID, "A@x"), "a@x", "h1", now), "conflict.address")
			return tx.SetAddress(ctx, mail(m.ID, "A@X"), "a@x", "h1", now)
		})
		same(t, channels.ReachGone, reach()) // another spelling of the same address
		same(t, m.ID, must[*members.Member](t)(s.MemberByAddress(t.Context(), campaigns.Email, "a@x")).ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAddress(ctx, mail(m.ID, "b@x"), "b@x", "h3", at(1))
		})
		same(t, channels.ReachUnknown, reach())
		_, err := s.MemberByAddress(t.Context(), campaigns.Email, "a@x")
		wantFault(t, err, "not_found.member")
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			check(t, tx.RemoveAddress(ctx, m.ID, campaigns.Email))
			return tx.SetAddress(ctx, mail(n.ID, "b@x"), "b@x", "h3", now)
		})
		same(t, channels.Reach(""), reach())
	})
}

func TestMemberIsLockedByOne(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s, anna)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			p := must[*store.Profile](t)(tx.LockMember(ctx, m.ID))
			same(t, *m, p.Member)
			_, err := tx.LockMember(ctx, m.ID+1)
			wantFault(t, err, "not_found.member")
			if !s.Embedded() {
				write(t, s, func(ctx context.Context, other *store.Tx) error {
					_, ok, err := other.TryLockMember(ctx, m.ID)
					if ok {
						t.Error("two transactions hold the member")
					}
					_, _, missing := other.TryLockMember(ctx, m.ID+1)
					wantFault(t, missing, "not_found.member")
					return err
				})
			}
			return nil
		})
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			p, ok, err := tx.TryLockMember(ctx, m.ID)
			if !ok || p.ID != m.ID {
				t.Error("a free member was not locked")
			}
			return err
		})
	})
}
