package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

const seenCampaign = `key: seen
kind: survey
name: {en: Seen, ru: Видно}
topic: surveys
languages: [en, ru]
channels: [telegram, email]
entry: {manual: true}
steps:
  - id: level
    ask:
      type: choice
      subject: {en: "A word, {{ member.first_name }}", ru: "Слово, {{ member.first_name }}"}
      text: {en: "**Level**, {{ member.first_name }} of {{ member.attributes.city }}?", ru: "**Уровень**, {{ member.first_name }}?"}
      options: [{value: a1, text: {en: Beginner, ru: Начинающий}}, {value: b1, text: {en: Middle, ru: Средний}}]
  - {id: age, ask: {type: number, text: {en: Age?, ru: Возраст?}}}
  - {id: likes, ask: {type: choices, text: {en: Likes?, ru: Что нравится?}, options: [{value: x, text: {en: Ex, ru: Икс}}, {value: y, text: {en: Why, ru: Игрек}}]}}
  - {id: voice, ask: {type: voice, text: {en: Say it, ru: Скажи}}}
  - id: told
    send:
      text: {en: "You: {{ answers.level }}, {{ answers.age }}.", ru: "{% informal %}Ты{% formal %}Вы{% endformal %}: {{ answers.level }}."}
      buttons: [{text: {en: Rules, ru: Правила}, url: "https://speaklingua.example/rules"}]
  - {id: staff, notify: {text: {en: "Call {{ member.first_name }}", ru: Позвоните}}}
`

const seenPath = "/console/campaigns/seen/preview"

// see fills the form in and follows where it leads.
func (w *world) see(from string, pairs ...string) (address, page string) {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	rec := w.call("POST", from, form, "Sec-Fetch-Site", "same-origin")
	if rec.Code != http.StatusSeeOther {
		return "", rec.Body.String()
	}
	address = rec.Header().Get("Location")
	return address, w.get(address, "en")
}

func (w *world) showSeen() {
	w.t.Helper()
	_, err := w.e.CreateCampaign(w.t.Context(), engine.Operator, engine.Draft{Source: seenCampaign, Format: definition.YAML})
	must(w.t, err)
}

// want holds that the page has the words, each of them.
func want(t *testing.T, page string, words ...string) {
	t.Helper()
	for _, x := range words {
		if !strings.Contains(page, x) {
			t.Errorf("no %q on the page", x)
		}
	}
}

// TestPreviewShowsTheMessage: as a bubble, a mail and the page behind it, for somebody made up and for a member; what was typed stands in no address.
func TestPreviewShowsTheMessage(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(3)
	w.showSeen()
	for _, lang := range locale.Languages() {
		for _, query := range []string{"", "?view=email", "?view=email&part=text", "?view=email&width=phone&shade=dark", "?view=page", "?step=told", "?step=staff", "?step=staff&view=email"} {
			checkPage(t, lang+query, w.get(seenPath+query, lang))
		}
	}
	want(t, w.get(seenPath, "en"), "<b>Level</b>", `<span class="key">Beginner</span>`, "⟨first name⟩, ⟨city⟩", "Somebody made up", "attribute:city", "Message 1 of 6")
	want(t, w.get(seenPath+"?step=told", "en"), `href="https://speaklingua.example/rules"`, "<details class=\"more-fields\" open>")

	want(t, w.get(seenPath+"?step=staff", "en"), "Call ", "· Seen", "To the staff, about this member. Nothing comes to the member.", "Message 6 of 6")
	want(t, w.get(seenPath+"?step=staff", "ru"), "Команде, об этом участнике.")

	_, page := w.see(seenPath, "step", "told", "language", "ru", "attribute:formality", "formal")
	want(t, page, "Вы: .", `<option value="formal" selected>`, "Form of address: formal. The text has an informal one too.")
	want(t, w.get(seenPath+"?step=told", "ru"), "Обращение: на «ты». У текста есть и форма на «вы».")
	if strings.Contains(w.get(seenPath+"?step=told", "en"), "Form of address: ") {
		t.Error("English has one form, and the page says which")
	}
	campaign := strings.TrimSuffix(seenPath, "/preview") + "?step=told"
	want(t, w.get(campaign, "ru"), "Обращение: на «ты»; есть и на «вы»")
	if n := strings.Count(w.get(campaign, "en"), "Form of address: informal; there is a formal one too"); n != 1 {
		t.Errorf("of its languages %d have two forms on the campaign's page", n)
	}
	if page := w.get(seenPath, "ru"); strings.Contains(page, "ТыВы") || !strings.Contains(page, "Ты: ⟨") {
		t.Error("a step's title is not in one form")
	}

	address, page := w.see(seenPath+"?step=level&view=email", "version", "0", "step", "level", "first", hostile, "language", "ru", "attribute:city", "Bonn", "answer:level", "a1")
	checkPage(t, "typed", page)
	want(t, page, "Слово, &lt;script&gt;", "/preview/mail?")
	if plain, _ := url.QueryUnescape(address); strings.Contains(plain, "script") || strings.Contains(plain, "Bonn") || strings.Contains(plain, "answer") {
		t.Errorf("what was typed stands in %s", address)
	}
	letter := w.call("GET", strings.Replace(address, "/preview?", "/preview/mail?", 1), nil)
	want(t, letter.Body.String(), "<strong", "&lt;script&gt;")
	if policy := letter.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "sandbox allow-popups") || strings.Contains(letter.Body.String(), "<script>alert") {
		t.Errorf("the letter may act: %s", policy)
	}
	behind := w.call("GET", strings.Replace(address, "/preview?", "/preview/page?", 1), nil)
	want(t, behind.Body.String(), "question 1: <b>Уровень</b>")
	if policy := behind.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'none'") || !strings.Contains(policy, "sandbox allow-same-origin") || strings.Contains(policy, "script-src") {
		t.Errorf("the page may act: %s", policy)
	}
	_, page = w.see(strings.Replace(address, "view=email", "view=telegram", 1), "step", "told", "language", "en", "answer:level", "b1", "answer:age", "33", "answer:likes", "x", "answer:voice", "given")
	want(t, page, "You: Middle, 33.", `value="b1" selected`, `value="x" checked`, `value="given" checked`)

	_, found := w.see(seenPath, "do", "find", "q", "m1@example.org")
	checkPage(t, "found", found)
	want(t, found, "member="+idText(w.members[1]))
	mine := w.get(seenPath+"?version=0&member="+idText(w.members[1]), "en")
	checkPage(t, "of a member", mine)
	want(t, mine, "What this member answered", "/console/members/"+idText(w.members[1]))
	if strings.Contains(mine, `name="first"`) {
		t.Error("a member who is there gets a made-up name")
	}
	must(t, w.e.EraseMember(t.Context(), engine.Operator, "sl-1"))
	want(t, w.get(seenPath+"?version=0&member="+idText(w.members[1]), "en"), "data was erased")
	_, none := w.see(seenPath, "do", "find", "q", "nobody at all")
	want(t, none, "Nobody fits")
}

// TestPreviewSaysWhatIsWrong beside its field, or at the top where it has none.
func TestPreviewSaysWhatIsWrong(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.showSeen()
	_, page := w.see(seenPath, "step", "told", "answer:age", "old")
	checkPage(t, "no answer", page)
	want(t, page, `aria-invalid="true" aria-describedby="answer:age-e"`, "This is no answer to “age”", `value="old"`)
	want(t, w.get(seenPath+"?step=gone", "en"), "There is no step “gone”")
	if _, page := w.see(seenPath, "step", "told", "first", strings.Repeat("я", 800)); !strings.Contains(page, "more than can be assumed") || !strings.Contains(page, "яяя") {
		t.Errorf("too long: %s", page)
	}
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error { // as a draft of another release
		c, broken := w.campaign("seen"), strings.Replace(seenCampaign, "type: number", "type: numbr", 1)
		return tx.UpdateDraft(t.Context(), c.ID, c.DraftRev, c.Name, c.Names, c.Kind, broken, "yaml", start)
	}))
	page = w.get(seenPath, "en")
	checkPage(t, "broken", page)
	want(t, page, "Line 15:", "number")
	for _, path := range []string{"?as=nonsense", "?member=x", "?version=-1", "?version=7", "?member=1"} {
		if rec := w.call("GET", seenPath+path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

// TestPreviewOfMembersNeedsTheirScope: who reads campaigns alone sees somebody made up, finds nobody, and no frame shows them a member either.
func TestPreviewOfMembersNeedsTheirScope(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	w.populate(2)
	w.showSeen()
	token, err := w.e.CreateToken(t.Context(), engine.Operator, "campaigns", []engine.Scope{engine.CampaignsRead})
	must(t, err)
	w.cookies = []*http.Cookie{{Name: sessionCookie, Value: token}}
	page := w.get(seenPath, "en")
	want(t, page, "may not read members")
	if strings.Contains(page, `name="q"`) {
		t.Error("a search is offered")
	}
	member := "?step=level&view=email&member=" + idText(w.members[1])
	for _, path := range []string{"", "/mail", "/page"} {
		if rec := w.call("GET", seenPath+path+member, nil); rec.Code != http.StatusForbidden {
			t.Errorf("%s of a member: %d", path, rec.Code)
		}
	}
	if rec := w.call("POST", seenPath, url.Values{"do": {"find"}, "q": {"m1"}}, "Sec-Fetch-Site", "same-origin"); rec.Code != http.StatusForbidden {
		t.Errorf("a search: %d", rec.Code)
	}
}
