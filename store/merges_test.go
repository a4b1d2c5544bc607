package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

func external(name string) func(*members.Member) {
	return func(m *members.Member) { m.ExternalID, m.FirstName = name, name }
}

// becomes merges the one into the other.
func becomes(t *testing.T, s *store.Store, from, into campaigns.MemberID, keep map[campaigns.Channel]campaigns.MemberID) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		a := must[*store.Profile](t)(tx.LockMember(ctx, from))
		b := must[*store.Profile](t)(tx.LockMember(ctx, into))
		return tx.MergeMembers(ctx, store.Merge{From: a, Into: b, Keep: keep, At: now})
	})
}

// TestMergedIDsLeadOn: through every way to a member, also when the one who stayed is merged in turn.
func TestMergedIDsLeadOn(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := newMember(t, s, external("a")), newMember(t, s, external("b")), newMember(t, s, external("c"))
		becomes(t, s, c.ID, b.ID, nil)
		becomes(t, s, b.ID, a.ID, nil)
		ctx := t.Context()
		for _, id := range []campaigns.MemberID{a.ID, b.ID, c.ID} {
			same(t, a.ID, must[*members.Member](t)(s.Member(ctx, id)).ID)
			same(t, a.ID, must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(ctx, []campaigns.MemberID{id}))[id].ID)
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				same(t, a.ID, must[*store.Profile](t)(tx.LockMember(ctx, id)).ID)
				p, ok, err := tx.TryLockMember(ctx, id)
				if !ok || p.ID != a.ID {
					t.Errorf("try to lock %d: %v", id, ok)
				}
				return err
			})
		}
		for _, name := range []string{"a", "b", "c"} {
			same(t, a.ID, must[*members.Member](t)(s.MemberByExternalID(ctx, name)).ID)
		}
		same(t, map[string]campaigns.MemberID{"a": a.ID, "b": a.ID, "c": a.ID}, must[map[string]campaigns.MemberID](t)(s.MemberIDsByExternalID(ctx, []string{"a", "b", "c", "d"})))
		same(t, 1, len(must[[]*members.Member](t)(s.Members(ctx, store.Page{Limit: 10}))))
		_, err := s.Member(ctx, c.ID+1000)
		wantFault(t, err, "not_found.member")
		_, err = s.MemberByExternalID(ctx, "d")
		wantFault(t, err, "not_found.member")
	})
}

// TestMergeGivesEverything: nothing in the database names the member who went, but the record of the merge; the address that is to stay does.
func TestMergeGivesEverything(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		from := fillMember(t, s)
		into := newMember(t, s, external("stays"))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAddress(ctx, members.Address{Member: into.ID, Channel: campaigns.Telegram, Value: "99"}, "99", "hash-99", now)
		})
		becomes(t, s, from.ID, into.ID, map[campaigns.Channel]campaigns.MemberID{campaigns.Telegram: from.ID})
		p := must[map[campaigns.MemberID]*store.Profile](t)(s.Profiles(t.Context(), []campaigns.MemberID{into.ID}))[into.ID]
		if p.Addresses.On(campaigns.Telegram).Value != "4815162342" || p.Addresses.On(campaigns.Email).Value != "Secret-mail@x" {
			t.Errorf("addresses: %v", p.Addresses)
		}
		for _, table := range tables(t, s) {
			column := "member_id"
			if table == "members" {
				column = "id"
			}
			if !hasColumn(t, s, table, column) {
				continue
			}
			if got := must[[]string](t)(s.Texts(t.Context(), "SELECT CAST(count(*) AS TEXT) FROM "+table+" WHERE "+column+" = $1", int64(from.ID))); got[0] != "0" {
				t.Errorf("%s has %s rows of the member who went", table, got[0])
			}
		}
		slot := must[*store.QuestionSlot](t)(s.QuestionSlot(t.Context(), into.ID))
		if slot == nil || slot.Step != "q" {
			t.Errorf("the open question of the chat that stays: %+v", slot)
		}
	})
}

func hasColumn(t *testing.T, s *store.Store, table, column string) bool {
	t.Helper()
	sql := `SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 AND column_name = $2`
	if s.Embedded() {
		sql = `SELECT name FROM pragma_table_info($1) WHERE name = $2`
	}
	return len(must[[]string](t)(s.Texts(t.Context(), sql, table, column))) == 1
}

// TestPlacesOfTwo: where both were in a campaign, the open run holds the place, else the later one, and nobody enters beside it.
func TestPlacesOfTwo(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		over := func(e *store.Enrollment) { e.State, e.EndedAt = campaigns.EnrollmentCompleted, ptr(at(1)) }
		open := func(*store.Enrollment) {}
		for i, runs := range [][2]func(*store.Enrollment){{over, over}, {over, open}, {open, over}} {
			c := newCampaign(t, s, fmt.Sprint("c", i), campaigns.Running)
			a, b := newMember(t, s), newMember(t, s)
			newEnrollment(t, s, c, a, runs[0])
			newEnrollment(t, s, c, b, runs[1])
			becomes(t, s, b.ID, a.ID, nil)
			es := must[[]*store.Enrollment](t)(s.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: a.ID}, store.Page{}))
			same(t, 2, len(es))
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				again := &store.Enrollment{Campaign: c.ID, Version: 1, Member: a.ID, State: campaigns.EnrollmentActive, EnteredAt: now, UpdatedAt: now}
				same(t, 0, len(must[[]campaigns.EnrollmentID](t)(tx.InsertEnrollments(ctx, []*store.Enrollment{again}))))
				return nil
			})
		}
	})
}

// TestPointsCountOnce: what both got for the same visit of a step is one award.
func TestPointsCountOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		a, b := newMember(t, s), newMember(t, s)
		award := func(id int64, m campaigns.MemberID, visit int) store.Points {
			return store.Points{ID: id, Campaign: c.ID, Enrollment: campaigns.EnrollmentID(m), Member: m, Step: "give", Visit: visit, Round: visit, Points: 10, At: now}
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, p := range []store.Points{award(1, a.ID, 1), award(2, a.ID, 2), award(3, b.ID, 2), award(4, b.ID, 3)} {
				check(t, tx.AddPoints(ctx, p))
			}
			return nil
		})
		becomes(t, s, b.ID, a.ID, nil)
		place, ok, err := s.Standing(t.Context(), c.ID, a.ID)
		check(t, err)
		if !ok || place.Points != 30 || must[int](t)(s.CountPlaces(t.Context(), c.ID)) != 1 {
			t.Errorf("standing: %+v", place)
		}
	})
}

// TestLinkCodeWorksOnce: within its time, the first time; who is told apart from what never was for a day.
func TestLinkCodeWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s)
		insertCode := func(id int64, hash string, kind store.CodeKind, at time.Time) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				c := &store.LinkCode{ID: id, Hash: hash, Member: m.ID, Kind: kind, CreatedAt: at, ExpiresAt: at.Add(time.Minute)}
				if kind == store.MailboxCode {
					c.Address, c.AddressHash = "a@x", "h"
				}
				return tx.InsertLinkCode(ctx, c)
			})
		}
		insertCode(1, "one", store.MailboxCode, now)
		insertCode(2, "two", store.ChatCode, now)
		use := func(id int64, at time.Time) (ok bool) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				ok, err = tx.UseLinkCode(ctx, id, at)
				return err
			})
			return ok
		}
		same(t, []bool{true, false, false, false}, []bool{use(1, at(59)), use(1, at(59)), use(2, at(60)), use(3, now)})
		c := must[*store.LinkCode](t)(s.LinkCode(t.Context(), "one"))
		if c.UsedAt == nil || c.Address != "" {
			t.Errorf("used: %+v", c)
		}
		same(t, 1, must[int](t)(s.CountLinkMails(t.Context(), m.ID, "h", now.Add(-time.Hour))))
		same(t, 1, must[int](t)(s.CountLinkMails(t.Context(), m.ID+1, "h", now.Add(-time.Hour))))
		same(t, 0, must[int](t)(s.CountLinkMails(t.Context(), m.ID+1, "other", now.Add(-time.Hour))))
		same(t, 1, must[int](t)(s.CountLinkCodes(t.Context(), m.ID, store.ChatCode, now.Add(-time.Hour))))
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DropLinkCodes(ctx, now.Add(24*time.Hour)) })
		same(t, int64(1), must[*store.LinkCode](t)(s.LinkCode(t.Context(), "one")).ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DropLinkCodes(ctx, now.Add(25*time.Hour)) })
		_, err := s.LinkCode(t.Context(), "one")
		wantFault(t, err, "not_found.link")
	})
}

// TestPromptEnds: by its time, by another one, and by being ended.
func TestPromptEnds(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		m := newMember(t, s)
		put := func(kind string, until time.Time) {
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				return tx.PutPrompt(ctx, store.Prompt{Member: m.ID, Kind: kind, At: now, ExpiresAt: until})
			})
		}
		kind := func(at time.Time) string {
			if p := must[*store.Prompt](t)(s.Prompt(t.Context(), m.ID, at)); p != nil {
				return p.Kind
			}
			return ""
		}
		put("one", at(10))
		put("two", at(20))
		same(t, []string{"two", "", ""}, []string{kind(at(19)), kind(at(20)), kind(at(21))})
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.EndPrompt(ctx, m.ID) })
		same(t, "", kind(now))
	})
}
