package definition

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestMissingTexts: a text that is missing in a language is a warning with its place; whoever reads it gets the campaign's first, in every kind of text.
func TestMissingTexts(t *testing.T) {
	src := strings.Replace(strings.Replace(head, "[en, ru]", "[en, ru, de]", 1), "name: A", "name: {ru: А}", 1) + `steps:
  - send: {subject: {ru: С}, text: {en: T, ru: Т}, buttons: [{text: {en: B}, url: "https://a.example"}]}
  - ask: {type: choice, text: {en: Q, ru: В, de: F}, options: [{value: a, text: {en: O}}, {value: b, text: {en: b, ru: b, de: b}}]}
  - repeat: {times: 1, at: "10:00", prompts: [{en: P}], steps: [{ask: {type: text, text: {en: a, ru: а, de: a}}}]}
`
	d, problems := Parse([]byte(src), YAML)
	if len(problems) > 0 {
		t.Fatal(listed(problems))
	}
	const want = `3:7 name untranslated languages="en, de"
9:21 steps[0].send.subject untranslated languages="en, de"
9:36 steps[0].send.text untranslated languages="de"
9:69 steps[0].send.buttons[0].text untranslated languages="ru, de"
10:81 steps[1].ask.options[0].text untranslated languages="ru, de"
11:47 steps[2].repeat.prompts[0] untranslated languages="ru, de"
`
	if got := listed(d.Warnings); got != want {
		t.Errorf("%s", got)
	}
	send, ask := d.Steps[0].Body.(*Send), d.Steps[1].Body.(*Ask)
	for said, text := range map[string]Texts{"T": send.Text, "С": send.Subject, "B": send.Buttons[0].Text, "F": ask.Text, "O": ask.Options[0].Text, "P": d.Steps[2].Repeat().Prompts[0], "А": d.Names} {
		if got, _ := text.In("de", d.Languages[0]); got != said {
			t.Errorf("%q, want %q", got, said)
		}
	}
	if d.Name != "А" || d.NameIn("en") != "А" {
		t.Errorf("the campaign has no name: %q", d.Name)
	}
	three := Texts{"ru": "р", "de": "d", "fr": "f"}
	for range 20 {
		if got, lang := three.In("pt", "en"); got != "d" || lang != campaigns.Lang("de") {
			t.Fatalf("%q: by chance", got)
		}
	}
}
