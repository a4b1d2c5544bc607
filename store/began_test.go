package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestBeganIsFilledIn: of passages that a process of before 00019 moved, the log tells by which version they began, and the comparison of counters takes it from there.
func TestBeganIsFilledIn(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		c := newCampaign(t, s, "a", campaigns.Running)
		var es []*store.Enrollment
		for range 3 {
			es = append(es, newEnrollment(t, s, c, newMember(t, s)))
		}
		moved := func(e *store.Enrollment, step campaigns.StepID, from int) store.Event {
			return store.Event{At: now, Name: "enrollment.moved", Campaign: c.ID, Enrollment: e.ID, Step: step, Data: fmt.Appendf(nil, `{"from":%d,"to":%d}`, from, from+1)}
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			// The first was moved before its first step, which belongs to version 2 then; the second was not moved since it began.
			events := []store.Event{moved(es[0], "", 1), moved(es[0], "w", 2), moved(es[0], "w", 3), moved(es[1], "", 1)}
			if err := tx.AppendEvents(ctx, events); err != nil {
				return err
			}
			return tx.Measure(ctx, []*store.Measured{{Enrollment: es[0].ID, Campaign: c.ID, Version: 4, ReachedAt: &now}})
		})
		check(t, s.Exec(ctx, `UPDATE enrollments SET version = 4 WHERE id = $1`, es[0].ID))
		for range 2 {
			_, _, err := s.Recount(ctx, c.ID, now)
			check(t, err)
			same(t, []store.MovedCount{{Began: 2, Version: 4, N: 1}}, must[[]store.MovedCount](t)(s.CountMoved(ctx, c.ID)))
			same(t, []store.GoalCount{{Began: 2, Reached: true, N: 1}}, must[[]store.GoalCount](t)(s.CountGoals(ctx, c.ID)))
		}
		if off, _, err := s.Recount(ctx, c.ID, now); off != 0 || err != nil {
			t.Errorf("%d are off, %v", off, err)
		}
		firsts := map[store.GoalCount]bool{}
		for _, n := range must[[]store.GoalCount](t)(s.CountFirstGoals(ctx, c.ID)) {
			firsts[n] = true
		}
		same(t, map[store.GoalCount]bool{{Began: 2, Now: 4, Reached: true, N: 1}: true, {Began: es[1].Version, Now: es[1].Version, N: 2}: true}, firsts)
		e := must[*store.Enrollment](t)(s.Enrollment(ctx, es[0].ID))
		same(t, 2, e.BeganIn())
		same(t, es[2].Version, must[*store.Enrollment](t)(s.Enrollment(ctx, es[2].ID)).BeganIn())
	})
}
