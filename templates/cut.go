package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// bounds is a part of a flat text, in bytes, without white space at either end.
type bounds struct{ from, to int }

// A cut looks for the end of a paragraph, a line or a word, but not before this share of the room is used.
// The later rows waste less room and are tried when the earlier ones make too many parts.
var patience = []struct{ paragraph, line, word float64 }{
	{0.4, 0.5, 0.75},
	{0.75, 0.8, 0.85},
	{0.95, 0.95, 0.95},
	{1, 1, 1},
}

// cut divides the text into parts; ok is false when they are too many.
func (f flat) cut(limits Limits) (parts []bounds, ok bool) {
	for row := range patience {
		if parts, ok = f.divide(limits, row); ok {
			return parts, true
		}
	}
	return parts, false
}

func (f flat) divide(limits Limits, row int) (parts []bounds, ok bool) {
	at := skipSpace(f.text, 0)
	for at < len(f.text) {
		if len(parts) == limits.parts() {
			return parts, false
		}
		end := f.next(at, limits.room(len(parts)), row)
		parts = append(parts, bounds{at, at + len(strings.TrimRightFunc(f.text[at:end], unicode.IsSpace))})
		at = skipSpace(f.text, end)
	}
	return parts, true
}

func skipSpace(s string, at int) int {
	return len(s) - len(strings.TrimLeftFunc(s[at:], unicode.IsSpace))
}

// next finds where the part that begins at from ends.
func (f flat) next(from, room, row int) int {
	limit := f.entityEnd(from)
	if len(f.text)-from <= room && limit == len(f.text) { // a byte is never less than a unit
		return limit
	}
	s := scanner{room: room}
	end := s.scan(f.text[from:limit])
	if from+end == len(f.text) {
		return len(f.text)
	}
	return from + s.best(end, row)
}

// entityEnd is how far a part may reach from from before it holds too many entities.
func (f flat) entityEnd(from int) int {
	var open []mark
	count, begin := 0, 0
	for _, s := range f.spans {
		if s.end > from {
			count += len(s.marks) - common(open, s.marks)
			if count > maxEntities {
				return max(begin, from)
			}
			open = s.marks
		}
		begin = s.end
	}
	return len(f.text)
}

// scanner measures a text grapheme by grapheme and remembers the good places to cut.
type scanner struct {
	room                  int
	used                  int
	paragraph, line, word spot
}

// spot is a place to cut: its offset and the units before it.
type spot struct{ at, units int }

// scan returns how many bytes of s fit.
func (s *scanner) scan(text string) int {
	at, state := 0, -1
	for rest := text; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		n := units(cluster)
		if s.used+n > s.room {
			// White space at the end of a part is dropped, so it may stick out.
			if strings.TrimSpace(cluster) == "" {
				s.mark(cluster, rest, at+len(cluster))
				return at
			}
			if at == 0 {
				return fitRunes(cluster, s.room)
			}
			return at
		}
		s.used += n
		at += len(cluster)
		s.mark(cluster, rest, at)
	}
	return at
}

func (s *scanner) mark(cluster, rest string, at int) {
	here := spot{at, s.used}
	switch {
	case cluster == "\n" && strings.HasPrefix(rest, "\n"):
		s.paragraph = here
	case cluster == "\n":
		s.line = here
	case strings.TrimSpace(cluster) == "" && cluster != "\u00a0" && cluster != "\u202f":
		s.word = here
	}
}

// fitRunes cuts one grapheme that is longer than a whole part, between its characters.
func fitRunes(cluster string, room int) int {
	at := 0
	for i, r := range cluster {
		n := utf8.RuneLen(r)
		if units(cluster[:i+n]) > room && at > 0 {
			break
		}
		at = i + n
	}
	return at
}

// best chooses the cut: the last paragraph, line or word that comes late enough, or the very end.
func (s *scanner) best(end, row int) int {
	p := patience[row]
	for _, c := range []struct {
		spot  spot
		share float64
	}{{s.paragraph, p.paragraph}, {s.line, p.line}, {s.word, p.word}} {
		if c.spot.at > 0 && float64(c.spot.units) >= c.share*float64(s.room) {
			return c.spot.at
		}
	}
	return end
}

// shorten keeps what fits into the parts and ends the last one with "…".
func (f flat) shorten(limits Limits) (flat, []bounds) {
	row := len(patience) - 2
	parts, _ := f.divide(limits, row)
	if len(parts) < limits.parts() {
		row = len(patience) - 1
		parts, _ = f.divide(limits, row)
	}
	last := &parts[len(parts)-1]
	end := f.next(last.from, limits.room(len(parts)-1)-1, row)
	end = last.from + len(strings.TrimRightFunc(f.text[last.from:end], unicode.IsSpace))
	last.to = end + len("…")
	return f.ended(end), parts
}

// ended replaces everything from end on with "…".
func (f flat) ended(end int) flat {
	out := flat{text: f.text[:end] + "…", vals: f.vals}
	for _, s := range f.spans {
		out.spans = append(out.spans, s)
		if s.end >= end {
			break
		}
	}
	out.spans[len(out.spans)-1].end = len(out.text)
	return out
}
