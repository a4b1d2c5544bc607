package reports

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestRepeatedCallIsTold: the failure that the passage went on by stays told, at its time and with its reason; what came of the repeat does not read as if the passage had taken it.
func TestRepeatedCallIsTold(t *testing.T) {
	failed := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	ev := store.Event{
		ID: 9, At: failed.Add(time.Hour), Name: "call.again", Step: "level", Reason: campaigns.CallTooMuch,
		Data: json.RawMessage(`{"call": 7, "name": "crm", "version": 2, "failed_at": "2026-12-01T09:00:00Z", "by": "Olga"}`),
	}
	for state, want := range map[store.CallState][2]string{
		store.CallAnswered: {
			"The call of the other system “crm” at the step “level”, made once more as a person asked, was answered. The member had gone on without it, and its answer is not used.",
			"На повторный вызов по просьбе человека (шаг «level») другая система «crm» ответила. Участник уже пошёл дальше без ответа, и этот ответ не используется.",
		},
		store.CallFailed: {
			"The call of the other system “crm” at the step “level”, made once more as a person asked, got no usable answer either. The member had gone on before.",
			"И на повторный вызов по просьбе человека (шаг «level») другая система «crm» не дала ответа, который можно использовать. Участник пошёл дальше ещё раньше.",
		},
	} {
		row := &store.OutsideCall{ID: 7, Step: "level", Endpoint: "crm", State: state}
		if state == store.CallFailed {
			row.Reason = campaigns.CallTimedOut
		}
		entries := append(callEntries(row), eventEntries(ev)...)
		markRepeats(entries)
		if len(entries) != 3 {
			t.Fatalf("%d entries", len(entries))
		}
		for i, lang := range []string{"en", "ru"} {
			if got := entries[0].sentence(lang, time.UTC); got != want[i] {
				t.Errorf("%s", got)
			}
		}
		asked, before := entries[1], entries[2]
		if got := asked.sentence("en", time.UTC); got != "The call of the other system “crm” at the step “level” was asked for once more, by Olga. What it answers changes nothing for the member." {
			t.Errorf("%s", got)
		}
		if got := before.sentence("en", time.UTC); !before.At.Equal(failed) || before.Kind != KindCall || before.Version != 2 || before.Reason != campaigns.CallTooMuch ||
			got != "The step “level” got no usable answer from the other system “crm”. The other system answered more than is kept of an answer, so that it counts as none. Ask those who run it for a shorter one." {
			t.Errorf("%s: %+v", got, before)
		}
	}
}
