package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// recurring takes everybody in at ten o'clock, from Wednesday, 25 November 2026 on.
func recurring(key, zone, how, steps string) string {
	return campaign(key, fmt.Sprintf(`entry: {schedule: {at: "2026-11-25 10:00", zone: %s, audience: all, %s}}`, zone, how), steps)
}

func (w *world) opensNext(key campaigns.Key) string {
	w.t.Helper()
	c, err := w.e.Campaign(w.t.Context(), engine.Operator, key)
	must(w.t, err)
	s, err := w.store.Schedule(w.t.Context(), c.ID)
	must(w.t, err)
	if s.DoneAt != nil {
		return "done"
	}
	return s.Opens.String()
}

// TestScheduleRecurs: everybody enters at each of its moments once, also with two schedulers at once, whoever is inside then is passed over, and it ends.
func TestScheduleRecurs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(40)
		key := w.publish(recurring("daily", "community", "every: day, times: 3", sends("one", "News")))
		slow := w.publish(recurring("slow", "community", "every: day, times: 3", "  - id: stay\n    wait: 36h\n"))
		runs := func(key campaigns.Key, want int) {
			t.Helper()
			for _, id := range ids {
				m, err := w.e.Member(t.Context(), engine.Operator, id)
				must(t, err)
				if n := w.runs(key, m.ID); n != want {
					t.Fatalf("%s ran %d times through %s, want %d", id, n, key, want)
				}
			}
		}
		w.until(at("2026-11-25T08:59"))
		runs(key, 0)
		w.clock.set(at("2026-11-25T09:00"))
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				for range 20 {
					_, _ = w.e.EnrollAudiences(t.Context()) // who loses a race tries again
				}
			})
		}
		both.Wait()
		w.settle()
		runs(key, 1)
		if got := w.opensNext(key); got != "2026-11-26 10:00" {
			t.Errorf("next on %s", got)
		}
		w.until(at("2026-11-26T09:30"))
		runs(key, 2)
		runs(slow, 1)
		w.until(at("2026-11-29T09:30"))
		runs(key, 3)
		runs(slow, 2)
		if got := w.opensNext(key); got != "done" {
			t.Errorf("after the third: %s", got)
		}
		if c, err := w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Finished {
			t.Errorf("when all is over: %s, %v", c.State, err)
		}
		w.nothingLost()
	})
}

// TestScheduleCatchesUp: of what a pause held back, the newest comes once while it is not too late; the rest is told as missed. A new version's rule is followed.
func TestScheduleCatchesUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.crowd(1)[0]
		m, err := w.e.Member(t.Context(), engine.Operator, id)
		must(t, err)
		key := w.publish(recurring("daily", "community", "every: day", sends("one", "News")))
		missed := func() int {
			c, err := w.e.Campaign(t.Context(), engine.Operator, key)
			must(t, err)
			es, err := w.store.Events(t.Context(), store.EventFilter{Campaign: c.ID}, store.Page{Limit: 100})
			must(t, err)
			n := 0
			for _, e := range es {
				if e.Name == "campaign.missed" {
					n++
				}
			}
			return n
		}
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.until(at("2026-11-30T11:00")) // six of them
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		if n := w.runs(key, m.ID); n != 1 || missed() != 1 || w.opensNext(key) != "2026-12-01 10:00" {
			t.Errorf("after the pause: %d runs, %d times told, next on %s", n, missed(), w.opensNext(key))
		}
		must(t, second(w.e.PutDraft(t.Context(), engine.Operator, key, 0, engine.Draft{Source: recurring("daily", "community", "every: week, on: [friday]", sends("one", "News")), Format: "yaml"})))
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		if got := w.opensNext(key); got != "2026-12-04 10:00" {
			t.Errorf("by the new rule on %s", got)
		}
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.until(at("2026-12-06T12:00"))
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		if n := w.runs(key, m.ID); n != 1 || missed() != 2 || w.opensNext(key) != "2026-12-11 10:00" {
			t.Errorf("two days late: %d runs, %d times told, next on %s", n, missed(), w.opensNext(key))
		}
	})
}

// TestScheduleRecursInTheMembersZone at ten o'clock of each, also for who moves before it.
func TestScheduleRecursInTheMembersZone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tokyo := w.member("tokyo", inZone("Asia/Tokyo", byMail("tokyo@example.org")))
		mover := w.member("mover", inZone("Asia/Tokyo", byMail("mover@example.org")))
		w.publish(recurring("weekly", "member", "every: week", sends("one", "News")))
		w.until(at("2026-12-01T21:00")) // both wait for the second
		w.member("mover", func(in *engine.MemberInput) { in.TimeZone = new("America/Los_Angeles") })
		w.until(at("2026-12-03T12:00"))
		for who, want := range map[campaigns.MemberID]string{tokyo.ID: "2026-12-02T01:00", mover.ID: "2026-12-02T18:00"} {
			ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: who}, store.Page{})
			must(t, err)
			if len(ds) != 2 {
				t.Errorf("%d messages to %d", len(ds), who)
			}
			if got := w.sentAt(who)["one"]; got != want {
				t.Errorf("the second was sent at %s, want %s", got, want)
			}
		}
	})
}

// TestScheduleKeepsWhatIsDue: a publication takes nothing away whose moment has come, a pause between two moments changes nothing, and what came due while the
// campaign was over stays over.
func TestScheduleKeepsWhatIsDue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.crowd(1)[0]
		m, err := w.e.Member(t.Context(), engine.Operator, id)
		must(t, err)
		key := w.publish(recurring("daily", "community", "every: day", sends("one", "News")))
		expect := func(when string, runs int, state campaigns.State, next string) {
			t.Helper()
			c, err := w.e.Campaign(t.Context(), engine.Operator, key)
			must(t, err)
			if n, opens := w.runs(key, m.ID), w.opensNext(key); n != runs || c.State != state || opens != next {
				t.Errorf("%s: %d runs, %s, next on %s", when, n, c.State, opens)
			}
		}
		w.clock.set(at("2026-11-25T09:00"))
		must(t, w.republish(recurring("daily", "community", "every: week, on: [friday]", sends("one", "Newer")), engine.Publishing{}))
		expect("published when due", 0, campaigns.Running, "2026-11-25 10:00")
		w.settle()
		expect("opened by the new version", 1, campaigns.Running, "2026-11-27 10:00")
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.enroll(key, id)
		w.settle()
		expect("by hand between two moments", 2, campaigns.Running, "2026-11-27 10:00")
		must(t, second(w.e.End(t.Context(), engine.Operator, key)))
		w.until(at("2026-11-27T09:00"))
		must(t, w.republish(recurring("daily", "community", "every: week, on: [monday]", sends("one", "Newest")), engine.Publishing{}))
		w.settle()
		expect("begun again", 2, campaigns.Scheduled, "2026-11-30 10:00")
	})
}

// TestScheduleOutlivesItsWorkers: whoever dies at any point of taking an audience in, or of going on to the next moment, each member enters once each time.
func TestScheduleOutlivesItsWorkers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(3)
		key := w.publish(recurring("daily", "community", "every: day, times: 2", sends("one", "News")))
		deaths := 0
		for day, due := range []string{"2026-11-25T09:00", "2026-11-26T09:00"} {
			w.clock.set(at(due))
			was := w.opensNext(key)
			for looks := 1; w.opensNext(key) == was; looks++ {
				if looks > 40 {
					t.Fatal("it never gets on")
				}
				ctx, die := context.WithCancel(t.Context())
				left, o := looks, w.e.Options
				o.Now = func() time.Time {
					if left--; left == 0 {
						die()
					}
					return w.clock.now()
				}
				e, err := engine.New(o)
				must(t, err)
				if _, err := e.EnrollAudiences(ctx); err != nil {
					deaths++
				}
				die()
				e.Close()
			}
			w.settle()
			for _, id := range ids {
				m, err := w.e.Member(t.Context(), engine.Operator, id)
				must(t, err)
				if n := w.runs(key, m.ID); n != day+1 {
					t.Errorf("%s ran %d times by day %d", id, n, day+1)
				}
			}
		}
		if n := w.mail.Mailbox().Total(); n != 2*len(ids) || deaths < 4 {
			t.Errorf("%d mails after %d deaths", n, deaths)
		}
		w.nothingLost()
	})
}
