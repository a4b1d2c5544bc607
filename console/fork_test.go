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
		"en": {"long &amp; kind: 75% by chance", "B: 25% by chance", "Wait until 10:00 on: Monday, Sunday", "Wait 2 days, then until 11:00 on: Friday", "Wait until 18:00, 3 days before the day in “exam_on”", "Wait for “lesson.done”, 7 days at most", "Takes the member into “Fork”"},
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

// TestAStepIsToldWhole: the page says the values that a step writes and removes, how long it waits, where members go on without an answer, and what becomes of what is late.
func TestAStepIsToldWhole(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	source := `key: whole
kind: onboarding
name: Whole
topic: community
languages: [en, ru]
channels: [telegram]
entry: {manual: true}
goal: {event: lesson.paid, data: {plan: [year]}, if: {tag: guest}, within: 14d, then: count}
steps:
  - {id: note, set: {attributes: {level: a1, paid: null}, add_tags: [x], remove_tags: [y], language: ru}}
  - {id: place, call: {endpoint: placement, timeout: 10s, failed: bye}}
  - {id: lesson, wait: {event: lesson.done, timeout: {after: 2d, goto: bye}}}
  - {id: plan, ask: {type: text, text: {en: Plan?, ru: План?}, final: true, retries: 1, expires: 5h, late: {after: 2h, then: skip}, timeout: {after: 1d, goto: bye}}}
  - split:
      - {share: 1, steps: [{id: one, award: {points: 1}}]}
      - {share: 1, steps: [{id: two, award: {points: 2}}]}
  - {id: bye, send: {text: {en: Goodbye, ru: Пока}}}
  - {id: stop, end: {reason: enough}}
`
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: source, Format: "yaml"})
	must(t, err)
	_, err = w.e.Publish(t.Context(), engine.Operator, "whole")
	must(t, err)
	for step, says := range map[string][2]string{
		"note":   {"level: “a1” · removes “paid” · adds the tags: x · removes the tags: y · language: Russian", "level: «a1» · удаляет «paid» · ставит метки: x · снимает метки: y · язык: русский"},
		"place":  {"Waits 10 seconds at most for the answer|When no answer could be had, members go on at “Goodbye”.", "Ждёт ответа не дольше чем 10 секунд|Если ответа получить не удалось, участники идут дальше с шага «Пока»."},
		"lesson": {"If it does not come in time, members go on at “Goodbye”.", "Если за это время событие не пришло, участники идут дальше с шага «Пока»."},
		"plan": {
			"What is late by 2 hours is not sent. What could not leave within 5 hours is not sent any more.|The first answer stands.|asked for again 1 time at most.|Without an answer in time members go on at “Goodbye”.",
			"Что опоздало на 2 часа, не отправляется. Что не удалось отправить за 5 часов, уже не отправляется.|Засчитывается первый ответ.|не больше 1 раза.|Без ответа в срок участники идут дальше с шага «Пока».",
		},
		"stop": {"Reason: enough", "Причина: enough"},
		"step-5": {
			"The goal is the event “lesson.paid” within 14 days after entry, for those members who have the tag “guest”. It must bring “plan”: “year”. Whoever reaches it goes on through the campaign.",
			"Цель – событие «lesson.paid» за 14 дней после входа у тех участников, у кого есть метка «guest». Оно должно принести «plan»: «year». Кто достиг цели, проходит кампанию дальше.",
		},
	} {
		for i, lang := range []string{"en", "ru"} {
			page := strings.ReplaceAll(w.get("/console/campaigns/whole?step="+step, lang), "\u00a0", " ")
			checkPage(t, lang, page)
			for _, said := range strings.Split(says[i], "|") {
				if !strings.Contains(page, said) {
					t.Errorf("%s %s: the page does not say %q", step, lang, said)
				}
			}
			if strings.Contains(page, "Step 0") || strings.Contains(page, "Шаг 0") {
				t.Errorf("%s %s: a fork has a number", step, lang)
			}
		}
	}
}
