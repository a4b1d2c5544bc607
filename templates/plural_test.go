package templates

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestPluralWords: what plural needs in a language, and what three words show.
func TestPluralWords(t *testing.T) {
	for lang, want := range map[campaigns.Lang]int{"en": 2, "de": 2, "fr": 2, "ja": 2, "ru": 3, "uk": 3, "pl": 3, "cs": 3, "ro": 3, "ar": 3} {
		if got := PluralWords(lang); got != want {
			t.Errorf("%s: %d", lang, got)
		}
	}
	for lang, want := range map[campaigns.Lang]string{"ru": "кола колы кол колы", "cs": "кола колы кол кол", "pl": "кола колы кол колы"} {
		text, problems := Parse(`{{ 1 | plural: "кола", "колы", "кол" }} {{ 2 | plural: "кола", "колы", "кол" }} {{ 5 | plural: "кола", "колы", "кол" }} {{ 1.5 | plural: "кола", "колы", "кол" }}`)
		if got := text.Line(Env{Lang: lang}); len(problems) > 0 || got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	text, _ := Parse("a\n{{ 5 | default: 1 | plural: 'x', 'y' }}")
	if p := text.Plurals(); len(p) != 1 || p[0] != (Plural{Words: 2, Line: 2, Column: 21}) {
		t.Errorf("%+v", p)
	}
}
