package console

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// TestEscalationInWords: the step's panel says when its message goes by another channel too, by its own rule or the campaign's, with all of its time.
func TestEscalationInWords(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	source := `key: silent
kind: survey
name: Silent
topic: community
languages: [en, ru]
channels: [telegram, email]
entry: {manual: true}
escalate: {after: 1d12h}
steps:
  - {id: q, ask: {type: nps, text: {en: Well?, ru: Как?}}}
  - {id: back, ask: {type: nps, text: {en: And?, ru: А?}, channels: [email, telegram], escalate: {after: 90m}}}
  - {id: off, ask: {type: nps, text: {en: Now?, ru: Ну?}, escalate: false}}
  - {id: told, send: {text: {en: At six, ru: В шесть}, escalate: {after: 3h}}}
`
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: source, Format: "yaml"})
	must(t, err)
	_, err = w.e.Publish(t.Context(), engine.Operator, "silent")
	must(t, err)
	for step, says := range map[string][2]string{
		"q":    {"Without an answer for 1 day 12 hours, it goes by email too.", "Если ответа нет 1 день 12 часов, вопрос уйдёт ещё и письмом."},
		"back": {"Without an answer for 1 hour 30 minutes, it goes by Telegram too.", "Если ответа нет 1 час 30 минут, вопрос уйдёт ещё и в Телеграм."},
		"off":  {},
		"told": {"If nothing is heard from the member for 3 hours, it goes by email too.", "Если от участника 3 часа ничего не слышно, сообщение уйдёт ещё и письмом."},
	} {
		for i, lang := range []string{"en", "ru"} {
			page := strings.ReplaceAll(w.get("/console/campaigns/silent?step="+step, lang), "\u00a0", " ")
			checkPage(t, lang, page)
			if says[i] != "" && !strings.Contains(page, says[i]) {
				t.Errorf("%s %s: the page does not say %q", step, lang, says[i])
			}
			if says[i] == "" && (strings.Contains(page, "goes by") || strings.Contains(page, "уйдёт ещё")) {
				t.Errorf("%s %s: the page names a rule", step, lang)
			}
		}
	}
}

// TestAForkIsDrawn: the arms of a split with their names and shares, the waits in words; the page opens with a step and not with the fork.
func TestAForkIsDrawn(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	source := `key: fork
kind: onboarding
name: Fork
topic: community
languages: [en, ru]
channels: [telegram]
entry: {manual: true}
steps:
  - id: texts
    split:
      - {share: 3, name: "long & kind", steps: [{id: ready, send: {text: {en: Ready?, ru: Готовы?}}}]}
      - {share: 1, steps: []}
  - wait: {until: "10:00", on: [monday, sunday]}
  - wait: {for: 2d, until: "11:00", on: [friday]}
  - wait: {until: "18:00", date: {attribute: exam_on, before: 3d}}
  - wait: {event: lesson.done, timeout: {after: 7d}}
  - enroll: fork
`
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: source, Format: "yaml"})
	must(t, err)
	_, err = w.e.Publish(t.Context(), engine.Operator, "fork")
	must(t, err)
	for lang, says := range map[string][]string{
		"en": {"long &amp; kind: 75 % by chance", "B: 25 % by chance", "Wait until 10:00 on: Monday, Sunday", "Wait 2 days, then until 11:00 on: Friday", "Wait until 18:00, 3 days before the day in “exam_on”", "Wait for “lesson.done”, 7 days at most", "Takes the member into “Fork”"},
		"ru": {"B: 25 % наугад", "день недели: понедельник, воскресенье", "Ждать 2 дня, потом до 11:00, день недели: пятница", "за 3 дня до даты из «exam_on»", "Ждать «lesson.done», не дольше чем 7 дней", "Записывает участника в «Fork»"},
	} {
		page := strings.ReplaceAll(w.get("/console/campaigns/fork", lang), "\u00a0", " ")
		for _, part := range says {
			if !strings.Contains(page, part) {
				t.Errorf("%s: the page does not say %q", lang, part)
			}
		}
		if strings.Contains(page, "A fork by chance") || strings.Contains(page, "Развилка наугад") {
			t.Errorf("%s: the page opens with the fork", lang)
		}
	}
}
