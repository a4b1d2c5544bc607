package engine_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

const skipQuiet = `quiet_hours: {from: "22:00", to: "09:00", then: skip}`

// nextMorning expects that the message is held, and leaves when quiet hours end.
func (w *world) nextMorning(why, id string) {
	w.t.Helper()
	m := w.byExternalID(id)
	w.expectRows(m, "one email pending quiet_hours")
	w.until(at("2026-11-25T12:00"))
	if got := w.sentAt(m)["one"]; got != "2026-11-25T08:00" {
		w.t.Errorf("%s: left at %q: %v", why, got, w.rows(m))
	}
}

func (w *world) byExternalID(id string) campaigns.MemberID {
	w.t.Helper()
	m, err := w.store.MemberByExternalID(w.t.Context(), id)
	must(w.t, err)
	return m.ID
}

// TestSkipIsForWhatComesDueInQuietHours: what was due before them and comes late is held to their end: after an outage, after a pause, and at an audience's end.
func TestSkipIsForWhatComesDueInQuietHours(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("ann", byMail("ann@example.org"))
		w.enroll(w.publish(campaign("skips", skipQuiet, waits("w", `until: "21:00"`)+sends("one", "One"))), "ann")
		w.settle()
		w.clock.set(at("2026-11-24T21:30")) // 22:30 in Berlin
		w.settle()
		w.nextMorning("an outage", "ann")
	})
	each(t, func(t *testing.T, w *world) {
		w.member("ann", byMail("ann@example.org"))
		key := w.publish(campaign("skips", skipQuiet, waits("w", `until: "21:00"`)+sends("one", "One")))
		w.enroll(key, "ann")
		w.until(at("2026-11-24T19:50"))
		_, err := w.e.Pause(t.Context(), engine.Operator, key)
		must(t, err)
		w.until(at("2026-11-24T21:30"))
		_, err = w.e.Resume(t.Context(), engine.Operator, key)
		must(t, err)
		w.settle()
		w.nextMorning("a pause", "ann")
	})
	for _, entry := range []string{`schedule: {at: "2026-11-24 21:55", zone: community, audience: all}`, `schedule: {at: "2026-11-24 21:55", zone: member, audience: all}`} {
		each(t, func(t *testing.T, w *world) {
			w.member("ann", byMail("ann@example.org"))
			w.publish(campaign("cast", skipQuiet+"\nentry: {"+entry+"}", sends("one", "One")))
			w.settle()
			w.clock.set(at("2026-11-24T21:01")) // 22:01 in Berlin
			w.settle()
			w.nextMorning(entry, "ann")
		})
	}
}

// TestSkipWhereWorkComesLate: what came due in quiet hours is skipped also when it is handled after them, and waits for no next time; what was due before
// them, and waits for its next time, leaves then.
func TestSkipWhereWorkComesLate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, bob := w.member("ann", byMail("ann@example.org")).ID, w.member("bob", byMail("bob@example.org")).ID
		const late = "\nlate: {after: 30m, then: next_window}"
		w.enroll(w.publish(campaign("inside", skipQuiet+late, waits("w", `until: "23:00"`)+sends("one", "One")+sends("two", "Two"))), "ann")
		w.enroll(w.publish(campaign("before", skipQuiet+late, waits("w", `until: "21:00"`)+sends("one", "One"))), "bob")
		w.settle()
		w.clock.set(at("2026-11-24T21:30"))
		w.settle()
		w.expectRows(bob, "one email pending next_window")
		w.clock.set(at("2026-11-25T08:30")) // half past nine in Berlin
		w.settle()
		w.expectRows(ann, "one email expired quiet_skipped", "two email expired quiet_skipped")
		w.later(24 * time.Hour)
		if got := w.sentAt(bob)["one"]; got != "2026-11-25T20:00" {
			t.Errorf("what waited for its next time left at %q: %v", got, w.rows(bob))
		}
	})
}

// TestQuietHoursOfService: a service campaign holds the quiet hours that it declares, and the member's with them; one that declares none goes out.
func TestQuietHoursOfService(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.clock.set(at("2026-11-24T22:00")) // 23:00 in Berlin
		m := w.member("ann", func(in *engine.MemberInput) {
			byMail("ann@example.org")(in)
			in.QuietHours = &engine.QuietInput{From: "20:00", To: "10:00"}
		}).ID
		w.enroll(w.publish(campaign("asks", "purpose: service\nquiet_hours: {from: \"22:00\", to: \"09:00\"}", sends("holds", "One"))), "ann")
		w.enroll(w.publish(campaign("tells", "purpose: service", sends("urgent", "Two"))), "ann")
		w.settle()
		w.expectFates(m, map[campaigns.StepID]string{"holds": "pending quiet_hours 2026-11-25T09:00", "urgent": "sent"})
	})
}
