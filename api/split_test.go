package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

const dividing = `key: small
kind: survey
name: Small
topic: surveys
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - id: texts
    split:
      - {share: 1, name: question, steps: [{id: ask-them, send: {text: {en: "Ready?"}}}]}
      - {share: 1, name: out, steps: []}
  - {id: rest, wait: 3d}
`

// TestSplitIsTold: who took which arm is counted in the flow, and told by why and the timeline in both languages.
func TestSplitIsTold(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/campaigns", dividing, "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	var ids []string
	for i := range 8 {
		ids = append(ids, fmt.Sprintf("u%d", i))
		w.call("PUT", "/v1/members/"+ids[i], fmt.Sprintf(`{"language":"en","email":"%s@example.org","consents":[{"channel":"email","source":"test"}]}`, ids[i])).want(http.StatusCreated)
	}
	w.call("POST", "/v1/campaigns/small/enrollments", `{"members":["`+strings.Join(ids, `","`)+`"]}`).want(http.StatusOK)
	w.settle()
	flow, err := reports.New(w.store, nil).Flow(t.Context(), engine.Operator, "small", "en")
	must(t, err)
	question, out := 0, 0
	for _, id := range ids {
		timeline := w.call("GET", "/v1/members/"+id+"/timeline", "").want(http.StatusOK).body
		arm := "question"
		if strings.Contains(timeline, "Took the way “out” at the step “texts”") {
			arm, out = "out", out+1
		} else {
			expectWords(t, timeline, "Took the way “question” at the step “texts”")
			question++
		}
		expectWords(t, chainWords(w.why(id).Runs[0].Chain), "decision At “texts” chance gave the way “"+arm+"”")
		expectWords(t, chainWords(w.why(id, "Accept-Language", "ru").Runs[0].Chain), "жребий дал путь «"+arm+"»")
	}
	arms := flow.Steps[0].Arms
	if arms[0].Entered() != question || arms[1].Entered() != out || arms[0].Split.Percent != 50 || question == 0 || out == 0 {
		t.Errorf("%d and %d; %+v %+v", question, out, arms[0].Split, arms[1].Split)
	}
}
