package locale

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

var namers = map[string]display.Namer{"en": display.English.Tags(), "ru": display.Russian.Tags()}

// Tongue is an argument of T that is the BCP 47 tag of a language: it is written by its name, in the language of the text around it.
type Tongue string

// Language is the name of a language in another, of those of the product ("Austrian German", "австрийский немецкий"), or its tag where it has none. What the name
// does not tell, such as a variant, stands behind it as the tag.
func Language(lang, tag string) string {
	if key := "language." + tag; Has(key) {
		return T(lang, key, nil)
	}
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if _, known := t.Base(); known == language.No {
		return tag
	}
	name := namers[Match(lang)].Name(t)
	switch {
	case name == "":
		return tag
	case len(t.Variants()) > 0 || len(t.Extensions()) > 0:
		return name + " (" + tag + ")"
	}
	return name
}
