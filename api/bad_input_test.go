package api

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
	}
}

// TestProblemForm holds the form of a problem, in both languages.
func TestProblemForm(t *testing.T) {
	w := newWorld(t)
	bad := "key: autumn\nkind: survey\nname: X\ntopic: surveys\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - id: a\n    snd: {text: {en: hi}}\n"
	for _, lang := range []string{"en", "ru"} {
		got := w.call("POST", "/v1/campaigns", bad, "Content-Type", "application/yaml", "Accept-Language", lang+"-XX,de;q=0.5")
		got.problem(422, "invalid.definition")
		if got.Header().Get("Content-Language") != lang {
			t.Errorf("content language %q", got.Header().Get("Content-Language"))
		}
		golden(t, "definition."+lang+".json", got.body)
		got = w.call("POST", "/v1/members", `{"external_id":"a","langage":"en","email":7,"tags":"x"}`, "Accept-Language", lang)
		got.problem(422, "invalid.request")
		golden(t, "request."+lang+".json", got.body)
	}
}

// TestBadInput: each with its clear answer and nothing half-written.
func TestBadInput(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "application/yaml"}
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, place              string // place: a path, or line:column
	}{
		{"broken YAML", "POST", "/v1/campaigns", "key: [welcome\nkind: b\n", yaml, 422, "invalid.definition", ""},
		{"broken JSON definition", "POST", "/v1/campaigns", "{\"key\":\n", nil, 422, "invalid.definition", ""},
		{"empty definition", "POST", "/v1/campaigns", "\n", yaml, 422, "invalid.definition", ""},
		{"definition in UTF-16", "POST", "/v1/campaigns", "key: \xff\xfe", yaml, 422, "invalid.definition", ""},
		{"5 MB definition", "POST", "/v1/campaigns", strings.Repeat("a", 5<<20), yaml, 413, "too_large.body", ""},
		{"5 MB of events", "POST", "/v1/events", strings.Repeat("a", 5<<20), nil, 413, "too_large.body", ""},
		{"5 MB member", "POST", "/v1/members", `{"external_id":"` + strings.Repeat("a", 5<<20) + `"}`, nil, 413, "too_large.body", ""},
		{"no definition", "POST", "/v1/campaigns", "", yaml, 422, "invalid.body", ""},
		{"CSV as a definition", "POST", "/v1/campaigns", "a,b", []string{"Content-Type", "text/csv"}, 415, "invalid.content_type", ""},
		{"XML as a member", "POST", "/v1/members", "<a/>", []string{"Content-Type", "application/xml"}, 415, "invalid.content_type", ""},
		{"damaged content type", "POST", "/v1/members", "{}", []string{"Content-Type", ";;"}, 415, "invalid.content_type", ""},
		{"JSON as bulk", "POST", "/v1/members/bulk", "{}", nil, 415, "invalid.content_type", ""},
		{"invalid UTF-8 in JSON", "POST", "/v1/members", "{\"external_id\":\n\"a\xffb\"}", nil, 422, "invalid.body", "2:3"},
		{"JSON cut short", "POST", "/v1/members", "{\n\"external_id\":", nil, 422, "invalid.body", "2:14"},
		{"two JSON values", "POST", "/v1/members", "{}{}", nil, 422, "invalid.body", "1:3"},
		{"no body", "POST", "/v1/members", "", nil, 422, "invalid.body", ""},
		{"number beyond all", "PUT", "/v1/members/a", "{\"attributes\":\n{\"list\":[1,-1e400]}}", nil, 422, "invalid.body", "attributes.list[1]"},
		{"number of 400 digits", "PUT", "/v1/members/a", `{"attributes":{"n":` + strings.Repeat("9", 400) + `}}`, nil, 422, "invalid.body", "attributes.n"},
		{"event with a number beyond all", "POST", "/v1/events", `{"id":"1","event":"a.b","member":"x","data":{"n":1e400}}`, nil, 422, "invalid.body", "data.n"},
		{"preview with a number beyond all", "POST", "/v1/previews", `{"campaign":"a","event":{"n":1e400}}`, nil, 422, "invalid.body", "event.n"},
		{"no external id", "POST", "/v1/members", `{}`, nil, 422, "invalid.request", "external_id"},
		{"external id of nothing", "POST", "/v1/members", `{"external_id":" "}`, nil, 422, "invalid.member", "external_id"},
		{"control character", "POST", "/v1/members", `{"external_id":"a","first_name":"An` + `\u0000` + `na"}`, nil, 422, "invalid.member", "first_name"},
		{"zone that does not exist", "PUT", "/v1/members/a", `{"time_zone":"Europe/Atlantis"}`, nil, 422, "invalid.member", "time_zone"},
		{"language that is none", "PUT", "/v1/members/a", `{"language":"klingon!"}`, nil, 422, "invalid.member", "language"},
		{"two addresses in one", "PUT", "/v1/members/a", `{"email":"anna@secret.example, b@x.org"}`, nil, 422, "invalid.member", "email"},
		{"chat of a group", "PUT", "/v1/members/a", `{"telegram_chat_id":-100123}`, nil, 422, "invalid.member", "telegram_chat_id"},
		{"chat of half a person", "PUT", "/v1/members/a", `{"telegram_chat_id":1.5}`, nil, 422, "invalid.request", "telegram_chat_id"},
		{"chat too long", "PUT", "/v1/members/a", `{"telegram_chat_id":99999999999999999999}`, nil, 422, "invalid.member", "telegram_chat_id"},
		{"attribute of objects", "PUT", "/v1/members/a", `{"attributes":{"level":{"a":1}}}`, nil, 422, "invalid.member", "attributes.level"},
		{"attribute without a name", "PUT", "/v1/members/a", `{"attributes":{"":1}}`, nil, 422, "invalid.member", "attributes"},
		{"consent without a source", "PUT", "/v1/members/a", `{"consents":[{"channel":"email"}]}`, nil, 422, "invalid.request", "consents[0].source"},
		{"consent by pigeon", "PUT", "/v1/members/a", `{"consents":[{"channel":"pigeon","source":"x"}]}`, nil, 422, "invalid.request", "consents[0].channel"},
		{"event of nobody", "POST", "/v1/events", `{"id":"1","event":"a.b","member":"nobody"}`, nil, 422, "invalid.event", "member"},
		{"event without an id", "POST", "/v1/events", `{"event":"a.b","member":"nobody"}`, nil, 422, "invalid.request", "id"},
		{"event at no time", "POST", "/v1/events", `{"id":"1","event":"a.b","member":"x","at":"31 February"}`, nil, 422, "invalid.request", "at"},
		{"event on 31 February", "POST", "/v1/events", `{"id":"1","event":"a.b","member":"x","at":"2026-02-31T10:00:00Z"}`, nil, 422, "invalid.request", "at"},
		{"no events", "POST", "/v1/events", `[]`, nil, 422, "invalid.body", ""},
		{"text as events", "POST", "/v1/events", `"x"`, nil, 422, "invalid.request", ""},
		{"limit of nothing", "GET", "/v1/members?limit=0", "", nil, 422, "invalid.request", "limit"},
		{"limit of all", "GET", "/v1/members?limit=501", "", nil, 422, "invalid.request", "limit"},
		{"limit in words", "GET", "/v1/members?limit=ten", "", nil, 422, "invalid.request", "limit"},
		{"cursor of another list", "GET", "/v1/members?cursor=YzoxMg", "", nil, 422, "invalid.cursor", ""},
		{"damaged cursor", "GET", "/v1/members?cursor=%21", "", nil, 422, "invalid.cursor", ""},
		{"parameter that is not there", "GET", "/v1/members?lmit=5", "", nil, 422, "invalid.request", "lmit"},
		{"state that is none", "GET", "/v1/messages?state=lost", "", nil, 422, "invalid.request", "state"},
		{"member that is not there", "GET", "/v1/members/nobody", "", nil, 404, "not_found.member", ""},
		{"timeline of nobody", "GET", "/v1/members/nobody/timeline", "", nil, 404, "not_found.member", ""},
		{"campaign that is not there", "GET", "/v1/campaigns/nothing", "", nil, 404, "not_found.campaign", ""},
		{"report of nothing", "GET", "/v1/campaigns/nothing/report", "", nil, 404, "not_found.campaign", ""},
		{"publication of nothing", "POST", "/v1/campaigns/nothing/publication", "", nil, 404, "not_found.campaign", ""},
		{"enrollment that is no number", "DELETE", "/v1/campaigns/nothing/enrollments/x", "", nil, 404, "not_found.enrollment", ""},
		{"message that is not there", "POST", "/v1/messages/5/closure", "", nil, 404, "not_found.message", ""},
		{"route that is not there", "GET", "/v1/nothing", "", nil, 404, "not_found.page", ""},
		{"method that is not there", "PUT", "/v1/campaigns", "{}", nil, 405, "invalid.method", ""},
		{"nobody to enroll", "POST", "/v1/campaigns/nothing/enrollments", `{"members":[]}`, nil, 422, "invalid.nobody_to_enroll", ""},
		{"community in no zone", "PATCH", "/v1/community", `{"time_zone":"Mars/Olympus"}`, nil, 422, "invalid.settings", "time_zone"},
		{"budget of nothing", "PATCH", "/v1/community", `{"budget":[{"most":3,"per":"1d"},{"most":0,"per":"1d"}]}`, nil, 422, "invalid.settings", "budget[1].most"},
		{"budget of a moment", "PATCH", "/v1/community", `{"budget":[{"most":1,"per":"1m"}]}`, nil, 422, "invalid.settings", "budget[0].per"},
		{"budget of an unknown kind", "PATCH", "/v1/community", `{"budget":[{"most":1,"per":"1d","kind":"spam"}]}`, nil, 422, "invalid.settings", "budget[0].kind"},
		{"budget of many rules", "PATCH", "/v1/community", `{"budget":[` + strings.TrimSuffix(strings.Repeat(`{"most":1,"per":"1d"},`, 6), ",") + `]}`, nil, 422, "invalid.settings", "budget"},
		{"community without a language", "PATCH", "/v1/community", `{"languages":[]}`, nil, 422, "invalid.settings", "languages"},
		{"key with a space", "POST", "/v1/members", `{"external_id":"k"}`, []string{"Idempotency-Key", "a b"}, 422, "invalid.idempotency_key_form", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := w.in(t).call(c.method, c.path, c.body, c.headers...).problem(c.status, c.code)
			if c.place == "" {
				return
			}
			if len(p.Errors) == 0 || (p.Errors[0].Path != c.place && place(p) != c.place) {
				t.Errorf("places %+v, want %s", p.Errors, c.place)
			}
		})
	}
	if items := w.call("GET", "/v1/members", "").want(200).items(); len(items) != 0 {
		t.Errorf("bad input left members: %v", items)
	}
	if items := w.call("GET", "/v1/campaigns", "").want(200).items(); len(items) != 0 {
		t.Errorf("bad input left campaigns: %v", items)
	}
}

// TestNumberBeyondAllInAList: of several events the one is refused that holds it, with its place.
func TestNumberBeyondAllInAList(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/x", `{}`).want(201)
	got := w.call("POST", "/v1/events", `[{"id":"1","event":"a.b","member":"x"},{"id":"2","event":"a.b","member":"x","data":{"n":[{"m":1e400}],"like":"1e400"}}]`).want(202)
	if !strings.Contains(got.body, `"status":"stored"`) || !strings.Contains(got.body, `"path":"[1].data.n[0].m","line":1,"column":`) {
		t.Error(got.body)
	}
	w.call("POST", "/v1/events", `{"id":"3","event":"a.b","member":"x","data":{"like":"1e400","id":12345678901234567890}}`).want(202)
}

func place(p *Problem) string { return itoa(p.Errors[0].Line) + ":" + itoa(p.Errors[0].Column) }

// TestRefusedValuesAreNotRepeated: neither the answer nor the log holds what was sent.
func TestRefusedValuesAreNotRepeated(t *testing.T) {
	w := newWorld(t)
	const secret = "anna-secret"
	for _, body := range []string{
		`{"external_id":"x","email":"` + secret + `"}`, `{"external_id":"x","email":["` + secret + `"]}`, `{"external_id":{"a":"` + secret + `"}}`,
		`{"external_id":"x","telegram_chat_id":"` + secret + `"}`, `{"external_id":"x","first_name":"` + secret + `\u0001"}`, `{"external_id":"` + secret,
		`{"external_id":"x","time_zone":"` + secret + `"}`, `{"external_id":"x","consents":[{"channel":"` + secret + `","source":"s"}]}`,
		`{"external_id":"x","tags":["` + secret + `\u0002"]}`, `{"external_id":"x","attributes":{"a":["` + secret + `"]}}`,
	} {
		got := w.call("POST", "/v1/members", body).want(422)
		if strings.Contains(got.body, secret) {
			t.Errorf("%s repeats the value: %s", body, got.body)
		}
	}
	w.call("GET", "/v1/members/"+secret+"?cursor="+secret, "").want(422)
	w.call("GET", "/v1/members/"+secret, "").want(404)
	if strings.Contains(w.log.String(), secret) || strings.Contains(w.log.String(), w.token) {
		t.Errorf("the log holds a value: %s", w.log)
	}
	if !strings.Contains(w.log.String(), "route=/v1/members/:external_id") {
		t.Errorf("the log has no routes: %s", w.log)
	}
}

// TestFaultsOfOursSayNothing: a panic or an error that nobody foresaw is told without its cause, with a code to quote.
func TestFaultsOfOursSayNothing(t *testing.T) {
	w := newWorld(t)
	const secret = "anna-secret"
	w.s.gin.GET("/v1/panic", func(*gin.Context) { panic(secret) })
	w.s.gin.GET("/v1/fail", func(c *gin.Context) { w.s.refuse(c, errors.New("sql: no such table")) })
	w.s.gin.GET("/v1/busy", func(c *gin.Context) { w.s.refuse(c, fault.New(fault.Unavailable, "unavailable.database", nil)) })
	for _, path := range []string{"/v1/panic", "/v1/fail"} {
		got := w.call("GET", path, "")
		if p := got.problem(500, "internal"); p.RequestID != got.Header().Get("X-Request-Id") || strings.Contains(got.body, "sql") {
			t.Errorf("problem: %s", got.body)
		}
	}
	if got := w.call("GET", "/v1/busy", ""); got.problem(503, "unavailable.database") == nil || got.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if strings.Contains(w.log.String(), secret) || !strings.Contains(w.log.String(), "no such table") || !strings.Contains(w.log.String(), "panic in a request") {
		t.Errorf("log: %s", w.log)
	}
}
