package console

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
)

// TestADayIsADay: the answer to a question for a day is told as the reader's language does, on the page of answers and on the member's; a text that looks like one is not.
func TestADayIsADay(t *testing.T) {
	d, problems := definition.Parse([]byte(`key: a
kind: survey
name: A
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
steps:
  - {id: exam, ask: {type: date, text: {en: When?}}}
  - {id: words, ask: {type: text, text: {en: What?}}}
`), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	for _, x := range []struct {
		question string
		kind     campaigns.QuestionType
		lang     string
		want     string
	}{
		{"exam", campaigns.Date, "en", "12 March 2027"}, {"exam", campaigns.Date, "ru", "12 марта 2027"}, {"words", campaigns.Text, "ru", "2027-03-12"},
	} {
		if got := textOf(x.lang, campaigns.Answer{Type: x.kind, Text: "2027-03-12"}); got != x.want {
			t.Errorf("%s %s: %q", x.question, x.lang, got)
		}
		if got := (words{Frame: look.Frame{Lang: x.lang}, def: d}).value(x.question, "2027-03-12"); got != x.want {
			t.Errorf("member: %s %s: %q", x.question, x.lang, got)
		}
	}
}
