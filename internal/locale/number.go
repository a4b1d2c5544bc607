package locale

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
)

// maxFraction is how many digits after the point are shown.
const maxFraction = 3

// separators of numbers, from CLDR: group, decimal. The group separator of Russian is a no-break space.
var separators = map[string][2]string{"en": {",", "."}, "ru": {"\u00a0", ","}}

// Number writes a number as the language does, with at most three digits after the point: 1,234.5 in English, 1 234,5 in Russian.
func Number(lang string, n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return "–"
	}
	sep := separators[Match(lang)]
	whole, fraction, negative := digits(n)
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	b.WriteString(group(whole, sep[0]))
	if fraction != "" {
		b.WriteString(sep[1] + fraction)
	}
	return b.String()
}

// digits cuts a finite number, rounded to what is shown, at its point; trailing zeros are gone.
func digits(n float64) (whole, fraction string, negative bool) {
	s := strconv.FormatFloat(math.Abs(n), 'f', maxFraction, 64)
	whole, fraction, _ = strings.Cut(s, ".")
	fraction = strings.TrimRight(fraction, "0")
	return whole, fraction, n < 0 && (whole != "0" || fraction != "")
}

func group(whole, separator string) string {
	first := (len(whole)-1)%3 + 1
	parts := []string{whole[:first]}
	for i := first; i < len(whole); i += 3 {
		parts = append(parts, whole[i:i+3])
	}
	return strings.Join(parts, separator)
}

// pluralForm returns the form of the number as Number shows it (1.0 is shown as 1 and counts as one).
func pluralForm(lang string, n float64) plural.Form {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return plural.Other
	}
	whole, fraction, _ := digits(n)
	if len(whole) > 9 { // the rules look at the last digits, and whether there are more: this fits an int of 32 bits
		whole = "1" + whole[len(whole)-9:]
	}
	i, _ := strconv.Atoi(whole)
	f, _ := strconv.Atoi(fraction)
	return plural.Cardinal.MatchPlural(tags[Match(lang)], i, len(fraction), len(fraction), f, f)
}

func toFloat(v any) (float64, bool) {
	if n, ok := toInt(v); ok {
		return float64(n), true
	}
	r := reflect.ValueOf(v)
	if r.IsValid() && r.CanFloat() {
		return r.Float(), true
	}
	return 0, false
}

func toInt(v any) (int64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid() || isStringer(v):
		return 0, false
	case r.CanInt():
		return r.Int(), true
	case r.CanUint():
		return int64(r.Uint()), true
	}
	return 0, false
}

// isStringer keeps types with words of their own (time.Duration, time.Month) out of the numbers.
func isStringer(v any) bool {
	_, ok := v.(interface{ String() string })
	return ok
}
