package api

import (
	"context"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestDeadLetters: what cannot be handled is listed with its error, stops nothing that comes after it, and is handled once its cause is gone.
func TestDeadLetters(t *testing.T) {
	w := newLinkWorld(t)
	if got := w.call("GET", "/v1/dead-letters", "").want(200); len(got.items()) != 0 {
		t.Fatalf("at the start: %s", got.body)
	}
	must(t, w.e.StoreUpdates(t.Context(), []engine.RawUpdate{{ID: 1, HasID: true, Raw: []byte(`{"update_id":1,"message":5}`)}}))
	w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Anna", LanguageCode: "en"}, "")
	w.hear()
	if !strings.Contains(w.last(7), "/help") {
		t.Errorf("what came after it: %q", w.last(7))
	}
	items := w.call("GET", "/v1/dead-letters", "").want(200).items()
	if len(items) != 1 {
		t.Fatalf("%d dead letters", len(items))
	}
	unreadable := items[0].(map[string]any)
	if unreadable["source"] != "telegram" || unreadable["state"] != "dead" || unreadable["error"] == "" || !strings.Contains(unreadable["raw"].(string), `"message":5`) {
		t.Errorf("the letter: %v", unreadable)
	}
	w.call("POST", "/v1/dead-letters/"+unreadable["id"].(string)+"/retry", "").want(200)
	w.settle()
	if again := w.call("GET", "/v1/dead-letters", "").want(200).items(); len(again) != 1 || again[0].(map[string]any)["tries"] != float64(1) {
		t.Errorf("what can never be read, tried again: %v", again)
	}

	_, err := w.bot.Say(7, "please call me")
	must(t, err)
	var id string
	w.hearWith(func(ctx context.Context, in *store.Input) {
		id = idText(in.ID)
		must(t, w.store.Write(ctx, func(tx *store.Tx) error { return tx.FailInput(ctx, in.ID, "boom", 1, w.now) }))
	})
	if got := w.call("GET", "/v1/messages", "").want(200); strings.Contains(got.body, "please call me") {
		t.Fatal("it was handled")
	}
	for range 2 { // the second finds it handled
		w.call("POST", "/v1/dead-letters/"+id+"/retry", "").want(200)
		w.settle()
	}
	if got := w.call("GET", "/v1/messages", "").want(200); strings.Count(got.body, "please call me") != 1 {
		t.Errorf("messages: %s", got.body)
	}
	w.call("POST", "/v1/dead-letters/4711/retry", "").problem(404, "not_found.input")
	w.call("POST", "/v1/dead-letters/x/retry", "").problem(404, "not_found.input")
}
