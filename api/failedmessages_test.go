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

// stumbling is a mail channel whose code stumbles over every mail before it begins.
type stumbling struct {
	*outbox
	over bool
}

func (s *stumbling) Dial(context.Context) (channels.Conn, error) { return s, nil }

func (s *stumbling) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	if s.over {
		panic("poison")
	}
	return s.outbox.Send(ctx, m, begin)
}

const twoSteps = `
key: hello
kind: onboarding
name: Hello
topic: community
languages: [en]
channels: [email]
entry: {manual: true, reentry: never}
steps:
  - {id: one, send: {subject: Hello, text: Hello}}
  - {id: how, ask: {type: text, text: How are you?}}
`

// TestFailedMessages: what failed through our fault is listed by kind, and sent once its cause is gone, once; a question is not asked again.
func TestFailedMessages(t *testing.T) {
	bad := &stumbling{over: true}
	w := newWorldWith(t, func(o *engine.Options) {
		bad.outbox = o.Senders[campaigns.Email].(*outbox)
		o.Senders[campaigns.Email] = bad
	})
	if got := w.call("GET", "/v1/failed-messages", "").want(200); len(got.items()) != 0 {
		t.Fatalf("at the start: %s", got.body)
	}
	w.call("POST", "/v1/campaigns", twoSteps, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/hello/publication", "").want(201)
	for _, id := range []string{"anna", "bela"} {
		w.call("PUT", "/v1/members/"+id, `{"email":"`+id+`@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	}
	w.call("POST", "/v1/campaigns/hello/enrollments", `{"members":["anna","bela"]}`).want(200)
	for range 4 { // what stood behind a message that stumbled rests for a second
		w.settle()
		w.now = w.now.Add(2 * time.Second)
	}
	kinds := map[string]map[string]any{}
	for _, x := range w.call("GET", "/v1/failed-messages", "", "Accept-Language", "ru").want(200).items() {
		kinds[x.(map[string]any)["step"].(string)] = x.(map[string]any)
	}
	one := kinds["one"]
	if len(kinds) != 2 || one["n"] != float64(2) || one["campaign"] != "hello" || one["channel"] != "email" || one["reason"] != "stumbled" || one["send_again"] != true {
		t.Fatalf("failed: %v", kinds)
	}
	if kinds["how"]["send_again"] != false || !strings.ContainsAny(one["reason_sentence"].(string), "абвгдеж") {
		t.Errorf("failed: %v", kinds)
	}
	again := func(step, more string) answer {
		return w.call("POST", "/v1/failed-messages/retry", `{"campaign":"hello","step":"`+step+`","channel":"email","reason":"stumbled"`+more+`}`)
	}
	bad.over = false
	again("how", "").problem(409, "conflict.question_over")
	if got := again("one", "").want(200).json(); got["waiting"] != float64(2) || got["still_failed"] != float64(0) {
		t.Errorf("sent again: %v", got)
	}
	w.settle()
	if n := len(w.mail.sent); n != 2 { // not the questions
		t.Errorf("%d mails were sent", n)
	}
	again("one", "").problem(404, "not_found.failed")
	again("one", `,"all":true`).want(422)
	w.call("POST", "/v1/failed-messages/retry", `{"campaign":"nobody","step":"one","channel":"email","reason":"stumbled"}`).problem(404, "not_found.campaign")
	w.call("POST", "/v1/failed-messages/retry", `{"campaign":"hello","step":"one","channel":"email","reason":"blocked"}`).want(422)
	w.call("POST", "/v1/failed-messages/retry", `{"campaign":"hello"}`).want(422)
}
