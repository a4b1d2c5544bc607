package definition

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// source is the document as text: valid UTF-8, lines ended by "\n", without a byte order mark.
type source struct {
	text  string
	lines [][]rune

	walked *node   // the text that placeInText looked at last
	places []Place // of its characters
}

// readSource refuses what is no text, or too much of it.
func readSource(src []byte, out *sink) (*source, bool) {
	if len(src) > MaxBytes {
		out.add(Place{Line: 1, Column: 1}, "too_large", "limit", MaxBytes>>10)
		return nil, false
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(src), "\ufeff"))
	if at := invalidUTF8(text); at >= 0 {
		out.add(placeOf([]byte(text[:at])), "invalid_utf8")
		return nil, false
	}
	if at := strings.IndexFunc(text, forbiddenRune); at >= 0 {
		r, _ := utf8.DecodeRuneInString(text[at:])
		out.add(placeOf([]byte(text[:at])), "control_character", "character", codePoint(r))
		return nil, false
	}
	if at := tooDense(text); at >= 0 {
		out.add(placeOf([]byte(text[:at])), "too_many_nodes", "limit", MaxNodes)
		return nil, false
	}
	s := &source{text: text}
	for line := range strings.SplitSeq(text, "\n") {
		s.lines = append(s.lines, []rune(line))
	}
	return s, true
}

// invalidUTF8 returns where the text stops being UTF-8, or -1.
func invalidUTF8(src string) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRuneInString(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// forbiddenRune follows YAML 1.2 §5.1 (c-printable); U+FEFF inside a text is invisible and never meant.
func forbiddenRune(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.Is(unicode.Cc, r) && r != 0x85 || r == 0xFEFF || r == 0xFFFE || r == 0xFFFF)
}

// tooDense returns where the document has more marks of structure than any honest one, or -1: the tokens of a mebibyte of brackets would
// take hundreds of mebibytes before they could be counted.
func tooDense(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '[', ']', '{', '}', ',', ':', '?', '&', '*', '!', '|', '>', '"', '\'', '-', '\n':
			if n++; n > 5*MaxNodes {
				return i
			}
		}
	}
	return -1
}

// placeOf returns the place right after the text.
func placeOf(before []byte) Place {
	line := 1 + bytes.Count(before, []byte("\n"))
	rest := before[bytes.LastIndexByte(before, '\n')+1:]
	return Place{Line: line, Column: 1 + utf8.RuneCount(rest)}
}

// at returns the character at a line and column from 1, or 0.
func (s *source) at(line, column int) rune {
	if line < 1 || line > len(s.lines) || column < 1 || column > len(s.lines[line-1]) {
		return 0
	}
	return s.lines[line-1][column-1]
}
