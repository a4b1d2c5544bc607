package reports

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// TestEventSentencesAreFilled: whatever an event's words name is read from the event, in every language.
func TestEventSentencesAreFilled(t *testing.T) {
	data := json.RawMessage(`{"event": "lesson", "topic": "news", "source": "bot", "channel": "email", "name": "evening", "by": "Olga", "from": 1, "to": 2}`)
	for _, key := range locale.Keys("timeline.event.") {
		ev := store.Event{At: time.Now(), Name: strings.TrimPrefix(key, "timeline.event."), Step: "hello", Data: data, Reason: campaigns.Reason("reentry")}
		e := eventEntries(ev)[0]
		e.Campaign = "welcome"
		for _, lang := range locale.Languages() {
			if s := e.sentence(lang, time.UTC); strings.ContainsAny(s, "{}") || strings.Contains(s, "“”") || strings.Contains(s, "«»") || strings.Contains(s, "<nil>") {
				t.Errorf("%s in %s: %s", key, lang, s)
			}
		}
	}
}

// TestSilenceIsTold: a question that goes by another channel too says after how long, and by which; one that does not, why.
func TestSilenceIsTold(t *testing.T) {
	goes := store.Event{Name: "question.escalated", Step: "level", Data: json.RawMessage(`{"from": "telegram", "to": "email", "after": "1d12h"}`)}
	for _, c := range []struct {
		ev       store.Event
		en, said string
	}{
		{goes, "Nobody answered the step “level” for 1 day 12 hours, so its question goes by another channel too: email.", "На вопрос шага «level» 1 день 12 часов нет ответа, поэтому он отправляется ещё и в другой канал: почта."},
		{
			store.Event{Name: "question.not_escalated", Step: "level", Reason: campaigns.NoAddress},
			"Nobody answered the step “level”, and its question goes by no other channel. The member has no address there.", "На вопрос шага «level» нет ответа, но в другой канал он не отправляется. Там у участника нет адреса.",
		},
		{
			store.Event{Name: "question.escalated", Step: "level", Data: json.RawMessage(`{"from": "telegram", "to": "email", "lost": "gone"}`)},
			"The question of the step “level” does not reach the member any more where it stands, so it goes by another channel too: email. The account or the mailbox no longer exists.",
			"Вопрос шага «level» остался в канале, где до участника уже не достучаться, поэтому он отправляется ещё и в другой канал: почта. Аккаунта или ящика больше нет.",
		},
		{
			store.Event{Name: "message.not_escalated", Step: "level", Reason: campaigns.NoConsent, Data: json.RawMessage(`{"lost": "blocked"}`)},
			"The message of the step “level” went where nothing reaches the member any more, and it goes by no other channel. The member blocked the bot. The member has not agreed to the topic there.",
			"Сообщение шага «level» ушло в канал, где до участника уже не достучаться, но в другой канал оно не отправляется. Участник заблокировал бота. Там участник не давал согласия на тему.",
		},
		{
			store.Event{Name: "question.not_escalated", Step: "level", Reason: campaigns.AnswerBegun},
			"Nobody answered the step “level”, and its question goes by no other channel. The member had begun to answer, so the question was not sent a second time.",
			"На вопрос шага «level» нет ответа, но в другой канал он не отправляется. Участник уже начал отвечать, поэтому второй раз вопрос не отправлен.",
		},
	} {
		e := eventEntries(c.ev)[0]
		if en, ru := e.sentence("en", time.UTC), e.sentence("ru", time.UTC); en != c.en || ru != c.said {
			t.Errorf("%s\n%s", en, ru)
		}
	}
}

// TestSecondMessageIsTold: why a question went by mail after it had gone by Telegram; one that fell back is told otherwise.
func TestSecondMessageIsTold(t *testing.T) {
	def, problems := definition.Parse([]byte(`{"key": "a", "kind": "survey", "name": "A", "topic": "news", "languages": ["en"], "channels": ["telegram", "email"], "entry": {"manual": true},
		"escalate": {"after": "2d"}, "steps": [{"id": "q", "ask": {"type": "nps", "text": "Well?"}}]}`), definition.JSON)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct {
		first  store.Delivery
		en, ru string
	}{
		{store.Delivery{State: campaigns.Sent}, "Its second channel is email, since there was no answer, or no sign of life, after it had gone by Telegram.", "Второй канал: почта, потому что в первом (Телеграм) не было ни ответа, ни признаков жизни."},
		{store.Delivery{State: campaigns.Failed, Reason: campaigns.Blocked}, "Its channel is email, since Telegram could not be used. The member blocked the bot.", "Канал: почта, потому что предыдущим (Телеграм) нельзя было воспользоваться. Участник заблокировал бота."},
	} {
		c.first.ID, c.first.Step, c.first.Visit, c.first.Channel = 1, "q", 1, campaigns.Telegram
		second := &store.Delivery{ID: 2, Step: "q", Visit: 1, Channel: campaigns.Email, State: campaigns.Sent}
		for lang, want := range map[string]string{"en": c.en, "ru": c.ru} {
			w := &passage{explainer: &explainer{lang: lang, zone: time.UTC, p: &store.Profile{}}, def: def, deliveries: []*store.Delivery{&c.first, second}}
			if lines := w.channel(second, time.Now()); len(lines) != 1 || lines[0].What != want {
				t.Errorf("%s: %+v", lang, lines)
			}
		}
	}
}

// TestWhatASilentQuestionWaitsFor: first for its second channel, then for its end.
func TestWhatASilentQuestionWaitsFor(t *testing.T) {
	def, problems := definition.Parse([]byte(`{"key": "a", "kind": "survey", "name": "A", "topic": "news", "languages": ["en"], "channels": ["telegram", "email"], "entry": {"manual": true},
		"escalate": {"after": "2d"}, "steps": [{"id": "q", "ask": {"type": "nps", "text": "Well?"}}]}`), definition.JSON)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	due := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	for escalated, want := range map[bool]string{
		false: "Waits for the answer to “q”; if there is none by 1 December, 09:00 (zone UTC), the question goes by another channel too.",
		true:  "Waits for the answer to “q” until 1 December, 09:00 (zone UTC); without one the campaign goes on.",
	} {
		w := &passage{
			explainer: &explainer{lang: "en", zone: time.UTC, c: &store.Campaign{}, p: &store.Profile{}}, def: def, row: &store.Enrollment{Step: "q", WaitKind: campaigns.WaitAnswer, DueAt: &due},
			en: decide.Enrollment{Asked: map[campaigns.StepID]decide.Asked{"q": {Escalated: escalated}}},
		}
		if lines := w.stands(); len(lines) != 1 || lines[0].What != want {
			t.Errorf("%+v", lines)
		}
	}
}

func TestMovedIsTold(t *testing.T) {
	e := eventEntries(store.Event{Name: "enrollment.moved", Step: "hello", Data: json.RawMessage(`{"from": 1, "to": 12, "step": "hello"}`)})[0]
	e.Campaign = "welcome"
	for lang, want := range map[string]string{
		"en": "Was moved from version 1 of the campaign “welcome” to version 12.", "ru": "Переведён с версии 1 кампании «welcome» на версию 12.",
	} {
		if got := e.sentence(lang, time.UTC); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
