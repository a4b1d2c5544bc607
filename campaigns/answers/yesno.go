package answers

import (
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// The values of the two buttons.
const (
	valueTrue  = "true"
	valueFalse = "false"
)

// Words of both languages, as looseKey writes them. What is polite changes nothing.
var (
	yesWords    = []string{"да", "ага", "угу", "конечно", "давай", "хочу", "д", "ок", "окей", "yes", "y", "yep", "yeah", "yup", "sure", "ok", "okay", "true"}
	noWords     = []string{"нет", "не", "неа", "н", "no", "n", "nope", "nah", "false"}
	politeWords = []string{"спасибо", "пожалуйста", "thanks", "thank", "you", "please", "уж"}
	yesSigns    = []string{"+", "++", "+1", "👍", "✅", "✔", "👌"}
	noSigns     = []string{"-", "--", "-1", "–", "—", "−", "👎", "❌", "✖"}
)

// readYesNo takes words that all say the same, or one sign.
func readYesNo(a *campaigns.Answer, text string) *Rejection {
	sign := withoutSkin(foldKey(text))
	yes, no := slices.Contains(yesSigns, sign), slices.Contains(noSigns, sign)
	if !yes && !no {
		var ok bool
		if yes, no, ok = yesNoWords(strings.Fields(looseKey(text))); !ok {
			return reject(YesOrNo)
		}
	}
	if yes == no {
		return reject(YesOrNo)
	}
	a.Bool = yes
	return nil
}

// yesNoWords reports what the words say, and whether all of them are known.
func yesNoWords(words []string) (yes, no, ok bool) {
	for _, word := range words {
		switch {
		case slices.Contains(yesWords, word):
			yes = true
		case slices.Contains(noWords, word):
			no = true
		case !slices.Contains(politeWords, word):
			return false, false, false
		}
	}
	return yes, no, true
}

// withoutSkin drops the skin tones of emoji (UTS #51 §2.4).
func withoutSkin(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x1F3FB && r <= 0x1F3FF {
			return -1
		}
		return r
	}, s)
}
