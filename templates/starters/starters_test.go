package starters_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// TestStartersPassTheChecker: what we offer is without a mistake, and its key is its name.
func TestStartersPassTheChecker(t *testing.T) {
	if len(starters.Names()) == 0 {
		t.Fatal("no starters")
	}
	for _, name := range starters.Names() {
		src, _ := starters.Source(name)
		def, problems := definition.Parse([]byte(src), definition.YAML)
		for _, p := range problems {
			t.Errorf("%s.yaml:%d:%d: %s %v", name, p.Line, p.Column, p.Code, p.Args)
		}
		if def != nil && string(def.Key) != name {
			t.Errorf("%s.yaml has key %s", name, def.Key)
		}
		if def != nil && len(def.Warnings) > 0 {
			t.Errorf("%s.yaml: %+v", name, def.Warnings)
		}
	}
}

// TestEveryMailHasASubject: the campaign's name, in one language, never stands over a letter.
func TestEveryMailHasASubject(t *testing.T) {
	for _, name := range starters.Names() {
		src, _ := starters.Source(name)
		def, _ := definition.Parse([]byte(src), definition.YAML)
		for _, step := range def.Order {
			var subject definition.Texts
			switch body := step.Body.(type) {
			case *definition.Send:
				subject = body.Subject
			case *definition.Ask:
				subject = body.Subject
			default:
				continue
			}
			for _, lang := range def.Languages {
				if subject[lang] == "" {
					t.Errorf("%s: step %s has no subject in %s", name, step.ID, lang)
				}
			}
		}
	}
}
