package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// broadcast goes to an audience at a moment of the community's clock (Berlin), or of each member's.
func broadcast(key, at, zone, audience string) string {
	return campaign(key, fmt.Sprintf("entry: {schedule: {at: %q, zone: %s, audience: %s}}", at, zone, audience), sends("one", "News"))
}

// TestScheduleOpens at the community's moment, for the whole audience, however large, once.
func TestScheduleOpens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(1000)
		key := w.publish(broadcast("all", "2026-11-25T10:00", "community", "all"))
		c, err := w.e.Campaign(t.Context(), engine.Operator, key)
		must(t, err)
		if c.State != campaigns.Scheduled {
			t.Fatalf("before its time: %s", c.State)
		}
		w.until(at("2026-11-25T08:59"))
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Fatalf("%d mails too early", n)
		}
		w.until(at("2026-11-25T09:00"))
		if n, who := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); n != 1000 || who != 1000 {
			t.Errorf("%d mails to %d members", n, who)
		}
		if n := w.count(key, campaigns.EnrollmentCompleted); n != 1000 {
			t.Errorf("%d completed", n)
		}
		w.settle()
		if c, err = w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Finished {
			t.Errorf("when everybody is through: %s %v", c.State, err)
		}
		es, err := w.store.Events(t.Context(), store.EventFilter{Campaign: c.ID}, store.Page{Limit: 5000})
		must(t, err)
		if len(es) > 20 { // in bulk one event per chunk, never one per member
			t.Errorf("%d events for 1000 members", len(es))
		}
		w.nothingLost()
	})
}

// TestScheduleInTheMembersZone opens for each at their own clock, also when they move before it.
func TestScheduleInTheMembersZone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		want := map[string]string{"Pacific/Auckland": "2026-11-25T21:00", "Asia/Tokyo": "2026-11-26T01:00", "Europe/Berlin": "2026-11-26T09:00", "America/Los_Angeles": "2026-11-26T18:00"}
		ms := map[string]campaigns.MemberID{}
		for zone := range want {
			id := zone[len(zone)-5:]
			ms[zone] = w.member(id, inZone(zone, byMail(id+"@example.org"))).ID
		}
		mover := w.member("mover", inZone("Asia/Tokyo", byMail("mover@example.org")))
		w.publish(broadcast("local", "2026-11-26T10:00", "member", "all"))
		w.until(at("2026-11-25T20:00"))
		w.member("mover", func(in *engine.MemberInput) { in.TimeZone = new("Europe/Berlin") })
		w.until(at("2026-11-27T12:00"))
		for zone, moment := range want {
			if got := w.sentAt(ms[zone])["one"]; got != moment {
				t.Errorf("%s: sent at %s, want %s", zone, got, moment)
			}
		}
		if got := w.sentAt(mover.ID)["one"]; got != "2026-11-26T09:00" {
			t.Errorf("who moved to Berlin: sent at %s", got)
		}
	})
}

// TestAudiences: tag, language, channel, attribute, and who is left out.
func TestAudiences(t *testing.T) {
	audiences := map[string][]string{
		"{tag: vip}":                                   {"vip"},
		"{language: ru}":                               {"russian"},
		"{channel: telegram}":                          {"chat"},
		"{attribute: level, at_least: 3}":              {"good"},
		"{not: {attribute: level, exists: true}}":      {"chat", "russian", "vip"},
		"{any: [{tag: VIP}, {language: ru}]}":          {"russian", "vip"},
		"{all: [{tag: vip}, {language: ru}]}":          nil,
		"{all: [{channel: email}, {not: {tag: vip}}]}": {"good", "russian"},
	}
	each(t, func(t *testing.T, w *world) {
		ms := map[campaigns.MemberID]string{w.chatMember("chat", 7, nil): "chat"}
		for id, edit := range map[string]func(*engine.MemberInput){
			"vip":     func(in *engine.MemberInput) { in.Tags = &[]string{"vip"} },
			"russian": func(in *engine.MemberInput) { in.Language = new("ru") },
			"good":    func(in *engine.MemberInput) { in.Attributes = map[string]any{"level": 3.0} },
			"erased":  func(in *engine.MemberInput) { in.Tags, in.Language = &[]string{"vip"}, new("ru") },
		} {
			m := w.member(id, func(in *engine.MemberInput) { byMail(id + "@example.org")(in); edit(in) })
			ms[m.ID] = id
		}
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "erased"))
		n := 0
		for audience, want := range audiences {
			n++
			key := w.publish(broadcast(fmt.Sprint("some-", n), "2026-11-24T10:00", "community", audience)) // its time has passed: at once
			w.settle()
			es, err := w.e.Enrollments(t.Context(), engine.Operator, key, "", store.Page{})
			must(t, err)
			var got []string
			for _, e := range es {
				got = append(got, ms[e.Member])
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: enrolled %v, want %v", audience, got, want)
			}
		}
	})
}

// TestScheduleWithdrawn: a version without the schedule ends it; a paused one waits.
func TestScheduleWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.crowd(5)
		gone := w.publish(broadcast("gone", "2026-11-25T10:00", "community", "all"))
		must(t, second(w.e.PutDraft(t.Context(), engine.Operator, gone, 0, engine.Draft{Source: campaign("gone", "", sends("one", "By hand")), Format: "yaml"})))
		must(t, second(w.e.Publish(t.Context(), engine.Operator, gone)))
		paused := w.publish(broadcast("paused", "2026-11-25T10:00", "community", "all"))
		must(t, second(w.e.Pause(t.Context(), engine.Operator, paused)))
		w.later(48 * time.Hour)
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Fatalf("%d mails", n)
		}
		must(t, second(w.e.Resume(t.Context(), engine.Operator, paused)))
		w.settle()
		if n := w.mail.Mailbox().Total(); n != 5 {
			t.Errorf("%d mails after resuming", n)
		}
	})
}
