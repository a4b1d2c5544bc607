package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

var silence = campaign("silence", "", asks("level", "choices", twoOptions+", timeout: {after: 3d}, escalate: {after: 2d}")+sends("thanks", "Thank you"))

// ticked reports whether the chat's question shows the option as chosen.
func (w *world) ticked(user int64, option string) bool {
	w.t.Helper()
	return slices.ContainsFunc(slices.Concat(w.lastKeyboard(user)...), func(b sandbox.BotButton) bool { return b.Text == "✓ "+option })
}

// TestSilence: a question that nobody answers goes by mail too, once; an answer by either closes both, and the chat shows one that came by the page. Who has
// begun to answer, or has no mailbox, gets no second message; the reason is kept.
func TestSilence(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.chatMember("ann", 1, andMail("ann@example.org"))
		bob := w.chatMember("bob", 2, andMail("bob@example.org"))
		cat := w.chatMember("cat", 3, andMail("cat@example.org"))
		dan := w.chatMember("dan", 4, nil)
		key := w.publish(silence)
		w.enroll(key, "ann", "bob", "cat", "dan")
		w.later(time.Hour)
		w.click(3, "Pear")
		w.later(48 * time.Hour)
		w.expectRows(ann, "level telegram sent", "level email sent")
		w.expectRows(bob, "level telegram sent", "level email sent")
		w.expectRows(cat, "level telegram sent")
		w.expectRows(dan, "level telegram sent")
		for m, want := range map[campaigns.MemberID]string{ann: "question.escalated", cat: "question.not_escalated answer_begun", dan: "question.not_escalated no_address"} {
			if got := w.events(m); !slices.Contains(got, want) {
				t.Errorf("events %v, want %s", got, want)
			}
		}
		w.fill(w.surveyToken(w.mails("ann@example.org")[0]), []string{"b"}, "")
		w.settle()
		if !w.ticked(1, "Pear") || w.ticked(1, "Apple") {
			t.Errorf("the chat does not show the page's answer: %v", w.lastKeyboard(1))
		}
		w.click(2, "Apple")
		w.click(2, "Done")
		w.click(1, "Apple") // changes the value, never the way
		w.click(1, "Done")
		w.later(48 * time.Hour)
		for m, want := range map[campaigns.MemberID]string{ann: "a b", bob: "a", cat: "", dan: ""} {
			if got := plain(w.answersOf(m)["level"]); got != want {
				t.Errorf("answered %q, want %q", got, want)
			}
			w.expectStands(key, m, "completed thanks")
			if n := len(w.rows(m)); n != map[campaigns.MemberID]int{ann: 3, bob: 3, cat: 2, dan: 2}[m] {
				t.Errorf("%v", w.rows(m))
			}
		}
		if n := len(w.mails("ann@example.org")) + len(w.mails("bob@example.org")) + len(w.mails("cat@example.org")); n != 2 {
			t.Errorf("%d mails", n)
		}
		w.nothingLost()
	})
}

// TestPageAnswersBeforeTheOutcome: the chat shows what was answered behind the mail also where nobody has noted yet that the mail left.
func TestPageAnswersBeforeTheOutcome(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ann := w.chatMember("ann", 1, andMail("ann@example.org"))
	w.clock.set(w.clock.now().Add(time.Hour))
	key := w.publish(silence)
	w.enroll(key, "ann")
	w.settle()
	w.clock.set(w.clock.now().Add(48 * time.Hour))
	_, err := w.e.AdvanceDue(t.Context(), time.Second)
	must(t, err)
	_, err = w.e.SendLane(t.Context(), campaigns.Bulk, campaigns.Email, time.Second)
	must(t, err)
	w.expectStands(key, ann, "waiting level delivery")
	w.fill(w.surveyToken(w.mails("ann@example.org")[0]), []string{"b"}, "")
	w.settle()
	if !w.ticked(1, "Pear") {
		t.Errorf("the chat does not show the page's answer: %v", w.lastKeyboard(1))
	}
}

// TestSecondMessageHeldUp: while the mail of a question cannot leave, the question takes answers in the chat and its time runs on; then the mail is canceled.
func TestSecondMessageHeldUp(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	ann := w.chatMember("ann", 1, andMail("ann@example.org"))
	bob := w.chatMember("bob", 2, andMail("bob@example.org"))
	key := w.publish(campaign("silence", "", asks("level", "choice", twoOptions+", timeout: {after: 3d}, escalate: {after: 2d}")+sends("thanks", "Thank you")))
	w.enroll(key, "ann", "bob")
	w.settle()
	must(t, w.e.Trip(t.Context(), engine.Operator, "email"))
	w.later(49 * time.Hour)
	w.say(1, "Pear") // words that answer it as it stands
	w.settle()
	w.expectRows(ann, "level telegram sent", "level email canceled already_answered", "thanks telegram sent")
	w.expectRows(bob, "level telegram sent", "level email pending")
	w.later(24 * time.Hour)
	w.expectRows(bob, "level telegram sent", "level email canceled question_closed", "thanks telegram sent")
	w.nothingLost()
}

// TestSecondMessageAndTheBudget: both messages of a question are within the member's budget: the second waits until there is room, and is skipped where the
// question's time is over before; the question takes answers all the while. To a rule for surveys the two are one survey.
func TestSecondMessageAndTheBudget(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	w.budget(engine.BudgetInput{Most: 1, Per: "1d"}, engine.BudgetInput{Most: 1, Per: "14d", Kind: "survey"})
	ann := w.chatMember("ann", 1, andMail("ann@example.org"))
	bob := w.chatMember("bob", 2, andMail("bob@example.org"))
	w.clock.set(w.clock.now().Add(time.Hour)) // what they do now is no answer to what they did
	key := w.publish(silence)
	w.enroll(key, "ann")
	short := w.publish(campaign("short", "", asks("soon", "choice", twoOptions+", timeout: {after: 49h}, escalate: {after: 48h}")+waits("w", "for: 9d")))
	w.enroll(short, "bob")
	w.later(47 * time.Hour)
	w.gets("news", "", "ann", "bob")
	w.later(90 * time.Minute)
	news := w.clock.now().Add(-90 * time.Minute).Add(24 * time.Hour).Format("2006-01-02T15:04")
	if got, want := w.fates(ann)["level"], "pending over_budget 1 per 1d "+news; got != want {
		t.Errorf("ann's second message is %s, want %s", got, want)
	}
	if got := w.fates(bob)["soon"]; got != "expired over_budget 1 per 1d" {
		t.Errorf("bob's second message is %s", got)
	}
	w.expectStands(short, bob, "waiting soon answer")
	w.later(23 * time.Hour)
	w.expectRows(ann, "level telegram sent", "news email sent", "level email sent")
	w.expectStands(short, bob, "waiting w time")
}

// TestMessageUnheard: a message goes by mail too for whom nothing was heard of since it arrived, and by the chat alone for who wrote something.
func TestMessageUnheard(t *testing.T) {
	w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
	ann := w.chatMember("ann", 1, andMail("ann@example.org"))
	bob := w.chatMember("bob", 2, andMail("bob@example.org"))
	w.clock.set(w.clock.now().Add(time.Hour))
	key := w.publish(campaign("news", "", "  - {id: moved, send: {text: {en: At six, ru: В шесть}, escalate: {after: 3h}}}\n"))
	w.enroll(key, "ann", "bob")
	w.later(time.Hour)
	w.say(2, "Thank you!")
	w.settle()
	w.expectStands(key, ann, "waiting moved time")
	w.later(3 * time.Hour)
	w.expectRows(ann, "moved telegram sent", "moved email sent")
	w.expectRows(bob, "moved telegram sent")
	w.expectStands(key, ann, "completed moved")
	w.expectStands(key, bob, "completed moved")
	w.nothingLost()
}

// TestSecondMessageAfterACrash: when a process dies with the second messages, each is sent once, or its outcome is not known, and the passages wait for the answer.
func TestSecondMessageAfterACrash(t *testing.T) {
	for point, want := range map[string]string{"before begin": "sent", "before result": "unknown outcome_unknown"} {
		t.Run(point, func(t *testing.T) {
			w := newWorld(t, storetest.Open(t, storetest.SQLiteURL(t)))
			ids := []campaigns.MemberID{w.chatMember("ann", 1, andMail("ann@example.org")), w.chatMember("bob", 2, andMail("bob@example.org"))}
			key := w.publish(silence)
			w.enroll(key, "ann", "bob")
			w.settle()
			w.clock.set(w.clock.now().Add(48 * time.Hour))
			for range 2 { // looking again decides nothing anew
				_, err := w.e.AdvanceDue(t.Context(), time.Second)
				must(t, err)
			}
			e, s, kill := w.mortal("worker-2", point, 1)
			go func() {
				_, _ = e.SendLane(context.WithoutCancel(t.Context()), campaigns.Bulk, campaigns.Email, time.Minute)
			}()
			<-s.died
			kill()
			_, err := w.e.Recover(t.Context(), w.dir)
			must(t, err)
			w.settle()
			got := append(w.rows(ids[0]), w.rows(ids[1])...)
			slices.Sort(got)
			expectList(t, "messages", got, "level email sent", "level email "+want, "level telegram sent", "level telegram sent")
			if n := len(w.mails("ann@example.org")) + len(w.mails("bob@example.org")); n != 2 {
				t.Errorf("%d mails", n)
			}
			for _, m := range ids {
				if got := w.stands(key, m); !strings.HasPrefix(got, "waiting level") {
					t.Errorf("stands at %s", got)
				}
			}
			w.later(30 * time.Hour)
			if n := w.count(key, campaigns.EnrollmentCompleted); n != 2 {
				t.Errorf("%d came to the end", n)
			}
			w.nothingLost()
		})
	}
}

// TestChannelAway: what expires because its channel stood still goes by the next one; what expires for another reason does not.
func TestChannelAway(t *testing.T) {
	for _, steps := range []string{sends("q", "Hello there"), asks("q", "choice", twoOptions+", timeout: {after: 5d}, escalate: {after: 6h}")} {
		each(t, func(t *testing.T, w *world) {
			m := w.chatMember("ann", 1, andMail("ann@example.org"))
			w.enroll(w.publish(campaign("away", "", steps)), "ann")
			must(t, w.e.Trip(t.Context(), engine.Operator, "telegram"))
			w.later(25 * time.Hour)
			must(t, w.e.Release(t.Context(), engine.Operator, "telegram"))
			w.later(time.Hour)
			w.expectRows(m, "q telegram expired channel_away", "q email sent")
		})
	}
	each(t, func(t *testing.T, w *world) { // nobody answers there
		m := w.chatMember("ann", 1, andMail("ann@example.org"))
		w.mail.Down()
		w.enroll(w.publish(campaign("mute", "channels: [email, telegram]", "  - {id: q, send: {text: "+both("Hello there")+", expires: 1h}}\n")), "ann")
		for range 8 {
			w.clock.set(w.clock.now().Add(10 * time.Minute))
			w.settle()
		}
		w.expectRows(m, "q email expired no_connection", "q telegram sent")
		must(t, w.mail.Up())
		w.later(time.Hour)
		w.enroll(w.publish(campaign("again", "channels: [email, telegram]", sends("q", "Hello there"))), "ann")
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.clock.set(w.clock.now().Add(30 * time.Hour)) // nobody worked, and there was no outage then
		w.settle()
		w.expectRows(m, "q email expired no_connection", "q telegram sent", "q email expired too_late")
	})
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("ann", 1, andMail("ann@example.org"))
		w.enroll(w.publish(campaign("late", "", sends("q", "Hello there"))), "ann")
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.clock.set(start.Add(30 * time.Hour)) // nobody worked
		w.settle()
		w.expectRows(m, "q telegram expired too_late")
	})
}

// TestBlockedWhileAsked: a question or a message in a chat that the member blocks goes on by mail at once where it escalates; where a question does not,
// why says that they cannot see it.
func TestBlockedWhileAsked(t *testing.T) {
	for _, how := range []string{"told", "refused", "told in a pause"} {
		each(t, func(t *testing.T, w *world) {
			paused := how == "told in a pause"
			key := w.publish(campaign("goes-on", "escalate: {after: 2d}", asks("q", "choice", twoOptions+", timeout: {after: 5d}")))
			told := w.publish(campaign("told", "", "  - {id: m, send: {text: "+both("News")+", escalate: {after: 2d}}}\n"+waits("w", "for: 5d")))
			stays := w.publish(campaign("stays", "", asks("s", "choice", twoOptions+", timeout: {after: 5d}")))
			m := w.chatMember("ann", 1, andMail("ann@example.org"))
			w.enroll(key, "ann")
			w.enroll(told, "ann")
			w.enroll(stays, "ann")
			w.later(time.Hour)
			w.expectRows(m, "q telegram sent", "m telegram sent", "s telegram sent")
			for _, key := range []campaigns.Key{key, told} {
				if paused {
					_, err := w.e.Pause(t.Context(), engine.Operator, key)
					must(t, err)
				}
			}
			if how != "refused" {
				w.bot.Block(1)
			} else { // an attempt told it
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
					now := w.clock.now()
					return tx.SetReaches(t.Context(), []store.Reached{{Member: m, Channel: campaigns.Telegram, Address: "1", Reach: channels.ReachBlocked, Began: now}}, now)
				}))
			}
			w.later(time.Hour)
			for _, key := range []campaigns.Key{key, told} {
				if paused {
					_, err := w.e.Resume(t.Context(), engine.Operator, key)
					must(t, err)
				}
			}
			w.later(time.Hour)
			w.expectRows(m, "q telegram sent", "m telegram sent", "s telegram sent", "q email sent", "m email sent")
			why, err := reports.New(w.store, nil).WhyOf(t.Context(), engine.Operator, stays, m, "en")
			must(t, err)
			for key, says := range map[campaigns.Key][]string{
				key:  {"The question of the step “q” does not reach the member any more where it stands, so it goes by another channel too: email. The member blocked the bot.", "Its second channel is email, since Telegram, by which it had gone, did not reach the member any more. The member blocked the bot."},
				told: {"The message of the step “m” went where nothing reaches the member any more, so it goes by another channel too: email. The member blocked the bot."},
			} {
				chain, err := reports.New(w.store, nil).WhyOf(t.Context(), engine.Operator, key, m, "en")
				must(t, err)
				for _, what := range says {
					if !slices.ContainsFunc(chain.Runs[0].Chain, func(l reports.WhyLine) bool { return l.What == what }) {
						t.Errorf("why does not say %q: %+v", what, chain.Runs[0].Chain)
					}
				}
			}
			if chain := why.Runs[0].Chain; !slices.ContainsFunc(chain, func(l reports.WhyLine) bool { return l.Kind == reports.WhyWaiting && l.Why == campaigns.Blocked }) {
				t.Errorf("why says %+v", chain)
			}
		})
	}
}
