package answers

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// maxDigits is how many digits a number may have: as many as every float64 keeps.
const maxDigits = 15

// readNumber reads a number alone, without a unit. Both marks are taken in every language:
//
//   - spaces and apostrophes group digits by three: "1 234,5", "1'234.5";
//   - of two different marks the last is the decimal one: "1,234.5", "1.234,5";
//   - one mark several times groups: "1,234,567";
//   - one mark once is the decimal one, but for the form "1,234" or "1.234": there it groups if the member's language groups with it.
func readNumber(a *campaigns.Answer, q *definition.Ask, text string, lang campaigns.Lang) *Rejection {
	whole, fraction, negative, ok := cutNumber(plain(text), lang)
	if !ok {
		return reject(NotNumber)
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if len(whole)+len(fraction) > maxDigits {
		return &Rejection{Code: NumberLong, Args: map[string]any{"n": maxDigits}}
	}
	n, err := strconv.ParseFloat("0"+whole+"."+fraction+"0", 64)
	if err != nil {
		return reject(NotNumber)
	}
	if negative && n != 0 {
		n = -n
	}
	if (q.Min != nil && n < *q.Min) || (q.Max != nil && n > *q.Max) {
		return rejectBounds(q, lang)
	}
	a.Number = n
	return nil
}

// rejectBounds names the bounds that there are, written out in full.
func rejectBounds(q *definition.Ask, lang campaigns.Lang) *Rejection {
	args := map[string]any{}
	if q.Min != nil {
		args["min"] = numberWords(*q.Min, lang)
	}
	if q.Max != nil {
		args["max"] = numberWords(*q.Max, lang)
	}
	switch {
	case q.Max == nil:
		return &Rejection{Code: NumberSmall, Args: args}
	case q.Min == nil:
		return &Rejection{Code: NumberLarge, Args: args}
	}
	return &Rejection{Code: NumberRange, Args: args}
}

// cutNumber returns the digits before and after the decimal mark.
func cutNumber(s string, lang campaigns.Lang) (whole, fraction string, negative, ok bool) {
	if rest, cut := strings.CutPrefix(s, "-"); cut {
		s, negative = strings.TrimSpace(rest), true
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	s = strings.TrimSuffix(s, ".") // the end of a sentence
	at := decimalAt(s, lang)
	whole, fraction = s, ""
	if at >= 0 {
		whole, fraction = s[:at], s[at+1:]
		if fraction == "" || !allDigits(fraction) {
			return "", "", false, false
		}
	}
	whole, ok = ungroup(whole)
	return whole, fraction, negative, ok && whole+fraction != ""
}

// decimalAt returns the place of the decimal mark, or -1.
func decimalAt(s string, lang campaigns.Lang) int {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return -1
	}
	mark, before := s[last], s[:last]
	switch {
	case strings.IndexByte(before, mark) >= 0:
		return -1 // several times: it groups
	case strings.ContainsAny(before, ".,"):
		return last
	}
	group, _ := marks(lang)
	looksGrouped := len(s)-last == 4 && len(before) >= 1 && len(before) <= 3 && before[0] != '0'
	if looksGrouped && mark == group {
		return -1
	}
	return last
}

// ungroup removes one kind of group mark where it stands between groups of three.
func ungroup(s string) (string, bool) {
	i := strings.IndexAny(s, " .,")
	if i < 0 {
		return s, allDigits(s)
	}
	groups := strings.Split(s, s[i:i+1])
	if len(groups[0]) < 1 || len(groups[0]) > 3 || !allDigits(groups[0]) {
		return "", false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 || !allDigits(g) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// Languages that write 1.234,5, and those that write 1 234,5 (CLDR); the others are read as English is: 1,234.5.
var (
	pointGroups = []string{"ca", "da", "de", "el", "es", "gl", "hr", "id", "is", "it", "nl", "pt", "ro", "sl", "sr", "tr", "vi"}
	spaceGroups = []string{"be", "bg", "cs", "et", "fi", "fr", "hu", "hy", "ka", "kk", "ky", "lt", "lv", "nb", "nn", "no", "pl", "ru", "sk", "sv", "uk", "uz"}
)

// marks returns the language's mark between thousands (0 for a space) and its decimal mark.
func marks(lang campaigns.Lang) (group, decimal byte) {
	base, _, _ := strings.Cut(strings.ToLower(string(lang)), "-")
	switch {
	case slices.Contains(pointGroups, base):
		return '.', ','
	case slices.Contains(spaceGroups, base):
		return 0, ','
	}
	return ',', '.'
}

// numberWords writes the number in full with the language's decimal mark and no grouping, so that a sheet can count with it.
func numberWords(n float64, lang campaigns.Lang) string {
	_, decimal := marks(lang)
	return strings.Replace(strconv.FormatFloat(n, 'f', -1, 64), ".", string(decimal), 1)
}
