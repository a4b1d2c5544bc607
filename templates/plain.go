package templates

import (
	"strings"
)

// Plain renders the mail's text part: links as "text (url)", lists with "-" or "1.", quotes with "> ", no hard wrap, no newline at the end.
func (t *Text) Plain(env Env) (string, error) {
	v, vals := t.prepare(&env)
	return strings.TrimSpace(fillFlat(v.plain, vals, breakMailLinks).text), nil
}

// Line renders one plain line for subjects and button labels: no markup, no addresses of links, every white space one space.
func (t *Text) Line(env Env) string {
	v, vals := t.prepare(&env)
	var b strings.Builder
	for i := range v.plain {
		o := &v.plain[i]
		switch {
		case o.kind == opBreak:
			b.WriteByte(' ')
		case !o.aside:
			b.WriteString(o.words(vals, nil))
		}
	}
	return spaced(b.String())
}

// spaced joins the words of s with single spaces and keeps no-break spaces.
func spaced(s string) string {
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
