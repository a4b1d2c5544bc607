package console

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/console/look"
)

// TestConditionsAboveAnArm: a way of a branch is told by the words of buttons and the names of campaigns; what is known stands without markup.
func TestConditionsAboveAnArm(t *testing.T) {
	d, problems := definition.Parse([]byte(`key: a
kind: onboarding
name: A
topic: news
languages: [en, ru]
channels: [telegram]
entry: {manual: true}
steps:
  - id: level
    ask: {type: choice, text: {en: a, ru: а}, options: [{value: a1, text: {en: "*Beginner*", ru: "*Начинающий*"}}, {value: b1, text: {en: b, ru: б}}]}
  - id: placement
    call: {endpoint: placement}
  - branch:
      - if: {any: [{answer: level, is: a1}, {completed: first-week}]}
        steps: [{award: {points: 1}}]
      - if: {call: placement.course, in: [b1, b2]}
        steps: [{award: {points: 2}}]
      - else: [{award: {points: 3}}]
`), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	name := func(campaigns.Key) string { return "The first week" }
	for lang, want := range map[string][]string{
		"en": {
			"Whose answer to “level” is “Beginner” or who came to the end of the campaign “The first week”",
			"For whom “course” in the answer to the call “placement” is one of “b1”, “b2”", "Everybody else",
		},
		"ru": {
			"У кого ответ на «level» – «Начинающий» или кто прошёл кампанию «The first week» до конца",
			"У кого «course» в ответе на вызов «placement» – одно из этого: «b1», «b2»", "Все остальные",
		},
	} {
		w := words{look.Frame{Lang: lang}, d, explain.Words{Lang: lang, Campaign: name}.About(d)}
		for i, arm := range d.Steps[2].Body.(*definition.Branch).Arms {
			if got := w.condition(arm.If); got != want[i] {
				t.Errorf("%q, want %q", got, want[i])
			}
		}
	}
}
