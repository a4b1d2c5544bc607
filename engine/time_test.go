package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// at is a moment in UTC; the tests begin on 2026-11-24T12:00.
func at(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// sentAt are the moments at which the member's steps were sent.
func (w *world) sentAt(m campaigns.MemberID) map[string]string {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	out := map[string]string{}
	for _, d := range ds {
		if d.State == campaigns.Sent && d.Kind == store.StepDelivery {
			out[string(d.Step)] = d.FinalAt.Format("2006-01-02T15:04")
		}
	}
	return out
}

func inZone(zone string, edit func(*engine.MemberInput)) func(*engine.MemberInput) {
	return func(in *engine.MemberInput) {
		edit(in)
		in.TimeZone = &zone
	}
}

// TestQuietHours hold a message to the window's end in the member's zone, never a reply to what the member just did, never service that declares none.
func TestQuietHours(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const night = "quiet_hours: {from: \"22:00\", to: \"09:00\"}"
		key := w.publish(campaign("quiet", night, sends("one", "One")))
		service := w.publish(campaign("bill", "purpose: service", sends("bill", "Bill")))
		w.clock.set(at("2026-11-24T22:30")) // 23:30 in Berlin, 01:30 in Moscow, 17:30 in New York
		want := map[string]string{"Europe/Berlin": "2026-11-25T08:00", "Europe/Moscow": "2026-11-25T06:00", "America/New_York": "2026-11-24T22:30"}
		ms := map[string]campaigns.MemberID{}
		for zone := range want {
			id := strings.ReplaceAll(zone, "/", "-")
			ms[zone] = w.member(id, inZone(zone, byMail(strings.ToLower(id)+"@example.org"))).ID
			w.enroll(key, id)
			w.enroll(service, id)
		}
		chat := w.chatMember("chat", 7, nil)
		w.say(7, "hello") // in the middle of their night, they write
		w.enroll(key, "chat")
		w.settle()
		if got := w.sentAt(chat)["one"]; got != "2026-11-24T22:30" {
			t.Errorf("to who just wrote: %s", got)
		}
		w.later(24 * time.Hour)
		for zone, moment := range want {
			if got := w.sentAt(ms[zone]); got["one"] != moment || got["bill"] != "2026-11-24T22:30" {
				t.Errorf("%s: %v, want %s", zone, got, moment)
			}
		}
	})
}

// TestExpiry: what cannot be sent within the step's limit is not sent later, and the enrollment goes on.
func TestExpiry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("late", `quiet_hours: {from: "22:00", to: "09:00"}`, "  - id: one\n    send: {text: "+both("One")+", expires: 2h}\n"+waits("w", `until: "10:00"`)+sends("two", "Two")))
		w.clock.set(at("2026-11-24T22:30"))
		w.enroll(key, "u1")
		w.later(24 * time.Hour)
		w.expectRows(m.ID, "one email expired too_late", "two email sent")
		w.expectStands(key, m.ID, "completed two")
	})
}

// TestExpiryWhileTheServerIsAway: a mail server that is away for two days loses nothing and blocks nobody: the message expires, and its row says why.
func TestExpiryWhileTheServerIsAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("away", "", "  - id: one\n    send: {text: "+both("One")+", expires: 1h}\n"+sends("two", "Two")))
		w.mail.Down()
		w.enroll(key, "u1")
		for range 8 {
			w.clock.set(w.clock.now().Add(10 * time.Minute))
			w.settle()
		}
		must(t, w.mail.Up())
		w.clock.set(w.clock.now().Add(time.Minute))
		w.settle()
		w.expectRows(m.ID, "one email expired no_connection", "two email sent")
	})
}

// TestWaitsFollowTheZone: local waits keep the member's clock over daylight saving, and over a move to another zone.
func TestWaitsFollowTheZone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("waits", "channels: [email]", waits("w", `for: 1d, until: "10:00"`)+sends("one", "One")))
		w.clock.set(at("2027-03-27T12:00")) // Berlin moves its clock in the night
		stays := w.member("stays", inZone("Europe/Berlin", byMail("stays@example.org")))
		moves := w.member("moves", inZone("Europe/Berlin", byMail("moves@example.org")))
		w.enroll(key, "stays", "moves")
		w.settle()
		w.member("moves", func(in *engine.MemberInput) { in.TimeZone = new("America/New_York") })
		w.later(72 * time.Hour)
		if got := w.sentAt(stays.ID)["one"]; got != "2027-03-29T08:00" {
			t.Errorf("over daylight saving: %s", got)
		}
		if got := w.sentAt(moves.ID)["one"]; got != "2027-03-28T14:00" { // a day after Saturday 08:00 in New York: Sunday 10:00
			t.Errorf("after the move: %s", got)
		}
	})
}

// TestPause: nothing is sent, no step starts; answers are stored; waits run on, ask timeouts stand still; resuming repeats and loses nothing.
func TestPause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		asked := w.chatMember("asked", 7, nil)
		waits3 := w.chatMember("waits", 8, nil)
		key := w.publish(campaign("paused", "", "  - id: by\n    branch:\n      - if: {tag: asked}\n        steps: [{id: q, ask: {type: text, text: "+both("q?")+", timeout: {after: 2h}}}]\n"+
			"      - else: [{id: w, wait: {for: 2h}}]\n"+sends("end", "End")))
		w.member("asked", func(in *engine.MemberInput) { in.Tags = &[]string{"asked"} })
		w.enroll(key, "asked", "waits")
		w.later(time.Hour)
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key))) // twice is once
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		if c, err := w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Paused {
			t.Fatalf("after publishing while paused: %v %v", c.State, err)
		}
		w.later(10 * time.Hour)
		w.expectStands(key, asked, "waiting q answer")
		w.expectStands(key, waits3, "waiting w time")
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		w.expectStands(key, waits3, "completed end")
		w.expectStands(key, asked, "waiting q answer")
		w.later(30 * time.Minute)
		w.expectStands(key, asked, "waiting q answer")
		w.later(40 * time.Minute)
		w.expectStands(key, asked, "completed end")
		w.expectRows(asked, "q telegram sent", "end telegram sent")
		w.expectRows(waits3, "end telegram sent")
	})
}

// TestPauseStopsBulk: a broadcast that is paused in the middle sends no more, and the rest exactly once after it.
func TestPauseStopsBulk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(60)
		key := w.publish(campaign("bulk", "channels: [email]", sends("one", "One")))
		w.enroll(key, ids...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		w.later(time.Hour)
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Fatalf("%d mails while paused", n)
		}
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.settle()
		if n, who := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); n != 60 || who != 60 {
			t.Errorf("%d mails to %d", n, who)
		}
		w.nothingLost()
	})
}

// TestEnd: everybody inside exits, what was pending is canceled; late enrollments are refused, and a new publication opens it again.
func TestEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(20)
		key := w.publish(campaign("ends", "channels: [email]", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")))
		w.enroll(key, ids[:10]...)
		w.settle()
		w.enroll(key, ids[10:]...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		must(t, second(w.e.End(t.Context(), engine.Operator, key)))
		must(t, second(w.e.End(t.Context(), engine.Operator, key)))
		w.later(3 * time.Hour)
		if n := w.mail.Mailbox().Total(); n != 10 {
			t.Errorf("%d mails", n)
		}
		if got := w.count(key, campaigns.EnrollmentExited); got != 20 {
			t.Errorf("%d exited", got)
		}
		if _, err := w.e.Enroll(t.Context(), engine.Operator, key, ids); err == nil {
			t.Error("an ended campaign takes members in")
		}
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		expectList(t, "enroll again", w.enroll(key, ids[0]), "reentry")
		w.nothingLost()
	})
}

// TestReentry: never, and after some time.
func TestReentry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		never := w.publish(campaign("never", "entry: {event: lesson.done, reentry: never}", sends("s", "Never")))
		after := w.publish(campaign("after", "entry: {event: lesson.done, reentry: after, after: 2h}", sends("s", "After")))
		for range 4 {
			w.event("lesson.done", "u1")
			w.later(time.Hour)
		}
		if n := w.runs(never, m.ID); n != 1 {
			t.Errorf("never: %d runs", n)
		}
		if n := w.runs(after, m.ID); n != 2 {
			t.Errorf("after: %d runs", n)
		}
	})
}

// TestVersions: members inside finish theirs; who comes later gets the new one.
func TestVersions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.member("old", byMail("old@example.org"))
		src := campaign("versions", "", waits("w", "for: 1h")+sends("one", "First words"))
		key := w.publish(src)
		w.enroll(key, "old")
		w.settle()
		must(t, second(w.e.PutDraft(t.Context(), engine.Operator, key, 0, engine.Draft{Source: strings.ReplaceAll(src, "First", "Other") + "  - set: {add_tags: [x]}\n", Format: definition.YAML})))
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		late := w.member("late", byMail("late@example.org"))
		w.enroll(key, "late")
		w.later(2 * time.Hour)
		for _, c := range []struct {
			m    *engine.MemberView
			to   string
			want string
		}{{old, "old@example.org", "First words"}, {late, "late@example.org", "Other words"}} {
			if got := w.mails(c.to); len(got) != 1 || !strings.Contains(got[0].Text(), c.want) {
				t.Errorf("%s: %d mails", c.to, len(got))
			}
		}
		v, err := w.e.Version(t.Context(), engine.Operator, key, 1)
		must(t, err)
		if v.Source != src {
			t.Error("the first version's bytes changed")
		}
	})
}

// TestLongText goes out in parts, in their order, each recorded before the next; the buttons are under the last.
func TestLongText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		var long strings.Builder
		for i := range 150 {
			fmt.Fprintf(&long, "Paragraph %03d %s\\n\\n", i, strings.Repeat("word ", 12))
		}
		key := w.publish(campaign("long", "", fmt.Sprintf("  - id: one\n    send: {text: {en: \"%s\", ru: \"%s\"}, buttons: [{text: %s, url: \"https://x.example\"}]}\n", long.String(), long.String(), both("Go"))+sends("two", "Two")))
		n := len(w.chat(7))
		w.enroll(key, "u1")
		w.settle()
		got := w.since(7, n)
		if len(got) != 4 || got[3] != "Two" || !strings.HasPrefix(got[0], "Paragraph 000") || !strings.Contains(got[2], "Paragraph 149") {
			t.Fatalf("%d messages", len(got))
		}
		chat := w.bot.Chat(7)[n:]
		if len(chat[0].Keyboard) != 0 || len(chat[2].Keyboard) != 1 {
			t.Error("the button is not under the last part")
		}
		w.expectRows(m, "one telegram sent", "one telegram sent", "one telegram sent", "two telegram sent")
	})
}

// crowd makes n members with mail and returns their external ids.
func (w *world) crowd(n int) []string {
	w.t.Helper()
	var ids []string
	var ins []engine.MemberInput
	for i := range n {
		id := fmt.Sprintf("m%04d", i)
		in := engine.MemberInput{ExternalID: id, FirstName: new("Name")}
		byMail(id + "@example.org")(&in)
		ids, ins = append(ids, id), append(ins, in)
	}
	rs, err := w.e.UpsertMembers(w.t.Context(), engine.Operator, ins)
	must(w.t, err)
	for _, r := range rs {
		must(w.t, r.Err)
	}
	return ids
}

func (w *world) count(key campaigns.Key, state campaigns.EnrollmentState) int {
	w.t.Helper()
	es, err := w.e.Enrollments(w.t.Context(), engine.Operator, key, state, store.Page{Limit: 100_000})
	must(w.t, err)
	return len(es)
}

func (w *world) runs(key campaigns.Key, m campaigns.MemberID) int {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	es, err := w.store.Enrollments(w.t.Context(), store.EnrollmentFilter{Campaign: c.ID, Member: m}, store.Page{})
	must(w.t, err)
	return len(es)
}
