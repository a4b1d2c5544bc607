package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
)

const measured = `key: small
kind: survey
name: Small
topic: surveys
languages: [en]
channels: [email]
entry: {event: lesson.seen, if: {not: {attribute: paid, is: true}}, key: lesson}
goal: {event: lesson.booked, within: 14d, then: count}
holdout: 50
steps: [{send: {text: Book a lesson}}]
`

func (w *world) happens(event, member, data string) {
	w.t.Helper()
	id := fmt.Sprintf("%s-%s-%x", event, member, data)
	body := fmt.Sprintf(`{"id":%q,"event":%q,"member":%q,"data":%s}`, id, event, member, data)
	w.call("POST", "/v1/events", body).want(http.StatusAccepted)
	w.settle()
}

// TestGoalInTheReport: both groups with their rates, the interval, and the same in words; "why" tells who is held out, and who was not taken in.
func TestGoalInTheReport(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/campaigns", measured, "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	held := map[bool]string{}
	for i := range 12 {
		id := fmt.Sprintf("u%d", i)
		w.call("PUT", "/v1/members/"+id, `{"language":"en","email":"`+id+`@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
		w.happens("lesson.seen", id, `{"lesson": 7}`)
		held[strings.Contains(chainWords(w.why(id).Runs[0].Chain), "Is held out and gets nothing")] = id
	}
	if held[true] == "" || held[false] == "" {
		t.Fatalf("all are in one group: %v", held)
	}
	w.happens("lesson.booked", held[true], `{}`)
	w.happens("lesson.booked", held[false], `{}`)
	var report reports.CampaignReport
	must(t, json.Unmarshal([]byte(w.call("GET", "/v1/campaigns/small/report", "").want(http.StatusOK).body), &report))
	g := report.Goal
	if g == nil || g.HeldOut == nil || g.Uplift == nil || g.Got.Members+g.HeldOut.Members != 12 || g.Got.Reached != 1 || g.HeldOut.Reached != 1 {
		t.Fatalf("%+v", g)
	}
	if d := g.Got.Rate - g.HeldOut.Rate; d != g.Uplift.Difference || g.Uplift.Low >= d || g.Uplift.High <= d || g.Event != "lesson.booked" || g.Within != "14d" {
		t.Errorf("%+v %+v", g, g.Uplift)
	}
	expectWords(t, g.Sentence, "members got the campaign; 1 of them reached the goal", "held out", "can’t be told yet")
	flow, err := reports.New(w.store, w.blobs).Flow(t.Context(), engine.Operator, "small", "en")
	must(t, err)
	if flow.HeldOut != g.HeldOut.Members || flow.Steps[0].Unsent() != 0 {
		t.Errorf("%d held out, told as %d, and %d as not sent", g.HeldOut.Members, flow.HeldOut, flow.Steps[0].Unsent())
	}
	expectWords(t, chainWords(w.why(held[true]).Runs[0].Chain), "goes by version 1", "holdout group", "Reached the goal", "Is held out")
	if run := w.why(held[false]).Runs[0]; run.Key != "7" {
		t.Errorf("the run is about %q", run.Key)
	}
	w.call("PATCH", "/v1/members/u1", `{"attributes":{"paid":true}}`).want(http.StatusOK)
	w.happens("lesson.seen", "u1", `{"lesson": 8}`)
	w.happens("lesson.seen", "u2", `{"lesson": 7}`)
	w.happens("lesson.seen", "u2", `{}`)
	expectWords(t, chainWords(w.why("u1").Entry), "the condition of its entry did not hold")
	expectWords(t, chainWords(w.why("u2").Entry), "and there was nothing")
	expectWords(t, chainWords(w.why("u2", "Accept-Language", "ru").Entry), "ничего нет")
}

// TestHoldoutThatIsAddedLater: those who passed before anybody was held out are of another time, and are not compared.
func TestHoldoutThatIsAddedLater(t *testing.T) {
	w := newWorld(t)
	goal := func() *reports.GoalReport {
		t.Helper()
		var report reports.CampaignReport
		must(t, json.Unmarshal([]byte(w.call("GET", "/v1/campaigns/small/report", "").want(http.StatusOK).body), &report))
		return report.Goal
	}
	enter := func(from, to int) {
		for i := from; i < to; i++ {
			id := fmt.Sprintf("u%d", i)
			w.call("PUT", "/v1/members/"+id, `{"language":"en","email":"`+id+`@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
			w.happens("lesson.seen", id, `{"lesson": 7}`)
		}
	}
	w.call("POST", "/v1/campaigns", strings.Replace(measured, "holdout: 50\n", "", 1), "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	enter(0, 3)
	w.happens("lesson.booked", "u0", `{}`)
	if g := goal(); g.Got.Members != 3 || g.Got.Reached != 1 || g.HeldOut != nil {
		t.Fatalf("before: %+v", g)
	}
	w.call("PUT", "/v1/campaigns/small/draft", measured, "Content-Type", "application/yaml").want(http.StatusOK)
	w.call("POST", "/v1/campaigns/small/publication", "").want(http.StatusCreated)
	enter(3, 11)
	w.happens("lesson.booked", "u1", `{}`)
	if g := goal(); g.HeldOut == nil || g.HeldOut.Members == 0 || g.Got.Members+g.HeldOut.Members != 8 || g.Got.Reached != 0 || g.HeldOut.Reached != 0 {
		t.Fatalf("after: %+v %+v", g, g.HeldOut)
	}
}
