package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// addresses are every page of the console with something on it.
func (w *world) addresses() []string {
	member := "/console/members/" + idText(w.members[1])
	c := "/console/campaigns/"
	return []string{
		"/console", "/console/campaigns", c + challengeKey, c + challengeKey + "?step=day", c + challengeKey + "/answers", c + challengeKey + "/standings", c + challengeKey + "/members",
		c + surveyKey, c + surveyKey + "/answers", c + "first-week", c + "first-week/answers", c + "first-week/members",
		c + "first-week/texts", c + challengeKey + "/texts", c + "first-week/publish", c + challengeKey + "/publish", c + surveyKey + "/publish",
		c + "first-week/preview", c + challengeKey + "/preview?version=1&view=email", c + surveyKey + "/preview?view=page&member=" + idText(w.members[1]),
		"/console/members", "/console/members?language=ru&channel=email", member, member + "?show=unsent", member + "?show=answers", budgetPath,
		"/console/members/" + idText(w.members[0]), "/console/messages", lettersPath,
		member + "/why", member + "/why/" + challengeKey, member + "/why/" + surveyKey, member + "/why/first-week",
	}
}

func TestPagesShowTheCommunity(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(40)
	for _, lang := range locale.Languages() {
		for _, address := range w.addresses() {
			body := w.get(address, lang)
			checkPage(t, lang+" "+address, body)
		}
	}
}

// bareKey is a key of the catalogs where its text should stand.
var bareKey = regexp.MustCompile(`^\s*(console|look|reason|media|state|timeline)\.[a-z_.]+\s*$`)

// checkPage holds what must be true of every page: names are data, nothing is inline, every word has its key, and the markup is whole.
func checkPage(t *testing.T, name, body string) {
	t.Helper()
	for _, never := range []string{"<script>alert", " style=", " onclick=", "ZgotmplZ", "%!", "<no value>"} {
		if i := strings.Index(body, never); i >= 0 {
			t.Errorf("%s: %q in …%s…", name, never, body[max(0, i-80):min(len(body), i+80)])
		}
	}
	if i := strings.IndexFunc(body, campaigns.Turns); i >= 0 {
		t.Errorf("%s: the text is turned around behind …%q", name, body[max(0, i-80):i])
	}
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if title := windowTitle(doc); !strings.HasSuffix(title, " — "+locale.T("en", "look.brand", nil)) && !strings.HasSuffix(title, " — "+locale.T("ru", "look.brand", nil)) || strings.ContainsAny(title[:1], " {[&") {
		t.Errorf("%s: the window is called %q", name, title)
	}
	seen := map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && bareKey.MatchString(n.Data) {
			t.Errorf("%s: a word without its text: %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "id" && seen[a.Val] {
				t.Errorf("%s: two elements are called %s", name, a.Val)
			}
			seen[a.Val] = seen[a.Val] || a.Key == "id"
			if bareKey.MatchString(a.Val) && a.Key != "value" {
				t.Errorf("%s: %s has a key without its text: %s", name, a.Key, a.Val)
			}
		}
	}
}

// windowTitle is the text of the first title: drawings have titles of their own.
func windowTitle(doc *html.Node) string {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "title" && n.FirstChild != nil {
			return n.FirstChild.Data
		}
	}
	return ""
}

// TestAnswersInWords: on a member's page an answer is what the button said, not the word that is kept for it.
func TestAnswersInWords(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(4)
	for lang, label := range map[string]string{"en": "Topics", "ru": "Темы"} {
		if page := w.get("/console/members/"+idText(w.members[0]), lang); !strings.Contains(page, label) || strings.Contains(page, ">topics<") {
			t.Errorf("%s: no %q", lang, label)
		}
	}
}

// TestCampaignsInTheReadersLanguage: a name that the definition says in both languages is read in one's own, on every page.
func TestCampaignsInTheReadersLanguage(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(4)
	c := "/console/campaigns/" + challengeKey
	for _, path := range []string{"/console", "/console/campaigns", c, c + "/answers", c + "/members", c + "/standings", "/console/members/" + idText(w.members[0])} {
		en, ru := w.get(path, "en"), w.get(path, "ru")
		if !strings.Contains(en, "14 days of speaking") || !strings.Contains(ru, "14 дней говорим") || strings.Contains(ru, "14 days of speaking") {
			t.Errorf("%s does not name the campaign in the reader's language", path)
		}
	}
}

// TestTimesAreTheCommunitys: it is 10:20 in Almaty, whatever the zone of the machine.
func TestTimesAreTheCommunitys(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.populate(12)
	c := "/console/campaigns/"
	for path, time := range map[string]string{
		"/console": "10:20", "/console/members": "10:20", c + challengeKey + "/members": "15:20", c + challengeKey + "/answers": "11:31", c + surveyKey + "/answers": "10:09",
		"/console/messages": "05:20",
	} {
		if page := w.get(path, "en"); !strings.Contains(page, time) {
			t.Errorf("%s does not show %s", path, time)
		}
	}
}

func TestEmptyPagesPromiseAndOffer(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	for _, address := range []string{"/console", "/console/campaigns", "/console/members", "/console/messages", lettersPath} {
		for _, lang := range locale.Languages() {
			checkPage(t, address, w.get(address, lang))
		}
	}
	if body := w.get("/console/campaigns", "ru"); !strings.Contains(body, "никто ничего не получит") || !strings.Contains(body, "/console/starters/first-week") {
		t.Errorf("no promise or no starter: %s", body)
	}
	took := w.call("POST", "/console/starters/first-week", map[string][]string{}, "Sec-Fetch-Site", "same-origin")
	if took.Code != http.StatusSeeOther || took.Header().Get("Location") != "/console/campaigns/first-week" {
		t.Fatalf("starter: %d %s", took.Code, took.Body)
	}
	if body := w.get("/console/campaigns/first-week", "en"); !strings.Contains(body, "Draft") || !strings.Contains(body, "Nobody is inside yet") {
		t.Errorf("draft: %s", body)
	}
	if again := w.call("POST", "/console/starters/first-week", map[string][]string{}, "Sec-Fetch-Site", "same-origin"); again.Code != http.StatusConflict {
		t.Errorf("twice: %d", again.Code)
	}
	if none := w.call("POST", "/console/starters/none", map[string][]string{}); none.Code != http.StatusNotFound {
		t.Errorf("none: %d", none.Code)
	}
}

func TestWhatIsNotThereIsSaid(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	for _, address := range []string{
		"/console/campaigns/none", "/console/campaigns/none/answers", "/console/campaigns/none/standings", "/console/campaigns/none/members", "/console/campaigns/none/answers.csv",
		"/console/members/1", "/console/members/x", "/console/members/-3", "/console/members/99999999999999999999", "/console/media/1", "/console/media/x", "/console/live/campaigns/none/steps",
		"/console/live/members/x",
	} {
		rec := w.call("GET", address, nil)
		if rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "<h1>") {
			t.Errorf("%s: %d", address, rec.Code)
		}
	}
	if rec := w.call("GET", "/", nil); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/console" {
		t.Errorf("/: %d", rec.Code)
	}
}
