package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/browser"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// secretWords is what a member wrote: no page of the console's shows it.
const secretWords = "words for the bot alone"

// stumbles gives a populated community what it stumbled over: three letters from Telegram, one from a page, one from the platform, and messages of the
// challenge and of the survey that failed by our fault. It returns the first letter.
func (w *world) stumbles() campaigns.InputID {
	w.t.Helper()
	ctx := w.t.Context()
	came, tried := start.Add(-26*time.Hour), start.Add(-25*time.Hour)
	letter := func(source, key, actor, raw, err string, tries int, m campaigns.MemberID) *store.Input {
		return &store.Input{ID: campaigns.InputID(w.id()), Source: source, SourceKey: key, Actor: actor, Kind: "update", Raw: raw, Member: m, State: store.InputDead, Tries: tries, Error: err, ReceivedAt: came, HandledAt: &tried}
	}
	ins := []*store.Input{
		letter("telegram", "t1", "telegram:1004", `{"text":"`+secretWords+`"}`, "panic: runtime error: index out of range [3] with length 3", 5, 0),
		letter("telegram", "t2", "telegram:?", `{"text":"`+secretWords, "decode update: unreadable: unexpected end of JSON input", 1, 0),
		letter("telegram", "t3", "telegram:99999", `{"text":"`+secretWords+`"}`, `panic: *errors.errorString`, 5, 0),
		letter("page", "p1", "member:"+idText(w.members[1]), `{"text":"`+secretWords+`"}`, "save response: value too long", 5, w.members[1]),
		letter("api", "a1", "member:"+idText(w.members[2]), `{"event":"lesson.done","data":{"x":"`+secretWords+`"}}`, "parse campaign 5 version 1: published version cannot be read", 5, w.members[2]),
	}
	must(w.t, w.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.InsertInputs(ctx, ins)
		return err
	}))
	x := &rows{}
	fail := func(key, step string, member int, ch campaigns.Channel, reason campaigns.Reason) {
		c := w.campaign(campaigns.Key(key))
		es, err := w.store.Enrollments(ctx, store.EnrollmentFilter{Campaign: c.ID, Member: w.members[member]}, store.Page{})
		must(w.t, err)
		at := start.Add(-3 * time.Hour)
		x.ds = append(x.ds, &store.Delivery{
			Kind: store.StepDelivery, Campaign: c.ID, Version: 1, Enrollment: es[0].ID, Member: w.members[member], Step: campaigns.StepID(step), Visit: 50, Channel: ch, Lane: campaigns.Bulk,
			State: campaigns.Failed, Reason: reason, ExpiresAt: at, CreatedAt: at, FinalAt: &at, Params: []byte(`{}`),
		})
	}
	for _, m := range []int{1, 2, 3, 5} {
		fail(challengeKey, "many-days", m, campaigns.Telegram, campaigns.RenderFailed)
	}
	fail(challengeKey, "task", 4, campaigns.Email, campaigns.Stumbled)
	w.write(x)
	return ins[0].ID
}

func (w *world) post(target string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.call("POST", target, form, append(headers, "Sec-Fetch-Site", "same-origin")...)
}

// TestDeadLetters: the page says what each was, whose and why, never what it says; Today leads there; a press tries one, or all of a source, again, and
// the page tells what became of it.
func TestDeadLetters(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(12)
	id := w.stumbles()
	for _, lang := range locale.Languages() {
		checkPage(t, "dead letters "+lang, w.get(lettersPath, lang))
	}
	page := w.get(lettersPath, "en")
	for _, want := range []string{
		"A message or a press in Telegram", "The chat 99999, nobody’s yet", "Nobody knows whose", "An answer on a survey page", "The event “lesson.done” from your platform",
		"tried 5 times", "tried once", "Our own code stumbled.", "It can’t be read.", "Something we needed said no.", "index out of range [3]", "Try all 3 again", `<h3><a href="/console/members/` + idText(w.members[4]),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, secretWords) {
		t.Error("the page shows what a member wrote")
	}
	if today := w.get("/console", "en"); !strings.Contains(today, `href="`+lettersPath+`"`) || !strings.Contains(today, "5 things that came in could not be handled") {
		t.Error("Today does not lead there")
	}
	one := w.post(lettersPath+"/"+idText(id), url.Values{})
	if one.Code != http.StatusSeeOther {
		t.Fatalf("try one again: %d %s", one.Code, one.Body)
	}
	if page := w.get(one.Header().Get("Location"), "en"); !strings.Contains(page, "being tried again") || strings.Contains(page, "Try all 3") {
		t.Error("the page does not say that it is tried")
	}
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.FailInput(t.Context(), id, "panic: again", 1, start) }))
	if page := w.get(one.Header().Get("Location"), "en"); !strings.Contains(page, "it failed again") {
		t.Error("the page does not say that it failed again")
	}
	all := w.post(lettersPath, url.Values{"source": {"telegram"}})
	if page := w.get(all.Header().Get("Location"), "ru"); !strings.Contains(page, "Пробуем ещё раз: 3.") || strings.Contains(page, "Неизвестно, от кого") || !strings.Contains(page, "Ответ на странице опроса") {
		t.Errorf("all of Telegram: %d %s", all.Code, page)
	}
	if none := w.post(lettersPath+"/4711", url.Values{}); none.Code != http.StatusNotFound {
		t.Errorf("one that is not there: %d", none.Code)
	}
	w.get(lettersPath+"?tried=4711&after=x", "en")
	w.get(lettersPath+"?again=-3&sent=<b>", "en")
}

// TestFailedMessages: what failed by our own fault is told by step, and sent again where that is possible; pressed twice, it goes once.
func TestFailedMessages(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(12)
	w.stumbles()
	page := w.get(lettersPath, "en")
	for _, want := range []string{"14 days of speaking", "4 messages", "1 message", "A question isn’t asked again", "Send again: 4 messages, 14 days of speaking"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Count(page, `action="/console/failed-messages"`) != 1 {
		t.Error("a question is offered to be sent again, or a message is not")
	}
	form := url.Values{"campaign": {challengeKey}, "step": {"many-days"}, "channel": {"telegram"}, "reason": {"render_failed"}}
	sent := w.post("/console/failed-messages", form)
	if page := w.get(sent.Header().Get("Location"), "en"); !strings.Contains(page, "4 messages are on their way.") || strings.Contains(page, "Send again: 4") {
		t.Errorf("sent again: %d %s", sent.Code, sent.Body)
	}
	if again := w.post("/console/failed-messages", form); again.Code != http.StatusNotFound {
		t.Errorf("pressed twice: %d", again.Code)
	}
	form.Set("step", "task")
	form.Set("channel", "email")
	form.Set("reason", "stumbled")
	if over := w.post("/console/failed-messages", form); over.Code != http.StatusConflict {
		t.Errorf("a question: %d", over.Code)
	}
}

// TestWhoMayTryAgain: a reader sees the letters without a button.
func TestWhoMayTryAgain(t *testing.T) {
	w := newWorld(t, newSQLite(t), func(o *Options) { o.Open = false })
	w.populate(12)
	id := w.stumbles()
	token, err := w.e.CreateToken(t.Context(), engine.Operator, "reader", []engine.Scope{engine.MembersRead, engine.CampaignsRead})
	must(t, err)
	w.cookies = []*http.Cookie{{Name: sessionCookie, Value: token}}
	if page := w.get(lettersPath, "en"); strings.Contains(page, "Try again</button>") || strings.Contains(page, "Send again</button>") || !strings.Contains(page, "Nobody knows whose") {
		t.Error("a reader is offered what they may not do, or sees nothing")
	}
	for _, target := range []string{lettersPath, lettersPath + "/" + idText(id), "/console/failed-messages", "/console/failed-notices", "/console/failed-calls"} {
		if rec := w.post(target, url.Values{"source": {"telegram"}}); rec.Code != http.StatusForbidden {
			t.Errorf("POST %s: %d", target, rec.Code)
		}
	}
}

// TestDeadLettersInABrowser: axe-core finds nothing, and the buttons work without JavaScript.
func TestDeadLettersInABrowser(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, newSQLite(t))
	w.populate(12)
	w.stumbles()
	server := httptest.NewServer(w.gin)
	defer server.Close()
	defer w.console.o.Look.Close() // ends the streams that the server waits for
	at := server.URL + lettersPath
	for _, v := range []browser.View{{Lang: "ru"}, {Phone: true, Dark: true}} {
		tab := b.Open(t, at, v)
		tab.Click(".said-by > summary")
		tab.Accessible()
		if wide := browser.Eval[bool](tab, `document.documentElement.scrollWidth > innerWidth`); wide {
			t.Errorf("%+v: the page is wider than the window", v)
		}
	}
	tab := b.Open(t, at, browser.View{NoScript: true})
	tab.Click(`form[action="/console/failed-messages"] button`)
	tab.WaitText("main", "4 messages are on their way.")
	tab.Click(`ul.rows form[action^="/console/dead-letters/"] button`)
	tab.WaitText("main", "being tried again")
}

// TestUntoldNotices: what the staff did not hear stands there with its reason, one member by name; Today leads there, and a press has it told.
func TestUntoldNotices(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(3)
	c := w.campaign(surveyKey)
	untold := func(member int, ch campaigns.Channel, address string, reason campaigns.Reason) *store.Notice {
		return &store.Notice{
			ID: w.id(), Campaign: c.ID, Version: 1, Enrollment: campaigns.EnrollmentID(w.id()), Member: w.members[member], Step: "score", Visit: 1, Channel: ch, Address: address,
			State: store.NoticeFailed, Reason: reason, CreatedAt: start.Add(-time.Hour),
		}
	}
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertNotices(t.Context(), []*store.Notice{
			untold(0, campaigns.Telegram, "-100", campaigns.AttemptsUsedUp), untold(1, campaigns.Telegram, "-100", campaigns.AttemptsUsedUp), untold(1, "", "", campaigns.NobodyToTell),
			untold(2, campaigns.Telegram, "-100", campaigns.MemberErased),
		})
	}))
	for lang, words := range map[string][]string{
		"en": {"The staff was not told", "2 notices · Telegram", "1 notice · nobody is set up", "Every attempt ended", "The settings name nobody", idText(w.members[1]), "Tell again: 2 notices"},
		"ru": {"Команда не узнала", "2 уведомления", "никто не указан"},
	} {
		page := w.get(lettersPath, lang)
		checkPage(t, lang, page)
		want(t, page, words...)
		if strings.Contains(page, "-100") || strings.Count(page, `action="/console/failed-notices"`) != 2 {
			t.Errorf("%s: an address of the staff, or an erased member's notice", lang)
		}
	}
	want(t, w.get("/console", "en"), "3 notices did not reach the staff", `href="`+lettersPath+`"`)
	form := url.Values{"campaign": {surveyKey}, "step": {"score"}, "channel": {"telegram"}, "reason": {string(campaigns.AttemptsUsedUp)}}
	for pressed, says := range []string{"For 2 notices the settings still name nobody", "2 notices are on their way"} {
		if pressed == 1 {
			w.e.Staff, w.e.Senders = map[campaigns.Channel][]string{campaigns.Telegram: {"-100"}}, map[campaigns.Channel]channels.Sender{campaigns.Telegram: sender{}}
		}
		rec := w.post("/console/failed-notices", form)
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("%d: %d %s", pressed, rec.Code, rec.Body)
		}
		page := w.get(rec.Header().Get("Location"), "en")
		checkPage(t, says, page)
		want(t, page, says)
	}
	if rec := w.post("/console/failed-notices", form); rec.Code != http.StatusNotFound {
		t.Errorf("pressed twice: %d", rec.Code)
	}
}

// sender is a channel that is set up and never used here.
type sender struct{ channels.Sender }

// TestUnansweredCalls: what another system did not get stands there with its reason; Today leads there, and a press has it called once more, by who may.
func TestUnansweredCalls(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(3)
	c := w.campaign(surveyKey)
	failed := func(member int, reason campaigns.Reason) *store.OutsideCall {
		ended := start.Add(-time.Hour)
		return &store.OutsideCall{
			ID: w.id(), Campaign: c.ID, Version: 1, Enrollment: campaigns.EnrollmentID(w.id()), Member: w.members[member], Step: "score", Visit: 1, Endpoint: "shop",
			State: store.CallFailed, Reason: reason, Code: 422, UntilAt: ended, CreatedAt: start.Add(-2 * time.Hour), EndedAt: &ended,
		}
	}
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.InsertCalls(t.Context(), []*store.OutsideCall{
			failed(0, campaigns.CallRefused), failed(1, campaigns.CallRefused), failed(1, campaigns.CallTimedOut), failed(2, campaigns.CallLeft),
		})
	}))
	for lang, words := range map[string][]string{
		"en": {"Calls of other systems that failed", "2 calls · shop", "1 call · shop", "answered that it will not do it", idText(w.members[1]), "Call again: 2 calls"},
		"ru": {"Вызовы другой системы не удались", "2 вызова · shop", "Вызвать ещё раз"},
	} {
		page := w.get(lettersPath, lang)
		checkPage(t, lang, page)
		want(t, page, words...)
		if strings.Count(page, `action="/console/failed-calls"`) != 2 {
			t.Errorf("%s: who went on elsewhere is offered", lang)
		}
	}
	want(t, w.get("/console", "en"), "3 calls of other systems failed", `href="`+lettersPath+`"`)
	form := url.Values{"campaign": {surveyKey}, "step": {"score"}, "endpoint": {"shop"}, "reason": {string(campaigns.CallRefused)}}
	rec := w.post("/console/failed-calls", form)
	if rec.Code != http.StatusConflict {
		t.Fatalf("an endpoint that is not set up: %d %s", rec.Code, rec.Body)
	}
	want(t, rec.Body.String(), "name no system “shop”")
	w.e.Caller = caller{}
	rec = w.post("/console/failed-calls", form)
	if rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	page := w.get(rec.Header().Get("Location"), "en")
	checkPage(t, "called", page)
	want(t, page, "2 calls are being made once more.")
	if rec := w.post("/console/failed-calls", form); rec.Code != http.StatusNotFound {
		t.Errorf("pressed twice: %d", rec.Code)
	}
}

// caller knows one endpoint, and is never asked here.
type caller struct{ engine.Caller }

func (caller) Endpoints() []string { return []string{"shop"} }
