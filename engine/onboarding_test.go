package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// welcome is the example of the design.
const welcome = `
key: welcome
kind: onboarding
name: Welcome to Speaklingua
topic: community
languages: [en, ru]
channels: [telegram, email]
entry: {event: member.joined, reentry: never}
exit:  [{event: member.left}]
quiet_hours: {from: "22:00", to: "09:00"}
steps:
  - id: hello
    send:
      subject: {en: "Welcome, {{ member.first_name }}!", ru: "Добро пожаловать, {{ member.first_name }}!"}
      text:
        en: |
          Hi {{ member.first_name | default: "there" }}, good to **see you**.
        ru: |
          Привет, {{ member.first_name | default: "друг" }}! Рады **видеть тебя**.
      buttons: [{text: {en: Our rules, ru: Наши правила}, url: "https://speaklingua.example/rules"}]
  - id: level
    ask:
      type: choice
      text: {en: What is your level?, ru: Какой у тебя уровень?}
      options:
        - {value: a1, text: {en: Beginner, ru: Начинающий}}
        - {value: b1, text: {en: Intermediate, ru: Средний}}
      save_as: level
      timeout: {after: 2d, goto: day-2}
  - id: day-2
    wait: {for: 1d, until: "10:00"}
  - id: by-level
    branch:
      - if: {answer: level, is: a1}
        steps: [{send: {text: {en: Start with the alphabet., ru: Начни с алфавита.}}}]
      - else: [{send: {text: {en: Join the speaking club., ru: Приходи в разговорный клуб.}}}]
`

// TestOnboardingInTheChat: a member presses Start, gets the welcome, answers by a button, and the next day's message fits the answer.
func TestOnboardingInTheChat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(welcome)
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Аня", LanguageCode: "ru"}, "s_friends")
		w.settle()
		got := w.chat(7)
		if len(got) != 3 || !strings.Contains(got[0], "Привет, Аня") || !strings.Contains(got[1], "Рады видеть тебя") || got[2] != "Какой у тебя уровень?" {
			t.Fatalf("chat after Start: %q", got)
		}
		w.press(7, "Начинающий")
		w.settle()
		if k := w.lastKeyboard(7); k[0][0].Text != "✓ Начинающий" {
			t.Errorf("the pressed message shows no choice: %v", k)
		}
		w.press(7, "Начинающий") // again: no more than once
		w.later(48 * time.Hour)
		if got := w.chat(7); len(got) != 4 || got[3] != "Начни с алфавита." {
			t.Fatalf("chat two days later: %q", got)
		}
		m, err := w.store.MemberByAddress(t.Context(), campaigns.Telegram, "7")
		must(t, err)
		if en := w.enrollment(key, m.ID); en.State != campaigns.EnrollmentCompleted {
			t.Errorf("enrollment is %s at %s", en.State, en.Step)
		}
		rs, err := w.store.Responses(t.Context(), store.ResponseFilter{Member: m.ID}, store.Page{})
		must(t, err)
		if len(rs) != 1 || rs[0].Answer.Text != "a1" || rs[0].Question != "level" {
			t.Errorf("responses: %+v", rs)
		}
	})
}

// TestOnboardingByMail: without a chat the same campaign goes by mail; the answer is given on the page behind the link, and a GET records nothing.
func TestOnboardingByMail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(welcome)
		m := w.member("u1", byMail("anna@example.org"))
		w.event("member.joined", "u1")
		w.settle()
		mails := w.mail.Mailbox().Mails("anna@example.org")
		if len(mails) != 2 || mails[0].Subject() != "Welcome, Anna!" {
			t.Fatalf("mails: %d", len(mails))
		}
		token := w.surveyToken(mails[1])
		mine := w.page(token)
		for range 3 {
			page, err := w.e.Survey(t.Context(), token, &engine.Press{Step: mine.Step, Visit: mine.Visit, Values: []string{"b1"}})
			must(t, err)
			if page.State != engine.PageQuestion || len(page.Options) != 2 || !page.Options[1].Chosen {
				t.Fatalf("page: %+v", page)
			}
		}
		if en := w.enrollment(key, m.ID); en.WaitKind != campaigns.WaitAnswer {
			t.Fatalf("a GET moved the enrollment: %+v", en)
		}
		page, err := w.e.Survey(t.Context(), token, nil)
		must(t, err)
		form := engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: page.Nonce, Values: []string{"b1"}}
		for range 2 { // sent twice, stored once
			res, err := w.e.AnswerSurvey(t.Context(), token, form)
			must(t, err)
			if res.Rejection != nil {
				t.Fatalf("rejected: %+v", res.Rejection)
			}
		}
		w.later(48 * time.Hour)
		mails = w.mail.Mailbox().Mails("anna@example.org")
		if len(mails) != 3 || !strings.Contains(mails[2].Text(), "Join the speaking club.") {
			t.Fatalf("mails at the end: %d", len(mails))
		}
	})
}

// TestTimeoutGoesOn: who does not answer goes on at the timeout's target.
func TestTimeoutGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(welcome)
		m := w.member("u1", byMail("anna@example.org"))
		w.event("member.joined", "u1")
		w.later(5 * 24 * time.Hour)
		en := w.enrollment(key, m.ID)
		if en.State != campaigns.EnrollmentCompleted {
			t.Fatalf("enrollment is %s at %s", en.State, en.Step)
		}
		if n := w.mail.Mailbox().Count("anna@example.org"); n != 3 {
			t.Errorf("%d mails", n)
		}
	})
}

// chat is what the member reads of the bot.
func (w *world) chat(user int64) []string {
	var out []string
	for _, m := range w.bot.Chat(user) {
		out = append(out, strings.TrimSpace(m.Text))
	}
	return out
}

func (w *world) lastKeyboard(user int64) [][]sandbox.BotButton {
	w.t.Helper()
	for i := len(w.bot.Chat(user)) - 1; i >= 0; i-- {
		if m := w.bot.Chat(user)[i]; len(m.Keyboard) > 0 && m.Keyboard[0][0].URL == "" {
			return m.Keyboard
		}
	}
	w.t.Fatal("no keyboard in the chat")
	return nil
}

// press presses the newest button with the label (ticked or not).
func (w *world) press(user int64, label string) {
	w.t.Helper()
	for i := len(w.bot.Chat(user)) - 1; i >= 0; i-- {
		m := w.bot.Chat(user)[i]
		for _, row := range m.Keyboard {
			for _, b := range row {
				if strings.TrimPrefix(b.Text, "✓ ") == label {
					_, err := w.bot.Press(user, m.ID, b.Text)
					must(w.t, err)
					return
				}
			}
		}
	}
	w.t.Fatalf("no button %q", label)
}

// surveyToken is the token of the survey link in a mail.
func (w *world) surveyToken(m sandbox.Mail) string {
	w.t.Helper()
	for _, l := range sandbox.Links(m) {
		if _, rest, ok := strings.Cut(l.URL, "/s/"); ok {
			token, _, _ := strings.Cut(rest, "?")
			return token
		}
	}
	w.t.Fatal("no survey link in the mail")
	return ""
}
