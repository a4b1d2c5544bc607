package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	plurals "golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestPluralWords: what plural needs in a language, and what three words show.
func TestPluralWords(t *testing.T) {
	for lang, want := range map[campaigns.Lang]int{"en": 2, "de": 2, "fr": 2, "ja": 2, "ru": 3, "uk": 3, "pl": 3, "cs": 3, "ro": 3, "lt": 3, "lv": 3, "sl": 4, "he": 4, "ar": 6} {
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

// TestEveryLanguageCounts: with as many words as are asked for, each number up to 1000 has the word of its CLDR category, and each sample is of its own.
func TestEveryLanguageCounts(t *testing.T) {
	names := map[plurals.Form]string{plurals.Zero: "zero", plurals.One: "one", plurals.Two: "two", plurals.Few: "few", plurals.Many: "many", plurals.Other: "other"}
	order := []plurals.Form{plurals.Zero, plurals.One, plurals.Two, plurals.Few, plurals.Many, plurals.Other}
	for _, key := range append(slices.Sorted(maps.Keys(languages)), "en", "ru") {
		lang := campaigns.Lang(key)
		tag := language.Make(key)
		category := func(n int) plurals.Form { return plurals.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0) }
		takes := map[plurals.Form]bool{}
		for n := range 1001 {
			takes[category(n)] = true
		}
		var words []string
		for _, f := range order {
			if takes[f] || len(takes) == 1 && f == plurals.One { // of one word, two are written
				words = append(words, fmt.Sprintf("%q", names[f]))
			}
		}
		if got := PluralWords(lang); got != len(words) {
			t.Errorf("%s: %d words, want %s", lang, got, words)
		}
		text, problems := Parse("{{ member.points | plural: " + strings.Join(words, ", ") + " }}")
		if len(problems) > 0 {
			t.Errorf("%s: %v", lang, problems)
			continue
		}
		for n := range 1001 {
			data := map[string]any{"member": map[string]any{"points": float64(n)}}
			if got, want := text.Line(Env{Lang: lang, Vars: data}), names[category(n)]; got != want {
				t.Errorf("%s: %d is %s, want %s", lang, n, got, want)
				break
			}
		}
	}
}
