package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// republish replaces the draft and publishes it.
func (w *world) republish(src string, how engine.Publishing) error {
	w.t.Helper()
	key := campaigns.Key(strings.TrimPrefix(src[:strings.Index(src, "\n")], "key: "))
	_, err := w.e.PutDraft(w.t.Context(), engine.Operator, key, 0, engine.Draft{Source: src, Format: definition.YAML})
	must(w.t, detailed(err))
	_, err = w.e.PublishAs(w.t.Context(), engine.Operator, key, how)
	return err
}

var moving = engine.Publishing{Inside: engine.InsideMoves}

// TestInsideMoves: who waits goes on at the step of the same id, by its new rule and words; what they had does not come again.
func TestInsideMoves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		steps := func(wait, b string) string {
			return campaign("c", "channels: [telegram]", sends("a", "A")+waits("w", wait)+sends("b", b)+asks("q", "choice", twoOptions)+sends("z", "Z"))
		}
		key := w.publish(steps("for: 48h", "B"))
		for i := range 3 {
			w.chatMember(fmt.Sprint("m", i), int64(7+i), nil)
		}
		w.enroll(key, "m0", "m1", "m2")
		w.settle()
		must(t, w.republish(steps("for: 72h", "B2"), moving))
		w.later(49 * time.Hour)
		if got := w.chat(7)[1:]; !slices.Equal(got, []string{"A"}) {
			t.Errorf("the wait is not the new one: %q", got)
		}
		w.later(24 * time.Hour)
		if got := w.chat(7)[1:]; !slices.Equal(got, []string{"A", "B2", "q?"}) {
			t.Errorf("%q", got)
		}
		// The question is open: it stays so, with a step before it that nobody here gets, and the button pressed is the old message's.
		must(t, w.republish(strings.Replace(steps("for: 1h", "B3"), "  - id: w\n", "  - id: n\n    send: {text: {en: N, ru: N}}\n  - id: w\n", 1), moving))
		w.settle()
		w.click(7, "Pear")
		if got := w.chat(7)[1:]; !slices.Equal(got, []string{"A", "B2", "q?", "Z"}) {
			t.Errorf("%q", got)
		}
		row := w.enrollment(key, w.byChat(7))
		if row.Version != 3 || row.State != campaigns.EnrollmentCompleted {
			t.Errorf("version %d, %s", row.Version, row.State)
		}
		w.later(2 * time.Minute)
		due, err := w.store.DueMoves(t.Context(), w.clock.now().Add(time.Hour))
		must(t, err)
		if len(due) > 0 {
			t.Errorf("%d moves are never done", len(due))
		}
		w.nothingLost()
	})
}

// TestInsideNeedsAPlace: a step that is gone is named, with how many stand there, until somebody says where they go on.
func TestInsideNeedsAPlace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("c", "channels: [email]", waits("w", "for: 48h")+sends("b", "B")))
		w.enroll(key, w.crowd(5)...)
		w.settle()
		next := campaign("c", "channels: [email]", sends("x", "X")+sends("y", "Y")+"  - id: r\n    repeat: {times: 2, at: \"10:00\", steps: [{id: i, send: {text: {en: I, ru: I}}}]}\n")
		err := w.republish(next, moving)
		details := fault.Details(err, "en")
		if !fault.Is(err, fault.Conflict) || len(details) != 1 || details[0].Code != "no_place" || !strings.Contains(details[0].Message, "5 members") {
			t.Fatalf("%v: %+v", err, details)
		}
		for _, c := range []struct {
			from, to campaigns.StepID
			code     string
		}{{"nowhere", "x", "move_unknown_step"}, {"w", "nowhere", "move_to_unknown_step"}, {"w", "i", "move_into_repeat"}} {
			err := w.republish(next, engine.Publishing{Inside: engine.InsideMoves, Moves: map[campaigns.StepID]campaigns.StepID{c.from: c.to}})
			if details := fault.Details(err, "en"); !fault.Is(err, fault.Invalid) || len(details) != 1 || details[0].Code != c.code {
				t.Errorf("%s → %s: %v %+v", c.from, c.to, err, details)
			}
		}
		if err := w.republish(next, engine.Publishing{Moves: map[campaigns.StepID]campaigns.StepID{"w": "y"}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("moves of members who stay: %v", err)
		}
		pub, err := w.e.Publication(t.Context(), engine.Operator, key)
		must(t, err)
		if len(pub.Inside) != 1 || pub.Inside[0].Place != nil || pub.Inside[0].N != 5 || pub.Inside[0].Step != "w" || pub.Texts {
			t.Errorf("%+v", pub.Inside)
		}
		must(t, w.republish(next, engine.Publishing{Inside: engine.InsideMoves, Moves: map[campaigns.StepID]campaigns.StepID{"w": "y"}}))
		w.settle()
		if mails := w.mails("m0003@example.org"); len(mails) != 1 {
			t.Errorf("%d mails", len(mails))
		}
		w.nothingLost()
	})
}

// TestInsideEnds: those inside leave, and nothing that had not begun is sent to them; who comes later gets the new version.
func TestInsideEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(30)
		key := w.publish(campaign("c", "channels: [email]", sends("a", "A")))
		w.enroll(key, ids[:20]...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second) // the messages are written
		must(t, err)
		must(t, w.republish(campaign("c", "channels: [email]", sends("a", "A2")), engine.Publishing{Inside: engine.InsideEnds}))
		_, err = w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.settle()
		w.enroll(key, ids[20:]...)
		w.settle()
		if n := w.mail.Mailbox().Total(); n != 10 {
			t.Errorf("%d mails", n)
		}
		m, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: ids[0]})
		must(t, err)
		if row := w.enrollment(key, m.ID); row.State != campaigns.EnrollmentExited || row.Reason != campaigns.ExitMoved {
			t.Errorf("%s %s", row.State, row.Reason)
		}
		w.nothingLost()
	})
}

// TestTextsAreCorrected: where only texts changed, those inside get the new ones, also in a message that waits to be sent; those of an older version of
// another shape do not.
func TestTextsAreCorrected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(40)
		shape := func(text string) string {
			return campaign("c", "channels: [email]", sends("a", text)+waits("w", "for: 1h")+sends("b", text))
		}
		key := w.publish(campaign("c", "channels: [email]", waits("w", "for: 1h")+sends("old", "Old")))
		w.enroll(key, ids[0])
		w.settle()
		must(t, w.republish(shape("One"), engine.Publishing{}))
		w.enroll(key, ids[1:]...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second) // the messages are written, and under a chunk
		must(t, err)
		must(t, w.republish(shape("Two"), engine.Publishing{}))
		w.settle()
		w.later(2 * time.Hour)
		got := map[string]int{}
		for _, id := range ids {
			for _, m := range w.mails(id + "@example.org") {
				for _, word := range []string{"One", "Two", "Old"} {
					if strings.Contains(m.Text(), word) {
						got[word]++
					}
				}
			}
		}
		if got["One"] != 0 || got["Two"] != 2*39 || got["Old"] != 1 {
			t.Errorf("%v", got)
		}
		w.nothingLost()
	})
}

// TestMovedWhileTheyAnswer: two processes, lost wake-ups, members who start and answer, pauses, and one publication after the other that moves those inside:
// every message once, every answer once, and everybody comes to the end.
func TestMovedWhileTheyAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := crowdSize(40)
		version := func(i int) string {
			more := ""
			for k := range i {
				more += fmt.Sprintf("  - set: {add_tags: [t%d]}\n", k)
			}
			return campaign("talk", "channels: [telegram]\nentry: {event: member.joined}", sends("hi", "Hi")+more+asks("fruit", "choice", twoOptions)+sends("bye", fmt.Sprint("Bye ", i)))
		}
		key := w.publish(version(0))
		for i := range n {
			w.bot.Start(sandbox.BotUser{ID: int64(1000 + i), FirstName: "Name", LanguageCode: "en"}, "")
		}
		w.clock.run()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var workers, members sync.WaitGroup
		w.work(ctx, &workers)
		for i := range n {
			members.Go(func() {
				time.Sleep(time.Duration(i) * 30 * time.Millisecond)
				w.answers(ctx, int64(1000+i), i%2)
			})
		}
		for i := range 4 {
			<-time.After(200 * time.Millisecond)
			must(t, w.republish(version(i+1), moving))
			if i%2 == 0 {
				_, err := w.e.Pause(ctx, engine.Operator, key)
				must(t, err)
				<-time.After(100 * time.Millisecond)
				_, err = w.e.Resume(ctx, engine.Operator, key)
				must(t, err)
			}
		}
		members.Wait()
		for i := range n {
			must(t, w.bot.WaitFor(ctx, int64(1000+i), func(ms []sandbox.BotMessage) bool { return len(ms) >= 4 }))
		}
		w.rests(ctx)
		stop()
		workers.Wait()
		for i := range n {
			// The greeting is no step's message, and may come beside the first of them.
			all := w.chat(int64(1000 + i))
			texts := slices.DeleteFunc(slices.Clone(all), func(text string) bool { return strings.HasPrefix(text, "Hello Name!") })
			if len(all) != 4 || len(texts) != 3 || texts[0] != "Hi" || !strings.HasPrefix(texts[1], "fruit?") || !strings.HasPrefix(texts[2], "Bye") {
				t.Errorf("%q", all)
			}
		}
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID, State: campaigns.EnrollmentCompleted}, store.Page{Limit: 1000})
		must(t, err)
		if len(es) != n {
			t.Errorf("%d of %d came to the end", len(es), n)
		}
		w.nothingLost()
	})
}
