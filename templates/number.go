package templates

import (
	"math"
	"strconv"
	"strings"

	plurals "golang.org/x/text/feature/plural"

	"github.com/kruzhok/kruzhok/campaigns"
)

// number writes a number with the language's separators. The argument is how many decimals to show.
func number(v value, args []value, env *Env) value {
	n, ok := asNumber(v.v)
	if !ok || math.IsNaN(n) || math.IsInf(n, 0) {
		return v
	}
	decimals := -1
	if len(args) == 1 {
		if d, ok := asNumber(args[0].v); ok {
			decimals = int(min(max(d, 0), 10))
		}
	}
	return value{formatNumber(n, decimals, env.Lang), true}
}

// formatNumber groups thousands from 10,000 on, with the language's separators. Minus is U+2212.
func formatNumber(n float64, decimals int, lang campaigns.Lang) string {
	w := wordsOf(lang)
	digits := strconv.FormatFloat(math.Abs(n), 'f', decimals, 64)
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	var b strings.Builder
	if n < 0 && strings.Trim(digits, "0.") != "" {
		b.WriteString("\u2212")
	}
	for i, c := range whole {
		if i > 0 && len(whole) > 4 && w.opens(len(whole)-i) {
			b.WriteString(w.group)
		}
		b.WriteRune(c)
	}
	if hasFraction {
		b.WriteString(w.point + fraction)
	}
	return b.String()
}

// opens reports whether a group begins where so many digits are left.
func (s *separators) opens(left int) bool {
	return left == 3 || left > 3 && (left-3)%s.higher == 0
}

// plural picks the word that goes with a number; pluralForms says which word is for which numbers.
func plural(v value, args []value, env *Env) value {
	n, ok := asNumber(v.v)
	if !ok {
		return args[len(args)-1]
	}
	return args[pluralIndex(pluralForm(n, env), pluralForms(env.Lang, len(args)))]
}

// pluralForm is the CLDR category of n (Unicode TR 35, plural operands).
func pluralForm(n float64, env *Env) plurals.Form {
	digits := strconv.FormatFloat(math.Abs(n), 'f', -1, 64)
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(whole) > 7 {
		whole = whole[len(whole)-7:]
	}
	if len(fraction) > 7 {
		fraction = fraction[:7]
	}
	i, _ := strconv.Atoi(whole)
	f, _ := strconv.Atoi(fraction)
	return plurals.Cardinal.MatchPlural(tag(env), i, len(fraction), len(fraction), f, f)
}
