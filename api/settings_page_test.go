package api

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var setButton = regexp.MustCompile(`name="set" value="([^"]+)" aria-pressed="(true|false)"><span aria-hidden="true">.</span> ([^<]+)<`)

// choices are the page's buttons by their label: what a press says, and whether it is on.
func (a answer) choices() (args map[string]string, on map[string]bool) {
	args, on = map[string]string{}, map[string]bool{}
	for _, m := range setButton.FindAllStringSubmatch(a.body, -1) {
		args[m[3]], on[m[3]] = m[1], m[2] == "true"
	}
	return args, on
}

const politely = `key: politely
kind: broadcast
name: {en: Politely, ru: Вежливо}
topic: surveys
languages: [en, ru]
channels: [email]
entry: {manual: true}
steps: [{send: {subject: {en: a, ru: а}, text: {en: Hello, ru: "{% informal %}Привет{% formal %}Здравствуйте{% endformal %}"}}}]
`

// TestSettingsPage: who reads mail alone chooses topics and quiet hours behind its footer. Looking changes nothing, a press does what its button says, once.
func TestSettingsPage(t *testing.T) {
	w := newWorld(t)
	w.call("PATCH", "/v1/community", `{"topics":["surveys","news"]}`).want(200)
	w.begin("ru")
	link := w.link("settings")
	for _, method := range []string{"GET", "HEAD", "GET"} {
		w.page(method, link).want(200)
	}
	page := w.page("GET", link).want(200)
	checkPageHeaders(t, page)
	args, on := page.choices()
	if args["Со мной на «вы»"] != "" {
		t.Error("nobody says вы, and it can be chosen")
	}
	if !strings.Contains(page.body, "Что приходит и когда") || !on["опросы"] || !on["Любой час"] || args["Почта"] != "" {
		t.Fatalf("page: %v %v %s", args, on, page.body)
	}
	w.post(link, url.Values{"set": {args["опросы"]}}, "Sec-Fetch-Site", "cross-site").want(403)
	for _, bad := range []string{"", "t", "t1nothing", "q99", "c0telegram", "zz"} {
		w.post(link, url.Values{"set": {bad}}).want(422)
	}
	if _, still := w.page("GET", link).want(200).choices(); !still["опросы"] {
		t.Fatal("something else than a press of the page turned a topic off")
	}
	for range 2 { // off, and off again
		if got := w.post(link, url.Values{"set": {args["опросы"]}}).want(303); got.Header().Get("Location") != link {
			t.Errorf("leads to %s", got.Header().Get("Location"))
		}
	}
	w.post(link, url.Values{"set": {args["22:00–08:00"]}}).want(303)
	_, on = w.page("GET", link).want(200).choices()
	if on["опросы"] || !on["22:00–08:00"] || on["Любой час"] {
		t.Errorf("after two presses: %v", on)
	}
	if got := w.call("GET", "/v1/members/anna", "").want(200); !strings.Contains(got.body, `"from":"22:00"`) || !strings.Contains(got.body, `"topic":"surveys","given":false`) {
		t.Errorf("the member: %s", got.body)
	}
	w.call("POST", "/v1/campaigns", politely, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/politely/publication", "").want(201)
	w.now = w.now.Add(time.Second) // what is known of campaigns is half a second old at most
	if args, on = w.page("GET", link).want(200).choices(); on["Со мной на «вы»"] {
		t.Error("вы is on, and nobody chose it")
	}
	w.post(link, url.Values{"set": {args["Со мной на «вы»"]}}).want(303)
	w.post(link, url.Values{"set": {"fpolite"}}).want(422)
	for _, words := range []string{"Местное время: ", ", Берлин.", `action="#topics"`, `action="#quiet"`, `id="quiet"`, `action="#forms"`, `id="forms"`, ">Обращение<"} {
		if page := w.page("GET", link).want(200); !strings.Contains(page.body, words) {
			t.Errorf("no %q: %s", words, page.body)
		}
	}
	if _, on := w.page("GET", link).want(200).choices(); !on["Со мной на «вы»"] || on["Со мной на «ты»"] {
		t.Errorf("after choosing: %v", on)
	}
	w.post(link, url.Values{"set": {args["опросы"]}}).want(303)
	w.post(link, url.Values{"set": {"x"}}).want(303)
	if got := w.page("GET", link).want(200); !strings.Contains(got.body, "Всё отключено") || strings.Contains(got.body, `value="x"`) {
		t.Errorf("everything off: %s", got.body)
	}
	w.page("GET", link+"x").want(404)
	w.page("GET", strings.Replace(w.link("u"), "/u/", "/settings/", 1)).want(404)
	w.post(strings.Replace(w.link("u"), "/u/", "/settings/", 1), url.Values{"set": {"x"}}).want(404)
	w.now = w.now.Add(32 * 24 * time.Hour)
	if got := w.post(link, url.Values{"set": {args["опросы"]}}).want(410); strings.Contains(got.body, "questions") {
		t.Errorf("the page speaks of questions where none were asked: %s", got.body)
	}
}

// TestSettingsPageOfWhoIsErased: the link leads nowhere any more.
func TestSettingsPageOfWhoIsErased(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	link := w.link("settings")
	w.call("DELETE", "/v1/members/anna", "").want(204)
	w.page("GET", link).want(404)
	w.post(link, url.Values{"set": {"x"}}).want(404)
}
