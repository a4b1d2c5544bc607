package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

const novices = "key: novices\nname: {en: Beginners <b>, ru: Новички}\nwho:\n  all:\n    - {language: ru}\n    - any: [{tag: novice}, {completed: " + surveyKey + "}]\n"

// TestSegments are written in a form that keeps what was typed, shown beforehand, said in the reader's language, and deleted.
func TestSegments(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(12)
	sure := "yes"
	send := func(path, source, revision, do string) (int, string) {
		t.Helper()
		rec := w.call("POST", path, url.Values{"source": {source}, "revision": {revision}, "do": {do}, "sure": {sure}}, "Sec-Fetch-Site", "same-origin")
		if body := rec.Body.String(); rec.Code != http.StatusSeeOther {
			checkPage(t, path, body)
			return rec.Code, body
		}
		return rec.Code, rec.Header().Get("Location")
	}
	checkPage(t, "none yet", w.get(segmentsPath, "ru"))
	checkPage(t, "new", w.get(newSegmentPath, "ru"))
	wrong := strings.Replace(novices, "{completed: ", "{complted: ", 1)
	for _, do := range []string{"look", "save"} {
		if code, body := send(segmentsPath, wrong, "0", do); code != 422 || !strings.Contains(body, "Line 6:") || !strings.Contains(body, "completed") || !strings.Contains(body, "complted: ") || !strings.Contains(body, "&lt;b&gt;") {
			t.Errorf("%s with a mistake: %d %s", do, code, body)
		}
	}
	quoted := "key: adults\nname: Adults\nwho: {attribute: age, at_least: \"18\"}\n"
	if code, body := send(segmentsPath, quoted, "0", "look"); code != 200 || !strings.Contains(body, "Line 3") || !strings.Contains(body, "Delete the quotes") || strings.Contains(body, "summary-errors") {
		t.Errorf("what is probably not meant is not told: %d", code)
	}
	if code, body := send(segmentsPath, novices, "0", "look"); code != 200 || !strings.Contains(body, "whose language is Russian") || !strings.Contains(body, "Counted at") {
		t.Errorf("looked at: %d %s", code, body)
	}
	if all, _ := w.e.Segments(t.Context(), engine.Operator); len(all) != 0 {
		t.Fatal("looking at it saved it")
	}
	if code, to := send(segmentsPath, novices, "0", "save"); code != 303 || to != segmentsPath+"/novices" {
		t.Fatalf("saved: %d %s", code, to)
	}
	if code, body := send(segmentsPath, novices, "0", "save"); code != 409 || !strings.Contains(body, "There is already a segment") {
		t.Errorf("twice: %d %s", code, body)
	}
	for _, lang := range locale.Languages() {
		for _, path := range []string{"", "/novices", "/novices/edit"} {
			checkPage(t, lang+path, w.get(segmentsPath+path, lang))
		}
	}
	if page := w.get(segmentsPath+"/novices", "ru"); !strings.Contains(page, "Новички") || !strings.Contains(page, "чей язык – русский") || !strings.Contains(page, "верно хотя бы одно из этого") || !strings.Contains(page, "/console/members/") {
		t.Error(page)
	}
	if code, body := send(segmentsPath+"/novices", strings.Replace(novices, "ru}", "en}", 1), "7", "save"); code != 409 || !strings.Contains(body, "Someone changed this segment") {
		t.Errorf("somebody else changed it: %d %s", code, body)
	}
	if code, _ := send(segmentsPath+"/novices", strings.Replace(novices, "ru}", "en}", 1), "1", "save"); code != 303 {
		t.Errorf("changed: %d", code)
	}
	if code, _ := send(segmentsPath, strings.Repeat("# too long\n", maxForm/10), "0", "save"); code != 422 {
		t.Errorf("too long: %d", code)
	}
	_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: others\nname: O\nwho: {not: {segment: novices}}\n", Format: "yaml"})
	must(t, err)
	if page := w.get(segmentsPath+"/others/edit", "en"); !strings.Contains(page, `<p><button class="button button-stop">Delete this segment</button></p>`) {
		t.Error("what cannot be undone does not look so")
	}
	if code, body := send(segmentsPath+"/novices/delete", "", "", ""); code != 409 || !strings.Contains(body, "“others” names the segment") {
		t.Errorf("deleted while it is used: %d %s", code, body)
	}
	sure = ""
	if code, body := send(segmentsPath+"/others/delete", "", "", ""); code != 422 || !strings.Contains(body, "Tick the box") {
		t.Errorf("deleted by one press: %d %s", code, body)
	}
	sure = "yes"
	if code, to := send(segmentsPath+"/others/delete", "", "", ""); code != 303 || to != segmentsPath {
		t.Errorf("deleted: %d %s", code, to)
	}
	if rec := w.call("GET", segmentsPath+"/others", nil); rec.Code != http.StatusNotFound {
		t.Errorf("gone: %d", rec.Code)
	}
}

// TestSegmentsWithoutMembers: who may read campaigns and no members reads what a segment means, and not how many it holds.
func TestSegmentsWithoutMembers(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: novices\nname: N\nwho: {tag: novice}\n", Format: "yaml"})
	must(t, err)
	for scope, counts := range map[engine.Scope]bool{engine.CampaignsWrite: false, engine.MembersRead: true} {
		token, err := w.e.CreateToken(t.Context(), engine.Operator, string(scope), []engine.Scope{engine.CampaignsRead, scope})
		must(t, err)
		rec := w.call("GET", segmentsPath+"/novices", nil, "Cookie", sessionCookie+"="+token)
		body := rec.Body.String()
		checkPage(t, string(scope), body)
		if rec.Code != http.StatusOK || !strings.Contains(body, "who have the tag “novice”") || strings.Contains(body, "Counted at") != counts {
			t.Errorf("%s: %d %s", scope, rec.Code, body)
		}
	}
}

// TestAnySegmentIsReached: one that is called like a page, and one that this release cannot read, whose text can be mended.
func TestAnySegmentIsReached(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: new\nname: Newcomers\nwho: {language: ru}\n", Format: "yaml"})
	must(t, err)
	if page := w.get(segmentsPath+"/new", "en"); !strings.Contains(page, "Newcomers") || strings.Contains(page, "textarea") {
		t.Error(page)
	}
	now := time.Now()
	must(t, w.e.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertSegment(t.Context(), &store.Segment{Key: "old", Name: "Old", Source: "key: old\nname: Old\nwho: {yesterday: <b>}\n", Format: "yaml", Rev: 1, CreatedAt: now, UpdatedAt: now})
	}))
	page := w.get(segmentsPath+"/old", "en")
	checkPage(t, "old", page)
	if !strings.Contains(page, "Line 3:") || !strings.Contains(page, "{yesterday: &lt;b&gt;}") || !strings.Contains(page, `value="save"`) {
		t.Error(page)
	}
}

// TestSegmentsThatAreListenedTo: the segment's page says so, and how old its list is; the campaign's page says who comes in.
func TestSegmentsThatAreListenedTo(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: "key: novices\nname: {en: Novices, ru: Новички}\nwho: {tag: novice}\n", Format: "yaml"})
	must(t, err)
	c, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: "key: listens\nkind: onboarding\nname: L\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {segment: novices, who: both}\nsteps: [{wait: 1d}]\n", Format: "yaml"})
	must(t, err)
	_, err = w.e.Publish(t.Context(), engine.Operator, c.Key)
	must(t, err)
	expect := func(en, ru string) {
		t.Helper()
		for lang, want := range map[string]string{"en": en, "ru": ru} {
			page := w.get(segmentsPath+"/novices", lang)
			if checkPage(t, lang, page); !strings.Contains(page, want) {
				t.Errorf("no %q in %s", want, page)
			}
		}
	}
	expect("Everybody is being looked at", "Идёт проверка всех участников")
	_, err = w.e.AdvanceDue(t.Context(), time.Second)
	must(t, err)
	expect("Everybody was looked at less than a minute ago", "Последняя проверка всех участников: меньше минуты назад")
	if page := w.get("/console/campaigns/listens", "ru"); !strings.Contains(page, "в сегменте «Новички» при публикации; входят и те") {
		t.Error(page)
	}
}
