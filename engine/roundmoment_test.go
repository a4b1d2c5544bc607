package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// rounds is a repeat at 15:00 with the steps, each on a line of its own.
func rounds(steps string) string {
	return "  - id: days\n    repeat:\n      times: 4\n      at: \"15:00\"\n      steps:\n" + steps
}

// visits are the fates of the member's messages by step and visit.
func (w *world) visits(m campaigns.MemberID) map[string]string {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	got := map[string]string{}
	for _, d := range ds {
		fate := string(d.State) + " " + string(d.Reason)
		if d.State == campaigns.Sent {
			fate = "sent " + d.FinalAt.Format("2006-01-02T15:04")
		}
		got[fmt.Sprintf("%s/%d", d.Step, d.Visit)] = fate
	}
	return got
}

// TestARoundAfterAPauseIsOnTime: what a pause held of the round before does not make the next one late.
func TestARoundAfterAPauseIsOnTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("ann", 7, nil)
		key := w.publish(campaign("days", "channels: [telegram]\nlate: {after: 2h, then: skip}",
			rounds("        - {id: q, ask: {type: text, text: {en: Day, ru: День}, timeout: {after: 20h}}}\n        - {id: thanks, send: {text: {en: Thanks, ru: Спасибо}, expires: 1h}}\n")))
		w.enroll(key, "ann")
		w.until(at("2026-11-24T16:00"))
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.say(7, "an answer")
		w.until(at("2026-11-25T14:30")) // round 2 opened at 14:00, 15:00 in Berlin
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		got := w.visits(m)
		if got["q/2"] != "sent 2026-11-25T14:30" {
			t.Errorf("after the pause: %v", got)
		}
	})
}

// TestARoundAfterAnOutageIsOnTime: the round that is open when work goes on is as late as it has been open, whatever came due before it.
func TestARoundAfterAnOutageIsOnTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("ann", 7, nil)
		key := w.publish(campaign("days", "channels: [telegram]\nlate: {after: 2h, then: skip}", rounds("        - {id: q, ask: {type: text, text: {en: Day, ru: День}, timeout: {after: 20h}}}\n")))
		w.enroll(key, "ann")
		w.until(at("2026-11-24T16:00"))
		w.clock.set(at("2026-11-26T15:00")) // nothing ran: round 3 has been open for an hour
		w.settle()
		if got := w.visits(m); got["q/3"] != "sent 2026-11-26T15:00" || got["q/2"] != "" {
			t.Errorf("after an hour: %v", got)
		}
		w.clock.set(at("2026-11-27T16:30")) // and round 4 for two and a half
		w.settle()
		if got := w.visits(m); got["q/4"] != "expired late" {
			t.Errorf("after two hours and a half: %v", got)
		}
	})
}

// TestAMoveEastDuringACallOfARound: the next round opens when the member's new clock says so, once.
func TestAMoveEastDuringACallOfARound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.connected()
		m := w.member("ann", inZone("Europe/Berlin", byMail("ann@example.org"))).ID
		key := w.publish(campaign("days", "channels: [email]", rounds("        - {id: asks, call: {endpoint: placement, timeout: 3d}}\n        - {id: told, send: {text: {en: Day, ru: День}}}\n")))
		w.enroll(key, "ann")
		w.until(at("2026-11-24T14:00")) // round 1 opens
		w.member("ann", func(in *engine.MemberInput) { in.TimeZone = new("Asia/Tokyo") })
		second := []string{"asks/1 failed call_left 0", "asks/2 pending  0"}
		for _, moment := range []string{"2026-11-25T06:10", "2026-11-25T14:10"} { // 15:10 there; 15:10 in Berlin
			w.until(at(moment))
			if got := w.called(m); !slices.Equal(got, second) {
				t.Errorf("at %s: %q", moment, got)
			}
		}
		w.expectStands(key, m, "waiting asks time")
	})
}

// TestAMoveEastWhileAMessageOfARoundWaits: what has not left when the next round opens by the member's new clock does not leave any more.
func TestAMoveEastWhileAMessageOfARoundWaits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("ann", inZone("Europe/Berlin", byMail("ann@example.org"))).ID
		key := w.publish(campaign("days", "channels: [email]", rounds("        - {id: told, send: {text: {en: Day, ru: День}}}\n")))
		must(t, w.e.Trip(t.Context(), engine.Operator, "email"))
		w.enroll(key, "ann")
		w.until(at("2026-11-24T15:00"))
		w.member("ann", func(in *engine.MemberInput) { in.TimeZone = new("Asia/Tokyo") })
		w.until(at("2026-11-25T06:10"))
		must(t, w.e.Release(t.Context(), engine.Operator, "email"))
		w.settle()
		if got := w.visits(m); got["told/1"] != "canceled round_over" || got["told/2"] != "sent 2026-11-25T06:10" {
			t.Errorf("%v", got)
		}
	})
}
