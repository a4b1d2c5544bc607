package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestEnterTogether: the statement lets in whom the rule lets in that is asked of each by their last run.
func TestEnterTogether(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx, c, other := t.Context(), newCampaign(t, s, "a", campaigns.Running), newCampaign(t, s, "b", campaigns.Running)
		over := func(ended *time.Time) func(*store.Enrollment) {
			return func(e *store.Enrollment) { e.State, e.EndedAt = campaigns.EnrollmentCompleted, ended }
		}
		histories := [][]func(*store.Enrollment){
			{},
			{func(*store.Enrollment) {}},
			{func(e *store.Enrollment) { e.State = campaigns.EnrollmentWaiting }},
			{over(ptr(at(10)))},
			{over(ptr(at(30)))},
			{over(ptr(at(10))), over(ptr(at(30)))},
			{over(ptr(at(30))), over(ptr(at(10)))},
			{over(ptr(at(10))), func(*store.Enrollment) {}},
			{over(nil)},
			{func(e *store.Enrollment) { e.Campaign = other.ID }},
			{func(e *store.Enrollment) { e.RunKey = "x" }},
		}
		for _, ended := range []*time.Time{nil, ptr(at(20)), ptr(at(10)), ptr(at(5))} {
			var ids []campaigns.MemberID
			for _, history := range histories {
				m := newMember(t, s)
				ids = append(ids, m.ID)
				for _, run := range history {
					newEnrollment(t, s, c, m, run)
				}
			}
			last := must[map[campaigns.MemberID]*store.Enrollment](t)(s.LastRuns(ctx, c.ID, "", ids))
			var want []campaigns.MemberID
			for _, id := range ids {
				run := last[id]
				if run == nil || run.State.Final() && ended != nil && run.EndedAt != nil && !run.EndedAt.After(*ended) {
					want = append(want, id)
				}
			}
			row := store.Enrollment{Campaign: c.ID, Version: 1, Source: "schedule", State: campaigns.EnrollmentActive, DueAt: ptr(at(50)), EnteredAt: at(50), UpdatedAt: at(50), Data: []byte("{}")}
			n := 0
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				n, err = tx.EnterTogether(ctx, store.Entry{Row: row, Ended: ended}, ids)
				return err
			})
			same(t, len(want), n)
			var got []campaigns.MemberID
			for _, id := range ids {
				es := must[[]*store.Enrollment](t)(s.Enrollments(ctx, store.EnrollmentFilter{Campaign: c.ID, Member: id}, store.Page{}))
				if len(es) == 0 || es[len(es)-1].Source != "schedule" {
					continue
				}
				got = append(got, id)
				written := *es[len(es)-1]
				want := row
				want.ID, want.Member = written.ID, id
				same(t, &want, &written)
			}
			same(t, want, got)
		}
		same(t, 0, len(must[[]string](t)(s.Differences(ctx, c.ID))))
	})
}

// TestMemberAfter looks no further than it is told.
func TestMemberAfter(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		a, b, c := newMember(t, s), newMember(t, s), newMember(t, s)
		for _, x := range []struct {
			after campaigns.MemberID
			n     int
			want  campaigns.MemberID
		}{{0, 2, b.ID}, {a.ID, 2, c.ID}, {b.ID, 5, c.ID}, {c.ID, 5, 0}} {
			got, ok, err := s.MemberAfter(t.Context(), x.after, x.n)
			check(t, err)
			if got != x.want || ok != (x.want != 0) {
				t.Errorf("%d after %d: %d, %v", x.n, x.after, got, ok)
			}
		}
	})
}
