package reports

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
)

// TestBecause: beside the condition stands what is still known of what it looked at: answers by the words of their buttons, and what other systems answered.
func TestBecause(t *testing.T) {
	d, problems := definition.Parse([]byte(`key: a
kind: onboarding
name: A
topic: news
languages: [en, ru]
channels: [telegram]
entry: {manual: true}
steps:
  - id: likes
    ask: {type: choices, text: {en: a, ru: а}, options: [{value: travel, text: {en: Travel, ru: Поездки}}, {value: films, text: {en: Films, ru: Кино}}]}
  - id: day
    ask: {type: date, text: {en: a, ru: а}}
  - id: placement
    call: {endpoint: placement}
  - branch:
      - if: {all: [{answer: likes, contains: films}, {answer: day, exists: true}, {call: placement.course, in: [b1, b2]}, {call: placement.seats, exists: false}]}
        steps: [{award: {points: 1}}]
`), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	c := d.Steps[3].Body.(*definition.Branch).Arms[0].If
	en := decide.Enrollment{
		Answers: map[string]campaigns.Answer{
			"likes": {Type: campaigns.Choices, List: []string{"travel", "films"}}, "day": {Type: campaigns.Date, Text: "2027-03-12"},
		},
		Calls: map[string]map[string]any{"placement": {"course": "b2"}},
	}
	for _, x := range []struct {
		lang   string
		values bool
		want   string
	}{
		{
			"en", true, "The answer to “likes” is “Travel”, “Films”, as it stands now. The answer to “day” is 12 March 2027, as it stands now. " +
				"“course” in the answer to the call “placement” is “b2”, as it stands now. The call “placement” was not answered with any “seats”.",
		},
		{
			"ru", true, "Ответ на «likes» сейчас – «Поездки», «Кино». Ответ на «day» сейчас – 12 марта 2027. " +
				"«course» в ответе на вызов «placement» сейчас – «b2». В ответе на вызов «placement» нет «seats».",
		},
		{
			"en", false, "“likes” is answered. “day” is answered. The call “placement” was answered with “course”. " +
				"The call “placement” was not answered with any “seats”.",
		},
	} {
		w := &passage{explainer: &explainer{lang: x.lang, values: x.values}, en: en, def: d, words: explain.Words{Lang: x.lang}.About(d)}
		if got := strings.TrimSpace(w.because(c)); got != x.want {
			t.Errorf("%s\nwant\n%s", got, x.want)
		}
	}
}
