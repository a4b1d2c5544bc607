package console

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/browser"
)

// longWord is one that no line of a phone has room for.
var longWord = strings.Repeat("Donaudampfschifffahrt", 6)

// TestLongWordsStayInsideThePage: a name, a text or a subject of one endless word makes no page wider than the phone or the window that shows it.
func TestLongWordsStayInsideThePage(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, newSQLite(t))
	w.populate(3) // the second member's name is 300 letters long
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Format: definition.YAML, Source: strings.NewReplacer("LABEL", longWord[:63], "WORD", longWord).Replace(`key: wide
kind: survey
name: WORD
topic: surveys
languages: [de]
channels: [telegram, email]
entry: {manual: true}
steps:
  - id: level
    ask: {type: choice, subject: WORD, text: "Wie? WORD", options: [{value: a, text: LABEL}, {value: b, text: "B"}]}
`)})
	must(t, err)
	server := httptest.NewServer(w.gin)
	defer server.Close()
	defer w.console.o.Look.Close() // ends the streams that the server waits for
	member := "/console/members/" + idText(w.members[1])
	for _, v := range []browser.View{{Lang: "ru", Phone: true}, {}} {
		tab := b.Open(t, server.URL+"/console/campaigns/wide", v)
		for _, path := range []string{"/console/campaigns/wide", "/console/campaigns/wide/preview?view=telegram", member, member + "/why/" + challengeKey} {
			tab.Go(server.URL + path)
			if over := browser.Eval[float64](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s (phone: %v): %v px beyond the window", path, v.Phone, over)
			}
		}
	}
}
