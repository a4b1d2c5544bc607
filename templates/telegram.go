package templates

import "strings"

// Telegram's limits (Bot API sendMessage: 4096 characters after entity parsing; captions 1024) and ours.
const (
	// MaxMessage is the length of one message in UTF-16 units.
	MaxMessage = 4096
	// MaxCaption is the length of a caption in UTF-16 units.
	MaxCaption = 1024
	// MaxParts is how many messages one send may become.
	MaxParts = 3
	// maxEntities is how many entities a client shows; the rest would silently be plain.
	maxEntities = 100
)

// Limits say how much room there is. The zero value is up to 3 messages of 4096 units.
type Limits struct {
	// First is the room of the first part in UTF-16 units: MaxCaption under media. 0 is Each.
	First int
	// Each is the room of every other part. 0 is MaxMessage.
	Each int
	// Parts is the largest number of parts: 1 for a question. 0 is MaxParts.
	Parts int
}

func (l Limits) room(part int) int {
	if part == 0 && l.First > 0 {
		return l.First
	}
	if l.Each > 0 {
		return l.Each
	}
	return MaxMessage
}

func (l Limits) parts() int {
	if l.Parts > 0 {
		return l.Parts
	}
	return MaxParts
}

// Telegram renders the text as Telegram HTML (Bot API, "HTML style"), one string a message. Nothing to show gives no part.
// When values made it too long the end is cut with "…"; ErrTooLong means that the author's words alone do not fit.
func (t *Text) Telegram(env Env, limits Limits) ([]string, error) {
	v, vals := t.prepare(&env)
	f := fillFlat(v.telegram, vals, breakLinks)
	ranges, ok := f.cut(limits)
	if !ok {
		own := fillFlat(v.telegram, authors(vals), nil)
		if _, fits := own.cut(limits); !fits {
			return nil, ErrTooLong
		}
		f, ranges = f.shorten(limits)
	}
	var out []string
	for _, r := range ranges {
		if visible(f.text[r.from:r.to]) {
			out = append(out, f.tags(r))
		}
	}
	return out, nil
}

// authors keeps the values that are the author's own words, such as a default, and empties the others.
func authors(vals []filled) []filled {
	own := make([]filled, len(vals))
	for i, v := range vals {
		if v.own {
			own[i] = v
		}
	}
	return own
}

// tags writes one part: escaped text with balanced tags.
func (f flat) tags(r bounds) string {
	w := tagWriter{vals: f.vals}
	w.b.Grow(r.to - r.from + 64)
	from := 0
	for _, s := range f.spans {
		lo, hi := max(from, r.from), min(s.end, r.to)
		from = s.end
		if lo >= hi {
			continue
		}
		w.to(s.marks)
		escapeInto(&w.b, f.text[lo:hi])
	}
	w.to(nil)
	return w.b.String()
}

// tagWriter opens and closes tags so that they nest.
type tagWriter struct {
	b    strings.Builder
	open []mark
	vals []filled
}

func (w *tagWriter) to(marks []mark) {
	keep := common(w.open, marks)
	for i := len(w.open) - 1; i >= keep; i-- {
		w.close(w.open[i])
	}
	for _, m := range marks[keep:] {
		w.start(m)
	}
	w.open = marks
}

func (w *tagWriter) start(m mark) {
	switch {
	case m.tag == "a":
		w.b.WriteString(`<a href="`)
		escapeInto(&w.b, m.href.fill(w.vals))
		w.b.WriteString(`">`)
	case m.lang != "":
		w.b.WriteString(`<pre><code class="language-` + m.lang + `">`)
	default:
		w.b.WriteString("<" + m.tag + ">")
	}
}

func (w *tagWriter) close(m mark) {
	if m.lang != "" {
		w.b.WriteString("</code>")
	}
	w.b.WriteString("</" + m.tag + ">")
}

// escapeInto writes s with the four entities that Telegram knows by name.
func escapeInto(b *strings.Builder, s string) {
	from := 0
	for i := 0; i < len(s); i++ {
		if e := entityOf(s[i]); e != "" {
			b.WriteString(s[from:i])
			b.WriteString(e)
			from = i + 1
		}
	}
	b.WriteString(s[from:])
}

// appendEscaped is escapeInto for memory that is used again.
func appendEscaped(dst []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if e := entityOf(s[i]); e != "" {
			dst = append(append(dst, s[from:i]...), e...)
			from = i + 1
		}
	}
	return append(dst, s[from:]...)
}

func entityOf(c byte) string {
	switch c {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	case '"':
		return "&quot;"
	}
	return ""
}
