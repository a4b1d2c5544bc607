package console

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

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
		"en": {"long &amp; kind: 75 % by chance", "B: 25 % by chance", "Wait until 10:00 on: Monday, Sunday", "Wait 2 days, then until 11:00 on: Friday", "Wait until 18:00, 3 days before the day in “exam_on”", "Wait for “lesson.done”, 7 days at most", "Takes the member into “fork”"},
		"ru": {"B: 25 % наугад", "день недели: понедельник, воскресенье", "Ждать 2 дня, потом до 11:00, день недели: пятница", "за 3 дня до даты из «exam_on»", "Ждать «lesson.done», не дольше: 7 дней", "Записывает участника в «fork»"},
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
