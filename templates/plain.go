package templates

import (
	"strings"
)

// Plain renders the mail's text part: links as "text (url)", lists with "-" or "1.", quotes with "> ", no hard wrap, no newline at the end.
func (t *Text) Plain(env Env) (string, error) {
	v, vals := t.prepare(&env)
	return strings.TrimSpace(string(v.appendPlain(nil, vals))), nil
}

// appendPlain appends the plain text, with white space at its ends where values brought it.
func (v *variant) appendPlain(dst []byte, vals []filled) []byte {
	f := filler{buf: dst, from: len(dst), vals: vals, unmarked: true}
	f.run(v.plain, breakMailLinks)
	return f.buf
}

// Line renders one plain line for subjects and button labels: no markup, no addresses of links, every white space one space.
func (t *Text) Line(env Env) string {
	return t.line(env, func(o *op, vals []filled) string { return o.words(vals, nil) })
}

// Address renders a link's address: each value that is not the author's own is escaped for a URL, wherever it stands in it.
func (t *Text) Address(env Env) string {
	return t.line(env, func(o *op, vals []filled) string {
		if o.kind == opText || vals[o.slot].own {
			return o.words(vals, nil)
		}
		return escapeURLValue(vals[o.slot].text)
	})
}

func (t *Text) line(env Env, words func(*op, []filled) string) string {
	v, vals := t.prepare(&env)
	var b strings.Builder
	for i := range v.plain {
		o := &v.plain[i]
		switch {
		case o.kind == opBreak:
			b.WriteByte(' ')
		case !o.aside:
			b.WriteString(words(o, vals))
		}
	}
	return spaced(b.String())
}

// spaced joins the words of s with single spaces and keeps no-break spaces.
func spaced(s string) string {
	s = strings.Trim(s, " \n\t")
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\t') < 0 && !strings.Contains(s, "  ") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }), " ")
}

// breakMailLinks does for mail clients what breakLinks does for Telegram; they link addresses of sites, and nothing begins with "@" or "/".
func breakMailLinks(s string) string {
	if !strings.ContainsAny(s, "./") {
		return s
	}
	var b strings.Builder
	prev := rune(0)
	for i, r := range s {
		b.WriteRune(r)
		rest := s[i+len(string(r)):]
		if (r == '.' || r == '/') && linkStart(prev, r, rest) && rest != "" {
			b.WriteString(breaker)
		}
		prev = r
	}
	return b.String()
}
