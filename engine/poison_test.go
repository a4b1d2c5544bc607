package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// spoil makes a member's passage unreadable and returns how to mend it.
func (w *world) spoil(key campaigns.Key, m campaigns.MemberID) (mend func()) {
	w.t.Helper()
	put := func(data []byte) []byte {
		var old []byte
		must(w.t, w.store.Write(w.t.Context(), func(tx *store.Tx) error {
			row, err := tx.LockEnrollment(w.t.Context(), w.enrollment(key, m).ID)
			if err != nil {
				return err
			}
			old, row.Data = row.Data, data
			return tx.SaveEnrollments(w.t.Context(), []*store.Enrollment{row})
		}))
		return old
	}
	was := put([]byte(`{"visits": "no map"}`))
	return func() { put(was) }
}

// newerVersion publishes what a newer binary wrote: this one cannot read it.
func (w *world) newerVersion(key campaigns.Key) {
	w.t.Helper()
	w.insertVersion(key, "key: x\nteleports: [moon]\n")
}

// insertVersion writes a version that another binary published, as it is.
func (w *world) insertVersion(key campaigns.Key, source string) {
	w.t.Helper()
	c, err := w.store.CampaignByKey(w.t.Context(), key)
	must(w.t, err)
	must(w.t, w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		return tx.InsertVersion(w.t.Context(), &store.Version{Campaign: c.ID, Number: c.LiveVersion + 1, Source: source, Format: "yaml", SHA256: "x", PublishedAt: w.clock.now(), PublishedBy: "tomorrow"})
	}))
}

// dead lists the dead letters; the inputs that fail are tried until they are.
func (w *world) dead() []*engine.DeadLetter {
	w.t.Helper()
	for range 12 {
		actors, err := w.e.SweepActors(w.t.Context(), -time.Hour, 1000)
		must(w.t, err)
		for _, a := range actors {
			_ = w.e.HandleActor(w.t.Context(), a) // what fails is counted on its row
		}
	}
	letters, err := w.e.DeadLetters(w.t.Context(), engine.Operator, store.Page{})
	must(w.t, err)
	return letters
}

// TestOneTextOfManyCannotBeMade: a text that cannot be made into a message for one member fails for that one; the others get theirs at once, and the
// one gets it when the cause is gone and a person lets it go, once, although the campaign has come to its end.
func TestOneTextOfManyCannotBeMade(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		long := strings.Repeat("word ", 1000)
		var all []campaigns.MemberID
		for i := range 30 {
			all = append(all, w.chatMember(fmt.Sprint("u", i), int64(100+i), nil))
		}
		w.member("u7", func(in *engine.MemberInput) { in.Attributes = map[string]any{"x": "all"} })
		key := w.publish(campaign("all", "entry: {schedule: {at: \"2026-11-24T14:00\", zone: community, audience: all}}", sends("one", long+"{% if member.attributes.x == 'all' %}"+strings.Repeat("more ", 2000)+"{% endif %}")))
		w.later(2 * time.Hour)
		whole := func(chat int64) int { return strings.Count(strings.Join(w.chat(chat), " "), "word word") }
		for i := range 30 {
			if got := whole(int64(100 + i)); (i == 7) != (got == 0) {
				t.Fatalf("member %d has %d of it", i, got)
			}
		}
		w.expectRows(all[7], "one telegram failed render_failed")
		if c, err := w.e.Campaign(t.Context(), engine.Operator, key); err != nil || c.State != campaigns.Finished {
			t.Fatalf("the campaign: %v %v", c, err)
		}
		kind := engine.FailedKind{Campaign: key, Step: "one", Channel: campaigns.Telegram, Reason: campaigns.RenderFailed}
		if sum, err := w.e.SendAgain(t.Context(), engine.Operator, kind); err != nil || sum != (engine.SentAgain{Still: 1}) {
			t.Fatalf("before it is mended: %+v %v", sum, err)
		}
		w.member("u7", func(in *engine.MemberInput) { in.Attributes = map[string]any{"x": "some"} })
		if sum, err := w.e.SendAgain(t.Context(), engine.Operator, kind); err != nil || sum != (engine.SentAgain{N: 1}) {
			t.Fatalf("afterwards: %+v %v", sum, err)
		}
		if _, err := w.e.SendAgain(t.Context(), engine.Operator, kind); err == nil {
			t.Error("it may be sent a third time")
		}
		w.later(time.Hour)
		w.expectRows(all[7], "one telegram sent", "one telegram sent")
		if got := whole(107); got != whole(106) {
			t.Errorf("the member has %d parts, the others %d", got, whole(106))
		}
		w.nothingLost()
	})
}

// TestSentAgainAsksTheGates: a member who left since gets nothing of what is sent again, nor does one within their quiet hours yet; and a question is not
// asked again.
func TestSentAgainAsksTheGates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.Senders[campaigns.Email] = &poisonSender{w.e.Senders[campaigns.Email], poisonConn{at: "bela@example.org"}}
		leaves, stays := w.member("u1", byMail("bela@example.org")), w.member("u2", byMail("carl@example.org"))
		key := w.publish(campaign("c", "quiet_hours: {from: \"22:00\", to: \"09:00\"}", sends("one", "One")+asks("q", "text", ", timeout: {after: 30d}")+sends("two", "Two")))
		w.enroll(key, "u1", "u2")
		w.settle()
		w.expectRows(leaves.ID, "one email failed stumbled", "q email failed stumbled", "two email failed stumbled")
		again := func(step campaigns.StepID) error {
			_, err := w.e.SendAgain(t.Context(), engine.Operator, engine.FailedKind{Campaign: key, Step: step, Channel: campaigns.Email, Reason: campaigns.Stumbled})
			return err
		}
		if err := again("q"); err == nil {
			t.Error("a question is asked again")
		}
		w.e.Senders[campaigns.Email].(*poisonSender).conn.at = "nobody@example.org"
		w.until(at("2026-11-24T22:30"))
		must(t, again("one"))
		w.settle()
		w.expectRows(leaves.ID, "one email pending quiet_hours", "q email failed stumbled", "two email failed stumbled")
		w.until(at("2026-11-25T08:30"))
		w.expectRows(leaves.ID, "one email sent", "q email failed stumbled", "two email failed stumbled")
		w.member("u1", func(in *engine.MemberInput) {
			in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Source: "form", Given: new(false)}}
		})
		must(t, again("two"))
		w.later(time.Hour)
		w.expectRows(leaves.ID, "one email sent", "q email failed stumbled", "two email suppressed no_consent")
		if n := len(w.mails("carl@example.org")); n != 2 {
			t.Errorf("the other one has %d mails", n)
		}
		w.expectStands(key, stays.ID, "waiting q answer")
	})
}

// TestPoisonedUpdate: an update over which handling fails dies after some tries. Others, and what its own member writes later, are answered meanwhile or
// after; once its cause is gone it is handled, once.
func TestPoisonedUpdate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bad, good := w.chatMember("u1", 7, nil), w.chatMember("u2", 8, nil)
		key := w.publish(campaign("q", "", asks("q", "text", "")+sends("thanks", "Thanks")))
		w.enroll(key, "u1", "u2")
		w.settle()
		mend := w.spoil(key, bad)
		for _, chat := range []int64{7, 8} {
			_, err := w.bot.Say(chat, "my answer")
			must(t, err)
		}
		w.receive()
		letters := w.dead()
		if len(letters) != 1 || letters[0].Tries != 5 || letters[0].Actor != "telegram:7" || strings.Contains(letters[0].Error, "my answer") || engine.WhyDead(letters[0]) != engine.DeadRefused {
			t.Fatalf("dead letters: %+v", letters)
		}
		w.settle()
		w.expectStands(key, good, "completed thanks")
		w.say(7, "/help")
		w.expectLast(7, "/start")
		mend()
		if n, err := w.e.RetryDeadLetters(t.Context(), engine.Operator, "telegram"); err != nil || n != 1 {
			t.Fatalf("tried again: %d %v", n, err)
		}
		w.settle()
		w.expectStands(key, bad, "completed thanks")
		if got := w.answersOf(bad)["q"].Text; got != "my answer" {
			t.Errorf("answered %q", got)
		}
		if left := w.dead(); len(left) != 0 {
			t.Errorf("left: %+v", left)
		}
	})
}

// TestUnreadablePassage: one passage that cannot be read stops neither what a platform reports of its member, nor their other campaigns, nor their wish
// to hear nothing more, nor their erasure.
func TestUnreadablePassage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		other := w.chatMember("u2", 8, nil)
		key := w.publish(campaign("q", "exit: [{event: member.left}]", asks("q", "text", "")))
		starts := w.publish(campaign("starts", "entry: {event: lesson.done}", sends("one", "One")))
		w.enroll(key, "u1", "u2")
		w.settle()
		w.spoil(key, m)
		w.event("lesson.done", "u1")
		w.event("member.left", "u2")
		w.settle()
		w.expectStands(starts, m, "completed one")
		w.expectStands(key, other, "exited q left")
		w.say(7, "/stop")
		if w.profile(m).StoppedAt == nil {
			t.Error("the member's stop is not heard")
		}
		w.expectStands(key, m, "exited q unsubscribed")
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		if w.profile(m).State != members.Erased {
			t.Error("the member is not erased")
		}
		if left := w.dead(); len(left) != 0 {
			t.Errorf("dead letters: %+v", left[0])
		}
	})
}

// TestUnreadableVersion: a version that this binary cannot read takes nobody in and sends nothing; what is due in it rests together, with one event;
// everything else goes on, and its campaign can be ended.
func TestUnreadableVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(20)
		bad := w.publish(campaign("bad", "entry: {event: lesson.done}", waits("w", "for: 1h")+sends("one", "One")))
		good := w.publish(campaign("good", "entry: {event: lesson.done}", waits("w", "for: 1h")+sends("one", "One")))
		w.newerVersion(bad)
		c, err := w.store.CampaignByKey(t.Context(), bad)
		must(t, err)
		var rows []*store.Enrollment
		for i, id := range ids {
			w.event("lesson.done", id)
			m, err := w.store.MemberByExternalID(t.Context(), id)
			must(t, err)
			due := start.Add(time.Minute)
			rows = append(rows, &store.Enrollment{Campaign: c.ID, Version: 1 + i%2, Member: m.ID, RunKey: "x", Source: "api", State: campaigns.EnrollmentActive, DueAt: &due, Data: []byte(`{}`), EnteredAt: start, UpdatedAt: start})
		}
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertEnrollments(t.Context(), rows)
			return err
		}))
		w.settle()
		w.later(75 * time.Minute)
		if n := w.count(good, campaigns.EnrollmentCompleted); n != 20 {
			t.Errorf("%d of 20 went on in the other campaign", n)
		}
		if n := w.count(bad, campaigns.EnrollmentCompleted); n != 10 {
			t.Errorf("%d of 10 went on in the version that can be read", n)
		}
		stuck, err := w.store.Events(t.Context(), store.EventFilter{Campaign: c.ID}, store.Page{Limit: 1000})
		must(t, err)
		n := 0
		for _, ev := range stuck {
			if strings.HasSuffix(ev.Name, ".stuck") {
				n++
			}
		}
		if n == 0 || n > 10 {
			t.Errorf("%d events say that something is stuck, for an hour and a quarter", n)
		}
		if left := w.dead(); len(left) != 0 {
			t.Errorf("dead letters: %+v", left[0])
		}
		must(t, second(w.e.End(t.Context(), engine.Operator, bad)))
		w.settle()
		if n := w.count(bad, campaigns.EnrollmentExited); n != 10 {
			t.Errorf("%d of 10 left at the end", n)
		}
	})
}

// TestOlderVersion: what the language refuses only since a version was published stops nobody in it, nor does it in a saved segment.
func TestOlderVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	m := w.chatMember("u1", 7, nil)
	p := w.profile(m)
	p.Attributes = map[string]any{"formality": "Вы"}
	key := w.publish(campaign("old", "", waits("w", "for: 1h")))
	old := campaign("old", "", `  - branch:
      - {if: {attribute: formality, is: "вы"}, steps: [{send: {text: {en: Formal, ru: Formal}}}]}
  - set: {attributes: {formality: Вы}}
`+asks("q", "choice", `, options: [{value: a, text: {en: "Yes, {{ member.first_name }}", ru: "Да, {{ member.first_name }}"}}, {value: b, text: {en: B, ru: B}}]`))
	w.insertVersion(key, old)
	segment := &store.Segment{Key: "polite", Name: "P", Source: "key: polite\nname: P\nwho: {attribute: formality, is: \"вы\"}\n", Format: "yaml", Rev: 1, CreatedAt: start, UpdatedAt: start}
	c, err := w.store.CampaignByKey(t.Context(), key)
	must(t, err)
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.UpdateMember(t.Context(), &p.Member); err != nil {
			return err
		}
		if err := tx.InsertSegment(t.Context(), segment); err != nil {
			return err
		}
		_, err := tx.InsertEnrollments(t.Context(), []*store.Enrollment{{Campaign: c.ID, Version: 2, Member: m, RunKey: "x", Source: "api", State: campaigns.EnrollmentActive, DueAt: &start, Data: []byte(`{}`), EnteredAt: start, UpdatedAt: start}})
		return err
	}))
	w.settle()
	if chat := w.bot.Chat(7); len(chat) < 2 || chat[len(chat)-2].Text != "Formal" || chat[len(chat)-1].Text != "q?" {
		t.Errorf("reads %v", chat)
	}
	if ms, err := w.e.SampleSegment(t.Context(), engine.Operator, "polite", 5); err != nil || len(ms) != 1 {
		t.Errorf("the segment holds %d: %v", len(ms), err)
	}
	if _, err := w.e.CheckDefinition(t.Context(), engine.Operator, engine.Draft{Source: old, Format: definition.YAML}, false); len(fault.Details(err, "en")) != 4 {
		t.Errorf("as a draft: %v", fault.Details(err, "en"))
	}
}
