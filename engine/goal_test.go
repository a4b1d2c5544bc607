package engine_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
)

// goals are the campaign's counters, which must be what its rows say: held out, of them reached; reached by others.
func (w *world) goals(key campaigns.Key) (held, heldReached, reached int) {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	counts, err := w.store.CountGoals(w.t.Context(), c.ID)
	must(w.t, err)
	for _, n := range counts {
		switch {
		case n.HeldOut && n.Reached:
			held, heldReached = held+n.N, heldReached+n.N
		case n.HeldOut:
			held += n.N
		default:
			reached += n.N
		}
	}
	off, _, err := w.store.Recount(w.t.Context(), c.ID, w.clock.now())
	must(w.t, err)
	if off != 0 {
		w.t.Errorf("%d counters are not what the rows say", off)
	}
	return held, heldReached, reached
}

// TestHoldoutOfABroadcast: a part of the audience gets nothing, is counted like the others and leaves when the goal's time is over; until then the campaign is
// open, and who was through long ago still reaches the goal.
func TestHoldoutOfABroadcast(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 300
		ids := w.crowd(n)
		key := w.publish(campaign("all", `entry: {schedule: {at: "2026-11-25T10:00", zone: community, audience: all}}`+"\ngoal: {event: lesson.booked, within: 2d}\nholdout: 20", sends("one", "News")))
		w.until(at("2026-11-25T09:00"))
		held, _, reached := w.goals(key)
		if share := float64(held) / n; math.Abs(share-0.2) > 0.08 || reached != 0 {
			t.Fatalf("%d of %d held out, %d reached it", held, n, reached)
		}
		if sent := w.mail.Mailbox().Total(); sent != n-held || w.count(key, campaigns.EnrollmentWaiting) != held {
			t.Fatalf("%d of %d held out, %d mails, %d wait", held, n, sent, w.count(key, campaigns.EnrollmentWaiting))
		}
		c, err := w.e.Campaign(t.Context(), engine.Operator, key)
		must(t, err)
		ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Campaign: c.ID, State: campaigns.HeldOut}, store.Page{Limit: 1000})
		must(t, err)
		if len(ds) != held || ds[0].Reason != campaigns.HoldoutGroup || ds[0].FinalAt == nil {
			t.Fatalf("%d rows held out of %d: %+v", len(ds), held, ds[0])
		}
		out := map[campaigns.MemberID]bool{}
		for _, d := range ds {
			out[d.Member] = true
		}
		w.later(time.Hour)
		want := map[bool]int{}
		known, err := w.store.MemberIDsByExternalID(t.Context(), ids)
		must(t, err)
		for _, id := range ids[:20] {
			w.event("lesson.booked", id)
			w.event("lesson.booked", id) // counts once
			want[out[known[id]]]++
		}
		w.settle()
		if _, heldReached, reached := w.goals(key); heldReached != want[true] || reached != want[false] || reached == 0 || heldReached == 0 {
			t.Fatalf("reached by %d and %d, want %v", heldReached, reached, want)
		}
		if c, err = w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Running {
			t.Fatalf("while the goal counts: %s %v", c.State, err)
		}
		w.later(50 * time.Hour)
		w.event("lesson.booked", ids[30])
		w.later(24 * time.Hour)
		if c, err = w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Finished {
			t.Fatalf("when its time is over: %s %v", c.State, err)
		}
		if again, heldReached, reached := w.goals(key); again != held || heldReached != want[true] || reached != want[false] {
			t.Fatalf("%d held out, reached by %d and %d", again, heldReached, reached)
		}
		if left := w.count(key, campaigns.EnrollmentExited); left != held {
			t.Errorf("%d left, %d held out", left, held)
		}
		w.nothingLost()
	})
}

// TestGoalEndsAPassage: what waits is not sent any more, and with then: count it is.
func TestGoalEndsAPassage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna := w.member("anna", byMail("anna@example.org"))
		goal := "entry: {event: a.b}\ngoal: {event: lesson.booked, within: 14d%s}"
		ends := w.publish(campaign("ends", fmt.Sprintf(goal, ""), "  - {id: w, wait: 1d}\n"+sends("one", "Ends")))
		counts := w.publish(campaign("counts", fmt.Sprintf(goal, ", then: count"), "  - {id: w, wait: 1d}\n"+sends("one", "Counts")))
		w.happens("a.b", "anna", "")
		w.happens("lesson.booked", "anna", "")
		w.later(30 * time.Hour)
		if got := w.passages(ends, anna.ID) + "/" + w.passages(counts, anna.ID); got != ":exited goal/:completed" {
			t.Fatal(got)
		}
		if w.mail.Mailbox().Total() != 1 {
			t.Errorf("%d mails", w.mail.Mailbox().Total())
		}
	})
}

// TestExitConditionAtTheClaim: who has paid between the decision and the sending gets nothing, one by one and in a chunk, and leaves.
func TestExitConditionAtTheClaim(t *testing.T) {
	for _, n := range []int{1, 30} {
		each(t, func(t *testing.T, w *world) {
			ids := w.crowd(n)
			key := w.publish(campaign("reminder", "entry: {manual: true}\nexit: [{if: {all: [{attribute: paid, is: true}, {tag: vip}]}}]\nquiet_hours: {from: \"12:00\", to: \"20:00\"}", sends("one", "Pay")))
			_, err := w.e.Enroll(t.Context(), engine.Operator, key, ids)
			must(t, err)
			w.settle()
			for _, name := range ids {
				_, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: name, Attributes: map[string]any{"paid": true}, Tags: &[]string{"VIP"}})
				must(t, err)
			}
			w.later(12 * time.Hour)
			if w.mail.Mailbox().Total() != 0 || w.count(key, campaigns.EnrollmentExited) != n {
				t.Fatalf("%d mails, %d left", w.mail.Mailbox().Total(), w.count(key, campaigns.EnrollmentExited))
			}
			known, err := w.store.MemberIDsByExternalID(t.Context(), ids)
			must(t, err)
			for _, id := range known {
				if got := w.passages(key, id); !strings.HasSuffix(got, "exited exit_rule") {
					t.Fatal(got)
				}
			}
			w.nothingLost()
		})
	}
}

// TestUpliftCountsMembersOnce: whoever gets the campaign passes it at each lesson, and whoever is held out once for each time of the goal. The members who pay
// come daily, whatever they get: the campaign brings nothing, and no uplift may be told.
func TestUpliftCountsMembersOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 60
		ids := w.crowd(n)
		key := w.publish(campaign("each", "entry: {event: lesson.done, reentry: each_time}\ngoal: {event: lesson.paid, within: 10d, then: count}\nholdout: 50", sends("one", "News")))
		for day := range 4 {
			for i, id := range ids {
				if i%2 == 0 || day == 0 {
					w.event("lesson.done", id)
				}
			}
			w.later(24 * time.Hour)
		}
		for i := 0; i < n; i += 2 {
			w.event("lesson.paid", ids[i])
		}
		w.settle()
		goal, err := reports.New(w.store, nil).Goal(t.Context(), engine.Operator, key, "en")
		must(t, err)
		if members := goal.Got.Members + goal.HeldOut.Members; members != n {
			t.Errorf("%d members of %d are counted: %s", members, n, goal.Sentence)
		}
		if reached := goal.Got.Reached + goal.HeldOut.Reached; reached != n/2 {
			t.Errorf("%d reached it, of %d: %s", reached, n/2, goal.Sentence)
		}
		if goal.Uplift == nil || goal.Uplift.Low > 0 {
			t.Errorf("an uplift out of nothing: %s", goal.Sentence)
		}
	})
}

// TestUpliftOfWhoWasMoved: a passage counts by the version that it began in, which held a part of its members out or did not, wherever it has been moved since.
func TestUpliftOfWhoWasMoved(t *testing.T) {
	for name, c := range map[string]struct{ was, is, reentry string }{
		"taken out":             {was: "\nholdout: 30"},
		"added":                 {is: "\nholdout: 50"},
		"taken out, each time":  {was: "\nholdout: 30", reentry: ", reentry: each_time"},
		"added, each time":      {is: "\nholdout: 50", reentry: ", reentry: each_time"},
		"there was none at all": {},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				const n = 30
				ids := w.crowd(n)
				src := func(holdout, text string) string {
					return campaign("c", "entry: {event: a.b"+c.reentry+"}\ngoal: {event: lesson.booked, within: 14d, then: count}"+holdout, waits("w", "for: 3d")+sends("one", text))
				}
				key := w.publish(src(c.was, "News"))
				for i, id := range ids {
					if i == n/3 {
						w.later(80 * time.Hour) // the first are through
					}
					w.event("a.b", id)
				}
				w.settle()
				goal := func() *reports.GoalReport {
					t.Helper()
					w.goals(key)
					goal, err := reports.New(w.store, nil).Goal(t.Context(), engine.Operator, key, "en")
					must(t, err)
					return goal
				}
				before := goal()
				must(t, w.republish(src(c.is, "News again"), moving))
				w.settle()
				for i := 0; i < n; i += 3 {
					w.event("lesson.booked", ids[i])
				}
				w.settle()
				after := goal()
				if c.is != "" { // nobody was divided yet: none of them is compared
					if after.Got.Members+after.HeldOut.Members+after.Got.Reached != 0 {
						t.Errorf("who was never divided is compared: %s", after.Sentence)
					}
					return
				}
				if after.Got.Members != before.Got.Members || (after.HeldOut == nil) != (before.HeldOut == nil) {
					t.Fatalf("before: %s\nafter: %s", before.Sentence, after.Sentence)
				}
				reached := after.Got.Reached
				if after.HeldOut != nil {
					reached += after.HeldOut.Reached
					if after.HeldOut.Members != before.HeldOut.Members || after.Got.Members+after.HeldOut.Members != n || before.HeldOut.Members == 0 {
						t.Errorf("before: %s\nafter: %s", before.Sentence, after.Sentence)
					}
				}
				if reached != n/3 || after.Got.Reached == 0 {
					t.Errorf("%d reached it, of %d: %s", reached, n/3, after.Sentence)
				}
			})
		})
	}
}
