package answers

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// maxText is the default limit of free text, in characters.
const maxText = 4000

// readText keeps free text as it was meant: without control characters, in NFC, lines intact. A character is a Unicode code point.
func readText(a *campaigns.Answer, q *definition.Ask, text string) *Rejection {
	text = clean(text)
	if !visible(text) {
		return reject(Empty)
	}
	limit := q.MaxLength
	if limit <= 0 {
		limit = maxText
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return &Rejection{Code: TextLong, Args: map[string]any{"n": limit, "length": n}}
	}
	a.Text = text
	return nil
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n", "\v", "\n", "\f", "\n", "\t", " ")

// clean makes every line end "\n", drops the other control characters, composes (NFC) and trims.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' || r == '\ufeff' {
			return -1
		}
		return r
	}, lineEnds.Replace(s))
	return strings.TrimSpace(norm.NFC.String(s))
}

// visible reports whether there is anything to see: not only spaces, joiners and other marks of format.
func visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && r != '\u2800'
	})
}

// foldKey makes texts equal that differ in case, width, spaces, composition, «ё» and «е», or marks that cannot be seen.
func foldKey(s string) string {
	s = norm.NFKC.String(definition.Fold(norm.NFKC.String(s)))
	return strings.Join(strings.Fields(strings.Map(unseen, s)), " ")
}

// unseen drops what cannot be seen, and the frame of a keycap: 5️⃣ is 5.
func unseen(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r == '\u20e3':
		return -1
	case r == 'ё':
		return 'е'
	}
	return r
}

var plainMarks = strings.NewReplacer("٫", ".", "٬", ",", "．", ".", "，", ",", "／", "/", "−", "-", "–", "-", "—", "-", "‐", "-", "‑", "-", "－", "-", "＋", "+", "’", " ", "'", " ")

// plain writes numbers and dates with ASCII digits, marks and single spaces, in lower case. It keeps apart what foldKey makes equal:
// 5² is not 52.
func plain(s string) string {
	s = asciiDigits(definition.Fold(norm.NFC.String(s)))
	return strings.Join(strings.Fields(strings.Map(unseen, plainMarks.Replace(s))), " ")
}

// looseKey makes texts equal that differ also in punctuation and symbols. It may be empty, and then equals nothing.
func looseKey(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return r
		}
		return ' '
	}, foldKey(s))
	return strings.Join(strings.Fields(s), " ")
}

// asciiDigits writes every decimal digit of every script as 0–9: full-width, Arabic-Indic, Devanagari and so on.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.IsDigit(r) {
			return r
		}
		return '0' + digitValue(r)
	}, s)
}

// digitValue relies on digits being encoded in runs of ten from zero (Unicode Standard §4.6), which the tables keep whole.
func digitValue(r rune) rune {
	for _, run := range unicode.Nd.R16 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return (r - rune(run.Lo)) % 10
		}
	}
	for _, run := range unicode.Nd.R32 {
		if r >= rune(run.Lo) && r <= rune(run.Hi) {
			return (r - rune(run.Lo)) % 10
		}
	}
	return 0
}
