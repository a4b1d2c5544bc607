package api

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/engine"
)

// TestSegments are saved, explained in two languages, counted, looked into, used, and kept while they are used.
func TestSegments(t *testing.T) {
	w := newWorld(t)
	for _, m := range []string{`{"external_id": "a", "language": "ru", "tags": ["VIP"]}`, `{"external_id": "b", "language": "ru"}`, `{"external_id": "c", "language": "en", "tags": ["vip"]}`} {
		w.call("POST", "/v1/members", m).want(201)
	}
	doc := `{"key": "vips", "name": {"en": "Our best", "ru": "Лучшие"}, "who": {"all": [{"tag": "vip"}, {"language": "ru"}]}}`
	got := w.call("POST", "/v1/segment-checks", doc).want(200)
	if !strings.Contains(got.body, `"members":1`) || !strings.Contains(got.body, "Members who have the tag “vip” and whose language is Russian.") {
		t.Error(got.body)
	}
	if !strings.Contains(got.body, `"warnings":[]`) {
		t.Error(got.body)
	}
	quoted := w.call("POST", "/v1/segment-checks", `{"key": "adults", "name": "Adults", "who": {"attribute": "age", "at_least": "18"}}`).want(200)
	if !strings.Contains(quoted.body, `"path":"who.at_least","line":1,"column":`) || !strings.Contains(quoted.body, `"code":"number_in_quotes"`) {
		t.Error(quoted.body)
	}
	got = w.call("POST", "/v1/segments", doc).want(201)
	if got.Header().Get("Location") != "/v1/segments/vips" || got.Header().Get("ETag") != `"1"` || !strings.Contains(got.body, `"name":"Our best"`) {
		t.Errorf("%v %s", got.Header(), got.body)
	}
	w.call("POST", "/v1/segments", doc).problem(409, "conflict.segment")
	if got := w.call("GET", "/v1/segments", "", "Accept-Language", "ru").want(200); len(got.items()) != 1 || !strings.Contains(got.body, "Лучшие") {
		t.Error(got.body)
	}
	if got := w.call("GET", "/v1/segments/vips", "").want(200); got.body != doc || got.Header().Get("ETag") != `"1"` {
		t.Error(got.body)
	}
	if got := w.call("GET", "/v1/segments/vips/explanation", "", "Accept-Language", "ru").want(200); !strings.Contains(got.body, "Те участники, у кого есть метка «vip» и чей язык – русский.") || !strings.Contains(got.body, `"parts":[{`) {
		t.Error(got.body)
	}
	if got := w.call("GET", "/v1/segments/vips/count", "").want(200); !strings.Contains(got.body, `"members":1`) || !strings.Contains(got.body, `"counted_at":"20`) {
		t.Error(got.body)
	}
	if got := w.call("GET", "/v1/segments/vips/sample?limit=1", "").want(200); len(got.items()) != 1 || !strings.Contains(got.body, `"external_id":"a"`) {
		t.Error(got.body)
	}
	w.call("PUT", "/v1/segments/vips", doc, "If-Match", `"7"`).problem(412, "conflict.segment_changed")
	w.call("PUT", "/v1/segments/vips", doc, "If-Match", `"x"`).problem(412, "conflict.segment_changed")
	if got := w.call("PUT", "/v1/segments/vips", strings.Replace(doc, `, {"language": "ru"}`, "", 1), "If-Match", `"1"`).want(200); got.Header().Get("ETag") != `"2"` {
		t.Error(got.body)
	}
	if got := w.call("GET", "/v1/segments/vips/count", "").want(200); !strings.Contains(got.body, `"members":2`) {
		t.Errorf("after a change: %s", got.body)
	}
	if got := w.call("GET", "/v1/segments", "").want(200); !strings.Contains(got.body, `"listening":false`) || strings.Contains(got.body, "members_as_of") {
		t.Errorf("nobody listens: %s", got.body)
	}
	w.call("POST", "/v1/campaigns", `{"key": "listens", "kind": "onboarding", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"segment": "vips", "who": "future"}, "steps": [{"wait": "1d"}]}`).want(201)
	w.call("POST", "/v1/campaigns/listens/publication", "").want(201)
	if got := w.call("GET", "/v1/segments", "").want(200); !strings.Contains(got.body, `"listening":true`) || strings.Contains(got.body, "members_as_of") {
		t.Errorf("nobody was looked at yet: %s", got.body)
	}
	_, err := w.e.AdvanceDue(t.Context(), time.Second)
	if got := w.call("GET", "/v1/segments", "").want(200); err != nil || !strings.Contains(got.body, `"members_as_of":"20`) {
		t.Errorf("%v: %s", err, got.body)
	}
	if got := w.call("GET", "/v1/segments/vips/count", "").want(200); !strings.Contains(got.body, `"members":2`) {
		t.Errorf("of the list: %s", got.body)
	}
	w.call("DELETE", "/v1/segments/vips", "").problem(409, "conflict.segment_used")
	w.call("POST", "/v1/campaigns/listens/closure", "").want(200)
	w.call("POST", "/v1/campaigns/listens/archive", "").want(200)
	bad := w.call("POST", "/v1/segments", "key: b\nname: B\nwho:\n  any:\n    - {segment: vipps}\n    - {inside: nowhere}\n", "Content-Type", "application/yaml")
	bad.problem(422, "invalid.definition")
	for _, part := range []string{`"who.any[0].segment"`, `"line":5`, `"did_you_mean":"vips"`, `"who.any[1].inside"`} {
		if !strings.Contains(bad.body, part) {
			t.Errorf("no %s in %s", part, bad.body)
		}
	}
	w.call("POST", "/v1/segments", `{"key": "others", "name": "Others", "who": {"not": {"segment": "vips"}}}`).want(201)
	w.call("DELETE", "/v1/segments/vips", "").problem(409, "conflict.segment_used")
	w.call("DELETE", "/v1/segments/others", "").want(204)
	w.call("DELETE", "/v1/segments/vips", "").want(204)
	for _, path := range []string{"", "/count", "/sample", "/explanation"} {
		w.call("GET", "/v1/segments/vips"+path, "").problem(404, "not_found.segment")
	}
	if got := w.call("GET", "/v1/schema/segment", "").want(200); !strings.Contains(got.body, "Kruzhok segment") {
		t.Error(got.body)
	}
}

// TestCountingAsksForWhatIsLookedAt: who may not read members, or answers, does not learn them by counting for whom a condition holds.
func TestCountingAsksForWhatIsLookedAt(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/members", `{"external_id": "a", "tags": ["vip"]}`).want(201)
	w.call("POST", "/v1/campaigns", `{"key": "survey", "kind": "survey", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"manual": true}, "steps": [{"ask": {"type": "text", "save_as": "health", "subject": {"en": "S"}, "text": {"en": "T"}}}]}`).want(201)
	tagged, answered := `{"key": "tagged", "name": "T", "who": {"tag": "vip"}}`, `{"key": "answered", "name": "A", "who": {"answer": "health", "of": "survey", "exists": false}}`
	within := `{"key": "within", "name": "W", "who": {"all": [{"segment": "answered"}]}}`
	for _, doc := range []string{tagged, answered, within} {
		w.call("POST", "/v1/segments", doc).want(201)
	}
	draft := `{"key": "cast", "kind": "broadcast", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"schedule": {"at": "2030-01-01T10:00", "zone": "community", "audience": {"segment": "within"}}}, "steps": [{"send": {"subject": {"en": "S"}, "text": {"en": "T"}}}]}`
	w.call("POST", "/v1/campaigns", draft).want(201)
	campaigns := "Bearer " + w.newToken(engine.CampaignsRead)
	members := "Bearer " + w.newToken(engine.CampaignsRead, engine.MembersRead)
	answers := "Bearer " + w.newToken(engine.CampaignsRead, engine.MembersRead, engine.ResponsesRead)
	for _, c := range []struct {
		token, segment, doc string
		counts              bool
	}{
		{campaigns, "tagged", tagged, false},
		{campaigns, "answered", answered, false},
		{campaigns, "within", within, false},
		{members, "tagged", tagged, true},
		{members, "answered", answered, false},
		{members, "within", within, false},
		{answers, "tagged", tagged, true},
		{answers, "answered", answered, true},
		{answers, "within", within, true},
	} {
		paths := []string{"/v1/segments/" + c.segment + "/count", "/v1/segments/" + c.segment + "/sample"}
		if c.segment == "within" {
			paths = append(paths, "/v1/campaigns/cast/audience")
		}
		for _, path := range paths {
			if got := w.call("GET", path, "", "Authorization", c.token); c.counts {
				got.want(200)
			} else {
				got.problem(403, "forbidden.scope")
			}
		}
		got := w.call("POST", "/v1/segment-checks", c.doc, "Authorization", c.token).want(200)
		if strings.Contains(got.body, `"count":{"members":1`) != c.counts || strings.Contains(got.body, `"count"`) != c.counts || !strings.Contains(got.body, `"sentence":"`) {
			t.Errorf("%s: counts %v: %s", c.segment, c.counts, got.body)
		}
	}
	play := `{"definitions": [{"source": "%", "format": "json"}], "members": {"sample": 1}}`
	play = strings.Replace(play, "%", strings.ReplaceAll(draft, `"`, `\"`), 1)
	w.call("POST", "/v1/simulations", play, "Authorization", members).problem(403, "forbidden.scope")
}
