package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
)

// TestPublishAsks: the page says what changes and where everybody stands; nothing is published before it is said what becomes of them, where those go on whose
// step is gone, and a yes to what lags behind in a language.
func TestPublishAsks(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	ctx, key := t.Context(), campaigns.Key("c")
	const src = "key: c\nkind: survey\nname: <b>C\ntopic: news\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\nsteps:\n" +
		"  - {id: w, wait: 2d}\n  - {id: a, send: {text: {en: A, ru: А}}}\n"
	draft := func(src string) engine.Draft { return engine.Draft{Source: src, Format: definition.YAML} }
	_, err := w.e.CreateCampaign(ctx, engine.Operator, draft(src))
	must(t, err)
	_, err = w.e.Publish(ctx, engine.Operator, key)
	must(t, err)
	address := "u@example.org"
	_, _, err = w.e.UpsertMember(ctx, engine.Operator, engine.MemberInput{ExternalID: "u", Email: &address})
	must(t, err)
	_, err = w.e.Enroll(ctx, engine.Operator, key, []string{"u"})
	must(t, err)
	_, err = w.e.AdvanceDue(ctx, time.Second)
	must(t, err)
	_, err = w.e.PutDraft(ctx, engine.Operator, key, 0, draft(strings.NewReplacer("id: w, wait: 2d", "id: x, wait: 3d", "en: A", "en: A & a").Replace(src)))
	must(t, err)

	over := strings.NewReplacer("key: c\n", "key: over\n", "{manual: true}", `{schedule: {at: "2020-03-02 10:00", zone: community, audience: all, every: week, times: 2}}`).Replace(src)
	_, err = w.e.CreateCampaign(ctx, engine.Operator, draft(over))
	must(t, err)
	if page := w.get("/console/campaigns/over/publish", "en"); !strings.Contains(page, "Nothing is left of the schedule") {
		t.Error("a schedule that is over is published without a word")
	}

	at := "/console/campaigns/c/publish"
	for lang, want := range map[string][]string{
		"en": {"1 member stays", "Step “w” of version 1", "The step is gone", "text (en): A → A &amp; a", "lag behind"},
		"ru": {"1 участник переходит", "Шаг «w» версии 1", "Этого шага больше нет"},
	} {
		page := w.get(at, lang)
		checkPage(t, lang, page)
		if strings.Contains(page, "Nothing is left") {
			t.Error("there is no schedule")
		}
		for _, words := range want {
			if !strings.Contains(page, words) {
				t.Errorf("%s: no %q", lang, words)
			}
		}
		checkPage(t, lang, w.get("/console/campaigns/c/texts", lang))
	}
	if page := w.get("/console/campaigns/c/texts", "en"); !strings.Contains(page, "Outdated") || !strings.Contains(page, "A &amp; a") {
		t.Error("the texts do not stand beside each other")
	}
	right := url.Values{"revision": {"2"}, "step": {"a"}, "path": {"text"}, "language": {"ru"}}
	if page := w.get("/console/campaigns/c/texts", "ru"); !strings.Contains(page, "Текст верен как есть") {
		t.Error("nobody can say that a text is right as it is")
	}
	form := url.Values{"revision": {"2"}}
	for _, step := range []struct {
		field, value string
		status       int
	}{
		{"", "", 422},                 // nobody said what becomes of those inside
		{"inside", "move", 409},       // the text lags behind
		{"outdated", "accept", 409},   // the step is gone
		{"move:w", "nowhere", 422},    // leads nowhere
		{"revision", "1", 409},        // somebody typed meanwhile
		{"move:w", "a", 409},          // still
		{"revision", "2", 303},        // done
		{"revision", "nonsense", 422}, // no form of ours
		{"inside", "everywhere", 422}, // neither
	} {
		if step.field != "" {
			form.Set(step.field, step.value)
		}
		if got := w.post(at, form); got.Code != step.status {
			t.Errorf("%s=%s: %d, want %d", step.field, step.value, got.Code, step.status)
		}
	}
	if page := w.get("/console/campaigns/c/texts", "en"); !strings.Contains(page, "Outdated") || strings.Contains(page, "No text lags behind") {
		t.Error("a yes made the text right")
	}
	for revision, status := range map[string]int{"1": 409, "nonsense": 422, "2": 303} {
		right.Set("revision", revision)
		if got := w.post("/console/campaigns/c/texts", right); got.Code != status {
			t.Errorf("revision %s: %d", revision, got.Code)
		}
	}
	if page := w.get("/console/campaigns/c/texts", "en"); strings.Contains(page, "Outdated") {
		t.Error("the text is still outdated")
	}
	if v, err := w.e.Versions(ctx, engine.Operator, key); err != nil || len(v) != 2 {
		t.Errorf("%d versions, %v", len(v), err)
	}
}

// TestCopyAndArchive: a copy is a draft of its own; a campaign that has ended goes out of sight by a press.
func TestCopyAndArchive(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.post("/console/starters/first-week", url.Values{})
	at := "/console/campaigns/first-week"
	if got := w.post(at+"/copy", url.Values{"key": {"second-week"}, "name": {"Second <b>"}}); got.Code != 303 || got.Header().Get("Location") != "/console/campaigns/second-week" {
		t.Errorf("%d %s", got.Code, got.Header().Get("Location"))
	}
	if page := w.get("/console/campaigns/second-week", "en"); !strings.Contains(page, "Second &lt;b&gt;") {
		t.Error("the copy has not its name")
	}
	for key, status := range map[string]int{"second-week": 409, "": 422, "Not a key": 422} {
		got := w.post(at+"/copy", url.Values{"key": {key}, "name": {"Typed <i>"}})
		if got.Code != status {
			t.Errorf("%q: %d", key, got.Code)
		}
		page := got.Body.String()
		if checkPage(t, key, page); !strings.Contains(page, `value="Typed &lt;i&gt;"`) || !strings.Contains(page, `name="key" value="`+key+`"`) || !strings.Contains(page, `role="alert"`) {
			t.Errorf("%q: what was typed is lost, or nothing says why", key)
		}
	}
	sure := url.Values{"sure": {"yes"}}
	if page := w.get("/console/campaigns/second-week/publish", "en"); !strings.Contains(page, "second-week/archive") {
		t.Error("a draft has no button that archives it")
	}
	if got := w.post("/console/campaigns/second-week/archive", sure); got.Code != 303 {
		t.Errorf("a draft is not archived: %d", got.Code)
	}
	_, err := w.e.Publish(t.Context(), engine.Operator, "first-week")
	must(t, err)
	if got := w.post(at+"/archive", sure); got.Code != 409 || !strings.Contains(got.Body.String(), "End it first") {
		t.Errorf("one that runs is archived: %d", got.Code)
	}
	if page := w.get(at+"/publish", "en"); !strings.Contains(page, at+"/end") {
		t.Error("no button that ends it")
	}
	if got := w.post(at+"/end", url.Values{}); got.Code != 422 {
		t.Errorf("ended by one press: %d", got.Code)
	}
	if got := w.post(at+"/end", sure); got.Code != 303 {
		t.Errorf("not ended: %d", got.Code)
	}
	if page := w.get(at, "en"); !strings.Contains(page, at+"/archive") || !strings.Contains(page, `name="sure" value="yes" required`) {
		t.Error("no button, or no box beside it")
	}
	if got := w.post(at+"/archive", url.Values{}); got.Code != 422 || !strings.Contains(got.Body.String(), "Tick the box") {
		t.Errorf("by one press: %d", got.Code)
	}
	if got := w.post(at+"/archive", sure); got.Code != 303 {
		t.Errorf("%d", got.Code)
	}
	if c, err := w.e.Campaign(t.Context(), engine.Operator, "first-week"); err != nil || c.State != campaigns.Archived {
		t.Errorf("%v %v", c.State, err)
	}
}

// TestPublishCountsThoseWhoGoOn: one member goes on, several go on, in either language.
func TestPublishCountsThoseWhoGoOn(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	ctx := t.Context()
	const src = "key: c\nkind: survey\nname: C\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: w, wait: 2d}\n  - {id: a, send: {text: A}}\n"
	draft := engine.Draft{Source: src, Format: definition.YAML}
	_, err := w.e.CreateCampaign(ctx, engine.Operator, draft)
	must(t, err)
	_, err = w.e.Publish(ctx, engine.Operator, "c")
	must(t, err)
	draft.Source = strings.Replace(src, "wait: 2d", "wait: 3d", 1)
	_, err = w.e.PutDraft(ctx, engine.Operator, "c", 0, draft)
	must(t, err)
	for i, words := range [][2]string{{"1 member · goes on at", "1 участник · продолжит на"}, {"2 members · go on at", "2 участника · продолжат на"}} {
		id := string(rune('a' + i))
		address := id + "@example.org"
		_, _, err = w.e.UpsertMember(ctx, engine.Operator, engine.MemberInput{ExternalID: id, Email: &address})
		must(t, err)
		_, err = w.e.Enroll(ctx, engine.Operator, "c", []string{id})
		must(t, err)
		_, err = w.e.AdvanceDue(ctx, time.Second)
		must(t, err)
		want(t, strings.ReplaceAll(w.get("/console/campaigns/c/publish", "en"), "\u00a0", " "), words[0], `class="panel changes"`)
		want(t, strings.ReplaceAll(w.get("/console/campaigns/c/publish", "ru"), "\u00a0", " "), words[1])
	}
}

// TestPublishSaysWhenAndForWhom before the button, and asks for a yes where the moment is past.
func TestPublishSaysWhenAndForWhom(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	src := "key: c\nkind: broadcast\nname: C\ntopic: news\nlanguages: [en]\nchannels: [email]\n" +
		"entry: {schedule: {at: \"2020-03-01 10:00\", zone: community, audience: {tag: vip}}}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	must(t, err)
	at := "/console/campaigns/c/publish"
	for lang, want := range map[string][]string{
		"en": {"1 March 2020", "the whole audience comes in at once", "the tag “vip”", "Now that is 0 members.", `name="past"`},
		"ru": {"1 марта 2020", "вся аудитория войдёт сразу", "«vip»", "Сейчас это 0 участников."},
	} {
		page := w.get(at, lang)
		checkPage(t, lang, page)
		for _, words := range want {
			if !strings.Contains(page, words) {
				t.Errorf("%s: no %q", lang, words)
			}
		}
	}
	form := url.Values{"revision": {"1"}}
	if res := w.post(at, form); res.Code != 409 {
		t.Errorf("without a yes: %d", res.Code)
	}
	form.Set("past", "accept")
	if res := w.post(at, form); res.Code != 303 {
		t.Errorf("with a yes: %d", res.Code)
	}
	for range 3 {
		_, err = w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
	}
	for lang, nobody := range map[string]string{"en": "has come, and nobody came in", "ru": "наступило, но никто не вошёл"} {
		for _, page := range []string{at, "/console/campaigns/c"} {
			if got := w.get(page, lang); !strings.Contains(got, nobody) {
				t.Errorf("%s, %s: it is not told that nobody came in", page, lang)
			}
		}
		if lang == "en" && !strings.Contains(w.get(at, lang), "the whole audience comes in at once") {
			t.Error("what nobody came in by does not open again")
		}
	}
}

// TestPublishSaysWhoIsTakenInOnce: who was in a segment when the campaign was published is not taken in by a correction, which the page says before it.
func TestPublishSaysWhoIsTakenInOnce(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: vips\nname: VIPs\nwho: {tag: vip}\n", Format: definition.YAML})
	must(t, err)
	src := "key: c\nkind: broadcast\nname: C\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {segment: vips, who: present}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	_, err = w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	must(t, err)
	_, _, err = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "anna", Tags: &[]string{"vip"}})
	must(t, err)
	at := "/console/campaigns/c/publish"
	says := func(want bool) {
		t.Helper()
		for lang, words := range map[string]string{"en": "publishing does not take them in again", "ru": "публикация не примет их снова"} {
			page := w.get(at, lang)
			checkPage(t, lang, page)
			if strings.Contains(page, words) != want {
				t.Errorf("%s: %q is there: %v", lang, words, !want)
			}
		}
	}
	says(false)
	_, err = w.e.Publish(t.Context(), engine.Operator, "c")
	must(t, err)
	_, err = w.e.AdvanceDue(t.Context(), time.Second)
	must(t, err)
	says(true)
	// Where nobody came in, it is said in which segment, and that publishing looks again.
	_, err = w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: empty\nname: {en: The quiet ones, ru: Тихони}\nwho: {tag: nobody}\n", Format: definition.YAML})
	must(t, err)
	_, err = w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: strings.NewReplacer("key: c\n", "key: d\n", "vips", "empty").Replace(src), Format: definition.YAML})
	must(t, err)
	_, err = w.e.Publish(t.Context(), engine.Operator, "d")
	must(t, err)
	for range 3 {
		_, err = w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
	}
	for lang, words := range map[string]string{"en": "in the segment “The quiet ones”, nobody came in. This one looks again.", "ru": "прежняя версия смотрела в сегмент «Тихони», никто не вошёл. Эта версия посмотрит в него снова."} {
		page := w.get("/console/campaigns/d/publish", lang)
		checkPage(t, lang, page)
		if !strings.Contains(page, words) {
			t.Errorf("%s: no %q", lang, words)
		}
	}
}

// TestLanguagesAreNamedInTheReaders: a page of sentences in one language does not name the others by tags.
func TestLanguagesAreNamedInTheReaders(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	src := "key: c\nkind: broadcast\nname: C\ntopic: news\nlanguages: [en, pl, sr-Latn]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	must(t, err)
	for lang, want := range map[string][]string{"en": {"Polish", "Serbian (Latin)"}, "ru": {"польский", "сербский (латиница)"}} {
		for _, path := range []string{"publish", "texts"} {
			page := w.get("/console/campaigns/c/"+path, lang)
			for _, name := range want {
				if !strings.Contains(page, name) {
					t.Errorf("%s, %s: no %q", path, lang, name)
				}
			}
		}
	}
}

// TestPublishTellsOfTopicAndPurpose: what members could not turn off needs a yes, and a service campaign says whom it reaches.
func TestPublishTellsOfTopicAndPurpose(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	const src = "key: c\nkind: survey\nname: C\ntopic: comunity\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	for _, text := range []string{src, strings.Replace(strings.Replace(src, "key: c", "key: s", 1), "topic: comunity", "topic: bills\npurpose: service", 1)} {
		if _, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: text, Format: definition.YAML}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"community", "surveys"}})
	must(t, err)
	const at, of = "/console/campaigns/c/publish", "/console/campaigns/s/publish"
	if page := w.get(at, "en"); !strings.Contains(page, "no topic “comunity”") || !strings.Contains(page, "Was “community” meant?") || strings.Contains(page, "turned everything off too") {
		t.Error("nobody is told of the topic")
	}
	if page := w.get(of, "en"); strings.Contains(page, "no topic") || !strings.Contains(page, "reaches those who turned everything off too") {
		t.Error("nobody is told whom a service campaign reaches")
	}
	form := url.Values{"revision": {"1"}}
	if got := w.post(at, form); got.Code != 409 {
		t.Errorf("%d without a yes", got.Code)
	}
	form.Set("topic", "accept")
	if got := w.post(at, form); got.Code != 303 {
		t.Errorf("%d with a yes", got.Code)
	}
	if got := w.post(of, url.Values{"revision": {"1"}}); got.Code != 303 {
		t.Errorf("%d of a service campaign", got.Code)
	}
}
