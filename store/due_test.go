package store_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestDueIsWhoWasHeard: whose input waits that was received before their time was over stays due, and stands in nobody's way, however many they are.
func TestDueIsWhoWasHeard(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		waits := func(due int) (*members.Member, campaigns.EnrollmentID) {
			m := newMember(t, s)
			return m, newEnrollment(t, s, c, m, func(e *store.Enrollment) {
				e.State, e.WaitKind, e.DueAt = campaigns.EnrollmentWaiting, campaigns.WaitTime, ptr(at(due))
			}).ID
		}
		wrote := func(m *members.Member, chat bool, when int) {
			actor := fmt.Sprint("member:", m.ID)
			if chat {
				value := fmt.Sprint(1000 + m.ID)
				actor = "telegram:" + value
				write(t, s, func(ctx context.Context, tx *store.Tx) error {
					return tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: value}, value, value, now)
				})
			}
			in := newInput(actor, actor)
			in.ReceivedAt = at(when)
			insertInputs(t, s, in)
		}
		var from store.DueSpot
		due := func(away store.Absence) (ids []campaigns.EnrollmentID) {
			t.Helper()
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				es, _, err := tx.LockDue(ctx, c.ID, from, now, away, 3)
				for _, e := range es {
					ids = append(ids, e.ID)
				}
				return err
			})
			return ids
		}
		for i := range 4 { // more than are asked for
			m, _ := waits(-100)
			wrote(m, i%2 == 0, -101)
		}
		late, lateID := waits(-90)
		wrote(late, true, -80)
		_, silent := waits(-70)
		same(t, []campaigns.EnrollmentID{lateID, silent}, due(store.Absence{}))

		from.From = at(-80)
		same(t, []campaigns.EnrollmentID{silent}, due(store.Absence{}))
		from = store.DueSpot{}

		away := store.Absence{Ended: at(-85), Until: at(-60)}
		same(t, []campaigns.EnrollmentID{silent}, due(away)) // what was late may have been done before the end of the absence
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, in := range must[[]*store.Input](t)(tx.StoredInputs(ctx, fmt.Sprint("telegram:", 1000+late.ID), 5)) {
				must[bool](t)(tx.FinishInput(ctx, in.ID, late.ID, now))
			}
			return nil
		})
		same(t, []campaigns.EnrollmentID{lateID, silent}, due(away))
		away.Fetching = true
		same(t, []campaigns.EnrollmentID{silent}, due(away))
	})
}

// held makes n enrollments that have waited for the moment, of members of whom something waits that was received before it.
func held(t *testing.T, s *store.Store, c *store.Campaign, n, due int) []*store.Enrollment {
	t.Helper()
	var es []*store.Enrollment
	var ins []*store.Input
	for i := range n {
		m := campaigns.MemberID(1_000_000 + i)
		es = append(es, &store.Enrollment{
			Campaign: c.ID, Version: 1, Member: m, Source: "api", State: campaigns.EnrollmentWaiting, WaitKind: campaigns.WaitTime, DueAt: ptr(at(due)),
			Data: []byte(`{}`), EnteredAt: now, UpdatedAt: now,
		})
		in := newInput(fmt.Sprint("held-", m), fmt.Sprint("member:", m))
		in.ReceivedAt = at(due - 1)
		ins = append(ins, in)
	}
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		must[[]campaigns.EnrollmentID](t)(tx.InsertEnrollments(ctx, es))
		return nil
	})
	insertInputs(t, s, ins...)
	return es
}

// TestDueLooksAreBounded: where very many wait to be heard, one statement looks at some of them, also of those that are due at one moment; the next one goes on behind them.
func TestDueLooksAreBounded(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		waiting := held(t, s, c, store.DueLooks+2, -100)
		var free []campaigns.EnrollmentID
		for _, due := range []int{-100, -50, -50} {
			free = append(free, newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(due)) }).ID)
		}
		takes := func(from store.DueSpot, limit int, want ...campaigns.EnrollmentID) (next *store.DueSpot) {
			t.Helper()
			var got []campaigns.EnrollmentID
			write(t, s, func(ctx context.Context, tx *store.Tx) error {
				es, spot, err := tx.LockDue(ctx, c.ID, from, now, store.Absence{}, limit)
				if err != nil {
					return err
				}
				for _, e := range es {
					got, e.DueAt = append(got, e.ID), nil
				}
				next = spot
				return tx.SaveEnrollments(ctx, es)
			})
			same(t, want, got)
			return next
		}
		behind := &store.DueSpot{From: at(-100), After: waiting[store.DueLooks-1].ID}
		same(t, behind, takes(store.DueSpot{}, 1))
		same(t, &store.DueSpot{From: at(-100), After: free[0]}, takes(*behind, 1, free[0]))
		same(t, &store.DueSpot{From: at(-50), After: free[1]}, takes(*behind, 1, free[1]))
		same(t, nil, takes(store.DueSpot{From: at(-50)}, 2, free[2]))
		same(t, behind, takes(store.DueSpot{}, 1))
		same(t, nil, takes(*behind, 1))
	})
}

// TestNobodyIsPassedOver: whoever leaves a moment of which some were looked at takes nobody along behind the spot.
func TestNobodyIsPassedOver(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		waiting := held(t, s, c, store.DueLooks, -100)
		free := newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.DueAt = ptr(at(-100)) }).ID
		var spot *store.DueSpot
		look := func(from store.DueSpot) (es []*store.Enrollment) {
			write(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
				es, spot, err = tx.LockDue(ctx, c.ID, from, now, store.Absence{}, 10)
				return err
			})
			return es
		}
		same(t, 0, len(look(store.DueSpot{})))
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			for _, e := range waiting[:7] {
				e.DueAt = nil
			}
			return tx.SaveEnrollments(ctx, waiting[:7])
		})
		es := look(*spot)
		if len(es) != 1 || es[0].ID != free {
			t.Errorf("%d rows behind the spot, want the one that is free", len(es))
		}
	})
}

// TestDueLooksAsPlanned: before PostgreSQL knows anything of its tables, by a plan that is kept, no part of the statement runs more often than for the rows that are looked at,
// and what was chosen is found by its id. By the due time, which is one for all of them, it would walk them all for each. A look from the midst of a moment reads none of the moment's rows before it.
func TestDueLooksAsPlanned(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t)
	c := newCampaign(t, s, "a", campaigns.Running)
	looks := func(spot store.DueSpot, most, statements int) {
		t.Helper()
		check(t, s.WriteOften(t.Context(), func(tx *store.Tx) error {
			plans, err := store.Explained(t.Context(), tx, func() error {
				_, _, err := tx.LockDue(t.Context(), c.ID, spot, now, store.Absence{}, 10)
				return err
			})
			for _, plan := range plans {
				if strings.Contains(plan, "LockRows") && !strings.Contains(plan, "Index Scan using enrollments_pkey on enrollments ") {
					t.Error(plan)
				}
				for _, n := range regexp.MustCompile(`(?:loops|actual rows|Removed by Filter|Index Recheck)[=:] ?(\d+)`).FindAllStringSubmatch(plan, -1) {
					if must[int](t)(strconv.Atoi(n[1])) > most {
						t.Error(plan)
					}
				}
			}
			same(t, statements, len(plans))
			return err
		}))
	}
	looks(store.DueSpot{}, 1, 2)
	waiting := held(t, s, c, 2*store.DueLooks, -100)
	looks(store.DueSpot{}, store.DueLooks, 2)
	looks(store.DueSpot{From: at(-100), After: waiting[2*store.DueLooks-100].ID}, 99, 2)
}

// TestDueLooksOfSQLite: the index of due times ends in the row's id, also where nothing says so; a look begins there and sorts nothing.
func TestDueLooksOfSQLite(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		plans, err := store.Explained(ctx, tx, func() error {
			_, _, err := tx.LockDue(ctx, 1, store.DueSpot{From: at(-100), After: 7}, now, store.Absence{}, 10)
			return err
		})
		for _, plan := range plans {
			if !strings.Contains(plan, "INDEX enrollments_due (campaign_id=? AND due_at=? AND rowid>?)") || strings.Contains(plan, "TEMP B-TREE") {
				t.Error(plan)
			}
		}
		same(t, 2, len(plans))
		return err
	})
}

// TestWhoWasHeardIsLookedUpByName: for each row that is due, what waits of its member is found by the actor's name. PostgreSQL's statistics say that nothing ever waits, and by them it would
// walk all that does for each row after an outage.
func TestWhoWasHeardIsLookedUpByName(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t)
	c := newCampaign(t, s, "a", campaigns.Running)
	var done []*store.Input
	for i := range 60 {
		m := newMember(t, s)
		newEnrollment(t, s, c, m, func(e *store.Enrollment) {
			e.State, e.WaitKind, e.DueAt = campaigns.EnrollmentWaiting, campaigns.WaitTime, ptr(at(-100-i))
		})
		value := fmt.Sprint(1000 + m.ID)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: value}, value, value, now)
		})
		done = append(done, newInput(value, "telegram:"+value))
	}
	insertInputs(t, s, done...)
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, in := range done {
			must[bool](t)(tx.FinishInput(ctx, in.ID, 0, now))
		}
		return nil
	})
	check(t, s.Exec(t.Context(), "ANALYZE"))
	write(t, s, func(ctx context.Context, tx *store.Tx) error {
		plans, err := store.Explained(ctx, tx, func() error {
			_, _, err := tx.LockDue(ctx, c.ID, store.DueSpot{}, now, store.Absence{}, 10)
			return err
		})
		if err != nil {
			return err
		}
		for _, plan := range plans {
			if strings.Contains(plan, "LockRows") && (strings.Contains(plan, "Join Filter") || strings.Contains(plan, "hashed SubPlan") || strings.Count(plan, "Index Cond: (actor = ") != 2) {
				t.Error(plan)
			}
		}
		return nil
	})
}

// TestWhoCannotSeeIsLookedAt: a block makes the member's open question due, and the message after which they are listened for; a plain wait goes on, and what is counted by
// when it is due stays right.
func TestWhoCannotSeeIsLookedAt(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c, m := newCampaign(t, s, "a", campaigns.Running), newMember(t, s)
		waits := func(key string, kind campaigns.WaitKind, data string) campaigns.EnrollmentID {
			return newEnrollment(t, s, c, m, func(e *store.Enrollment) {
				e.RunKey, e.State, e.WaitKind, e.DueAt, e.Data = key, campaigns.EnrollmentWaiting, kind, ptr(at(90_000)), []byte(data)
			}).ID
		}
		asked := waits("asked", campaigns.WaitAnswer, `{}`)
		told := waits("told", campaigns.WaitTime, `{"waiting":{"silence":{"channel":"telegram"}}}`)
		plain := waits("plain", campaigns.WaitTime, `{"brought":{"silence":"x"}}`)
		write(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.SetAddress(ctx, members.Address{Member: m.ID, Channel: campaigns.Telegram, Value: "7"}, "7", "7", now); err != nil {
				return err
			}
			_, err := tx.SetReach(ctx, m.ID, campaigns.Telegram, channels.ReachBlocked, now, now)
			return err
		})
		for id, due := range map[campaigns.EnrollmentID]time.Time{asked: now, told: now, plain: at(90_000)} {
			if got := enrollment(t, s, id).DueAt; !got.Equal(due) {
				t.Errorf("%d is due at %s, want %s", id, got, due)
			}
		}
		same(t, 0, len(must[[]string](t)(s.Differences(t.Context(), c.ID))))
	})
}
