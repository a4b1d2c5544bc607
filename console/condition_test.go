package console

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
)

// TestConditionsInASentence: what stands behind the first word of an arm begins with a small letter.
func TestConditionsInASentence(t *testing.T) {
	round := func(n float64) definition.Condition {
		return definition.Condition{Subject: definition.SubjectScore, Name: "round", Op: definition.OpIs, Value: n}
	}
	or := &definition.Condition{Any: []definition.Condition{round(3), round(10)}}
	for lang, want := range map[string]string{"en": "Round: 3 or round: 10", "ru": "Раунд: 3 или раунд: 10"} {
		if got := (words{Frame: look.Frame{Lang: lang}}).condition(or); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
