package templates

import (
	"regexp"
	"strings"
)

type tokenKind uint8

const (
	tokenText tokenKind = iota
	tokenOutput
	tokenTag
)

// token is a stretch of the source: plain text, {{ … }} or {% … %}.
type token struct {
	kind     tokenKind
	from, to int
	// code is what stands between the braces, inside where it begins. Not set for text.
	code   string
	inside int
	// trimLeft and trimRight are the hyphens of {%- -%}.
	trimLeft, trimRight bool
}

// scan cuts the source into tokens. An opening that is never closed is reported and stays text.
func scan(src string) ([]token, []fault) {
	var tokens []token
	var faults []fault
	text := 0
	for at := nextOpening(src, 0); at >= 0; {
		tok, ok := readToken(src, at)
		if !ok {
			faults = append(faults, unclosed(src, at))
			at = nextOpening(src, at+2)
			continue
		}
		if isTag(tok, "comment") {
			if tok, ok = skipComment(src, tok); !ok {
				faults = append(faults, named(at, "text_block_unclosed", "comment"))
			}
		}
		tokens = append(tokens, token{from: text, to: at}, tok)
		text = tok.to
		at = nextOpening(src, text)
	}
	tokens = append(tokens, token{from: text, to: len(src)})
	trimAround(src, tokens)
	return tokens, faults
}

func nextOpening(src string, from int) int {
	for i := from; i+1 < len(src); i++ {
		if src[i] == '{' && (src[i+1] == '{' || src[i+1] == '%') {
			return i
		}
	}
	return -1
}

func unclosed(src string, at int) fault {
	if src[at+1] == '{' {
		return fault{at: at, code: "text_output_unclosed", expected: "}}"}
	}
	return fault{at: at, code: "text_tag_unclosed", expected: "%}"}
}

// readToken reads the token that opens at at; ok is false when it is not closed before the next opening or the end.
func readToken(src string, at int) (tok token, ok bool) {
	kind, closing := tokenOutput, "}}"
	if src[at+1] == '%' {
		kind, closing = tokenTag, "%}"
	}
	end := closingAt(src, at+2, closing)
	if end < 0 {
		return token{}, false
	}
	tok = token{kind: kind, from: at, to: end + 2, inside: at + 2}
	tok.code = src[at+2 : end]
	if strings.HasPrefix(tok.code, "-") {
		tok.trimLeft = true
		tok.inside++
		tok.code = tok.code[1:]
	}
	if strings.HasSuffix(tok.code, "-") {
		tok.trimRight = true
		tok.code = tok.code[:len(tok.code)-1]
	}
	return tok, true
}

// closingAt finds closing outside quotes. A quote that does not end on its line is no quote: the expression parser will report it.
func closingAt(src string, from int, closing string) int {
	for i := from; i < len(src); i++ {
		switch {
		case strings.HasPrefix(src[i:], closing):
			return i
		case strings.HasPrefix(src[i:], "{{"), strings.HasPrefix(src[i:], "{%"):
			return -1
		case src[i] == '"' || src[i] == '\'':
			if n := quotedLen(src[i:]); n > 0 {
				i += n - 1
			}
		}
	}
	return -1
}

// quotedLen returns the length of the quoted string that s begins with, or 0 when it does not end on its line.
func quotedLen(s string) int {
	end := strings.IndexAny(s[1:], s[:1]+"\n")
	if end < 0 || s[1+end] == '\n' {
		return 0
	}
	return end + 2
}

func isTag(t token, name string) bool {
	return t.kind == tokenTag && strings.TrimSpace(t.code) == name
}

var endComment = regexp.MustCompile(`\{%-?\s*endcomment\s*-?%\}`)

// skipComment makes one token of {% comment %} … {% endcomment %}.
func skipComment(src string, open token) (token, bool) {
	loc := endComment.FindStringIndex(src[open.to:])
	if loc == nil {
		open.to = len(src)
		return open, false
	}
	open.trimRight = src[open.to+loc[1]-3] == '-'
	open.to += loc[1]
	return open, true
}

const blanks = " \t\n"

// trimAround obeys the hyphens and removes the lines that hold nothing but one block tag.
// Text and other tokens alternate, so every token has a text on both sides.
func trimAround(src string, tokens []token) {
	for i := 1; i < len(tokens); i += 2 {
		tok, before, after := tokens[i], &tokens[i-1], &tokens[i+1]
		if start, end, ok := ownLine(src, tok); ok {
			before.to = max(before.from, min(before.to, start))
			after.from = min(after.to, max(after.from, end))
		}
		if tok.trimLeft {
			before.to = before.from + len(strings.TrimRight(src[before.from:before.to], blanks))
		}
		if tok.trimRight {
			after.from = after.to - len(strings.TrimLeft(src[after.from:after.to], blanks))
		}
	}
}

// ownLine returns the bounds of the token's line, with its newline, when a block tag stands alone on it.
func ownLine(src string, tok token) (start, end int, ok bool) {
	if tok.kind != tokenTag {
		return 0, 0, false
	}
	start, end = tok.from, tok.to
	for start > 0 && (src[start-1] == ' ' || src[start-1] == '\t') {
		start--
	}
	for end < len(src) && (src[end] == ' ' || src[end] == '\t') {
		end++
	}
	if start > 0 && src[start-1] != '\n' {
		return 0, 0, false
	}
	if end == len(src) {
		return start, end, true
	}
	return start, end + 1, src[end] == '\n'
}
