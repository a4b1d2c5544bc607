package definition

import (
	"strconv"
	"unicode"
	"unicode/utf16"
)

// scalarStyle is how a text stands in the source.
type scalarStyle string

const (
	plainScalar  scalarStyle = ""
	singleQuoted scalarStyle = "single"
	doubleQuoted scalarStyle = "double"
	blockScalar  scalarStyle = "block" // literal or folded: the place is the header's
)

// mark is one character that the source gives to a text, and where.
type mark struct {
	r            rune
	line, column int
}

// placesIn returns the place of every character of the text, or nil when the source does not spell it (then the scalar's own place serves).
// Folding adds and removes white space only, so all other characters follow each other in source and text alike; white space that
// folding made gets the place after the character before it.
func (s *source) placesIn(n *node) []Place {
	at := Place{Line: n.place.Line, Column: n.place.Column, Path: n.place.Path}
	marks := newMarks(s, n)
	var places []Place
	next, ok := marks.next()
	for _, r := range n.text {
		switch {
		case ok && next.r == r:
			at.Line, at.Column = next.line, next.column
			places = append(places, at)
			at.Column += marks.width
			next, ok = marks.next()
		case unicode.IsSpace(r):
			places = append(places, at)
			at.Column++
		default:
			return nil
		}
	}
	return places
}

// placeInText maps a line and column within the text, both from 1, to the document.
func (s *source) placeInText(n *node, line, column int) Place {
	if s.walked != n { // one text has many problems more often than many texts have one
		s.walked, s.places = n, s.placesIn(n)
	}
	places := s.places
	if places == nil {
		return n.place
	}
	l, c := 1, 1
	i := 0
	for _, r := range n.text {
		if l == line && c == column {
			return places[i]
		}
		if c++; r == '\n' {
			l, c = l+1, 1
		}
		if l > line {
			return places[i]
		}
		i++
	}
	return n.place
}

// marks walks the characters of a scalar in the source, white space that is not escaped left out.
type marks struct {
	src          *source
	style        scalarStyle
	line, column int
	width        int // of the mark that was returned last, in source characters
}

func newMarks(s *source, n *node) *marks {
	m := &marks{src: s, style: n.style, line: n.place.Line, column: n.place.Column}
	switch n.style {
	case blockScalar:
		m.line, m.column = m.line+1, 1
	case singleQuoted, doubleQuoted:
		m.column++
	}
	return m
}

func (m *marks) next() (mark, bool) {
	for m.line <= len(m.src.lines) {
		r := m.src.at(m.line, m.column)
		switch {
		case r == 0:
			m.line, m.column = m.line+1, 1
		case r == '\\' && m.style == doubleQuoted:
			if k, ok := m.escape(); ok {
				return k, true
			}
		case r == '\'' && m.style == singleQuoted, r == '"' && m.style == doubleQuoted:
			return m.quote(r)
		case unicode.IsSpace(r):
			m.column++
		default:
			k := mark{r, m.line, m.column}
			m.width = 1
			m.column++
			return k, true
		}
	}
	return mark{}, false
}

// quote ends the scalar, unless it is a doubled single quote.
func (m *marks) quote(r rune) (mark, bool) {
	if r == '\'' && m.src.at(m.line, m.column+1) == r {
		k := mark{r, m.line, m.column}
		m.width = 2
		m.column += 2
		return k, true
	}
	m.line = len(m.src.lines) + 1
	return mark{}, false
}

// escapes of YAML 1.2 §5.7, which hold those of JSON.
var escapes = map[rune]rune{
	'0': 0, 'a': 7, 'b': 8, 't': 9, '\t': 9, 'n': 10, 'v': 11, 'f': 12, 'r': 13, 'e': 27, ' ': ' ', '"': '"', '/': '/', '\\': '\\',
	'N': 0x85, '_': 0xA0, 'L': 0x2028, 'P': 0x2029,
}

// escape reads one escape; a backslash at the end of a line gives no character.
func (m *marks) escape() (mark, bool) {
	c := m.src.at(m.line, m.column+1)
	if c == 0 {
		m.line, m.column = m.line+1, 1
		return mark{}, false
	}
	k := mark{line: m.line, column: m.column}
	if r, ok := escapes[c]; ok {
		k.r, m.width = r, 2
	} else {
		k.r, m.width = m.hex(m.column, map[rune]int{'x': 2, 'u': 4, 'U': 8}[c])
		if utf16.IsSurrogate(k.r) {
			low, width := m.hex(m.column+m.width, 4)
			k.r, m.width = utf16.DecodeRune(k.r, low), m.width+width
		}
	}
	m.column += m.width
	return k, true
}

func (m *marks) hex(column, digits int) (rune, int) {
	var text []rune
	for i := range digits {
		text = append(text, m.src.at(m.line, column+2+i))
	}
	v, _ := strconv.ParseUint(string(text), 16, 32)
	return rune(v), 2 + digits
}
