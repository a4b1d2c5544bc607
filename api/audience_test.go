package api

import (
	"strings"
	"testing"
)

// TestAudience counts whom a draft would reach; a draft that goes by hand has no audience.
func TestAudience(t *testing.T) {
	w := newWorld(t)
	for _, m := range []string{`{"external_id": "a", "language": "ru", "tags": ["VIP"]}`, `{"external_id": "b", "language": "ru"}`, `{"external_id": "c", "language": "en", "tags": ["vip"]}`} {
		w.call("POST", "/v1/members", m).want(201)
	}
	draft := `{"key": "%", "kind": "broadcast", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"schedule": {"at": "2030-01-01T10:00", "zone": "community", "audience": {"all": [{"tag": "vip"}, {"language": "ru"}]}}},
		"steps": [{"send": {"subject": {"en": "S"}, "text": {"en": "T"}}}]}`
	w.call("POST", "/v1/campaigns", strings.Replace(draft, "%", "vips", 1)).want(201)
	if got := w.call("GET", "/v1/campaigns/vips/audience", "").want(200); !strings.Contains(got.body, `"members":1`) || !strings.Contains(got.body, `"counted_at":"20`) {
		t.Error(got.body)
	}
	w.call("POST", "/v1/campaigns", `{"key": "hand", "kind": "broadcast", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"manual": true}, "steps": [{"send": {"subject": {"en": "S"}, "text": {"en": "T"}}}]}`).want(201)
	if got := w.call("GET", "/v1/campaigns/hand/audience", "").want(409); !strings.Contains(got.body, "conflict.no_audience") {
		t.Error(got.body)
	}
	w.call("GET", "/v1/campaigns/none/audience", "").want(404)
}
