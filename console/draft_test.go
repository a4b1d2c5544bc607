package console

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

const hello = `key: hello
name: {en: Hello <b>, ru: Привет}
kind: onboarding
topic: news
languages: [en, ru]
channels: [email]
entry: {manual: true}
steps:
  - id: first
    send:
      subject: {en: Hello, ru: Привет}
      text: {en: "Hello & welcome", ru: "Здравствуйте"}
`

// TestDrafts are written as text: checked beforehand, saved, changed and published, and nothing that was typed is lost.
func TestDrafts(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(3)
	send := func(path, source, revision, do string) (int, string) {
		t.Helper()
		rec := w.call("POST", path, url.Values{"source": {strings.ReplaceAll(source, "\n", "\r\n")}, "revision": {revision}, "do": {do}}, "Sec-Fetch-Site", "same-origin")
		if body := rec.Body.String(); rec.Code != http.StatusSeeOther {
			checkPage(t, path, body)
			return rec.Code, body
		}
		return rec.Code, rec.Header().Get("Location")
	}
	if list := w.get(campaignsPath, "ru"); !strings.Contains(list, newCampaignPath) {
		t.Error("the list leads to no new campaign")
	}
	for _, lang := range locale.Languages() {
		page := w.get(newCampaignPath, lang)
		checkPage(t, lang, page)
		begin := typedIn(t, page)
		if code, body := send(campaignsPath, begin, "", "look"); code != 200 || !strings.Contains(body, "There is no problem") {
			t.Errorf("what it begins with in %s: %d %s", lang, code, body)
		}
		if def, err := engine.ParseDraft(engine.Draft{Source: begin, Format: "yaml"}); err != nil || len(def.Languages) != 1 || string(def.Languages[0]) != lang || strings.Contains(begin, "Hello") == (lang == "ru") {
			t.Errorf("what it begins with in %s: %v %s", lang, err, begin)
		}
	}
	wrong := strings.Replace(hello, "    send:", "    sendd:", 1)
	for do, want := range map[string]int{"look": 200, "save": 422} {
		code, body := send(campaignsPath, wrong, "", do)
		for _, part := range []string{`<a href="#l10">line 10</a>`, "Did you mean", `<li id="l10" class="hit">`, "    sendd:", "&lt;b&gt;", `aria-invalid="true"`} {
			if code != want || !strings.Contains(body, part) {
				t.Errorf("%s with a mistake: %d, no %q in %s", do, code, part, body)
			}
		}
		if typedIn(t, body) != wrong {
			t.Errorf("%s lost what was typed", do)
		}
	}
	begun := regexp.MustCompile(`(?m)^kind: \w+$`).ReplaceAllString(hello, "kind: greeting")
	if _, body := send(campaignsPath, begun, "", "look"); !strings.Contains(body, "Expected: onboarding, challenge") {
		t.Errorf("what may stand there is not told: %s", body)
	}
	for _, key := range []campaigns.Key{"hello", "my-campaign"} {
		if _, err := w.e.Campaign(t.Context(), engine.Operator, key); !fault.Is(err, fault.NotFound) {
			t.Fatalf("a look saved %s: %v", key, err)
		}
	}
	edit := campaignsPath + "/hello/edit"
	if code, to := send(campaignsPath, hello, "", "save"); code != 303 || to != edit {
		t.Fatalf("saved: %d %s", code, to)
	}
	if code, body := send(campaignsPath, hello, "", "save"); code != 409 || !strings.Contains(body, "There is already a campaign") || typedIn(t, body) != hello {
		t.Errorf("twice: %d %s", code, body)
	}
	for lang, want := range map[string][]string{"en": {"Draft 1, saved on", "Nobody gets anything", "There is no problem"}, "ru": {"Черновик 1, сохранён", "никто ничего не получит", "Ошибок в этом тексте нет"}} {
		page := w.get(edit, lang)
		checkPage(t, lang, page)
		for _, part := range append(want, `name="revision" value="1"`, `value="publish"`, `value="preview"`) {
			if !strings.Contains(page, part) {
				t.Errorf("%s: no %q in %s", lang, part, page)
			}
		}
		if typedIn(t, page) != hello {
			t.Errorf("the text is %q", typedIn(t, page))
		}
	}
	for do, want := range map[string]string{"publish": "/console/campaigns/hello/publish", "preview": "/console/campaigns/hello/preview"} {
		if code, to := send(edit, hello, "1", do); code != 303 || to != want {
			t.Errorf("%s: %d %s", do, code, to)
		}
	}
	if c, err := w.e.Campaign(t.Context(), engine.Operator, "hello"); err != nil || c.DraftRev != 1 {
		t.Errorf("the same text was saved again: %d, %v", c.DraftRev, err)
	}
	for source, want := range map[string]string{
		strings.Replace(hello, "key: hello", "key: other", 1):      "this one is “hello”",
		strings.Replace(hello, "topic: news", "topic: nobodys", 1): "1 thing to think over",
	} {
		if code, body := send(edit, source, "1", "look"); code != 200 || !strings.Contains(body, want) || strings.Contains(body, "There is no problem") {
			t.Errorf("looked at: %d, no %q in %s", code, want, body)
		}
	}
	w.e.Senders = map[campaigns.Channel]channels.Sender{campaigns.Telegram: noMedia{}}
	picture := strings.NewReplacer("[email]", "[telegram]", "    send:\n", "    send:\n      media: {photo: gone.jpg}\n", "      subject: {en: Hello, ru: Привет}\n", "").Replace(hello)
	if code, body := send(edit, picture, "1", "look"); code != 200 || !strings.Contains(body, "gone.jpg is not in the media folder") {
		t.Errorf("a picture that is not there: %d %s", code, body)
	}
	w.e.Senders = nil
	unheard := hello + "  - call: {endpoint: nowhere, timeout: 1d}\n  - notify: {text: {en: Look, ru: Смотри}}\n"
	if code, body := send(edit, unheard, "1", "look"); code != 200 || !strings.Contains(body, "“nowhere” is not in the service") || !strings.Contains(body, "name nobody to be told") {
		t.Errorf("a call and a notice that come to nothing: %d %s", code, body)
	}
	if code, body := send(campaignsPath, hello, "", "look"); code != 200 || !strings.Contains(body, "There is already a campaign") {
		t.Errorf("a key that is taken: %d %s", code, body)
	}
	if code, _ := send(edit, "\n"+hello, "1", "save"); code != 303 || typedIn(t, w.get(edit, "en")) != "\n"+hello {
		t.Error("an empty line at the beginning is lost")
	}
	if code, _ := send(edit, hello, "2", "save"); code != 303 {
		t.Error("not saved")
	}
	_, err := w.e.Publish(t.Context(), engine.Operator, "hello")
	must(t, err)
	again := strings.Replace(hello, "Hello & welcome", "Hello again", 1)
	code, body := send(edit, again, "2", "save")
	if code != 409 || typedIn(t, body) != again {
		t.Errorf("somebody else changed it: %d %s", code, body)
	}
	for _, part := range []string{"Someone changed this draft", "What somebody else saved meanwhile", "Hello &amp; welcome", `name="revision" value="3"`} {
		if !strings.Contains(body, part) {
			t.Errorf("somebody else changed it: no %q in %s", part, body)
		}
	}
	if code, to := send(edit, again, "3", "save"); code != 303 || to != edit {
		t.Fatalf("changed: %d %s", code, to)
	}
	page := w.get(edit, "en")
	for _, part := range []string{"Draft 4, saved on", "Version 1 runs", "1 thing to think over", "lags behind"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in %s", part, page)
		}
	}
	if code, body := send(edit, strings.Replace(hello, "key: hello", "key: other", 1), "4", "save"); code != 422 || !strings.Contains(body, "this one is “hello”") {
		t.Errorf("another key: %d %s", code, body)
	}
	for _, revision := range []string{"", "0", "x"} {
		if code, _ := send(edit, again, revision, "save"); code != 422 {
			t.Errorf("revision %q: %d", revision, code)
		}
	}
	if code, body := send(edit, again+strings.Repeat("# жжжжжжж\n", maxForm/9), "4", "save"); code != 303 {
		t.Errorf("a long one: %d %s", code, body)
	}
	line := "# " + strings.Repeat("ж", 24) + "\n"
	most := hello + strings.Repeat(line, (definition.MaxBytes-len(hello))/len(line))
	if code, body := send(edit, most, "5", "save"); code != 303 {
		t.Errorf("as long as may be: %d %.3000s", code, body)
	}
	if code, _ := send(edit, strings.Repeat("жжжжжжж\n", maxDraft/20), "6", "save"); code != 422 {
		t.Errorf("too long: %d", code)
	}
	_, err = w.e.End(t.Context(), engine.Operator, "hello")
	must(t, err)
	_, err = w.e.Archive(t.Context(), engine.Operator, "hello")
	must(t, err)
	if page := w.get(edit, "en"); !strings.Contains(page, "readonly") || strings.Contains(page, `value="save"`) {
		t.Errorf("archived: %s", page)
	}
	if code, body := send(edit, again, "6", "save"); code != 409 || !strings.Contains(body, "is “Archived”") || strings.Contains(body, "somebody else saved") {
		t.Errorf("an archived one was changed: %d %s", code, body)
	}
}

// noMedia is a sender whose media folder is empty.
type noMedia struct{ channels.Sender }

func (noMedia) HasMedia(m *channels.Media) bool { return m == nil }

// typedIn is what stands in the page's text field.
func typedIn(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<textarea class="input typed draft"`)
	_, rest, _ = strings.Cut(rest, ">")
	rest = strings.TrimPrefix(rest, "\n") // as a browser reads it
	text, _, closed := strings.Cut(rest, "</textarea>")
	if !ok || !closed {
		t.Fatalf("no text field in %s", page)
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&", "&#43;", "+").Replace(text)
}

// TestDraftsToRead: whoever may read campaigns alone sees the text, and no button; one that this release cannot read can be mended.
func TestDraftsToRead(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	now := time.Now()
	must(t, w.e.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertCampaign(t.Context(), &store.Campaign{ID: 77, Key: "old", Name: "Old", Kind: "survey", State: "draft", Draft: "key: old\nyesterday: <b>\n", DraftFormat: "yaml", DraftRev: 1, CreatedAt: now, UpdatedAt: now, StateAt: now})
	}))
	for scope, may := range map[engine.Scope]bool{engine.CampaignsRead: false, engine.CampaignsWrite: true} {
		token, err := w.e.CreateToken(t.Context(), engine.Operator, string(scope), []engine.Scope{engine.CampaignsRead, scope})
		must(t, err)
		rec := w.call("GET", campaignsPath+"/old/edit", nil, "Cookie", sessionCookie+"="+token)
		body := rec.Body.String()
		checkPage(t, string(scope), body)
		if rec.Code != 200 || !strings.Contains(body, "line 2") || !strings.Contains(body, "yesterday: &lt;b&gt;") || strings.Contains(body, `value="save"`) != may || strings.Contains(body, "readonly") == may {
			t.Errorf("%s: %d %s", scope, rec.Code, body)
		}
		list := w.call("GET", campaignsPath, nil, "Cookie", sessionCookie+"="+token).Body.String()
		if strings.Contains(list, newCampaignPath) != may {
			t.Errorf("%s: the list leads to a new campaign: %t", scope, !may)
		}
	}
}

// TestNothingTypedIsLost: whatever the refusal, the text that came with it stands on the page; what another site sends does not.
func TestNothingTypedIsLost(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	token, err := w.e.CreateToken(t.Context(), engine.Operator, "writes", []engine.Scope{engine.CampaignsWrite})
	must(t, err)
	form := url.Values{"source": {hello + "# mine"}, "do": {"look"}}
	for name, headers := range map[string][]string{"signed out": nil, "may not look": {"Cookie", sessionCookie + "=" + token}} {
		rec := w.call("POST", campaignsPath, form, append(headers, "Sec-Fetch-Site", "same-origin")...)
		body := rec.Body.String()
		checkPage(t, name, body)
		if rec.Code < 400 || !strings.Contains(body, "# mine</textarea>") {
			t.Errorf("%s: %d %s", name, rec.Code, body)
		}
	}
	if rec := w.call("POST", campaignsPath, form, "Sec-Fetch-Site", "cross-site"); strings.Contains(rec.Body.String(), "# mine") {
		t.Error("another site's text is shown")
	}
}

// TestDraftsInJSON: all may stand in one line, so that columns are told.
func TestDraftsInJSON(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	now := time.Now()
	must(t, w.e.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertCampaign(t.Context(), &store.Campaign{ID: 78, Key: "j", Name: "J", Kind: "survey", State: "draft", Draft: `{"key": "j", "yesterday": "` + strings.Repeat("x", 500) + `"}`, DraftFormat: "json", DraftRev: 1, CreatedAt: now, UpdatedAt: now, StateAt: now})
	}))
	page := w.get(campaignsPath+"/j/edit", "en")
	checkPage(t, "json", page)
	if !strings.Contains(page, "line 1, column 14") || !strings.Contains(page, "written in JSON") || !strings.Contains(page, "…</code>") {
		t.Error(page)
	}
}
