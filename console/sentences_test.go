package console

import (
	"flag"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSentencesOfPages holds what only the pages before a campaign begins refuse with, in both languages; the other refusals are those of the API, which holds them.
func TestSentencesOfPages(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	w.showSeen()
	w.someoneInside("tea")
	var b strings.Builder
	for _, refused := range []struct {
		code, path string
		form       url.Values
	}{
		{"invalid.preview_long", seenPath, url.Values{"step": {"told"}, "first": {strings.Repeat("я", 800)}}},
		{"invalid.inside", "/console/campaigns/tea/publish", url.Values{"revision": {"1"}}},
		{"invalid.unsure", "/console/campaigns/tea/end", url.Values{}},
	} {
		fmt.Fprintln(&b, refused.code)
		for _, lang := range locale.Languages() {
			fmt.Fprintf(&b, "  %s: %s\n", lang, told(t, refused.code, lang, w.call("POST", refused.path, refused.form, "Sec-Fetch-Site", "same-origin", "Accept-Language", lang)))
		}
	}
	file := "testdata/sentences.golden"
	if *update {
		must(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != b.String() {
		t.Errorf("the sentences have changed: look at them, then run go test ./console -run Sentences -update\n%s", b.String())
	}
}

// someoneInside publishes a campaign with the key, which a member has entered.
func (w *world) someoneInside(key campaigns.Key) {
	w.t.Helper()
	ctx := w.t.Context()
	src := "key: " + string(key) + "\nkind: survey\nname: A\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps: [{id: rest, wait: 2d}]\n"
	_, err := w.e.CreateCampaign(ctx, engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
	must(w.t, err)
	_, err = w.e.Publish(ctx, engine.Operator, key)
	must(w.t, err)
	_, _, err = w.e.UpsertMember(ctx, engine.Operator, engine.MemberInput{ExternalID: "u", Email: new("u@example.org")})
	must(w.t, err)
	_, err = w.e.Enroll(ctx, engine.Operator, key, []string{"u"})
	must(w.t, err)
	_, err = w.e.AdvanceDue(ctx, time.Second)
	must(w.t, err)
}

// told is what the refusal of the code says on the page.
func told(t *testing.T, code, lang string, page *httptest.ResponseRecorder) string {
	t.Helper()
	words := locale.T(lang, "error."+code, nil)
	if page.Code != 422 || !strings.Contains(page.Body.String(), html.EscapeString(words)) {
		t.Errorf("%d does not say: %s", page.Code, words)
	}
	return words
}
