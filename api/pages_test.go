package api

import (
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// page asks for a page like a browser, without a token.
func (w *world) page(method, path string, headers ...string) answer {
	w.t.Helper()
	return w.call(method, path, "", append([]string{"Authorization", "", "Accept", "text/html"}, headers...)...)
}

// post sends a form like a browser.
func (w *world) post(path string, form url.Values, headers ...string) answer {
	w.t.Helper()
	r := append([]string{"Authorization", "", "Accept", "text/html", "Content-Type", "application/x-www-form-urlencoded"}, headers...)
	return w.call("POST", path, form.Encode(), r...)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// answer fills in the form that the page shows.
func (w *world) answer(link string, form url.Values) answer {
	w.t.Helper()
	for _, f := range hidden.FindAllStringSubmatch(w.page("GET", link).want(200).body, -1) {
		form.Set(f[1], f[2])
	}
	return w.post(link, form)
}

func (w *world) responses() int {
	w.t.Helper()
	return len(w.call("GET", "/v1/campaigns/autumn/responses", "").want(200).items())
}

func TestSurveyPage(t *testing.T) {
	w := newWorld(t)
	w.begin("ru")
	link := w.link("s")
	got := w.page("GET", link+"?step=friend&visit=1&a=9").want(200)
	for _, part := range []string{`<html lang="ru">`, "Вопрос 1", `<h1 lang="ru" dir="auto">`, "Посоветуешь нас другу?", `value="9" required checked>9`, `method="post"`, "От 0 – точно нет"} {
		if !strings.Contains(got.body, part) {
			t.Errorf("page has no %s: %s", part, got.body)
		}
	}
	checkPageHeaders(t, got)
	if head := w.page("HEAD", link).want(200); head.Header().Get("Content-Type") != got.Header().Get("Content-Type") {
		t.Error("HEAD differs")
	}
	w.settle()
	if w.responses() != 0 {
		t.Fatal("a GET recorded an answer")
	}
	// The same form twice is one answer; going back and sending an older form changes the answer, not the path.
	form := url.Values{"value": {"9"}}
	w.answer(link, form).want(303)
	w.post(link, form).want(303)
	w.settle()
	if n := w.responses(); n != 1 {
		t.Fatalf("%d responses", n)
	}
	if next := w.page("GET", link).want(200); !strings.Contains(next.body, "Какой у тебя уровень?") {
		t.Errorf("next question: %s", next.body)
	}
}

var (
	active   = regexp.MustCompile(`(?i)<script.*|<style.*|<[^>]* style=.*|<[^>]* on[a-z]+=.*|(?:src|href|action)="https?://.*`)
	wordless = regexp.MustCompile(`\bpage\.[a-z_]+\.[a-z_]+|\bpage\.(?:next|seen|quote)`)
)

func checkPageHeaders(t *testing.T, got answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": pagePolicy, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "X-Content-Type-Options": "nosniff",
	} {
		if got.Header().Get(name) != want {
			t.Errorf("%s: %q", name, got.Header().Get(name))
		}
	}
	if found := active.FindString(strings.ReplaceAll(got.body, publicURL, "")); found != "" {
		t.Errorf("page holds script, style or a foreign address: %s", found)
	}
	if found := wordless.FindString(got.body); found != "" {
		t.Errorf("page has a key without words: %s", found)
	}
	if got.Header().Get("Set-Cookie") != "" {
		t.Error("page sets a cookie")
	}
}

func TestWrongAnswerIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	link := w.link("s")
	for _, v := range []string{"9", "a1", "sat", "true"} {
		w.answer(link, url.Values{"value": {v}}).want(303)
		w.settle()
	}
	got := w.answer(link, url.Values{"text": {`<b>"many"`}}).want(422)
	for _, part := range []string{`value="&lt;b&gt;&#34;many&#34;"`, `aria-invalid="true"`, `id="problem" role="alert"`, "Please send just a number", `aria-describedby="hint problem"`} {
		if !strings.Contains(got.body, part) {
			t.Errorf("page has no %s: %s", part, got.body)
		}
	}
	checkPageHeaders(t, got)
	if w.responses() != 4 {
		t.Error("a wrong answer was stored")
	}
}

func TestLinksThatDoNotHold(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	survey, leave := w.link("s"), w.link("u")
	last := survey[len(survey)-1:]
	other := "A"
	if last == "A" {
		other = "B"
	}
	for _, path := range []string{"/s/x", survey[:len(survey)-1] + other, "/s/" + strings.TrimPrefix(leave, "/u/"), "/u/" + strings.TrimPrefix(survey, "/s/"), "/s/" + strings.Repeat("A", 500)} {
		for _, lang := range []string{"en", "ru"} {
			got := w.page("GET", path, "Accept-Language", lang).want(404)
			checkPageHeaders(t, got)
			if lang == "ru" && !strings.Contains(got.body, "Здесь ничего нет") {
				t.Errorf("404: %s", got.body)
			}
		}
		w.post(path, url.Values{"what": {"topic"}}).want(404)
	}
	w.post(survey, url.Values{}).want(422)
	w.post(survey, url.Values{"step": {"nothing"}, "visit": {"1"}}).want(422)
	w.post(survey, url.Values{"text": {strings.Repeat("x", maxForm)}}).want(413)
	w.post(survey, url.Values{"value": {"9"}, "step": {"friend"}, "visit": {"1"}}, "Sec-Fetch-Site", "cross-site").want(403)
	w.page("GET", "/nothing", "Accept-Language", "ru").want(404)
	if w.responses() != 0 {
		t.Error("something was stored")
	}
	w.now = w.now.Add(62 * 24 * time.Hour)
	if got := w.page("GET", survey).want(410); !strings.Contains(got.body, "This link has expired") || !strings.Contains(got.body, "What was saved before is kept.") {
		t.Errorf("410: %s", got.body)
	}
	w.post(survey, url.Values{"value": {"9"}, "step": {"friend"}, "visit": {"1"}}).want(410)
	w.page("GET", leave).want(200) // leaving never expires
}

func TestErasedMembersLinksAreGone(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	link, leave := w.link("s"), w.link("u")
	w.call("DELETE", "/v1/members/anna", "").want(204)
	w.page("GET", link).want(404)
	w.page("GET", leave).want(200)
	w.post(leave, url.Values{"what": {"everything"}}).want(303)
	w.post(leave, url.Values{"List-Unsubscribe": {"One-Click"}}).want(200)
}

func TestLeaving(t *testing.T) {
	w := newWorld(t)
	w.begin("ru")
	link := w.link("u")
	got := w.page("GET", link).want(200)
	checkPageHeaders(t, got)
	if !strings.Contains(got.body, "Что присылать дальше?") {
		t.Errorf("page: %s", got.body)
	}
	w.post(link, url.Values{"what": {"topic"}}, "Sec-Fetch-Site", "cross-site").want(403)
	w.post(link, url.Values{"what": {"nothing"}}).want(422)
	w.post(link, url.Values{}).want(422)
	if given(w) != true {
		t.Fatal("something else than the form's POST unsubscribed")
	}
	if done := w.post(link, url.Values{"what": {"topic"}}).want(303); done.Header().Get("Location") != link {
		t.Errorf("location %q", done.Header().Get("Location"))
	}
	if got := w.page("GET", link).want(200); !strings.Contains(got.body, "Сообщений на тему «опросы» больше не будет") {
		t.Errorf("after the topic: %s", got.body)
	}
	w.post(link, url.Values{"what": {"everything"}}).want(303)
	if got := w.page("GET", link).want(200); !strings.Contains(got.body, "Сообщений больше не будет") || strings.Contains(got.body, "<form") {
		t.Errorf("after everything: %s", got.body)
	}
}

// given reports whether Anna's consent for the survey's topic by mail still stands.
func given(w *world) bool {
	m := w.call("GET", "/v1/members/anna", "").want(200).json()
	for _, c := range m["consents"].([]any) {
		if c := c.(map[string]any); c["topic"] == "surveys" {
			return c["given"] == true
		}
	}
	return m["stopped_at"] == nil
}

// TestOneClick: the mail program's POST (RFC 8058), in both encodings, from anywhere, without a redirect.
func TestOneClick(t *testing.T) {
	for name, send := range map[string]func(*world, string) answer{
		"urlencoded": func(w *world, link string) answer {
			return w.post(link, url.Values{"List-Unsubscribe": {"One-Click"}}, "Sec-Fetch-Site", "cross-site", "Accept", "*/*")
		},
		"multipart": func(w *world, link string) answer {
			body := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
			return w.call("POST", link, body, "Authorization", "", "Content-Type", "multipart/form-data; boundary=b")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.begin("en")
			link := w.link("u")
			for range 2 {
				got := send(w, link).want(200)
				if !strings.HasPrefix(got.Header().Get("Content-Type"), "text/plain") || got.Header().Get("Location") != "" {
					t.Errorf("answer: %v", got.Header())
				}
			}
			if given(w) {
				t.Error("still subscribed")
			}
		})
	}
}

func TestWebhook(t *testing.T) {
	w := newWorld(t)
	send := func(secret, body string) answer {
		return w.call("POST", "/telegram/webhook", body, "Authorization", "", secretHeader, secret)
	}
	update := `{"update_id":7,"message":{"text":"hi"}}`
	send("", update).problem(403, "forbidden.webhook")
	send("hook-secre", update).problem(403, "forbidden.webhook")
	if b := w.backlog(); b != 0 {
		t.Fatalf("%d inputs stored without the secret", b)
	}
	send("hook-secret", update).want(200)
	send("hook-secret", update).want(200) // replayed
	if b := w.backlog(); b != 1 {
		t.Errorf("%d inputs of one update", b)
	}
	send("hook-secret", "not JSON").want(200) // stored, for a person to look at
	if b := w.backlog(); b != 2 {
		t.Errorf("%d inputs", b)
	}
	send("hook-secret", strings.Repeat("x", maxUpdate+1)).problem(413, "too_large.body")
}

func (w *world) backlog() int {
	w.t.Helper()
	b, err := w.store.Backlog(w.t.Context())
	must(w.t, err)
	return b.StoredInputs + b.DeadInputs
}

// TestWebhookFailureIsTriedAgain: Telegram sends again after anything but 200.
func TestWebhookFailureIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	r := httptest.NewRequest("POST", "/telegram/webhook", strings.NewReader(`{"update_id":1}`))
	r.Header.Set(secretHeader, "hook-secret")
	ctx, cancel := contextThatEnded(t)
	defer cancel()
	rec := httptest.NewRecorder()
	w.s.ServeHTTP(rec, r.WithContext(ctx))
	if rec.Code != 500 {
		t.Errorf("status %d", rec.Code)
	}
	if w.backlog() != 0 {
		t.Error("stored after all")
	}
}
