package engine_test

import (
	"fmt"
	"regexp"
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

// untimed is a passage's record without the moment at which a wait began: microseconds lie between two of them.
func untimed(e *store.Enrollment) string { return moment.ReplaceAllString(string(e.Data), "") }

var moment = regexp.MustCompile(`"from":"[^"]*"`)

// TestEnteringDecided: who enters with the first decision made stands where those stand who enter first and are decided afterwards, and got the same.
func TestEnteringDecided(t *testing.T) {
	steps := `  - id: one
    branch:
      - {if: {attribute: level, at_least: 3}, steps: [{id: two, send: {text: ` + both("Good") + `}}]}
      - {else: [{id: three, wait: {for: 2d}}]}
` + sends("four", "News")
	each(t, func(t *testing.T, w *world) {
		var ids []string
		var ms []campaigns.MemberID
		for i := range 24 {
			id := fmt.Sprint("m", i)
			edit := func(in *engine.MemberInput) {
				if i%6 != 5 { // nowhere to send to
					byMail(id + "@example.org")(in)
				}
				in.Language = new([]string{"en", "ru"}[i%2])
				in.Attributes = map[string]any{"level": float64(i % 4)}
			}
			m := w.member(id, edit).ID
			if i%5 == 4 {
				must(t, w.e.Store.Write(t.Context(), func(tx *store.Tx) error {
					return second(tx.SetReach(t.Context(), m, campaigns.Email, "gone", w.clock.now(), w.clock.now()))
				}))
			}
			ids, ms = append(ids, id), append(ms, m)
		}
		byHand := w.publish(campaign("by-hand", "", steps))
		for some := range slices.Chunk(ids, 8) {
			must(t, second(w.e.Enroll(t.Context(), engine.Operator, byHand, some)))
		}
		scheduled := w.publish(campaign("scheduled", `entry: {schedule: {at: "2026-11-24T10:00", zone: community, audience: all}}`, steps))
		compare := func(when string) {
			t.Helper()
			w.settle()
			for i, m := range ms {
				if i%6 == 5 {
					continue // by hand they are refused, an audience takes them in and says so of their messages
				}
				a, b := w.enrollment(byHand, m), w.enrollment(scheduled, m)
				if a == nil || b == nil {
					t.Fatalf("%s, member %d: by hand %v, by schedule %v", when, i, a, b)
				}
				if a.State != b.State || a.Reason != b.Reason || a.Step != b.Step || a.Visit != b.Visit || a.WaitKind != b.WaitKind || untimed(a) != untimed(b) {
					t.Errorf("%s, member %d: by hand %s %s %s %s, by schedule %s %s %s %s", when, i, a.State, a.Reason, a.Step, a.Data, b.State, b.Reason, b.Step, b.Data)
				}
				var rows [2][]string
				for j, e := range []*store.Enrollment{a, b} {
					ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Enrollment: e.ID}, store.Page{})
					must(t, err)
					for _, d := range ds {
						rows[j] = append(rows[j], fmt.Sprint(d.Step, d.Visit, d.Channel, d.Lane, d.State, d.Reason, d.Code, d.Attempts))
					}
				}
				if !slices.Equal(rows[0], rows[1]) {
					t.Errorf("%s, member %d: by hand %q, by schedule %q", when, i, rows[0], rows[1])
				}
			}
		}
		compare("at once")
		w.later(72 * time.Hour)
		compare("three days later")
		w.nothingLost()
	})
}

// TestScheduleLetsInAgain those whose last run is over for long enough, and nobody else who was there before.
func TestScheduleLetsInAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(30)
		key := w.publish(campaign("again", "entry: {manual: true, reentry: after, after: 3d}", sends("one", "First")))
		must(t, second(w.e.Enroll(t.Context(), engine.Operator, key, ids[:10])))
		w.later(48 * time.Hour)
		must(t, second(w.e.Enroll(t.Context(), engine.Operator, key, ids[10:20])))
		w.later(30 * time.Hour)
		must(t, second(w.e.PutDraft(t.Context(), engine.Operator, key, 0, engine.Draft{
			Source: campaign("again", `entry: {schedule: {at: "2026-11-24T10:00", zone: community, audience: all}, reentry: after, after: 3d}`, sends("one", "Second")), Format: "yaml",
		})))
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		w.settle()
		for i, id := range ids {
			m, err := w.e.Member(t.Context(), engine.Operator, id)
			must(t, err)
			want := 1
			if i < 10 {
				want = 2
			}
			if n := w.runs(key, m.ID); n != want {
				t.Errorf("%s ran %d times, want %d", id, n, want)
			}
		}
		w.nothingLost()
	})
}
