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
	"github.com/kruzhok/kruzhok/store/storetest"
)

// recurring takes everybody in at ten o'clock, from Wednesday, 25 November 2026 on.
func recurring(key, zone, how, steps string) string {
	return campaign(key, fmt.Sprintf(`entry: {schedule: {at: "2026-11-25 10:00", zone: %s, audience: all, %s}}`, zone, how), steps)
}

func (w *world) scheduleOf(key campaigns.Key) *store.Schedule {
	w.t.Helper()
	c, err := w.e.Campaign(w.t.Context(), engine.Operator, key)
	must(w.t, err)
	s, err := w.store.Schedule(w.t.Context(), c.ID)
	must(w.t, err)
	return s
}

func (w *world) opensNext(key campaigns.Key) string {
	w.t.Helper()
	s := w.scheduleOf(key)
	switch {
	case s.DoneAt != nil:
		return "done"
	case s.LooksAgain():
		return "again for " + s.Opens.String()
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
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.clock.set(at("2027-01-20T12:00")) // the last of six was five days ago
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		s := w.scheduleOf(key)
		if n := w.runs(key, m.ID); n != 1 || missed() != 3 || s.Missed.String() != "2027-01-15 10:00" || s.Opens.String() != "2027-01-22 10:00" {
			t.Errorf("weeks late: %d runs, %d times told, missed %s, next on %s", n, missed(), s.Missed, s.Opens)
		}
	})
}

// TestScheduleRecursInTheMembersZone at ten o'clock of each, also for who moves before it. A day late is a day after each one's own moment.
func TestScheduleRecursInTheMembersZone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tokyo := w.member("tokyo", inZone("Asia/Tokyo", byMail("tokyo@example.org")))
		mover := w.member("mover", inZone("Asia/Tokyo", byMail("mover@example.org")))
		key := w.publish(recurring("weekly", "member", "every: week", sends("one", "News")))
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
		w.clock.set(at("2026-12-08T19:00")) // an hour before the first zone's
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.clock.set(at("2026-12-10T01:30"))
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		if a, b := w.runs(key, tokyo.ID), w.runs(key, mover.ID); a != 2 || b != 3 {
			t.Errorf("a day and half an hour after Tokyo's moment, it came %d times there, and %d times where it is seven hours late", a, b)
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

// TestScheduleGivesUpTheRest of an audience when the next moment has come: nobody gets two at once, and who still was inside with what came too late gets the
// new one as well.
func TestScheduleGivesUpTheRest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(2)
		key := w.publish(recurring("daily", "community", "every: day", sends("one", "News")))
		w.clock.set(at("2026-11-25T09:00"))
		must(t, second(w.e.EnrollAudiences(t.Context()))) // a part; nothing is sent yet
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		ids = append(ids, "rest")
		w.member("rest", byMail("rest@example.org"))
		w.clock.set(at("2026-11-26T09:30"))
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		for _, id := range ids {
			if n := len(w.mails(id + "@example.org")); n != 1 {
				t.Errorf("%d mails to %s", n, id)
			}
		}
		if s := w.scheduleOf(key); s.Missed == nil || s.Missed.String() != "2026-11-25 10:00" || s.Opens.String() != "2026-11-27 10:00" {
			t.Errorf("missed %s, next on %s", s.Missed, s.Opens)
		}
	})
}

// TestScheduleKnowsWhatItOpened: a correction in the hours in which a moment goes round the world brings nobody the same once more, and a community that
// moves to another zone takes what is ahead with it.
func TestScheduleKnowsWhatItOpened(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tokyo := w.member("tokyo", inZone("Asia/Tokyo", byMail("tokyo@example.org")))
		daily := func(text, how string) string { return recurring("daily", "member", how, sends("one", text)) }
		key := w.publish(daily("News", "every: day"))
		w.until(at("2026-11-26T02:00")) // eleven in Tokyo, three in Berlin
		must(t, w.republish(daily("Other", "every: week"), engine.Publishing{}))
		must(t, w.republish(daily("Corrected", "every: day"), engine.Publishing{}))
		w.settle()
		if n := w.runs(key, tokyo.ID); n != 2 || w.opensNext(key) != "again for 2026-11-26 10:00" {
			t.Errorf("%d runs, next %s", n, w.opensNext(key))
		}
		w.until(at("2026-11-26T07:00"))
		if n := w.runs(key, tokyo.ID); n != 2 || w.opensNext(key) != "2026-11-27 10:00" {
			t.Errorf("%d runs, next on %s", n, w.opensNext(key))
		}
		ours := w.publish(recurring("ours", "community", "every: day", sends("one", "News")))
		once := w.publish(campaign("once", `entry: {schedule: {at: "2026-11-26 10:00", zone: community, audience: all}}`, sends("one", "News")))
		before := w.scheduleOf(key).DueAt
		must(t, second(w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{TimeZone: new("America/New_York")})))
		for _, c := range []campaigns.Key{ours, once} {
			if due := w.scheduleOf(c).DueAt; !due.Equal(at("2026-11-26T15:00")) {
				t.Errorf("%s opens at %s", c, due)
			}
		}
		if due := w.scheduleOf(key).DueAt; !due.Equal(before) {
			t.Errorf("the members' own moment moved to %s", due)
		}
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

// TestScheduleComesEachDayEverywhere: each member gets each day's, whatever their clock shows, once; also where today's opens before yesterday's has come, and who
// is inside for hours. Who left before their moment is not brought back for it.
func TestScheduleComesEachDayEverywhere(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	got := map[string]campaigns.MemberID{}
	for i, zone := range []string{"Etc/GMT+12", "Pacific/Pago_Pago", "Pacific/Honolulu", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati"} {
		got[zone] = w.member(zone, inZone(zone, byMail(fmt.Sprintf("m%d@example.org", i)))).ID
	}
	key := w.publish(recurring("daily", "member", "every: day, times: 3", sends("one", "News")+"  - id: stay\n    wait: 5h\n"))
	w.until(at("2026-11-27T05:00")) // between the opening of the third and the second look for it
	if next := w.opensNext(key); next != "again for 2026-11-27 10:00" {
		t.Errorf("next: %s", next)
	}
	w.withdraw(key, got["Europe/Berlin"])                                                       // where the third is four hours ahead
	got["late"] = w.member("late", inZone("Pacific/Kiritimati", byMail("late@example.org"))).ID // where it has passed
	w.until(at("2026-11-29T09:00"))
	fewer := map[string]int{"Europe/Berlin": 1, "late": 3}
	for zone, id := range got {
		if n, want := w.messages(id), 3-fewer[zone]; n != want {
			t.Errorf("%s: %d messages, want %d", zone, n, want)
		}
	}
	if next := w.opensNext(key); next != "done" {
		t.Errorf("after the third: %s", next)
	}
	w.nothingLost()
}

// withdraw takes the member out of the campaign.
func (w *world) withdraw(key campaigns.Key, id campaigns.MemberID) {
	w.t.Helper()
	es, err := w.store.Enrollments(w.t.Context(), store.EnrollmentFilter{Member: id}, store.Page{Limit: 100})
	must(w.t, err)
	for _, e := range es {
		if !e.State.Final() {
			must(w.t, second(w.e.Withdraw(w.t.Context(), engine.Operator, key, e.ID)))
		}
	}
}

// messages counts what was sent to the member.
func (w *world) messages(id campaigns.MemberID) (n int) {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: id}, store.Page{Limit: 100})
	must(w.t, err)
	for _, d := range ds {
		if d.State == campaigns.Sent {
			n++
		}
	}
	return n
}
