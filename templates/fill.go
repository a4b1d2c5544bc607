package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// span is a stretch of a flat text under one stack of marks; it begins where the one before ends.
type span struct {
	end   int
	marks []mark
}

// flat is a text with its marks beside it: the only form that is cut.
type flat struct {
	text  string
	spans []span
	vals  []filled
}

// filler runs a flat program.
type filler struct {
	buf      []byte
	from     int // where the text begins
	spans    []span
	unmarked bool // nobody asks for spans
	pending  int
	marks    []mark // of the last text, for the newlines that follow
	prefix   string
	vals     []filled
}

// fillFlat runs a program with its values. links decides how a value is kept from becoming a link; nil leaves values as they are.
func fillFlat(ops []op, vals []filled, links func(string) string) flat {
	f := filler{vals: vals, buf: make([]byte, 0, 512), spans: make([]span, 0, len(ops)+2)}
	f.run(ops, links)
	return flat{string(f.buf), f.spans, vals}
}

func (f *filler) run(ops []op, links func(string) string) {
	for i := range ops {
		o := &ops[i]
		if o.kind == opBreak {
			f.pending = max(f.pending, o.n)
			continue
		}
		f.write(o.words(f.vals, links), o)
	}
}

// words is what an op shows.
func (o *op) words(vals []filled, links func(string) string) string {
	if o.kind == opText {
		return o.text
	}
	v := vals[o.slot]
	switch {
	case o.escape == slotURL:
		return escapeURLValue(v.text)
	case o.escape == slotText && !v.own && links != nil:
		return links(v.text)
	}
	return v.text
}

func (f *filler) write(s string, o *op) {
	if s == "" {
		return
	}
	if len(f.buf) == f.from {
		f.buf = append(f.buf, o.prefix...)
	} else if f.pending > 0 {
		f.newlines(o)
	}
	f.pending = 0
	f.lines(s, o.prefix)
	f.span(o.marks)
	f.marks, f.prefix = o.marks, o.prefix
}

// newlines end the block before. Those between two blocks of one quote belong to the quote; an empty line inside quotes keeps their sign.
func (f *filler) newlines(o *op) {
	for range f.pending - 1 {
		f.buf = append(f.buf, '\n')
		f.buf = append(f.buf, strings.TrimRightFunc(sharedPrefix(f.prefix, o.prefix), unicode.IsSpace)...)
	}
	f.buf = append(f.buf, '\n')
	f.span(f.marks[:common(f.marks, o.marks)]) // only quotes reach over blocks
	f.buf = append(f.buf, o.prefix...)
}

func (f *filler) lines(s, prefix string) {
	if prefix == "" || strings.IndexByte(s, '\n') < 0 {
		f.buf = append(f.buf, s...)
		return
	}
	f.buf = append(f.buf, strings.ReplaceAll(s, "\n", "\n"+prefix)...)
}

// span closes what was written under marks.
func (f *filler) span(marks []mark) {
	if f.unmarked {
		return
	}
	if n := len(f.spans); n > 0 && common(f.spans[n-1].marks, marks) == len(marks) && len(f.spans[n-1].marks) == len(marks) {
		f.spans[n-1].end = len(f.buf)
		return
	}
	f.spans = append(f.spans, span{len(f.buf), marks})
}

// common counts the marks that both stacks begin with.
func common(a, b []mark) int {
	n := 0
	for n < len(a) && n < len(b) && a[n].id == b[n].id {
		n++
	}
	return n
}

func sharedPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// units is the length in UTF-16 code units of what a client shows: without white space at either end.
func (f flat) units() int { return units(strings.TrimSpace(f.text)) }

// units counts UTF-16 code units, in which Telegram's limits are kept safe whatever it counts itself.
func units(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		// Each character has one byte that is no continuation; those of four bytes are surrogate pairs.
		if s[i]&0xC0 != 0x80 {
			n++
		}
		if s[i] >= 0xF0 {
			n++
		}
	}
	return n
}

// visible reports whether a client would show anything.
func visible(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && r != utf8.RuneError {
			return true
		}
	}
	return false
}
