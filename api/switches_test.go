package api

import (
	"strings"
	"testing"
)

// TestSwitches: what is stopped and released is told with who and why, in the reader's language.
func TestSwitches(t *testing.T) {
	w := newLinkWorld(t)
	if got := w.call("GET", "/v1/switches", "").want(200); len(got.items()) != 0 {
		t.Fatalf("at the start: %s", got.body)
	}
	for range 2 {
		items := w.call("PUT", "/v1/switches/telegram", "").want(200).items()
		if len(items) != 1 {
			t.Fatalf("%d switches", len(items))
		}
		s := items[0].(map[string]any)
		if s["scope"] != "telegram" || s["on"] != true || s["reason"] != "person" || s["tripped_by"] == "" || !strings.Contains(s["reason_sentence"].(string), "Stopped by") {
			t.Errorf("%v", s)
		}
	}
	if got := w.call("GET", "/v1/switches", "", "Accept-Language", "ru").want(200); !strings.Contains(got.body, "Остановил человек") {
		t.Errorf("in Russian: %s", got.body)
	}
	s := w.call("DELETE", "/v1/switches/telegram", "").want(200).items()[0].(map[string]any)
	if s["on"] != false || s["released_by"] == "" || s["released_at"] == nil {
		t.Errorf("released: %v", s)
	}
	w.call("PUT", "/v1/switches/fax", "").problem(404, "not_found.switch")
	w.call("DELETE", "/v1/switches/campaign", "").problem(404, "not_found.switch")
}
