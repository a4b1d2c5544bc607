package api

import (
	"strings"
	"testing"
)

func TestCampaignsLife(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "text/yaml; charset=utf-8"}
	made := w.call("POST", "/v1/campaigns", survey, yaml...).want(201)
	if made.Header().Get("Location") != "/v1/campaigns/autumn" || made.json()["state"] != "draft" || made.Header().Get("ETag") != `"1"` {
		t.Errorf("made: %s %v", made.body, made.Header())
	}
	w.call("POST", "/v1/campaigns", survey, yaml...).problem(409, "conflict.campaign")
	w.call("POST", "/v1/checks", survey, yaml...).want(200)
	w.call("POST", "/v1/checks", "key: x", yaml...).problem(422, "invalid.definition")
	enrolls := survey + "  - enroll: autum\n"
	places := w.call("POST", "/v1/checks", strings.Replace(enrolls, "key: autumn", "key: winter", 1), yaml...).want(422).json()["errors"].([]any)
	if place := places[0].(map[string]any); len(places) != 1 || place["code"] != "unknown_campaign" || place["line"] != float64(strings.Count(enrolls, "\n")) || place["did_you_mean"] != "autumn" {
		t.Errorf("an unknown campaign to enroll in: %v", places)
	}

	draft := w.call("GET", "/v1/campaigns/autumn/draft", "").want(200)
	if draft.body != survey || !strings.HasPrefix(draft.Header().Get("Content-Type"), yamlType) {
		t.Errorf("draft is not as typed: %s %q", draft.Header().Get("Content-Type"), draft.body)
	}
	changed := strings.Replace(survey, "How was October?", "How was November?", 1)
	put := w.call("PUT", "/v1/campaigns/autumn/draft", changed, append(yaml, "If-Match", draft.Header().Get("ETag"))...).want(200)
	if put.json()["name"] != "How was November?" || put.Header().Get("ETag") != `"2"` {
		t.Errorf("put: %s", put.body)
	}
	w.call("PUT", "/v1/campaigns/autumn/draft", survey, append(yaml, "If-Match", `"1"`)...).problem(412, "conflict.draft")
	w.call("PUT", "/v1/campaigns/autumn/draft", survey, append(yaml, "If-Match", `"x"`)...).problem(412, "conflict.draft")
	w.call("PUT", "/v1/campaigns/autumn/draft", strings.Replace(survey, "key: autumn", "key: other", 1), yaml...).problem(422, "invalid.key_changed")

	w.call("POST", "/v1/campaigns/autumn/enrollments", `{"members":["x"]}`).problem(409, "conflict.not_running")
	for _, other := range []string{`"1"`, `"x"`} {
		w.call("POST", "/v1/campaigns/autumn/publication", "", "If-Match", other).problem(412, "conflict.draft")
	}
	version := w.call("POST", "/v1/campaigns/autumn/publication", "", "If-Match", `"2"`).want(201)
	if version.Header().Get("Location") != "/v1/campaigns/autumn/versions/1" || version.json()["version"] != 1.0 {
		t.Errorf("version: %s", version.body)
	}
	if got := w.call("GET", "/v1/campaigns/autumn/versions/1", "").want(200); got.body != changed {
		t.Errorf("version's source: %q", got.body)
	}
	w.call("GET", "/v1/campaigns/autumn/versions/2", "").problem(404, "not_found.version")
	if items := w.call("GET", "/v1/campaigns/autumn/versions", "").want(200).items(); len(items) != 1 {
		t.Errorf("versions: %v", items)
	}
	for _, step := range []struct {
		method, resource, state string
		status                  int
	}{
		{"POST", "pause", "paused", 200},
		{"POST", "pause", "paused", 200},
		{"DELETE", "pause", "running", 200},
		{"DELETE", "pause", "", 409},
		{"POST", "archive", "", 409},
		{"POST", "closure", "finished", 200},
		{"POST", "archive", "archived", 200},
		{"POST", "publication", "", 409},
	} {
		got := w.call(step.method, "/v1/campaigns/autumn/"+step.resource, "").want(step.status)
		if step.state != "" && got.json()["state"] != step.state {
			t.Errorf("%s %s: %s", step.method, step.resource, got.body)
		}
	}
	w.call("GET", "/v1/campaigns/autumn", "").want(200)
	if schema := w.call("GET", "/v1/schema/campaign", "").want(200); schema.json()["$schema"] == nil {
		t.Errorf("schema: %.200s", schema.body)
	}
}

func TestCampaignsComeInPages(t *testing.T) {
	w := newWorld(t)
	for _, key := range []string{"a", "b", "c"} {
		w.call("POST", "/v1/campaigns", strings.Replace(survey, "key: autumn", "key: "+key, 1), "Content-Type", "application/yaml").want(201)
	}
	seen, cursor := "", ""
	for range 3 {
		page := w.call("GET", "/v1/campaigns?limit=2&cursor="+cursor, "").want(200).json()
		for _, item := range page["items"].([]any) {
			seen += item.(map[string]any)["key"].(string)
		}
		cursor, _ = page["next_cursor"].(string)
		if cursor == "" {
			break
		}
	}
	if seen != "abc" {
		t.Errorf("pages showed %q", seen)
	}
}

func TestDefinitionAsJSON(t *testing.T) {
	w := newWorld(t)
	def := `{"key":"hi","kind":"broadcast","name":"Hi","topic":"surveys","languages":["en"],"channels":["email"],"entry":{"manual":true},"steps":[{"id":"a","send":{"text":{"en":"Hi"}}}]}`
	w.call("POST", "/v1/campaigns", def).want(201)
	if got := w.call("GET", "/v1/campaigns/hi/draft", "").want(200); got.body != def || got.Header().Get("Content-Type") != jsonType {
		t.Errorf("draft: %s", got.body)
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	body := `{"external_id":"anna"}`
	key := []string{"Idempotency-Key", "k1"}
	first := w.call("POST", "/v1/members", body, key...).want(201)
	again := w.call("POST", "/v1/members", body, key...).want(201)
	if again.body != first.body || again.Header().Get(replayHeader) != "true" || first.Header().Get(replayHeader) != "" || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("replay: %s %v", again.body, again.Header())
	}
	w.call("POST", "/v1/members", `{"external_id":"boris"}`, key...).problem(422, "invalid.idempotency_key")
	w.call("POST", "/v1/members", body).problem(409, "conflict.member")
	// Another token's keys are its own; a refusal is an answer too.
	other := w.newToken("members:write")
	w.call("POST", "/v1/members", body, "Idempotency-Key", "k1", "Authorization", "Bearer "+other).problem(409, "conflict.member")
	if got := w.call("POST", "/v1/members", body, "Idempotency-Key", "k1", "Authorization", "Bearer "+other); got.Header().Get(replayHeader) == "" {
		got.problem(409, "conflict.member")
		t.Error("a refusal is not replayed")
	}
	w.call("POST", "/v1/campaigns", survey, "Content-Type", "application/yaml", "Idempotency-Key", "k2").want(201)
	w.call("POST", "/v1/campaigns", survey, "Content-Type", "application/yaml", "Idempotency-Key", "k2").want(201)
	v := w.call("POST", "/v1/campaigns/autumn/publication", "", "Idempotency-Key", "k3").want(201)
	if v2 := w.call("POST", "/v1/campaigns/autumn/publication", "", "Idempotency-Key", "k3").want(201); v2.body != v.body {
		t.Errorf("published twice: %s", v2.body)
	}
}

// TestTokenIsShownOnce: a repetition makes no second token and shows no secret, since none is kept.
func TestTokenIsShownOnce(t *testing.T) {
	w := newWorld(t)
	body := `{"name":"script","scopes":["members:read"]}`
	first := w.call("POST", "/v1/tokens", body, "Idempotency-Key", "k").want(201)
	token := first.json()["token"].(string)
	again := w.call("POST", "/v1/tokens", body, "Idempotency-Key", "k").want(201)
	if strings.Contains(again.body, token) || again.json()["token"] != nil {
		t.Errorf("a repetition shows the token: %s", again.body)
	}
	if items := w.call("GET", "/v1/tokens", "").items(); len(items) != 2 { // ours, and the one
		t.Errorf("%d tokens", len(items))
	}
}
