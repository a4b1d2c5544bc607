package locale

import "strings"

// longList is how long a list of what may stand there is read beside the word that was probably meant.
const longList = 80

// Hinted is the sentence of a problem, with what was probably meant and what may stand there, where it does not say so itself. Either may be empty. A long
// list is left out where a word was meant.
func Hinted(lang, said, meant, expected string) string {
	out := said
	if meant != "" && !quotes(said, meant) {
		out += " " + T(lang, "problem.did_you_mean", map[string]any{"word": meant})
	}
	if expected != "" && !strings.Contains(said, expected) && (meant == "" || len(expected) <= longList) {
		out += " " + T(lang, "problem.expected", map[string]any{"expected": expected})
	}
	return out
}

// quotes reports a word that stands in the sentence between quotation marks of either language, perhaps as a key.
func quotes(said, word string) bool {
	for _, quoted := range []string{"“" + word + "”", "“" + word + ": ", "«" + word + "»", "«" + word + ": "} {
		if strings.Contains(said, quoted) {
			return true
		}
	}
	return false
}
