package api

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/simulation"
)

const simulated = `key: small
kind: survey
name: Small
topic: surveys
languages: [en]
channels: [email]
entry: {manual: true}
steps:
  - id: hello
    send: {text: {en: "Hello {{ member.first_name }}"}}
`

func definitionBodyOf(src string) string {
	b, _ := json.Marshal(src)
	return string(b)
}

func (a answer) simulation(t *testing.T) simulation.Result {
	t.Helper()
	var r simulation.Result
	must(t, json.Unmarshal([]byte(a.want(http.StatusOK).body), &r))
	return r
}

// TestSimulateKeepsNothing: a definition as it was typed, or the draft of a key, is played; nothing is kept, and nothing is sent.
func TestSimulateKeepsNothing(t *testing.T) {
	w := newWorld(t)
	r := w.call("POST", "/v1/simulations", `{"definitions":[{"source":`+definitionBodyOf(simulated)+`}],"members":{"invent":3},"days":2,"start":"2026-11-24T12:00:00Z"}`).simulation(t)
	if r.Campaigns[0].Entered != 3 || r.Messages != 3 || len(r.Stories) != 3 {
		t.Fatalf("%+v", r)
	}
	w.call("GET", "/v1/campaigns/small", "").want(http.StatusNotFound)
	w.call("POST", "/v1/campaigns", simulated, "Content-Type", "application/yaml").want(http.StatusCreated)
	r = w.call("POST", "/v1/simulations", `{"campaigns":["small"]}`, "Accept-Language", "ru").simulation(t)
	if r.Members != 20 || r.Days != 60 || !strings.Contains(r.Stories[0].Items[0].What, "Входит") {
		t.Fatalf("%+v", r)
	}
	if n := len(w.mail.sent); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	if left, err := os.ReadDir(w.s.Simulator.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestSimulateCopiesMembers: members who are there are played as they are known, for those who may read them; the log holds nothing of them.
func TestSimulateCopiesMembers(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/u1", `{"first_name":"Ksenia","language":"en","time_zone":"Asia/Tokyo","email":"ksenia@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	w.call("PUT", "/v1/members/u2", `{"first_name":"Oleg","email":"oleg@example.org"}`).want(http.StatusCreated)
	body := `{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"members":{"external_ids":["u1","u2"]},"start":"2026-11-24T12:00:00Z"}`
	r := w.call("POST", "/v1/simulations", body).simulation(t)
	got := map[string]simulation.Item{}
	for _, s := range r.Stories {
		got[s.Member] = s.Items[1]
	}
	if it := got["u1"]; it.Kind != simulation.ItemMessage || !strings.Contains(it.Text, "Hello Ksenia") || it.Local != "2026-11-24 21:00" {
		t.Errorf("u1: %+v", it)
	}
	if it := got["u2"]; it.Kind != simulation.ItemNotSent || it.Reason != string(campaigns.NoConsent) {
		t.Errorf("u2: %+v", it)
	}
	whole, _ := json.Marshal(r)
	if log := w.log.String(); strings.Contains(log, "Ksenia") || strings.Contains(string(whole), "ksenia@example.org") {
		t.Error("a personal value where none belongs")
	}
	if r = w.call("POST", "/v1/simulations", strings.Replace(body, `"external_ids":["u1","u2"]`, `"sample":1`, 1)).simulation(t); r.Members != 1 {
		t.Errorf("sample: %+v", r)
	}
	token := w.newToken(engine.CampaignsRead)
	w.call("POST", "/v1/simulations", body, "Authorization", "Bearer "+token).problem(http.StatusForbidden, "forbidden.scope")
	if r = w.call("POST", "/v1/simulations", strings.Replace(body, `"external_ids":["u1","u2"]`, `"invent":1`, 1), "Authorization", "Bearer "+token).simulation(t); r.Members != 1 {
		t.Errorf("invented: %+v", r)
	}
}

func TestSimulateRefuses(t *testing.T) {
	w := newWorld(t)
	for body, code := range map[string]string{
		`{}`:                                    "invalid.simulation",
		`{"campaigns":["nobody"]}`:              "not_found.campaign",
		`{"definitions":[{"source":"key: x"}]}`: "invalid.definition",
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"behaviours":[{"does":"sleeps"}]}`:      "invalid.simulation",
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"members":{"external_ids":["nobody"]}}`: "invalid.simulation",
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"members":{"invent":5000}}`:             "invalid.request",
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"days":500}`:                            "invalid.request",
	} {
		status := http.StatusUnprocessableEntity
		if code == "not_found.campaign" {
			status = http.StatusNotFound
		}
		w.call("POST", "/v1/simulations", body).problem(status, code)
	}
}

// TestSimulateSaysThatNobodyIsThere: a sample of nobody is told as that.
func TestSimulateSaysThatNobodyIsThere(t *testing.T) {
	w := newWorld(t)
	a := w.call("POST", "/v1/simulations", `{"definitions":[{"source":`+definitionBodyOf(simulated)+`}],"members":{"sample":5}}`)
	a.problem(http.StatusUnprocessableEntity, "invalid.simulation")
	if !strings.Contains(a.body, "nobody_in_audience") {
		t.Error(a.body)
	}
}

// TestSimulateEndsInTime: one that takes too long ends, says so, and leaves its place.
func TestSimulateEndsInTime(t *testing.T) {
	w := newWorld(t)
	body := `{"definitions":[{"source":` + definitionBodyOf(simulated) + `}],"members":{"invent":1}}`
	most := w.s.Simulator.Most
	w.s.Simulator.Most = time.Nanosecond
	w.call("POST", "/v1/simulations", body).problem(http.StatusUnprocessableEntity, "invalid.simulation_time")
	w.s.Simulator.Most = most
	w.call("POST", "/v1/simulations", body).want(http.StatusOK)
}

// TestSimulateOneAtATime: while one is played, another is told to come again.
func TestSimulateOneAtATime(t *testing.T) {
	w := newWorld(t)
	done := w.s.Simulator.Busy()
	a := w.call("POST", "/v1/simulations", `{"definitions":[{"source":`+definitionBodyOf(simulated)+`}]}`)
	a.problem(http.StatusTooManyRequests, "rate_limited.simulation")
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	done()
	w.call("POST", "/v1/simulations", `{"definitions":[{"source":`+definitionBodyOf(simulated)+`}],"members":{"invent":1}}`).want(http.StatusOK)
}

// TestSimulateSaysWhichDefinition: each place begins with what the request calls the campaign that it is in.
func TestSimulateSaysWhichDefinition(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/campaigns", strings.Replace(simulated, "key: small", "key: kept", 1)+"  - branch: [{if: {segment: nowhere}, steps: [{wait: 1d}]}]\n", "Content-Type", "application/yaml").want(http.StatusCreated)
	bad := strings.Replace(strings.Replace(simulated, "topic", "topik", 1), "key: small", "key: other", 1)
	for body, place := range map[string]string{
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `},{"source":` + definitionBodyOf(bad) + `}]}`:       `"path":"definitions[1].topik"`,
		`{"definitions":[{"source":` + definitionBodyOf(simulated) + `},{"source":` + definitionBodyOf(simulated) + `}]}`: `"path":"definitions[1].key"`,
		`{"campaigns":["kept"],"definitions":[{"source":` + definitionBodyOf(simulated) + `}]}`:                           `"path":"campaigns[0].steps[1].branch[0].if.segment"`,
	} {
		if a := w.call("POST", "/v1/simulations", body); a.Code != http.StatusUnprocessableEntity || !strings.Contains(a.body, place) {
			t.Errorf("no %s in %d %s", place, a.Code, a.body)
		}
	}
}

// TestCopiesHaveAPast: what was with members before, conditions find in their copies, those of steps and of who comes in; what happens to the copies counts on top.
func TestCopiesHaveAPast(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"u1", "u2"} {
		w.call("PUT", "/v1/members/"+id, `{"language":"en","email":"`+id+`@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	}
	w.call("POST", "/v1/campaigns", strings.Replace(simulated, "key: small", "key: before", 1), "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/before/publication", "{}").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/before/enrollments", `{"members":["u1"]}`).want(http.StatusOK)
	w.call("POST", "/v1/events", `{"id":"e1","event":"lesson.done","member":"u1"}`).want(http.StatusAccepted)
	w.settle()
	asks := simulated + `  - branch:
      - if: {all: [{entered: before}, {event: lesson.done, at_least: 2, within: 30d}]}
        steps: [{id: was, send: {text: {en: Again}}}]
      - else: [{id: was-not, send: {text: {en: New}}}]
`
	body := `{"definitions":[{"source":` + definitionBodyOf(asks) + `}],"members":{"external_ids":["u1","u2"]},"days":9,"events":[{"event":"lesson.done","day":1}]}`
	r := w.call("POST", "/v1/simulations", body).simulation(t)
	if s := r.Campaigns[0].Steps; s[2].Entered != 0 || s[3].Entered != 2 {
		t.Errorf("before the second lesson: %+v", s)
	}
	later := strings.Replace(asks, "  - branch:", "  - wait: 2d\n  - branch:", 1)
	r = w.call("POST", "/v1/simulations", strings.Replace(body, definitionBodyOf(asks), definitionBodyOf(later), 1)).simulation(t)
	if s := r.Campaigns[0].Steps; s[3].Entered != 1 || s[4].Entered != 1 || len(r.Notes) > 0 {
		t.Errorf("after it: %+v %v", s, r.Notes)
	}
	audience := strings.Replace(simulated, "{manual: true}", "{segment: old, who: present}", 1)
	w.call("POST", "/v1/segments", "key: old\nname: Old\nwho: {entered: before}\n", "Content-Type", "application/yaml").want(http.StatusCreated)
	r = w.call("POST", "/v1/simulations", strings.Replace(body, definitionBodyOf(asks), definitionBodyOf(audience), 1)).simulation(t)
	if r.Campaigns[0].Entered != 1 || len(r.Notes) > 0 {
		t.Errorf("by a segment: %+v %v", r.Campaigns[0], r.Notes)
	}
}
