package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// campaign is the head of a definition with its steps, which are written without indentation.
func campaign(key, head, steps string) string {
	out := "key: " + key + "\nkind: survey\nname: " + key + "\n"
	for _, d := range []string{"topic: news", "languages: [en, ru]", "channels: [telegram, email]", "entry: {manual: true}"} {
		if word, _, _ := strings.Cut(d, ":"); !strings.Contains("\n"+head, "\n"+word+":") {
			out += d + "\n"
		}
	}
	return out + strings.TrimSpace(head) + "\nsteps:\n" + strings.Trim(steps, "\n") + "\n"
}

// both is a text in both languages.
func both(s string) string { return fmt.Sprintf(`{en: %q, ru: %q}`, s, "ru:"+s) }

func sends(id, text string) string {
	return fmt.Sprintf("  - id: %s\n    send: {text: %s}\n", id, both(text))
}

func asks(id, kind, more string) string {
	return fmt.Sprintf("  - id: %s\n    ask: {type: %s, text: %s%s}\n", id, kind, both(id+"?"), more)
}

func waits(id, rule string) string { return fmt.Sprintf("  - id: %s\n    wait: {%s}\n", id, rule) }

const twoOptions = `, options: [{value: a, text: {en: Apple, ru: Яблоко}}, {value: b, text: {en: Pear, ru: Груша}}]`

// joins lets a member press Start and read what comes of it.
func (w *world) joins(user int64, lang string) campaigns.MemberID {
	w.t.Helper()
	w.bot.Start(sandbox.BotUser{ID: user, FirstName: fmt.Sprintf("Name%d", user), LanguageCode: lang}, "")
	w.settle()
	return w.byChat(user)
}

func (w *world) byChat(user int64) campaigns.MemberID {
	w.t.Helper()
	m, err := w.store.MemberByAddress(w.t.Context(), campaigns.Telegram, fmt.Sprint(user))
	must(w.t, err)
	return m.ID
}

// chatMember makes a member whom the platform knows, with a chat (started in the sandbox unless it is to be refused) and perhaps a mailbox.
func (w *world) chatMember(id string, user int64, edit func(*engine.MemberInput)) campaigns.MemberID {
	w.t.Helper()
	w.bot.Start(sandbox.BotUser{ID: user, FirstName: "Anna"}, "")
	for w.receive() {
	}
	m := w.member(id, func(in *engine.MemberInput) {
		in.TelegramChatID = new(fmt.Sprint(user))
		in.Consents = []engine.ConsentInput{{Channel: campaigns.Telegram, Source: "test"}}
		if edit != nil {
			edit(in)
		}
	})
	w.settle()
	return m.ID
}

// andMail gives a member a mailbox too.
func andMail(address string) func(*engine.MemberInput) {
	return func(in *engine.MemberInput) {
		in.Email = new(address)
		in.Consents = append(in.Consents, engine.ConsentInput{Channel: campaigns.Email, Source: "test"})
	}
}

func (w *world) say(user int64, text string) {
	w.t.Helper()
	_, err := w.bot.Say(user, text)
	must(w.t, err)
	w.settle()
}

func (w *world) click(user int64, label string) {
	w.t.Helper()
	w.press(user, label)
	w.settle()
}

// enroll takes members in by hand and returns what became of each.
func (w *world) enroll(key campaigns.Key, members ...string) []string {
	w.t.Helper()
	rs, err := w.e.Enroll(w.t.Context(), engine.Operator, key, members)
	must(w.t, err)
	var out []string
	for _, r := range rs {
		out = append(out, string(r.Result))
	}
	return out
}

// last is the newest message of the bot.
func (w *world) last(user int64) string {
	w.t.Helper()
	c := w.chat(user)
	if len(c) == 0 {
		w.t.Fatal("the chat is empty")
	}
	return c[len(c)-1]
}

// since returns what the bot wrote after the first n messages.
func (w *world) since(user int64, n int) []string { return w.chat(user)[n:] }

func (w *world) expectLast(user int64, part string) {
	w.t.Helper()
	if got := w.last(user); !strings.Contains(got, part) {
		w.t.Fatalf("last message is %q, want %q in it", got, part)
	}
}

// rows are the member's deliveries as "step channel state reason".
func (w *world) rows(m campaigns.MemberID) []string {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	var out []string
	for _, d := range ds {
		if d.Kind == store.StepDelivery {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", d.Step, d.Channel, d.State, d.Reason)))
		}
	}
	return out
}

func (w *world) expectRows(m campaigns.MemberID, want ...string) {
	w.t.Helper()
	if got := w.rows(m); strings.Join(got, "\n") != strings.Join(want, "\n") {
		w.t.Fatalf("deliveries:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// stands is where the enrollment stands: "state step wait reason".
func (w *world) stands(key campaigns.Key, m campaigns.MemberID) string {
	w.t.Helper()
	en := w.enrollment(key, m)
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s", en.State, en.Step, en.WaitKind, en.Reason)), " ")
}

func (w *world) expectStands(key campaigns.Key, m campaigns.MemberID, want string) {
	w.t.Helper()
	if got := w.stands(key, m); got != want {
		w.t.Fatalf("enrollment stands at %q, want %q", got, want)
	}
}

// events are the names of the member's events, with their reasons.
func (w *world) events(m campaigns.MemberID) []string {
	w.t.Helper()
	es, err := w.store.Events(w.t.Context(), store.EventFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	var out []string
	for _, e := range es {
		out = append(out, strings.TrimSpace(e.Name+" "+string(e.Reason)))
	}
	return out
}

// answersOf are the member's answers by question.
func (w *world) answersOf(m campaigns.MemberID) map[string]campaigns.Answer {
	w.t.Helper()
	rs, err := w.store.Responses(w.t.Context(), store.ResponseFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	out := map[string]campaigns.Answer{}
	for _, r := range rs {
		out[r.Question] = r.Answer
	}
	return out
}

func (w *world) mails(address string) []sandbox.Mail { return w.mail.Mailbox().Mails(address) }

// nothingLost fails when a delivery is neither final nor waits for a time of its own.
func (w *world) nothingLost() {
	w.t.Helper()
	for page := (store.Page{Limit: 1000}); ; {
		ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{}, page)
		must(w.t, err)
		for _, d := range ds {
			page.After = int64(d.ID)
			if !d.State.Final() && (d.State != campaigns.Pending || d.DueAt == nil && d.Chunk == 0) {
				w.t.Errorf("delivery %d is lost: %s %s", d.ID, d.State, d.Reason)
			}
		}
		if len(ds) < page.Limit {
			return
		}
	}
}

func expectList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
}
