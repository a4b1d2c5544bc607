package templates

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type lexemeKind uint8

const (
	lexEnd lexemeKind = iota
	lexName
	lexString
	lexNumber
	lexSymbol
)

type lexeme struct {
	kind lexemeKind
	at   int
	text string
}

// lex measures the lexeme that s begins with; n is 0 when there is none.
func lex(s string) (kind lexemeKind, n int) {
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case s[0] == '"' || s[0] == '\'':
		return lexString, quotedLen(s)
	case r == '_' || unicode.IsLetter(r):
		return lexName, nameLen(s)
	case r >= '0' && r <= '9', r == '-' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		return lexNumber, numberLen(s)
	}
	for _, symbol := range []string{"==", "!=", "<>", "<=", ">=", "<", ">", "|", ":", ","} {
		if strings.HasPrefix(s, symbol) {
			return lexSymbol, len(symbol)
		}
	}
	return lexEnd, 0
}

func nameLen(s string) int {
	for i, r := range s {
		if r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(s)
}

func numberLen(s string) int {
	n := 1
	for n < len(s) && (s[n] == '.' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

// strange explains a character that no expression has.
func strange(rest string, at int) fault {
	if rest[0] == '"' || rest[0] == '\'' {
		return fault{at: at, code: "text_string_unclosed", expected: rest[:1]}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	if !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r) { // format characters are not graphic, and other spaces look like one
		return named(at, "text_invisible", fmt.Sprintf("U+%04X", r))
	}
	f := named(at, "text_character", string(r))
	switch {
	case strings.ContainsRune("“”„«»", r):
		f.didYouMean = `"`
	case strings.ContainsRune("‘’", r):
		f.didYouMean = `'`
	case r == '=':
		f.didYouMean = "=="
	case r == '&':
		f.didYouMean = "and"
	}
	return f
}
