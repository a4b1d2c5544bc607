package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestLateAfterAnOutage: what came due while nothing ran is skipped, waits for its next time, or is sent, as the step says.
func TestLateAfterAnOutage(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	key := w.publish(campaign("late", "late: {after: 2h, then: skip}", `  - {id: w, wait: {until: "15:00"}}
  - {id: skipped, send: {text: {en: "One", ru: "Один"}}}
  - {id: next, send: {text: {en: "Two", ru: "Два"}, late: {after: 2h, then: next_window}}}
  - {id: sent, send: {text: {en: "Three", ru: "Три"}, late: {then: send}}}
`))
	m := w.member("ann", byMail("ann@example.org")).ID
	w.enroll(key, "ann")
	w.publish(campaign("cast", "entry: {schedule: {at: \"2026-11-24 15:00\", zone: community, audience: all}}\nlate: {after: 2h, then: skip}", sends("cast", "News")))
	w.settle()
	w.clock.set(at("2026-11-24T17:30")) // 18:30 in Berlin
	w.settle()
	ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 10})
	must(t, err)
	got := map[campaigns.StepID]string{}
	for _, d := range ds {
		got[d.Step] = string(d.State) + " " + string(d.Reason)
		if d.DueAt != nil && d.Step == "next" {
			got[d.Step] += " " + d.DueAt.Format("2006-01-02T15:04")
		}
	}
	if got["skipped"] != "expired late" || got["next"] != "pending next_window 2026-11-25T14:00" || got["cast"] != "expired late" {
		t.Errorf("after the outage: %v", got)
	}
	w.clock.set(at("2026-11-25T14:01"))
	w.settle()
	if sent := w.sentAt(m); sent["next"] != "2026-11-25T14:01" || sent["sent"] != "2026-11-25T14:01" {
		t.Errorf("a day later: %v", sent)
	}
}

// TestQuietHoursSkipAndSpread: a campaign may skip what comes due in its quiet hours, or let it leave at a moment of its own after them.
func TestQuietHoursSkipAndSpread(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.clock.set(at("2026-11-24T22:00"))
	m := w.member("ann", byMail("ann@example.org")).ID
	const quiet = `quiet_hours: {from: "22:00", to: "09:00", then: `
	w.enroll(w.publish(campaign("skips", quiet+"skip}", sends("skips", "One"))), "ann")
	w.enroll(w.publish(campaign("spreads", quiet+"spread, over: 2h}", sends("spreads", "Two"))), "ann")
	w.settle()
	ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 10})
	must(t, err)
	for _, d := range ds {
		switch got := string(d.State) + " " + string(d.Reason); {
		case d.Step == "skips" && got == "expired quiet_skipped":
		case d.Step == "spreads" && got == "pending quiet_hours" && d.DueAt.After(at("2026-11-25T08:00")) && d.DueAt.Before(at("2026-11-25T10:00")):
			w.clock.set(*d.DueAt)
		default:
			t.Errorf("%s: %s %v", d.Step, got, d.DueAt)
		}
	}
	w.settle()
	if sent := w.sentAt(m); len(sent) != 1 || sent["spreads"] == "" {
		t.Errorf("sent: %v", sent)
	}
}

// TestLateByTheMomentOfARecurringSchedule: each of its moments has its own hours, by the community's clock and by the member's.
func TestLateByTheMomentOfARecurringSchedule(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	m := w.member("ann", byMail("ann@example.org")).ID
	for _, zone := range []string{"community", "member"} {
		w.publish(campaign(zone, `entry: {schedule: {at: "2026-11-25 10:00", zone: `+zone+", audience: all, every: day}}\nlate: {after: 2h, then: skip}", sends(zone, "News")))
	}
	w.until(at("2026-11-25T09:30"))
	w.clock.set(at("2026-11-26T08:59"))
	w.settle()
	w.clock.set(at("2026-11-26T10:30")) // half past eleven in Berlin
	w.settle()
	w.clock.set(at("2026-11-27T13:30")) // too late
	w.settle()
	ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 20})
	must(t, err)
	got := map[campaigns.StepID][]string{}
	for _, d := range ds {
		got[d.Step] = append(got[d.Step], string(d.State))
	}
	for _, zone := range []campaigns.StepID{"community", "member"} {
		slices.Sort(got[zone])
		if want := []string{"expired", "sent", "sent"}; !slices.Equal(got[zone], want) {
			t.Errorf("%s: %v", zone, got[zone])
		}
	}
}

// TestLateSinceTheEvent: what an event begins, or was waited for, is as late as the event has lain there.
func TestLateSinceTheEvent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const late = "\nlate: {after: 1h, then: skip}"
		m := w.member("ann", byMail("ann@example.org")).ID
		w.publish(campaign("enters", "entry: {event: lesson.booked}"+late, sends("entered", "Hello there")))
		w.enroll(w.publish(campaign("waits", late, "  - {id: w, wait: {event: lesson.done, timeout: {after: 5d}}}\n"+sends("awaited", "Hello there"))), "ann")
		w.settle()
		w.event("lesson.booked", "ann") // stored, and nobody works
		w.event("lesson.done", "ann")
		w.clock.set(start.Add(9 * time.Hour))
		w.settle()
		w.expectFates(m, map[campaigns.StepID]string{"entered": "expired late", "awaited": "expired late"})
	})
}

// TestNextWindowOfAGap: a time that the clock jumped over comes again on the next day as it was written.
func TestNextWindowOfAGap(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.clock.set(at("2027-03-27T12:00"))
		m := w.member("ann", byMail("ann@example.org")).ID
		w.enroll(w.publish(campaign("gap", "late: {after: 30m, then: next_window}", waits("w", `until: "02:30"`)+sends("one", "One"))), "ann")
		w.settle()
		w.clock.set(at("2027-03-28T09:00"))
		w.settle()
		w.expectFates(m, map[campaigns.StepID]string{"one": "pending next_window 2027-03-29T00:30"})
	})
}

// TestNextWindowByHand: who is taken in by hand in a campaign with a schedule by members' own clocks has a time of their own, not that of the schedule.
func TestNextWindowByHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const src = "entry: {schedule: {at: \"2026-11-20 10:00\", zone: member, audience: {tag: vip}, every: day}}\nlate: {after: 2h, then: next_window}"
		m := w.member("ann", byMail("ann@example.org")).ID
		w.member("bob", func(in *engine.MemberInput) {
			byMail("bob@example.org")(in)
			in.Tags = &[]string{"vip"}
		})
		key := w.publish(campaign("daily", src, sends("one", "One")))
		w.until(at("2026-11-25T14:37"))
		w.enroll(key, "ann") // and nobody works until the next day, when the schedule's time has come
		w.clock.set(at("2026-11-26T10:30"))
		w.settle()
		w.expectFates(m, map[campaigns.StepID]string{"one": "pending next_window 2026-11-26T14:37"})
	})
}
