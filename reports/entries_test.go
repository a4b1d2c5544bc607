package reports

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// TestEventSentencesAreFilled: whatever an event's words name is read from the event, in every language.
func TestEventSentencesAreFilled(t *testing.T) {
	data := json.RawMessage(`{"event": "lesson", "topic": "news", "source": "bot", "channel": "email", "name": "evening", "from": 1, "to": 2}`)
	for _, key := range locale.Keys("timeline.event.") {
		ev := store.Event{At: time.Now(), Name: strings.TrimPrefix(key, "timeline.event."), Step: "hello", Data: data, Reason: campaigns.Reason("reentry")}
		e := eventEntries(ev)[0]
		e.Campaign = "welcome"
		for _, lang := range locale.Languages() {
			if s := e.sentence(lang); strings.ContainsAny(s, "{}") || strings.Contains(s, "“”") || strings.Contains(s, "«»") || strings.Contains(s, "<nil>") {
				t.Errorf("%s in %s: %s", key, lang, s)
			}
		}
	}
}

func TestMovedIsTold(t *testing.T) {
	e := eventEntries(store.Event{Name: "enrollment.moved", Step: "hello", Data: json.RawMessage(`{"from": 1, "to": 12, "step": "hello"}`)})[0]
	e.Campaign = "welcome"
	for lang, want := range map[string]string{
		"en": "Was moved from version 1 of the campaign “welcome” to version 12.", "ru": "Переведён с версии 1 кампании «welcome» на версию 12.",
	} {
		if got := e.sentence(lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
