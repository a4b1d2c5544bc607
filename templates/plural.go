package templates

import (
	plurals "golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Plural is one place where a text writes the words that go with a number.
type Plural struct {
	Words int
	// Line and Column are 1-based and relative to the text.
	Line, Column int
}

// Plurals returns every choice of a word by a number, in the order of the text.
func (t *Text) Plurals() []Plural { return t.forms }

// PluralWords is how many words plural needs in the language, so that whole numbers read right: two, or three where they have more forms.
func PluralWords(lang campaigns.Lang) int {
	if len(wholeForms(lang)) > 2 {
		return 3
	}
	return 2
}

// wholeForms are the CLDR categories of the numbers up to 100: beyond them come no others that anybody writes in a message.
func wholeForms(lang campaigns.Lang) map[plurals.Form]bool {
	tag := language.Make(string(lang))
	forms := map[plurals.Form]bool{}
	for n := range 101 {
		forms[plurals.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)] = true
	}
	return forms
}

// countsWithOther reports a language of three forms whose last is "other" for whole numbers.
func countsWithOther(lang campaigns.Lang) bool {
	forms := wholeForms(lang)
	return len(forms) == 3 && forms[plurals.Other]
}
