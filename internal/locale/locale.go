// Package locale holds every word that a member or a coordinator reads, in every language of the product.
//
// The words live in catalog/<language>/<topic>.yaml: flat keys with dots, a text or the CLDR plural forms of one:
//
//	reason.stopped: "The member turned everything off."
//	survey.left: {one: "{n} question left", other: "{n} questions left"}
//
// Placeholders are written {name}; a brace that does not enclose a name stands for itself, so Liquid examples need no escaping.
// Texts of campaigns are not here: they belong to their authors and may be in any language.
package locale

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Default is the language that is used where nothing better is known.
const Default = "en"

// maxHeader bounds what Match reads of a header that a client sent.
const maxHeader = 256

var (
	languages = []string{"en", "ru"}
	tags      = map[string]language.Tag{"en": language.English, "ru": language.Russian}
	matcher   = language.NewMatcher([]language.Tag{language.English, language.Russian})
)

// Languages returns the product's own languages, the default first.
func Languages() []string { return slices.Clone(languages) }

// Match returns the product's language that serves the tag best, by BCP 47 matching ("ru-RU" and "be" become "ru", "de" becomes "en").
// It takes one tag or a whole Accept-Language header (RFC 9110 §12.5.4); what cannot be read means Default.
func Match(tag string) string {
	if slices.Contains(languages, tag) {
		return tag
	}
	if len(tag) > maxHeader {
		return Default
	}
	wanted, _, err := language.ParseAcceptLanguage(strings.ReplaceAll(tag, "_", "-"))
	if err != nil || len(wanted) == 0 {
		return Default
	}
	_, i, confidence := matcher.Match(wanted...)
	if confidence == language.No {
		return Default
	}
	return languages[i]
}

// T returns the text of the key in the language, with its placeholders filled from args.
//
// A plural text takes the form of args["n"], and {n} is written as Number writes it. A placeholder without an argument stays as it is.
// Another language than the product's is matched first. An unknown key returns itself: it is seen, and nothing fails.
// The result is plain text: values in it are data, to be escaped for where they land.
func T(lang, key string, args map[string]any) string {
	m, ok := find(lang, key)
	if !ok {
		return key
	}
	return m.text(lang, args)
}

// Term is an argument of T that is itself a key: it is written in the language of the text around it.
type Term string

// Has reports whether the key exists.
func Has(key string) bool {
	_, ok := catalogs().entries[Default][key]
	return ok
}

// Keys returns the keys that begin with prefix, sorted.
func Keys(prefix string) []string {
	var keys []string
	for key := range catalogs().entries[Default] {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// find returns the message in the language that Match gives, or else in Default.
func find(lang, key string) (message, bool) {
	all := catalogs().entries
	if m, ok := all[Match(lang)][key]; ok {
		return m, true
	}
	m, ok := all[Default][key]
	return m, ok
}
