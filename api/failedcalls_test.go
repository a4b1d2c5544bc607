package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// shop is another system that refuses what it is asked, until it is open.
type shop struct{ open bool }

func (s *shop) Endpoints() []string { return []string{"shop"} }

func (s *shop) Call(context.Context, channels.Call) channels.CallReceipt {
	if s.open {
		return channels.CallReceipt{Class: channels.CallAnswered, Code: 200}
	}
	return channels.CallReceipt{Class: channels.CallRefused, Code: 422}
}

const callsAndTells = `
key: hello
kind: onboarding
name: Hello
topic: community
languages: [en]
channels: [email]
entry: {manual: true, reentry: never}
steps:
  - {id: order, call: {endpoint: shop}}
  - {id: tell, notify: {text: Look}}
`

// TestFailedCallsAndNotices: what another system, and what the staff did not hear is listed by kind, and told once more by who may; without the right neither is.
func TestFailedCallsAndNotices(t *testing.T) {
	other := &shop{}
	w := newWorldWith(t, func(o *engine.Options) { o.Caller = other })
	for _, path := range []string{"/v1/failed-calls", "/v1/failed-notices"} {
		if got := w.call("GET", path, "").want(200); len(got.items()) != 0 {
			t.Errorf("%s at the start: %s", path, got.body)
		}
	}
	w.call("POST", "/v1/campaigns", callsAndTells, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/hello/publication", "").want(201)
	for _, id := range []string{"anna", "bela"} {
		w.call("PUT", "/v1/members/"+id, `{"email":"`+id+`@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	}
	w.call("POST", "/v1/campaigns/hello/enrollments", `{"members":["anna","bela"]}`).want(200)
	w.settle()
	must(t, w.e.CallOthers(t.Context(), "shop"))
	w.now = w.now.Add(time.Second)
	for path, want := range map[string]map[string]any{
		"/v1/failed-calls":   {"campaign": "hello", "step": "order", "endpoint": "shop", "reason": "call_refused", "n": 2.0},
		"/v1/failed-notices": {"campaign": "hello", "step": "tell", "channel": "", "reason": "nobody_to_tell", "n": 2.0},
	} {
		got := w.call("GET", path, "", "Accept-Language", "ru").want(200)
		items := got.items()
		if len(items) != 1 {
			t.Fatalf("%s: %s", path, got.body)
		}
		item := items[0].(map[string]any)
		for name, v := range want {
			if item[name] != v {
				t.Errorf("%s: %s is %v, want %v", path, name, item[name], v)
			}
		}
		if !strings.ContainsAny(item["reason_sentence"].(string), "абвгдеж") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	calls, notices := `{"campaign":"hello","step":"order","endpoint":"shop","reason":"call_refused"}`, `{"campaign":"hello","step":"tell","channel":"","reason":"nobody_to_tell"}`
	reader, writer := "Bearer "+w.newToken(engine.MembersRead, engine.CampaignsRead), "Bearer "+w.newToken(engine.CampaignsWrite)
	for path, body := range map[string]string{"/v1/failed-calls": calls, "/v1/failed-notices": notices} {
		w.call("GET", path, "", "Authorization", writer).problem(403, "forbidden.scope")
		w.call("POST", path+"/retry", body, "Authorization", reader).problem(403, "forbidden.scope")
	}
	other.open = true
	if got := w.call("POST", "/v1/failed-calls/retry", calls, "Authorization", writer).want(200).json(); got["waiting"] != 2.0 {
		t.Errorf("called again: %v", got)
	}
	must(t, w.e.CallOthers(t.Context(), "shop"))
	w.call("POST", "/v1/failed-calls/retry", calls).problem(404, "not_found.failed_calls")
	w.call("POST", "/v1/failed-calls/retry", strings.Replace(calls, `"shop"`, `"crm"`, 1)).problem(409, "conflict.endpoint")
	w.call("POST", "/v1/failed-calls/retry", strings.Replace(calls, "call_refused", "call_left", 1)).want(422)
	if got := w.call("POST", "/v1/failed-notices/retry", notices).want(200).json(); got["waiting"] != 0.0 || got["nobody"] != 2.0 {
		t.Errorf("told again, and nobody is set up: %v", got)
	}
	w.e.Staff = map[campaigns.Channel][]string{campaigns.Email: {"lead@example.org"}}
	if got := w.call("POST", "/v1/failed-notices/retry", notices, "Authorization", writer).want(200).json(); got["waiting"] != 2.0 {
		t.Errorf("told again: %v", got)
	}
	w.call("POST", "/v1/failed-notices/retry", notices).problem(404, "not_found.untold")
	for _, path := range []string{"/v1/failed-calls", "/v1/failed-notices"} {
		if got := w.call("GET", path, "").want(200); len(got.items()) != 0 {
			t.Errorf("%s at the end: %s", path, got.body)
		}
	}
}
