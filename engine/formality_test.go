package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// twoForms is a campaign that says ты to some and вы to others, in a message, its button and a question.
const twoForms = `key: two-forms
kind: broadcast
name: Two forms
topic: news
languages: [en, ru]
channels: [telegram]
entry: {manual: true, reentry: each_time}
steps:
  - send:
      text: {en: How are you?, ru: "{% informal %}Как **твои** дела?{% formal %}Как *ваши* дела?{% endformal %}"}
      buttons: [{text: {en: Read, ru: "{% informal %}Читай{% formal %}Читайте{% endformal %}"}, url: "https://a.example/"}]
`

// addressed is how the last message and its button address the member.
func (w *world) addressed(user int64) string {
	w.t.Helper()
	chat := w.bot.Chat(user)
	m := chat[len(chat)-1]
	if len(m.Keyboard) == 0 {
		return m.Text
	}
	return m.Text + " " + m.Keyboard[0][0].Text
}

// offers reports whether the last message has the button.
func (w *world) offers(user int64, label string) bool {
	w.t.Helper()
	chat := w.bot.Chat(user)
	return w.label(user, chat[len(chat)-1].ID, label)
}

// TestFormality: members are addressed as is known of them, else as the campaign says; who may read either form chooses it in the settings, and nobody else is asked.
func TestFormality(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	russian := func(form string) func(*engine.MemberInput) {
		return func(in *engine.MemberInput) {
			in.Language = new("ru")
			if form != "" {
				in.Attributes = map[string]any{campaigns.FormalityAttribute: form}
			}
		}
	}
	w.chatMember("formal", 7, russian("formal"))
	open := w.chatMember("open", 8, russian(""))
	w.chatMember("informal", 9, russian("informal"))
	w.chatMember("english", 10, func(in *engine.MemberInput) { in.Language = new("en") })
	if w.say(8, "/settings"); w.offers(8, "Со мной на «вы»") {
		t.Error("nobody says вы, and it can be chosen")
	}
	all := []string{"formal", "open", "informal", "english"}
	w.enroll(w.publish(twoForms), all...)
	w.settle()
	politely := w.publish(strings.Replace(twoForms, "key: two-forms", "key: politely\nformality: formal", 1))
	for user, want := range map[int64]string{7: "Как ваши дела? Читайте", 8: "Как твои дела? Читай", 9: "Как твои дела? Читай", 10: "How are you? Read"} {
		if got := w.addressed(user); got != want {
			t.Errorf("%d reads %q", user, got)
		}
	}
	w.enroll(politely, "open")
	w.settle()
	if got := w.addressed(8); got != "Как ваши дела? Читайте" {
		t.Errorf("by the campaign's: %q", got)
	}
	if w.say(10, "/settings"); w.offers(10, "Formal (Sie, vous)") {
		t.Error("English is asked how to be addressed")
	}
	w.say(8, "/settings")
	message := w.bot.Chat(8)[len(w.bot.Chat(8))-1].ID
	for _, label := range []string{"Со мной на «ты»", "✓ Со мной на «ты»"} { // once is as good as twice
		w.presses(8, message, label)
		if !w.label(8, message, "✓ Со мной на «ты»") || w.profile(open).Attributes[campaigns.FormalityAttribute] != "informal" {
			t.Fatal("ты is not chosen")
		}
	}
	expectEvent(t, w, open, "member.chose_form", 1)
	w.enroll(politely, "open")
	w.settle()
	if got := w.addressed(8); got != "Как твои дела? Читай" {
		t.Errorf("by their own choice: %q", got)
	}
	w.say(8, "/mydata")
	if got := w.last(8); !strings.Contains(got, "Обращение: на «ты»") || strings.Contains(got, "formality") {
		t.Errorf("their data: %q", got)
	}
	w.publish(strings.NewReplacer("two-forms", "russian", "[en, ru]", "[ru]", "en: How are you?, ", "", "en: Read, ", "").Replace(twoForms))
	w.settle()
	if w.say(10, "/settings"); !w.offers(10, "Formal (Sie, vous)") {
		t.Error("who reads Russian for want of English cannot choose")
	}
	w.nothingLost()
}

// TestFormalityIsChecked: the attribute has one of two values, whoever writes it.
func TestFormalityIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.SQLite(t))
	_, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", Attributes: map[string]any{"formality": "Sie"}})
	if ds := fault.Details(err, "en"); len(ds) != 1 || ds[0].Path != "attributes.formality" || ds[0].Code != "bad_formality" || ds[0].Expected != "informal, formal" {
		t.Errorf("%v", ds)
	}
	report := w.imports("external_id,formality,attributes\nu1,formal,\nu2,,\"{\"\"formality\"\": \"\"informal\"\"}\"\nu3,вы,\nu4,,\"{\"\"formality\"\": 2}\"\n", engine.ImportOptions{ConsentSource: "form"})
	if diff := cmp.Diff([]string{"4:formality:bad_formality_cell", "5:attributes.formality:bad_formality"}, places(report.Problems)); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[string]string{"u1": "formal", "u2": "informal"} {
		if m, err := w.e.Member(t.Context(), engine.Operator, id); err != nil || m.Attributes["formality"] != want {
			t.Errorf("%s: %v %v", id, m, err)
		}
	}
	_, _, err = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", Attributes: map[string]any{"formality": nil}})
	must(t, err)
	if m, err := w.e.Member(t.Context(), engine.Operator, "u1"); err != nil || len(m.Attributes) > 0 {
		t.Errorf("after null: %v %v", m.Attributes, err)
	}
}
