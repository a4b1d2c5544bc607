package look

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

// page is what a front makes of the frame.
type page struct {
	Frame
	Name string
}

var pageText = `{{define "page"}}{{template "top" .}}<h1>{{.Title}}</h1><p>{{.Name}}</p>{{template "bottom" .}}{{end}}`

func serve(t *testing.T, l *Look) (*gin.Engine, *template.Template) {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	r, set := gin.New(), Parse(pageText)
	l.Routes(r)
	r.GET("/page", func(c *gin.Context) {
		l.Render(c, set, 200, "page", page{l.Frame(c.Request, Today, "Title"), `<script>alert("1")</script>`})
	})
	return r, set
}

func get(r http.Handler, target string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", target, nil)
	for _, c := range cookies {
		req.AddCookie(c)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w
}

func TestPageStandsInItsFrame(t *testing.T) {
	now := time.Date(2026, 11, 26, 13, 3, 0, 0, time.UTC)
	almaty, err := time.LoadLocation("Asia/Almaty")
	if err != nil {
		t.Fatal(err)
	}
	l := New(Options{Sandbox: true, Virtual: func() Virtual {
		return Virtual{Now: now, Zone: almaty, Ahead: 49 * time.Hour, Rate: 1}
	}})
	r, _ := serve(t, l)
	w := get(r, "/page?x=1", &http.Cookie{Name: langCookie, Value: "ru"}, &http.Cookie{Name: themeCookie, Value: "dark"})
	body := w.Body.String()
	for _, want := range []string{
		`<html lang="ru" data-theme="dark">`, `&lt;script&gt;alert`, `aria-current="page"`, `чт 26 ноября, 18:03`, `на 2 дня`, `action="/sandbox/clock"`,
		`value="/page?x=1"`, `href="/sandbox"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
	for _, never := range []string{"<script>alert", "style=", " onclick", "look.menu", "ZgotmplZ"} {
		if strings.Contains(body, never) {
			t.Errorf("%q is in the page", never)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
}

func TestPageThatFailsIsNotHalfWritten(t *testing.T) {
	l := New(Options{})
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.GET("/page", func(c *gin.Context) {
		l.Render(c, Parse(`{{define "p"}}before {{.Nothing}}{{end}}`), 200, "p", page{})
	})
	if w := get(r, "/page"); w.Code != 500 || w.Body.Len() > 0 {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestAssetsAreServedForEver(t *testing.T) {
	r, _ := serve(t, New(Options{}))
	css := get(r, Asset("kruzhok.css"))
	if css.Code != 200 || !strings.Contains(css.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(css.Body.String(), "@layer reset, tokens, base, components;") {
		t.Errorf("%d %v", css.Code, css.Header())
	}
	if w := get(r, "/look/old/live.js"); w.Code != 200 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("another build: %d %v", w.Code, w.Header())
	}
	for _, no := range []string{"/look/x/none.css", "/look/x/..%2flook.go", "/look/x/reset"} {
		if w := get(r, no); w.Code != 404 {
			t.Errorf("%s: %d", no, w.Code)
		}
	}
	if n := strings.Count(css.Body.String(), "{") - strings.Count(css.Body.String(), "}"); n != 0 {
		t.Errorf("%d braces stay open", n)
	}
}

func TestChoiceIsKeptAndComesBack(t *testing.T) {
	r, _ := serve(t, New(Options{Secure: true}))
	post := func(form url.Values, site string) *httptest.ResponseRecorder {
		req := httptest.NewRequest("POST", "/look/choice", strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w
	}
	w := post(url.Values{"lang": {"ru"}, "back": {"/console/members?page=2"}}, "same-origin")
	if w.Code != 303 || w.Header().Get("Location") != "/console/members?page=2" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if c := w.Header().Get("Set-Cookie"); !strings.Contains(c, "kruzhok_lang=ru") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "Secure") {
		t.Errorf("cookie %q", c)
	}
	for _, away := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "javascript:alert(1)", "", "/a\r\nSet-Cookie: x"} {
		if w := post(url.Values{"theme": {"dark"}, "back": {away}}, "same-origin"); w.Header().Get("Location") != "/console" {
			t.Errorf("%q leads to %q", away, w.Header().Get("Location"))
		}
	}
	if w := post(url.Values{"lang": {"ru"}}, "cross-site"); w.Code != 403 || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("from another site: %d", w.Code)
	}
	if w := post(url.Values{"lang": {"<x>"}, "theme": {"pink"}}, "same-origin"); w.Header().Get("Set-Cookie") != "" {
		t.Errorf("nonsense is kept: %v", w.Header())
	}
}

func TestWordsOfTime(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 20, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{Day("en", now, now), "Today, 24 November"},
		{Day("ru", now.AddDate(0, 0, -1), now), "Вчера, 23 ноября"},
		{Day("ru", now.AddDate(0, 0, 3), now), "Пятница, 27 ноября"},
		{Day("en", now.AddDate(0, 0, 9), now), "3 December"},
		{Day("en", now.AddDate(1, 0, 0), now), "24 November 2027"},
		{Moment("ru", now.AddDate(0, 0, 1), now), "ср 10:20"},
		{Moment("en", now.AddDate(0, 0, -20), now), "4 November, 10:20"},
		{Span("ru", 5*time.Hour), "5 часов"},
		{Span("en", 72*time.Hour), "3 days"},
		{Length(48), "0:48"},
		{Length(3723), "01:02:03"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestRings(t *testing.T) {
	r := Ring{Fill: 41, Wait: 9, Of: 58}
	if r.FillDash() != "69.2 100" || r.WaitFrom() != "-70.7" || r.Todo() {
		t.Errorf("%s %s", r.FillDash(), r.WaitFrom())
	}
	for _, c := range []struct{ n, of, want int }{{0, 0, 0}, {1, 1000, 1}, {999, 1000, 99}, {5, 5, 100}, {0, 9, 0}} {
		if got := Percent(c.n, c.of); got != c.want {
			t.Errorf("Percent(%d, %d) = %d", c.n, c.of, got)
		}
	}
	s := Days{Done: []bool{true, false, false}, Now: 2}.Segments()
	if s[0].Class != "ring-fill" || s[1].Class != "ring-today" || s[2].Class != "ring-track" {
		t.Errorf("%+v", s)
	}
	if Initials("Нино", "Beridze") != "НB" || Initials("", "") != "·" {
		t.Error("initials")
	}
}

// TestAFullShareFitsItsRing: “100%” is as wide as a ring of the usual size is inside, and is written smaller there.
func TestAFullShareFitsItsRing(t *testing.T) {
	set := Parse(pageText)
	for ring, tight := range map[Ring]bool{{In: "100%"}: true, {In: "85%"}: false, {In: "100%", Size: "l"}: false} {
		var b strings.Builder
		if err := set.ExecuteTemplate(&b, "ring", ring); err != nil || strings.Contains(b.String(), "ring-tight") != tight {
			t.Errorf("%+v: %s, %v", ring, b.String(), err)
		}
	}
}
