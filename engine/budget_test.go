package engine_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

func (w *world) budget(rules ...engine.BudgetInput) {
	w.t.Helper()
	_, err := w.e.PatchCommunity(w.t.Context(), engine.Operator, engine.CommunityPatch{Budget: rules})
	must(w.t, err)
}

// fates are what became of a member's messages, by step.
func (w *world) fates(m campaigns.MemberID) map[campaigns.StepID]string {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 100})
	must(w.t, err)
	out := map[campaigns.StepID]string{}
	for _, d := range ds {
		out[d.Step] = strings.TrimSpace(string(d.State) + " " + string(d.Reason) + " " + d.Detail)
		if d.DueAt != nil {
			out[d.Step] += d.DueAt.Format(" 2006-01-02T15:04")
		}
	}
	return out
}

func (w *world) expectFates(m campaigns.MemberID, want map[campaigns.StepID]string) {
	w.t.Helper()
	if got := w.fates(m); fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("got  %v\nwant %v", got, want)
	}
}

// gets lets members into a campaign of one mail each, which the sweep sends.
func (w *world) gets(name, head string, members ...string) campaigns.Key {
	w.t.Helper()
	key := w.publish(strings.Replace(campaign(name, "channels: [email]\n"+head, fmt.Sprintf("  - {id: %s, send: {text: %s, expires: 3d}}\n", name, both("Hi"))), "kind: survey", "kind: reminder", 1))
	w.enroll(key, members...)
	return key
}

// TestBudgetOverCampaigns: a member gets no more than the rules say over all campaigns; what waits leaves when there is room, and what waits too long is skipped.
func TestBudgetOverCampaigns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.budget(engine.BudgetInput{Most: 2, Per: "1d"}, engine.BudgetInput{Most: 3, Per: "7d"})
		m := w.member("ann", byMail("ann@example.org")).ID
		for _, name := range []string{"one", "two", "three", "four"} {
			w.gets(name, "", "ann")
			w.settle()
			w.later(time.Hour)
		}
		w.expectFates(m, map[campaigns.StepID]string{
			"one": "sent", "two": "sent", "three": "pending over_budget 2 per 1d 2026-11-25T12:00", "four": "pending over_budget 2 per 1d 2026-11-25T12:00",
		})
		w.clock.set(at("2026-11-25T12:01"))
		w.settle()
		w.later(10 * time.Minute)
		w.settle()
		w.expectFates(m, map[campaigns.StepID]string{"one": "sent", "two": "sent", "three": "sent", "four": "expired over_budget 3 per 7d"})
		if n := w.count("four", campaigns.EnrollmentCompleted); n != 1 {
			t.Error("the passage of the skipped message does not go on")
		}
	})
}

// TestBudgetOfPriorities: low uses half, high and service and answers to the member's own acts pass, and all of them count.
func TestBudgetOfPriorities(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 3, Per: "1d"})
	m := w.member("ann", byMail("ann@example.org")).ID
	for _, c := range [][2]string{
		{"service", "purpose: service"},
		{"low", "priority: low"},
		{"normal", ""},
		{"high", "priority: high"},
		{"normal-2", "priority: normal"},
		{"high-2", "priority: high"},
		{"service-2", "purpose: service"},
	} {
		w.gets(c[0], c[1], "ann")
		w.settle()
	}
	w.expectFates(m, map[campaigns.StepID]string{
		"service": "sent", "low": "pending over_budget 3 per 1d 2026-11-25T12:00", "normal": "sent", "high": "sent",
		"normal-2": "pending over_budget 3 per 1d 2026-11-25T12:00", "high-2": "sent", "service-2": "sent",
	})
}

// TestBudgetLetsAnswersPass: what the member's own act causes is sent, and counts.
func TestBudgetLetsAnswersPass(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
	w.publish(campaign("talk", "entry: {event: member.joined}", sends("hi", "Hi")+sends("more", "More")))
	m := w.joins(7, "en")
	w.publish(campaign("cast", `entry: {schedule: {at: "2026-11-24 13:30", zone: community, audience: all}}`, sends("cast", "News")))
	w.clock.set(at("2026-11-24T12:31"))
	w.settle()
	got := w.fates(m)
	if got["hi"] != "sent" || got["more"] != "sent" || !strings.HasPrefix(got["cast"], "pending over_budget") {
		t.Errorf("got %v", got)
	}
}

// TestBudgetOfWhoJustActed: an act of the member's own is no answer to itself: what others let them into, or a timer moves on, asks for room as ever. What a
// campaign goes on with because of the act passes.
func TestBudgetOfWhoJustActed(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
	m := w.chatMember("ann", 7, nil)
	ask := "  - {id: q, ask: {type: yes_no, save_as: q, text: " + both("Well?") + ", timeout: {after: 1d}}}\n"
	w.publish(campaign("next", "entry: {manual: true}", sends("next", "Next")))
	talk := w.publish(campaign("talk", "", ask+sends("yes", "Yes")+sends("more", "More")+"  - {id: on, enroll: next}\n"+waits("w", "for: 2m")+sends("timer", "Timer")))
	w.publish(campaign("cast", `entry: {schedule: {at: "2026-11-24 13:03", zone: community, audience: all}}`, sends("cast", "News")))
	w.enroll(talk, "ann")
	w.settle()
	w.say(7, "/help")
	for i := range 2 {
		w.publish(campaign(fmt.Sprint("event", i), fmt.Sprintf("entry: {event: a.b%d}", i), sends(fmt.Sprint("event", i), "Event")))
		w.happens(fmt.Sprint("a.b", i), "ann", "")
		w.enroll(w.publish(campaign(fmt.Sprint("hand", i), "entry: {manual: true}", sends(fmt.Sprint("hand", i), "Hand"))), "ann")
	}
	w.later(4 * time.Minute)
	w.press(7, "Yes")
	w.settle()
	w.later(3 * time.Minute)
	w.settle()
	sent := []campaigns.StepID{}
	for step, fate := range w.fates(m) {
		switch {
		case fate == "sent":
			sent = append(sent, step)
		case !strings.HasPrefix(fate, "pending over_budget") && step != "":
			t.Errorf("%s: %s", step, fate)
		}
	}
	slices.Sort(sent)
	if got := fmt.Sprint(sent); got != "[ more next q yes]" {
		t.Errorf("sent %s of %v", got, w.fates(m))
	}
}

// TestNoRoomUntilTheNight: what the budget held is no reply any more when there is room for it. It waits for the morning, whatever its member did before.
func TestNoRoomUntilTheNight(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 1, Per: "1h"})
	m := w.chatMember("ann", 7, nil)
	const quiet = "\nquiet_hours: {from: \"22:00\", to: \"09:00\"}"
	w.clock.set(at("2026-11-24T20:50")) // 21:50 in Berlin
	for _, name := range []string{"one", "two"} {
		w.publish(campaign(name, "entry: {event: a."+name+"}"+quiet, strings.Replace(sends(name, "Hi"), "send: {", "send: {expires: 3d, ", 1)))
	}
	w.say(7, "/help")
	w.happens("a.one", "ann", "")
	w.happens("a.two", "ann", "")
	w.settle()
	w.later(70 * time.Minute)
	w.settle()
	if got := w.fates(m)["two"]; !strings.HasPrefix(got, "pending quiet_hours") {
		t.Errorf("at night: %s", got)
	}
	w.clock.set(at("2026-11-25T08:01"))
	w.settle()
	if got := w.fates(m)["two"]; got != "sent" {
		t.Errorf("in the morning: %s", got)
	}
}

// TestSurveyFatigue: one survey in two weeks; its own further questions are the same survey, and other kinds are no concern of the rule.
func TestSurveyFatigue(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 1, Per: "4d", Kind: "survey"})
	m := w.member("ann", byMail("ann@example.org")).ID
	w.enroll(w.publish(campaign("first", "", sends("a", "One")+waits("w", "for: 1d")+sends("b", "Two")+waits("long", "for: 5d")+sends("z", "Three"))), "ann")
	w.settle()
	w.later(25 * time.Hour)
	w.settle()
	w.later(4*24*time.Hour + time.Hour)
	w.enroll(w.publish(campaign("between", "", sends("x", "One"))), "ann")
	w.settle()
	w.later(24 * time.Hour)
	w.settle() // the first survey's last message is beyond the span, and it goes on all the same
	w.gets("reminder", "", "ann")
	w.enroll(w.publish(campaign("second", "priority: high", sends("c", "One"))), "ann")
	w.settle()
	w.expectFates(m, map[campaigns.StepID]string{"a": "sent", "b": "sent", "x": "sent", "z": "sent", "reminder": "sent", "c": "expired over_budget 1 survey per 4d"})
}

// TestBudgetOfTwoWorkers: parts of several campaigns that are claimed at one moment do not exceed it together.
func TestBudgetOfTwoWorkers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.budget(engine.BudgetInput{Most: 2, Per: "1d"})
		ids := w.crowd(12)
		for i := range 5 {
			w.gets(fmt.Sprintf("c%d", i), "", ids...)
		}
		for more := true; more; {
			var err error
			more, err = w.e.AdvanceDue(t.Context(), time.Second)
			must(t, err)
		}
		var workers sync.WaitGroup
		for _, e := range []*engine.Engine{w.e, w.engine("worker-2")} {
			workers.Go(func() {
				if _, err := e.SendLane(t.Context(), campaigns.Bulk, campaigns.Email, 10*time.Second); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		w.settle()
		for _, id := range ids {
			if n := len(w.mails(id + "@example.org")); n != 2 {
				t.Errorf("%s got %d", id, n)
			}
		}
	})
}

// TestBudgetAfterACrash: what may have been sent counts; a place of what was never begun is taken again by the same message.
func TestBudgetAfterACrash(t *testing.T) {
	for point, unknown := range map[string]int{"before begin": 0, "after begin": 1} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
			w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
			ids := w.crowd(9)
			w.gets("one", "", ids...)
			_, err := w.e.AdvanceDue(t.Context(), time.Second)
			must(t, err)
			e, s, kill := w.mortal("worker-2", point, 3)
			go func() {
				_, _ = e.SendLane(context.WithoutCancel(t.Context()), campaigns.Bulk, campaigns.Email, time.Minute)
			}()
			<-s.died
			kill()
			_, err = w.e.Recover(t.Context(), w.dir)
			must(t, err)
			w.settle()
			w.gets("two", "", ids...)
			w.settle()
			if n := w.mail.Mailbox().Total(); n != len(ids)-unknown {
				t.Errorf("%d mails", n)
			}
		})
	}
}

// TestBudgetGivenBack: a message that was refused, or put off, took no place.
func TestBudgetGivenBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
		m := w.member("ann", byMail("ann@example.org")).ID
		var held campaigns.DeliveryID
		w.gets("one", "", "ann")
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 1})
		must(t, err)
		held = ds[0].ID
		now := w.clock.now()
		spent := func() int {
			s, err := w.store.Spent(t.Context(), []campaigns.MemberID{m}, now.Add(-24*time.Hour), now)
			must(t, err)
			return len(s[m])
		}
		hold := func(until time.Time) {
			must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
				return tx.HoldBudget(t.Context(), []store.BudgetHold{{Delivery: held, Member: m, Until: until}})
			}))
		}
		outcome := func(o store.Outcome) {
			o.Delivery, o.At = held, now
			must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.WriteOutcomes(t.Context(), []store.Outcome{o})
				return err
			}))
		}
		hold(now)
		if n := spent(); n != 0 {
			t.Errorf("a place that ran out counts: %d", n)
		}
		hold(now.Add(time.Minute))
		if n := spent(); n != 1 {
			t.Errorf("a held place counts %d", n)
		}
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ClaimDue(t.Context(), campaigns.Bulk, campaigns.Email, "worker-1", now, now.Add(time.Minute), 1)
			return err
		}))
		if n := spent(); n != 1 {
			t.Errorf("what is claimed counts %d", n)
		}
		later := now.Add(time.Hour)
		outcome(store.Outcome{State: campaigns.Pending, Reason: campaigns.Temporary, DueAt: &later})
		if n := spent(); n != 0 {
			t.Errorf("what was put off counts: %d", n)
		}
		outcome(store.Outcome{State: campaigns.Failed, Reason: campaigns.Rejected})
		if n := spent(); n != 0 {
			t.Errorf("what failed counts: %d", n)
		}
	})
}

// TestBudgetWidened: what waits for a rule that was changed is judged by the new one; what waits for another stays as it is. Places that ran out are forgotten.
func TestBudgetWidened(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		survey := engine.BudgetInput{Most: 1, Per: "12h", Kind: "survey"}
		w.budget(engine.BudgetInput{Most: 1, Per: "1d", Kind: "reminder"}, survey)
		m := w.member("ann", byMail("ann@example.org")).ID
		w.gets("one", "", "ann")
		w.enroll(w.publish(campaign("first", "", sends("a", "One"))), "ann")
		w.settle()
		w.gets("two", "", "ann")
		w.enroll(w.publish(campaign("second", "", sends("b", "One"))), "ann")
		w.settle()
		must(t, w.e.WakeHeld(t.Context()))
		held := map[campaigns.StepID]string{
			"one": "sent", "a": "sent", "two": "pending over_budget 1 reminder per 1d 2026-11-25T12:00", "b": "pending over_budget 1 survey per 12h 2026-11-25T00:00",
		}
		w.expectFates(m, held)
		w.later(time.Hour)
		w.budget(engine.BudgetInput{Most: 2, Per: "1d", Kind: "reminder"}, survey)
		must(t, w.e.WakeHeld(t.Context()))
		held["two"] = "pending over_budget 1 reminder per 1d 2026-11-24T13:00"
		w.expectFates(m, held)
		w.settle()
		held["two"] = "sent"
		w.expectFates(m, held)

		many := make([]store.BudgetHold, w.store.BulkRows()+1)
		for i := range many {
			many[i] = store.BudgetHold{Delivery: campaigns.DeliveryID(1_000_000 + i), Member: m, Until: w.clock.now()}
		}
		many[0].Until = w.clock.now().Add(time.Second)
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.HoldBudget(t.Context(), many) }))
		must(t, w.e.DropHolds(t.Context()))
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			n, err := tx.DropHolds(t.Context(), w.clock.now().Add(24*time.Hour), 1000)
			if n != 2 { // that one, and that of the message which has just left
				t.Errorf("%d places are kept", n)
			}
			return err
		}))
	})
}

// TestNoBudgetAsksNothing: without rules a message is sent also where there is nothing to count from.
func TestNoBudgetAsksNothing(t *testing.T) {
	url := storetest.SQLiteURL(t)
	w := newWorld(t, storetest.Open(t, url))
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	must(t, err)
	_, err = db.ExecContext(t.Context(), `DROP TABLE budget_holds`)
	must(t, err)
	must(t, db.Close())
	m := w.member("ann", byMail("ann@example.org")).ID
	w.gets("one", "", "ann")
	w.settle()
	w.expectFates(m, map[campaigns.StepID]string{"one": "sent"})
}

// TestTheMoreImportantMessageGoesFirst: of two messages that are due at one moment the more important one has the place, whichever campaign is older and
// whichever channel is looked at first. The other one comes a day later at the same time.
func TestTheMoreImportantMessageGoesFirst(t *testing.T) {
	for _, order := range [][]string{{"low", "normal"}, {"normal", "low"}, {"normal", "high"}} {
		each(t, func(t *testing.T, w *world) {
			w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
			m := w.member("ann", byMail("ann@example.org")).ID
			for _, p := range order {
				w.publish(campaign(p, "priority: "+p+"\nentry: {schedule: {at: \"2026-11-25 10:00\", zone: community, audience: all}}", sends(p, "Hello there")))
			}
			w.until(at("2026-11-27T00:00"))
			first, second := "normal", "low"
			if slices.Contains(order, "high") {
				first, second = "high", "normal"
			}
			if got := w.sentAt(m); got[first] != "2026-11-25T09:00" || got[second] != "2026-11-26T09:00" {
				t.Errorf("%v: %v %v", order, got, w.rows(m))
			}
		})
	}
	each(t, func(t *testing.T, w *world) {
		w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
		m := w.chatMember("ann", 7, andMail("ann@example.org"))
		w.later(time.Hour)
		w.enroll(w.publish(campaign("low", "channels: [telegram]\npriority: low", sends("low", "Low"))), "ann")
		w.enroll(w.publish(campaign("normal", "channels: [email]", sends("normal", "Normal"))), "ann")
		w.later(26 * time.Hour)
		if got := w.sentAt(m); got["normal"] != "2026-11-24T13:00" || got["low"] != "2026-11-25T13:00" {
			t.Errorf("by two channels: %v %v", got, w.rows(m))
		}
	})
}

// TestNobodyWaitsForWhatCannotLeave: a message lets no more important one go first whose channel is stopped.
func TestNobodyWaitsForWhatCannotLeave(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
		m := w.chatMember("ann", 7, andMail("ann@example.org"))
		w.later(time.Hour)
		must(t, w.e.Trip(t.Context(), engine.Operator, "telegram"))
		w.enroll(w.publish(campaign("normal", "channels: [telegram]", sends("normal", "Normal"))), "ann")
		w.enroll(w.publish(campaign("low", "channels: [email]\npriority: low", sends("low", "Low"))), "ann")
		w.settle()
		if got := w.sentAt(m); got["low"] != "2026-11-24T13:00" {
			t.Errorf("%v %v", got, w.rows(m))
		}
	})
}

// TestNobodyWaitsForWhatRests: neither for a message whose channel is away for a while, nor for one whose mail domain or chat asked for a rest.
func TestNobodyWaitsForWhatRests(t *testing.T) {
	for _, bucket := range []string{"email", "email:example.org"} {
		each(t, func(t *testing.T, w *world) {
			must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
				return tx.SetCooldown(t.Context(), bucket, store.Cooldown{Until: w.clock.now().Add(5 * time.Hour), Reason: "temporary", Rate: 1}, w.clock.now())
			}))
			w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
			m := w.chatMember("ann", 7, andMail("ann@example.org"))
			w.later(time.Hour)
			w.enroll(w.publish(campaign("normal", "channels: [email]", sends("normal", "Normal"))), "ann")
			w.enroll(w.publish(campaign("low", "channels: [telegram]\npriority: low", sends("low", "Low"))), "ann")
			w.settle()
			if got := w.sentAt(m); got["low"] != "2026-11-24T13:00" {
				t.Errorf("%s: %v %v", bucket, got, w.rows(m))
			}
		})
	}
}

// TestNobodyWaitsForEver: a more important message that somebody holds, and does not send, is waited for as long as the other one is worth it, and an hour at most.
func TestNobodyWaitsForEver(t *testing.T) {
	for expires, want := range map[string]string{"30m": "2026-11-24T13:29", "3d": "2026-11-24T14:00"} {
		each(t, func(t *testing.T, w *world) {
			w.budget(engine.BudgetInput{Most: 1, Per: "1d"})
			m := w.chatMember("ann", 7, andMail("ann@example.org"))
			w.later(time.Hour)
			w.enroll(w.publish(campaign("normal", "channels: [email]", sends("normal", "Normal"))), "ann")
			w.enroll(w.publish(campaign("low", "channels: [telegram]\npriority: low", "  - {id: low, send: {text: "+both("Low")+", expires: "+expires+"}}\n")), "ann")
			for range 91 {
				_, err := w.e.AdvanceDue(t.Context(), time.Second)
				must(t, err)
				ids, now := w.deliveriesOn(m, campaigns.Email), w.clock.now()
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) error { // of the mail's worker no connection has room
					if _, err := tx.ClaimDeliveries(t.Context(), ids, campaigns.Email, "other", now, now.Add(time.Hour)); err != nil {
						return err
					}
					return tx.ReleaseDeliveries(t.Context(), ids, "other", now)
				}))
				_, err = w.e.SendLane(t.Context(), campaigns.Bulk, campaigns.Telegram, time.Second)
				must(t, err)
				w.clock.set(w.clock.now().Add(time.Minute))
			}
			if got := w.sentAt(m); got["low"] != want {
				t.Errorf("%s: %v %v", expires, got, w.rows(m))
			}
		})
	}
}

func (w *world) deliveriesOn(m campaigns.MemberID, ch campaigns.Channel) (ids []campaigns.DeliveryID) {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 100})
	must(w.t, err)
	for _, d := range ds {
		if d.Channel == ch && d.Kind == store.StepDelivery {
			ids = append(ids, d.ID)
		}
	}
	return ids
}
