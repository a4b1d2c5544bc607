package api

import (
	"strings"
	"testing"
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
