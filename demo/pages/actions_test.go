package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/demo"
)

// place is the sandbox of a community of twenty, whose service says yes to everything but campaigns that are not there.
type place struct {
	t      *testing.T
	bot    *sandbox.BotAPI
	mail   *sandbox.Mailbox
	lead   *demo.Director
	router http.Handler
	calls  []string // of the service's API
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, bot: sandbox.NewBotAPI(sandbox.BotAPIConfig{KeepTexts: true})}
	t.Cleanup(p.bot.Close)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls = append(p.calls, r.Method+" "+r.URL.Path)
		if strings.Contains(r.URL.Path, "/campaigns/nowhere/") {
			w.WriteHeader(http.StatusNotFound)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"results": []map[string]any{{"result": "already_active"}}})
	}))
	t.Cleanup(api.Close)
	mail, err := sandbox.NewMailServer(sandbox.MailConfig{KeepBodies: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mail.Close() })
	p.mail = mail.Mailbox()
	clock, err := demo.NewClock("", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	p.lead = &demo.Director{Clock: clock}
	crowd, err := demo.NewCrowd(p.bot, p.mail, clock, api.URL, demo.People(20))
	if err != nil {
		t.Fatal(err)
	}
	calm := func(context.Context) (bool, error) { return true, nil }
	stage := &demo.Stage{API: demo.NewClient(api.URL, "t"), Bot: p.bot, Mail: p.mail, Clock: clock, Idle: calm, Next: func(context.Context) (*time.Time, error) { return nil, nil }}
	p.lead.Begin(stage, crowd, func(context.Context) error { return nil })
	gin.SetMode(gin.ReleaseMode)
	l := look.New(look.Options{Sandbox: true})
	t.Cleanup(l.Close)
	router := gin.New()
	New(Options{Lead: p.lead, Bot: p.bot, Mail: p.mail, Look: l}).Mount(router)
	p.router = router
	return p
}

func (p *place) do(method, path, kind string, body io.Reader) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, body)
	req.Host = "127.0.0.1:8080"
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	rec := httptest.NewRecorder()
	p.router.ServeHTTP(rec, req)
	return rec
}

func (p *place) post(path string, form url.Values) *httptest.ResponseRecorder {
	return p.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// filed is a form with a file of the size.
func filed(size int, fields ...string) (kind string, body io.Reader) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1]) // a Buffer takes everything
	}
	part, _ := w.CreateFormFile("file", "x.ogg")
	_, _ = part.Write(make([]byte, size))
	_ = w.Close()
	return w.FormDataContentType(), &b
}

func person(change ...string) url.Values {
	v := url.Values{"name": {"Emma"}, "language": {"en"}, "zone": {"Europe/Berlin"}, "by": {"telegram"}}
	for i := 0; i+1 < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

// TestActions: what a visitor sends does what it says, or is refused with words, and nothing in between.
func TestActions(t *testing.T) {
	p := newPlace(t)
	const chat, blocked = "/sandbox/phone/700001", "/sandbox/phone/700002"
	p.bot.Start(sandbox.BotUser{ID: 700001, FirstName: "Emma"}, "")
	p.bot.Start(sandbox.BotUser{ID: 700002, FirstName: "Аня"}, "")
	mine, _ := p.bot.Say(700001, "mine")
	theirs := p.bot.Conversation(700002)[0].ID
	p.bot.Block(700002)
	id := strconv.FormatInt(mine, 10)
	f := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	for _, x := range []struct {
		name, path string
		form       url.Values
		status     int
	}{
		{"somebody new", "/sandbox/people", person(), 303},
		{"by mail", "/sandbox/people", person("by", "mail", "language", "ru"), 303},
		{"with a source", "/sandbox/people", person("source", "s_poster-1"), 303},
		{"without a name", "/sandbox/people", person("name", "  "), 422},
		{"a name of 65 letters", "/sandbox/people", person("name", strings.Repeat("я", 65)), 422},
		{"a name of two lines", "/sandbox/people", person("name", "a\nb"), 422},
		{"a name that nobody sees", "/sandbox/people", person("name", "\u200b"), 422},
		{"a name that is no text", "/sandbox/people", person("name", "a\xff"), 422},
		{"a language of nobody", "/sandbox/people", person("language", "tlh"), 422},
		{"nowhere", "/sandbox/people", person("zone", "Mars/Olympus"), 422},
		{"a source with spaces", "/sandbox/people", person("source", "a b"), 422},
		{"a new phone", "/sandbox/bot/b", f("name", "Vera", "language", "ru", "source", "l_ABC"), 303},
		{"a new phone of nobody", "/sandbox/bot/b", f("language", "ru"), 422},
		{"a new phone with spaces", "/sandbox/bot/b", f("name", "Vera", "language", "ru", "source", "a b"), 422},
		{"faster", "/sandbox/clock", f("move", "x60"), 303},
		{"back in time", "/sandbox/clock", f("move", "yesterday"), 422},
		{"a fault", "/sandbox/faults", f("chat", "700001", "fault", "too_many"), 303},
		{"no fault", "/sandbox/faults", f("chat", "700001", "fault", "off"), 303},
		{"a fault that is none", "/sandbox/faults", f("chat", "0", "fault", "earthquake"), 422},
		{"a fault for no chat", "/sandbox/faults", f("chat", "x", "fault", "off"), 422},
		{"take", "/sandbox/take", f("person", "speaklingua-001", "taken", "true"), 303},
		{"enroll", "/sandbox/enroll", f("person", "speaklingua-001", "campaign", "how-are-we"), 303},
		{"enroll nobody", "/sandbox/enroll", f("person", "nobody", "campaign", "how-are-we"), 404},
		{"enroll nowhere", "/sandbox/enroll", f("person", "speaklingua-001", "campaign", "nowhere"), 422},
		{"elsewhere afterwards", "/sandbox/take", f("person", "x", "back", "https://evil.example/"), 303},
		{"say", chat + "/say", f("text", "Hello"), 303},
		{"say nothing", chat + "/say", f("text", " "), 422},
		{"say too much", chat + "/say", f("text", strings.Repeat("я", 4097)), 422},
		{"say no text", chat + "/say", f("text", "a\xff"), 422},
		{"reply", chat + "/say", f("text", "x", "reply", id), 303},
		{"say to who is blocked", blocked + "/say", f("text", "Hello"), 409},
		{"say as nobody", "/sandbox/phone/1/say", f("text", "Hello"), 404},
		{"a chat that is no number", "/sandbox/phone/x/say", f("text", "Hello"), 404},
		{"change", chat + "/revise", f("message", id, "text", "yours"), 303},
		{"change into nothing", chat + "/revise", f("message", id, "text", ""), 422},
		{"change into too much", chat + "/revise", f("message", id, "text", strings.Repeat("я", 4097)), 422},
		{"change what is not there", chat + "/revise", f("message", "999", "text", "x"), 409},
		{"react", chat + "/react", f("message", id, "emoji", "🔥"), 303},
		{"react with a word", chat + "/react", f("message", id, "emoji", "wow"), 422},
		{"press what is not there", chat + "/press", f("message", id, "data", "x"), 409},
		{"press while blocked", blocked + "/press", f("message", strconv.FormatInt(theirs, 10), "data", "x"), 409},
		{"start", chat + "/start", f("source", "s_site"), 303},
		{"start with spaces", chat + "/start", f("source", "a b"), 422},
		{"block", chat + "/block", nil, 303},
		{"dance", chat + "/dance", nil, 422},
		{"a letter that is not there", "/sandbox/mail/member011@example.org/1/reply", f("text", "x"), 404},
		{"a letter that is no number", "/sandbox/mail/member011@example.org/x/reply", f("text", "x"), 404},
	} {
		rec := p.post(x.path, x.form)
		if rec.Code != x.status || x.status >= 400 && (!strings.Contains(rec.Body.String(), "<h1>") || strings.Contains(rec.Body.String(), "sandbox.error")) {
			t.Errorf("%s: %d, want %d", x.name, rec.Code, x.status)
		}
		if to := rec.Header().Get("Location"); x.status == 303 && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%s leads to %q", x.name, to)
		}
	}
	if got := p.bot.Conversation(700001); got[1].Text != "yours" || got[1].MemberReaction != "🔥" || p.lead.Rate() != 60 || !p.lead.Taken("speaklingua-001") {
		t.Errorf("nothing came of it: %+v", got[1])
	}
	if n := strings.Count(strings.Join(p.calls, "\n"), "PUT /v1/members/visitor-"); n != 3 {
		t.Errorf("%d visitors came: %v", n, p.calls)
	}
}

// TestUploads: a recording arrives, a caption has its limit, a broken form and a file over the limit are refused.
func TestUploads(t *testing.T) {
	p := newPlace(t)
	p.bot.Start(sandbox.BotUser{ID: 700001, FirstName: "Emma"}, "")
	const to = "/sandbox/phone/700001/say"
	send := func(kind string, body io.Reader) int { return p.do(http.MethodPost, to, kind, body).Code }
	if got := send(filed(100, "kind", "voice", "seconds", "7")); got != 303 {
		t.Errorf("a voice: %d", got)
	}
	if got := send(filed(100, "as", "document")); got != 303 { // without the page's script
		t.Errorf("a document: %d", got)
	}
	if got := send(filed(100, "text", strings.Repeat("x", 1025))); got != 422 {
		t.Errorf("a long caption: %d", got)
	}
	if got := send(filed(maxUpload + 1)); got != 413 {
		t.Errorf("a file over the limit: %d", got)
	}
	if got := send("multipart/form-data; boundary=B", strings.NewReader("--B\r\nbroken")); got != 422 {
		t.Errorf("a broken form: %d", got)
	}
	talk := p.bot.Conversation(700001)
	if len(talk) != 3 || talk[1].Media.Kind != "voice" || talk[1].Media.Seconds != 7 || talk[2].Media.Kind != "document" {
		t.Errorf("the talk: %+v", talk)
	}
}

var rawMarkup = regexp.MustCompile(`<(script|img|svg)[^>]*(alert|onerror|onload)`)

// TestWhatPeopleTypeIsData: names, words, files and letters of a hostile kind are shown as what they are.
func TestWhatPeopleTypeIsData(t *testing.T) {
	p := newPlace(t)
	const hostile = `<script>alert(1)</script><img src=x onerror=alert(1)>"'`
	p.bot.Start(sandbox.BotUser{ID: 700001, FirstName: hostile, LastName: hostile}, "")
	if _, err := p.bot.Say(700001, hostile); err != nil {
		t.Fatal(err)
	}
	page, err := p.bot.SendUpload(700001, sandbox.BotUpload{Kind: "document", Name: "x.html", MIME: "text/html", Content: []byte("<script>alert(1)</script>")})
	if err != nil || page == 0 {
		t.Fatal(err)
	}
	rec := p.do(http.MethodGet, "/sandbox/phone/700001", "", nil)
	if body := rec.Body.String(); rec.Code != 200 || rawMarkup.MatchString(body) || !strings.Contains(body, "&lt;script&gt;alert(1)") {
		t.Errorf("the phone: %d %s", rec.Code, rawMarkup.FindString(body))
	}
	if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the phone's policy: %s", csp)
	}
	talk := p.bot.Conversation(700001)
	rec = p.do(http.MethodGet, "/sandbox/file/"+talk[2].Media.FileID, "", nil)
	if rec.Header().Get("Content-Disposition") != "attachment" || rec.Header().Get("Content-Type") != "application/octet-stream" || !strings.Contains(rec.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("a page as a file: %v", rec.Header())
	}
	letter := "From: <a@example.org>\r\nSubject: " + hostile + "\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + hostile + "\r\n"
	p.mail.Restore(sandbox.MailState{Mails: map[string][]sandbox.Mail{"member011@example.org": {{Acceptance: sandbox.Acceptance{Rcpt: "member011@example.org", EnvelopeFrom: "b@example.org", MessageID: "m"}, Raw: []byte(letter)}}}})
	for _, view := range []string{"html", "text", "raw", "headers"} {
		rec = p.do(http.MethodGet, "/sandbox/mail/member011@example.org?n=1&view="+view, "", nil)
		if rec.Code != 200 || rawMarkup.MatchString(rec.Body.String()) {
			t.Errorf("the mailbox, %s: %d %s", view, rec.Code, rawMarkup.FindString(rec.Body.String()))
		}
	}
	rec = p.do(http.MethodGet, "/sandbox/mail/member011@example.org/1/html", "", nil)
	if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox ") || strings.Contains(csp, "allow-scripts") || strings.Contains(csp, "allow-same-origin") {
		t.Errorf("the letter's policy: %s", csp)
	}
	for _, act := range []string{"reply", "bounce", "complain"} {
		if got := p.post("/sandbox/mail/member011@example.org/1/"+act, url.Values{"text": {"x"}}); got.Code != 303 {
			t.Errorf("%s: %d", act, got.Code)
		}
	}
	if got := p.post("/sandbox/mail/member011@example.org/1/unsubscribe", nil); got.Code != 422 { // the letter has no such link
		t.Errorf("leave: %d", got.Code)
	}
}
