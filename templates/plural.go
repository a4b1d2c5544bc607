package templates

import (
	"slices"
	"sync"

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

// PluralWords is how many words plural needs in the language, so that whole numbers read right: two, or one for each CLDR category that they have.
func PluralWords(lang campaigns.Lang) int { return max(2, len(formsOf(lang).whole)) }

// PluralSamples are numbers that take the words which plural needs, one for each word in their order; of a language with one category there is one.
func PluralSamples(lang campaigns.Lang) []int { return formsOf(lang).samples }

// pluralForms are the CLDR categories that n words are for, in their order: those of the language's whole numbers, or with its fractions. Another number of words,
// as in a text for several languages, is read in the same way everywhere.
func pluralForms(lang campaigns.Lang, n int) []plurals.Form {
	known := formsOf(lang)
	switch n {
	case len(known.whole):
		return known.whole
	case len(known.all):
		return known.all
	}
	return anyForms[n]
}

// anyForms are the categories of so many words, where the language has another number of them.
var anyForms = map[int][]plurals.Form{
	2: {plurals.One, plurals.Other},
	3: {plurals.One, plurals.Few, plurals.Many},
	4: {plurals.One, plurals.Few, plurals.Many, plurals.Other},
	5: {plurals.One, plurals.Two, plurals.Few, plurals.Many, plurals.Other},
	6: formOrder,
}

// formOrder is the order in which the CLDR lists its categories.
var formOrder = []plurals.Form{plurals.Zero, plurals.One, plurals.Two, plurals.Few, plurals.Many, plurals.Other}

// instead are the categories that stand in for one without a word, the nearest first. A fraction in Russian, "other", takes the form of "few": 1,5 дня.
var instead = map[plurals.Form][]plurals.Form{
	plurals.Zero:  {plurals.Many, plurals.Other},
	plurals.Two:   {plurals.Few, plurals.Other},
	plurals.Few:   {plurals.Other},
	plurals.Many:  {plurals.Other},
	plurals.Other: {plurals.Few},
}

// pluralIndex finds the word for a category among the categories that words are for.
func pluralIndex(form plurals.Form, words []plurals.Form) int {
	for _, f := range append([]plurals.Form{form}, instead[form]...) {
		if i := slices.Index(words, f); i >= 0 {
			return i
		}
	}
	return len(words) - 1
}

// languageForms are the CLDR categories of a language, in the order of the CLDR.
type languageForms struct {
	whole   []plurals.Form // of whole numbers
	all     []plurals.Form // and of fractions
	samples []int          // a number of each in whole
}

// countedForms holds what formsOf has found, by language.
var countedForms sync.Map

// formsOf finds the categories of a language by counting to 1000: beyond come no others that anybody writes in a message.
func formsOf(lang campaigns.Lang) languageForms {
	if known, ok := countedForms.Load(lang); ok {
		return known.(languageForms)
	}
	tag := language.Make(string(lang))
	first, fractions := map[plurals.Form]int{}, map[plurals.Form]bool{}
	for n := 1000; n >= 0; n-- {
		form := plurals.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)
		if _, ok := first[form]; !ok || n > 0 { // 0 is a sample of what nothing else takes
			first[form] = n
		}
		fractions[plurals.Cardinal.MatchPlural(tag, n/10, 1, 1, n%10, n%10)] = true
	}
	var known languageForms
	for _, form := range formOrder {
		n, whole := first[form]
		if whole {
			known.whole, known.samples = append(known.whole, form), append(known.samples, n)
		}
		if whole || fractions[form] {
			known.all = append(known.all, form)
		}
	}
	countedForms.Store(lang, known)
	return known
}
