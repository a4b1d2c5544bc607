package console

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
)

// TestTextsAreNamedInWords: which text of a step is meant is said in the reader's language, and each text runs in the direction of its own.
func TestTextsAreNamedInWords(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Format: definition.YAML, Source: `key: named
kind: challenge
name: {en: Named, ru: С именем}
topic: news
languages: [en, ru, ar]
channels: [email]
entry: {manual: true}
steps:
  - {id: hello, send: {subject: {en: Hi, ru: Привет}, text: {en: Look, ru: Смотри, ar: مرحبا}, buttons: [{text: {en: Rules, ru: Правила}, url: "https://a.example"}]}}
  - {id: level, ask: {type: choice, text: {en: Well?}, options: [{value: a1, text: {en: A, ru: А}}, {value: b1, text: {en: B, ru: Б}}]}}
  - id: days
    repeat:
      times: 2
      at: "10:00"
      prompts: [{en: One, ru: Раз}, {en: Two, ru: Два}]
      steps: [{id: task, ask: {type: text, text: {en: Day, ru: День}, timeout: {after: 3h}}}]
`})
	must(t, err)
	for lang, want := range map[string][2][]string{
		"en": {{"Name", "Mail subject", "Text", "Button 1", "Answer “a1”", "Prompt of round 2"}, {"Well? (level) · Text: Russian, Arabic", "Look (hello) · Button 1: Arabic", "The campaign itself · Name: Arabic"}},
		"ru": {{"Название", "Тема письма", "Текст", "Кнопка 1", "Вариант ответа «a1»", "Задание раунда 2"}, {"Well? (level) · Текст: русский, арабский", "Смотри (hello) · Кнопка 1: арабский", "Сама кампания · Название: арабский"}},
	} {
		page := w.get("/console/campaigns/named/texts", lang)
		checkPage(t, lang, page)
		for _, name := range want[0] {
			if !strings.Contains(page, `<h3 class="label">`+name+"</h3>") {
				t.Errorf("%s: no text is called %q", lang, name)
			}
		}
		if !strings.Contains(page, `lang="ar" dir="auto">مرحبا`) {
			t.Errorf("%s: Arabic does not run its own way", lang)
		}
		publish := w.get("/console/campaigns/named/publish", lang)
		for _, line := range want[1] {
			if !strings.Contains(publish, line) {
				t.Errorf("%s: the page that publishes does not say %q", lang, line)
			}
		}
	}
}
