package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestWhatWasDoneInTimeIsHeardFirst: after an outage, what members did in time waits to be handled beside timeouts that are over. Whoever starts with the timeouts
// takes no answer away.
func TestWhatWasDoneInTimeIsHeardFirst(t *testing.T) {
	inTime := sends("intime", "In time") + "  - end: true\n" + sends("late", "Too late")
	for _, x := range []struct {
		name, steps string
		do          func(*world)
		step        string
	}{
		{"a press", asks("q", "choice", twoOptions+", timeout: {after: 2h, goto: late}") + inTime, func(w *world) { w.press(7, "Pear") }, "intime"},
		{"words", asks("q", "text", ", timeout: {after: 2h, goto: late}") + inTime, func(w *world) { w.writes(7, "A word") }, "intime"},
		{"an event", "  - {id: w, wait: {event: lesson.done, timeout: {after: 2h, goto: late}}}\n" + inTime, func(w *world) { w.event("lesson.done", "anna") }, "intime"},
		{"nothing", asks("q", "choice", twoOptions+", timeout: {after: 2h, goto: late}") + inTime, func(*world) {}, "late"},
		{"a press too late", asks("q", "choice", twoOptions+", timeout: {after: 2h, goto: late}") + inTime, func(w *world) {
			w.clock.set(start.Add(3 * time.Hour))
			w.press(7, "Pear")
		}, "late"},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("anna", 7, nil)
				w.enroll(w.publish(campaign("q", "channels: [telegram]", x.steps)), "anna")
				w.settle()
				x.do(w)
				w.receive() // stored, and nobody works
				w.clock.set(start.Add(5 * time.Hour))
				_, err := w.e.AdvanceDue(t.Context(), time.Second)
				must(t, err)
				w.settle()
				if rows := strings.Join(w.rows(m), " "); !strings.Contains(rows, x.step+" ") {
					t.Errorf("no message of %s: %s", x.step, rows)
				}
			})
		})
	}
}

// TestRoundAnsweredInTime: a day of a challenge that was answered before it ended counts, though it is handled after it has ended.
func TestRoundAnsweredInTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("anna", 7, nil)
		key := w.publish(campaign("days", "channels: [telegram]", "  - id: days\n    repeat:\n      times: 2\n      at: \"15:00\"\n      steps:\n        - {id: q, ask: {type: yes_no, text: {en: Day, ru: День}, timeout: {after: 2h, goto: days}}}\n"+sends("end", "End {{ rounds_done }}")))
		w.enroll(key, "anna")
		w.until(at("2026-11-24T14:00"))
		w.press(7, "Yes")
		w.receive() // stored, and nobody works
		w.clock.set(at("2026-11-24T20:00"))
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.settle()
		w.until(at("2026-11-27T14:00"))
		if got := w.last(7); got != "End 1" {
			t.Error(got)
		}
	})
}

// TestPressedWhileNobodyWasThere: what ran out while no process ran waits until the one that starts has fetched what came meanwhile, and an answer among that counts.
func TestPressedWhileNobodyWasThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("anna", 7, nil)
		w.enroll(w.publish(campaign("q", "channels: [telegram]", asks("q", "choice", twoOptions+", timeout: {after: 2h, goto: late}")+
			sends("intime", "In time")+"  - end: true\n"+sends("late", "Too late"))), "anna")
		w.settle()
		w.press(7, "Pear") // at Telegram, and nobody fetches it
		w.clock.set(start.Add(5 * time.Hour))
		young, err := engine.New(w.e.Options)
		must(t, err)
		young.Began()
		w.e = young
		_, err = w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		if rows := w.rows(m); len(rows) != 1 {
			t.Fatalf("decided before anything was fetched: %q", rows)
		}
		w.settle()
		w.expectRows(m, "q telegram sent", "intime telegram sent")
	})
}

// TestPressedWhileNobodyFetched: while whoever fetches is away and others work, questions of members with a chat do not run out; an answer that is fetched then counts, and
// the others run out. Who has no chat waits for nobody, and nobody waits for longer than a day.
func TestPressedWhileNobodyFetched(t *testing.T) {
	for name, x := range map[string]struct {
		away, later time.Duration
		press       bool
		held        bool
		step        string
	}{
		"an answer":       {5 * time.Hour, 5 * time.Hour, true, true, "intime"},
		"no answer":       {5 * time.Hour, 5 * time.Hour, false, true, "late"},
		"for a moment":    {time.Minute, 5 * time.Hour, false, false, "late"},
		"gone afterwards": {2 * time.Hour, 5 * time.Hour, false, false, "late"},
		"given up":        {25 * time.Hour, 25 * time.Hour, false, false, "late"},
		"nobody has to":   {0, 5 * time.Hour, false, false, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("anna", 7, nil)
				mail := w.member("bela", byMail("bela@example.org"))
				w.enroll(w.publish(campaign("q", "channels: [telegram, email]", asks("q", "choice", twoOptions+", timeout: {after: 2h, goto: late}")+
					sends("intime", "In time")+"  - end: true\n"+sends("late", "Too late"))), "anna", "bela")
				w.settle()
				must(t, w.e.CaughtUp(t.Context()))
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
					return tx.PutMoment(t.Context(), "telegram-fetched", time.Now().Add(-x.away)) // as if so much time had passed
				}))
				if x.away == 0 {
					must(t, w.e.NotFetched(t.Context()))
				}
				if x.press {
					w.press(7, "Pear") // at Telegram, and nobody fetches it
				}
				w.clock.set(start.Add(x.later))
				works := w.engine("worker-2")
				must(t, second(works.AdvanceDue(t.Context(), time.Second)))
				if rows := w.rows(m); (len(rows) == 1) != x.held {
					t.Fatalf("while nobody fetched: %q", rows)
				}
				w.expectRows(mail.ID, "q email sent", "late email pending")
				w.receive()
				fetches := w.engine("worker-3")
				must(t, fetches.CaughtUp(t.Context()))
				w.e = w.engine("worker-4")
				must(t, second(w.e.AdvanceDue(t.Context(), time.Second))) // before what was fetched is handled
				w.settle()
				w.expectRows(m, "q telegram sent", x.step+" telegram sent")
			})
		})
	}
}

// TestLeavingInTimeIsHeardFirst: whoever did what ends the passage before a plain wait was over gets nothing that follows the wait.
func TestLeavingInTimeIsHeardFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("anna", 7, nil)
		w.enroll(w.publish(campaign("left", "channels: [telegram]\nexit: [{event: plan.canceled}]", "  - {id: w, wait: {for: 2h}}\n"+sends("offer", "Stay"))), "anna")
		w.settle()
		w.event("plan.canceled", "anna") // stored, and nobody works
		w.clock.set(start.Add(5 * time.Hour))
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.settle()
		w.expectRows(m)
	})
}

// TestBehindThoseWhoWaitToBeHeard: where more members wait to be heard than one look takes, whoever is due behind them goes on at once, and they when they were heard.
func TestBehindThoseWhoWaitToBeHeard(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("first", byMail("first@example.org"))
		last := w.member("last", byMail("last@example.org"))
		key := w.publish(campaign("many", "", waits("w", "for: 2h")+sends("one", "One")))
		w.enroll(key, "first")
		w.settle()
		first := w.enrollment(key, w.id("first"))
		var es []*store.Enrollment
		var ins []*store.Input
		for i := range store.DueLooks + 2 {
			e := *first
			e.ID, e.Member = 0, campaigns.MemberID(1_000_000+i)
			es = append(es, &e)
			name := fmt.Sprint("member:", e.Member)
			ins = append(ins, &store.Input{Source: "test", SourceKey: name, Actor: name, Kind: "event", Raw: "{}", ReceivedAt: start})
		}
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertEnrollments(t.Context(), es)
			if err == nil {
				_, err = tx.InsertInputs(t.Context(), ins)
			}
			return err
		}))
		w.clock.set(start.Add(time.Second))
		w.event("something", "first")
		w.enroll(key, "last")
		must(t, second(w.e.AdvanceDue(t.Context(), time.Minute))) // enters
		w.clock.set(start.Add(5 * time.Hour))
		must(t, second(w.e.AdvanceDue(t.Context(), time.Minute)))
		w.expectRows(last.ID, "one email pending")
		w.expectRows(first.Member)
		must(t, w.e.HandleActors(t.Context(), []string{fmt.Sprint("member:", first.Member)}))
		for len(w.rows(first.Member)) == 0 { // they are left alone for a moment
			must(t, second(w.e.AdvanceDue(t.Context(), time.Minute)))
		}
	})
}
