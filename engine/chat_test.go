package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestOneOpenTypedQuestion: of two campaigns that ask typed questions the second waits until the first is answered, timed out or left.
func TestOneOpenTypedQuestion(t *testing.T) {
	endings := map[string]struct {
		end func(w *world, first campaigns.Key)
		is  string
	}{
		"answered":  {func(w *world, _ campaigns.Key) { w.say(7, "My answer") }, "completed q1"},
		"timed out": {func(w *world, _ campaigns.Key) { w.later(2 * time.Hour) }, "completed q1"},
		"exited":    {func(w *world, _ campaigns.Key) { w.event("member.left", "u1"); w.settle() }, "exited q1 left"},
		"ended": {func(w *world, key campaigns.Key) {
			must(w.t, second(w.e.End(w.t.Context(), engine.Operator, key)))
			w.settle()
		}, "exited q1 campaign_ended"},
		"paused": {func(w *world, key campaigns.Key) {
			must(w.t, second(w.e.Pause(w.t.Context(), engine.Operator, key)))
			w.later(15 * time.Minute)
		}, "waiting q1 answer"},
	}
	for name, ending := range endings {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("u1", 7, nil)
				one := w.publish(campaign("first", "exit: [{event: member.left}]", asks("q1", "text", ", timeout: {after: 1h}")))
				two := w.publish(campaign("second", "", asks("q2", "text", "")))
				n := len(w.chat(7))
				w.enroll(one, "u1")
				w.settle()
				w.enroll(two, "u1")
				w.settle()
				expectList(t, "chat while the first is open", w.since(7, n), "q1?")
				ending.end(w, one)
				expectList(t, "chat after it", w.since(7, n), "q1?", "q2?")
				w.say(7, "Second")
				if got := w.answersOf(m)["q2"]; got.Text != "Second" {
					t.Errorf("q2 is answered %q", got.Text)
				}
				w.expectStands(one, m, ending.is)
				w.nothingLost()
			})
		})
	}
}

func second[T any](_ T, err error) error { return err }

// TestReplyAnswersItsQuestion: a reply to an older question's message answers that one, whatever is open.
func TestReplyAnswersItsQuestion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("two", "", asks("q1", "text", ", timeout: {after: 10d}")+asks("q2", "text", "")))
		w.enroll(key, "u1")
		w.settle()
		asked := w.bot.Chat(7)
		w.say(7, "first")
		_, err := w.bot.ReplyTo(7, asked[len(asked)-1].ID, "corrected")
		must(t, err)
		w.settle()
		w.expectStands(key, m, "waiting q2 answer")
		w.say(7, "second")
		got := w.answersOf(m)
		if got["q1"].Text != "corrected" || got["q2"].Text != "second" {
			t.Errorf("answers: %q %q", got["q1"].Text, got["q2"].Text)
		}
	})
}

// TestWrongAnswerIsAskedAgain: kindly, as often as the definition says; then the question just stays open.
func TestWrongAnswerIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("num", "", asks("age", "number", ", min: 1, max: 99, retries: 2")))
		w.enroll(key, "u1")
		w.settle()
		n := len(w.chat(7))
		for range 4 {
			w.say(7, "many")
		}
		got := w.since(7, n)
		if len(got) != 4 || strings.Contains(got[0], "answer.") || !strings.Contains(got[1], "stays open") || !strings.Contains(got[2], "A person will read this") {
			t.Fatalf("asked again: %q", got)
		}
		if ms := w.kept(m); len(ms) != 2 || ms[0].Text != "many" {
			t.Errorf("kept for a person: %+v", ms)
		}
		w.say(7, "42")
		w.expectStands(key, m, "completed age")
		if w.answersOf(m)["age"].Number != 42 {
			t.Error("the answer at last was not stored")
		}
	})
}

// TestLongAnswer: the limit stands in the sentence as a number.
func TestLongAnswer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u1", 7, nil)
		w.enroll(w.publish(campaign("txt", "", asks("words", "text", ", max_length: 20"))), "u1")
		w.settle()
		w.say(7, strings.Repeat("x", 25))
		w.expectLast(7, "20")
	})
}

// TestWordsForAPerson: words where a recording is asked for are no answer, and somebody reads them, from the first on.
func TestWordsForAPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("day", "", asks("task", "voice", ", retries: 1")))
		w.enroll(key, "u1")
		w.settle()
		for range 3 {
			w.say(7, "I cannot record today, please call me")
		}
		if ms := w.kept(m); len(ms) != 3 {
			t.Errorf("kept for a person: %+v", ms)
		}
		w.expectStands(key, m, "waiting task answer")
	})
}

// kept are the messages that wait for a person.
func (w *world) kept(m campaigns.MemberID) []*store.Message {
	w.t.Helper()
	ms, err := w.store.Messages(w.t.Context(), "", m, store.Page{Limit: 10})
	must(w.t, err)
	return ms
}

// TestChoicesAreTicked: boxes are ticked and unticked, Done answers; pressing Done again after another tick changes the value, not the path.
func TestChoicesAreTicked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("ticks", "", asks("fruit", "choices", twoOptions)+
			"  - id: by\n    branch:\n      - if: {answer: fruit, contains: a}\n        steps: [{send: {text: "+both("apples")+"}}]\n      - else: [{send: {text: "+both("no apples")+"}}]\n"))
		w.enroll(key, "u1")
		w.settle()
		n := len(w.chat(7))
		w.click(7, "Apple")
		w.click(7, "Pear")
		w.click(7, "Apple")
		w.click(7, "Done")
		w.expectLast(7, "no apples")
		w.click(7, "Apple")
		w.click(7, "Done")
		if got := w.answersOf(m)["fruit"].List; !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("stored: %v", got)
		}
		if got := w.since(7, n); len(got) != 1 {
			t.Errorf("the path was gone again: %q", got)
		}
		k := w.lastKeyboard(7)
		if !strings.HasPrefix(k[0][0].Text, "✓") {
			t.Errorf("the boxes show %v", k)
		}
	})
}

// TestPressedAgain: the same button twice is one answer; another one later changes the value with its history, unless the first is final.
func TestPressedAgain(t *testing.T) {
	for _, final := range []bool{false, true} {
		t.Run(fmt.Sprintf("final=%v", final), func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("u1", 7, nil)
				key := w.publish(campaign("once", "", asks("fruit", "choice", twoOptions+fmt.Sprintf(", final: %v", final))+waits("w", "for: 1h")+sends("bye", "You said {{ answers.fruit }}")))
				w.enroll(key, "u1")
				w.settle()
				w.press(7, "Apple")
				w.press(7, "Apple")
				w.settle()
				w.expectStands(key, m, "waiting w time")
				w.click(7, "Pear")
				want, shown, revs := "b", "Pear", int64(3)
				if final {
					want, shown, revs = "a", "Apple", 1
				}
				rs, err := w.store.Responses(t.Context(), store.ResponseFilter{Member: m}, store.Page{})
				must(t, err)
				if len(rs) != 1 || rs[0].Answer.Text != want || rs[0].Rev > revs || !final && rs[0].Rev < 2 {
					t.Errorf("stored: %q rev %d", rs[0].Answer.Text, rs[0].Rev)
				}
				ticked := ""
				for _, row := range w.lastKeyboard(7) {
					for _, b := range row {
						if after, ok := strings.CutPrefix(b.Text, "✓ "); ok {
							ticked += after
						}
					}
				}
				if ticked != shown {
					t.Errorf("the message shows %q, want %q", ticked, shown)
				}
				w.later(2 * time.Hour)
				w.expectLast(7, "You said "+shown)
			})
		})
	}
}

// TestForgedButtons: data that we did not make for this chat does nothing, and is recorded.
func TestForgedButtons(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.chatMember("u1", 7, nil), w.chatMember("u2", 8, nil)
		key := w.publish(campaign("once", "", asks("fruit", "choice", twoOptions)))
		w.enroll(key, "u1", "u2")
		w.settle()
		other := w.bot.Chat(8)
		data := other[len(other)-1].Keyboard[0][0].Data
		if len(data) > 64 {
			t.Errorf("callback data of %d bytes", len(data))
		}
		mine := w.bot.Chat(7)
		id := mine[len(mine)-1].ID
		for _, forged := range []string{data, "", ".", "o1.0", "e0.yes", strings.Repeat("x", 64), "o" + data, "l0.en.AAAAAAAAAAAA", "o\x00.0.x"} {
			_, err := w.bot.Forge(7, id, forged)
			must(t, err)
		}
		w.settle()
		for _, m := range []campaigns.MemberID{a, b} {
			w.expectStands(key, m, "waiting fruit answer")
			if len(w.answersOf(m)) != 0 {
				t.Error("a forged button answered")
			}
		}
		if n := strings.Count(strings.Join(w.events(a), "\n"), "button.refused"); n != 9 {
			t.Errorf("%d refusals recorded", n)
		}
	})
}

// TestWhatNobodyWaitsFor is kept as a message, and the bot says that a person will read it.
func TestWhatNobodyWaitsFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.joins(7, "en")
		w.say(7, "When is the next <club>?")
		w.expectLast(7, "A person will read this")
		_, err := w.bot.SendFile(7, "voice", "", 3, []byte("ogg"))
		must(t, err)
		_, err = w.bot.SendFile(7, "photo", "my homework", 0, []byte("jpg"))
		must(t, err)
		w.settle()
		w.say(7, "/dance")
		w.expectLast(7, "/help")
		ms, err := w.store.Messages(t.Context(), "open", m, store.Page{})
		must(t, err)
		var got []string
		for _, m := range ms {
			got = append(got, m.Kind+" "+m.Text)
		}
		expectList(t, "messages", got, "text When is the next <club>?", "voice ", "photo my homework")
	})
}

// TestTextAnswersButtons: typing what a button says is pressing it, in the chat where it was asked; a question asked by mail is not answered by chance.
func TestTextAnswersButtons(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, andMail("anna@example.org"))
		chat := w.publish(campaign("chat", "", asks("fruit", "choice", twoOptions)))
		mail := w.publish(campaign("mail", "channels: [email]", asks("sure", "yes_no", "")))
		w.enroll(chat, "u1")
		w.enroll(mail, "u1")
		w.settle()
		w.say(7, "pear")
		w.expectStands(chat, m, "completed fruit")
		w.say(7, "yes")
		w.expectStands(mail, m, "waiting sure answer")
		w.expectLast(7, "A person will read this")
	})
}

// TestCommands: help, privacy and language, in both languages, with and without a name of the community.
func TestCommands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.joins(7, "en")
		w.joins(8, "ru-RU")
		w.say(7, "/help")
		for _, c := range engine.Commands() {
			w.expectLast(7, "/"+c)
		}
		w.say(8, "/help")
		w.expectLast(8, "сообщества Speaklingua")
		w.say(8, "/privacy")
		w.expectLast(8, "Speaklingua")
		must(t, second(w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Name: new(""), PrivacyURL: new("https://x.example/p?a=1&b=2")})))
		for _, c := range []string{"/help", "/privacy", "/start"} {
			w.say(7, c)
			w.say(8, c)
			w.expectLast(7, "our community")
			if !strings.Contains(strings.ToLower(w.last(8)), "наше") {
				t.Errorf("%s without a name: %q", c, w.last(8))
			}
		}
		w.say(7, "/language")
		w.click(7, "Русский")
		w.expectLast(7, "по-русски")
		w.say(7, "/help")
		w.expectLast(7, "сменить язык")
		key := w.publish(campaign("hi", "", sends("s", "Hello")))
		m, err := w.store.Member(t.Context(), w.byChat(7))
		must(t, err)
		must(t, second(w.e.CreateMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u7-other"})))
		if m.Language != "ru" {
			t.Errorf("language is %q", m.Language)
		}
		_, _, err = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u7", TelegramChatID: new("7")})
		must(t, err)
		w.enroll(key, "u7")
		w.settle()
		w.expectLast(7, "ru:Hello")
	})
}

// TestMyData: values are shown as they are, escaped, and never more than a message holds.
func TestMyData(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u1", 7, func(in *engine.MemberInput) {
			in.FirstName = new("<b>Eve</b> & Co")
			in.Attributes = map[string]any{"note": "a<i>b", "level": 3.0}
		})
		w.say(7, "/mydata")
		for _, part := range []string{"<b>Eve</b> & Co", "note = a<i>b", "level = 3", "7"} {
			w.expectLast(7, part)
		}
		many := map[string]any{}
		for i := range 50 {
			many[fmt.Sprintf("k%d", i)] = strings.Repeat("&", 1000)
		}
		tags := []string{}
		for i := range 90 {
			tags = append(tags, fmt.Sprintf("tag-%02d-%s", i, strings.Repeat("я", 40)))
		}
		w.member("u1", func(in *engine.MemberInput) { in.Attributes, in.Tags = many, &tags })
		w.say(7, "/mydata")
		w.expectLast(7, "There is more")
	})
}

// TestStopAndReturn: /stop ends everything but service; nothing comes later; /start brings consent back, and what had ended stays ended.
func TestStopAndReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, andMail("anna@example.org"))
		news := w.publish(campaign("news", "", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")))
		mail := w.publish(campaign("mail", "channels: [email]", waits("w", "for: 1h")+sends("two", "Two")))
		service := w.publish(campaign("service", "purpose: service", waits("w", "for: 1h")+sends("bill", "Your bill")))
		for _, k := range []campaigns.Key{news, mail, service} {
			w.enroll(k, "u1")
		}
		w.settle()
		w.say(7, "/stop")
		w.expectLast(7, "Nothing more will come")
		n := len(w.chat(7))
		w.later(3 * time.Hour)
		expectList(t, "chat after /stop", w.since(7, n), "Your bill")
		w.expectStands(news, m, "exited w unsubscribed")
		w.expectStands(mail, m, "exited w unsubscribed")
		w.expectStands(service, m, "completed bill")
		if n := len(w.mails("anna@example.org")); n != 0 {
			t.Errorf("%d mails after /stop", n)
		}
		after := w.publish(campaign("after", "", sends("s", "While stopped")))
		w.enroll(after, "u1")
		w.later(time.Hour)
		w.expectStands(after, m, "completed s") // skipped, with its reason in a row
		w.say(7, "/start")
		w.expectLast(7, "Good to have you back")
		again := w.publish(campaign("again", "", sends("s", "Again")))
		w.enroll(again, "u1")
		w.settle()
		w.expectLast(7, "Again")
		w.expectStands(news, m, "exited w unsubscribed")
		ledger, err := w.store.ConsentLedger(t.Context(), m)
		must(t, err)
		var off, on int
		for _, c := range ledger {
			if c.Topic == "everything" && !c.Given && c.Source == "stop" {
				off++
			}
			if c.Topic == "everything" && c.Given && c.Source == "start" {
				on++
			}
		}
		if off != 2 || on != 2 {
			t.Errorf("the ledger has %d ends and %d returns of everything", off, on)
		}
	})
}

// TestStartTells: the first Start joins, later ones only start; a payload is a source, and anything else typed there is not kept.
func TestStartTells(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		joined := w.publish(campaign("joined", "entry: {event: member.joined}", sends("s", "Joined")))
		started := w.publish(campaign("started", "entry: {event: bot.started, reentry: after, after: 1h}", sends("s", "Started")))
		w.say2(7, "hello") // writes before pressing Start
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Anne", LanguageCode: "en"}, "s_friends")
		w.settle()
		m := w.byChat(7)
		w.expectStands(joined, m, "completed s")
		w.expectStands(started, m, "completed s")
		w.clock.set(w.clock.now().Add(2 * time.Hour))
		n := len(w.chat(7))
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Anne", LanguageCode: "en"}, "anna@example.org")
		w.settle()
		if got := w.since(7, n); len(got) != 2 || got[1] != "Started" {
			t.Errorf("a second Start: %q", got)
		}
		es, err := w.store.Events(t.Context(), store.EventFilter{Member: m}, store.Page{})
		must(t, err)
		var data []string
		for _, e := range es {
			if e.Name == "bot.started" {
				data = append(data, string(e.Data))
			}
		}
		if len(data) != 2 || !strings.Contains(data[0], "friends") || strings.Contains(data[1], "anna") {
			t.Errorf("starts: %v", data)
		}
		got, err := w.store.Member(t.Context(), m)
		must(t, err)
		if got.FirstName != "Ear ly" {
			t.Errorf("a name with a line break is kept as %q", got.FirstName)
		}
	})
}

// say2 writes from an account that never pressed Start.
func (w *world) say2(user int64, text string) {
	w.bot.Register(sandbox.BotUser{ID: user, FirstName: "Ear\nly"})
	w.say(user, text)
}
