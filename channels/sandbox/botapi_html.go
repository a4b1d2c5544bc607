package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// botTags are the tags that the server's parser knows (Bot API "HTML style").
var botTags = map[string]bool{
	"b": true, "strong": true, "i": true, "em": true, "u": true, "ins": true, "s": true, "strike": true, "del": true, "a": true, "code": true,
	"pre": true, "blockquote": true, "tg-spoiler": true, "span": true, "tg-emoji": true, "tg-time": true,
}

// botHTML reads Telegram HTML as the server does, and keeps only its text. Errors carry the byte offset of the tag at fault.
type botHTML struct {
	in   string
	at   int
	out  strings.Builder
	open []string
}

// parseBotHTML returns the text without markup, or what the server says after "can't parse entities: ".
func parseBotHTML(s string) (text, fault string) {
	if !strings.ContainsAny(s, "<&") {
		return s, ""
	}
	p := botHTML{in: s}
	for p.at < len(p.in) {
		switch p.in[p.at] {
		case '<':
			if fault := p.tag(); fault != "" {
				return "", fault
			}
		case '&':
			p.entity()
		default:
			p.literal()
		}
	}
	if n := len(p.open); n > 0 {
		return "", fmt.Sprintf("Can't find end tag corresponding to start tag %q", p.open[n-1])
	}
	return p.out.String(), ""
}

func (p *botHTML) literal() {
	end := strings.IndexAny(p.in[p.at:], "<&")
	if end < 0 {
		end = len(p.in) - p.at
	}
	p.out.WriteString(p.in[p.at : p.at+end])
	p.at += end
}

// entity decodes the four named entities and numeric ones; others stay as they stand.
func (p *botHTML) entity() {
	rest := p.in[p.at+1:]
	end := strings.IndexByte(rest, ';')
	if end > 0 && end <= 10 {
		if r, ok := botEntity(rest[:end]); ok {
			p.out.WriteRune(r)
			p.at += end + 2
			return
		}
	}
	p.out.WriteByte('&')
	p.at++
}

func botEntity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	}
	num, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, isHex := strings.CutPrefix(strings.ToLower(num), "x"); isHex {
		num, base = hex, 16
	}
	n, err := strconv.ParseUint(num, base, 32)
	if err != nil || n == 0 || n > unicode.MaxRune {
		return 0, false
	}
	return rune(n), true
}

func (p *botHTML) tag() string {
	begin := p.at
	p.at++
	if p.at < len(p.in) && p.in[p.at] == '/' {
		p.at++
		return p.endTag(begin)
	}
	name := p.word(" \t\r\n>")
	if p.at >= len(p.in) {
		return fmt.Sprintf("Unclosed start tag at byte offset %d", begin)
	}
	if !botTags[name] {
		return fmt.Sprintf("Unsupported start tag %q at byte offset %d", name, begin)
	}
	class, fault := p.attributes(name, begin)
	if fault != "" {
		return fault
	}
	if name == "span" && class != "tg-spoiler" {
		return fmt.Sprintf("Tag %q must have class \"tg-spoiler\" at byte offset %d", name, begin)
	}
	p.open = append(p.open, name)
	return ""
}

func (p *botHTML) endTag(begin int) string {
	name := p.word(" \t\r\n>")
	p.skipSpace()
	if p.at >= len(p.in) || p.in[p.at] != '>' {
		return fmt.Sprintf("Unclosed end tag at byte offset %d", begin)
	}
	p.at++
	n := len(p.open)
	if n == 0 {
		return fmt.Sprintf("Unexpected end tag at byte offset %d", begin)
	}
	if want := p.open[n-1]; name != "" && name != want {
		return fmt.Sprintf("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, want, name)
	}
	p.open = p.open[:n-1]
	return ""
}

// attributes reads up to the closing > and returns the class.
func (p *botHTML) attributes(tag string, begin int) (class, fault string) {
	for {
		p.skipSpace()
		if p.at >= len(p.in) {
			return "", fmt.Sprintf("Unclosed start tag %q at byte offset %d", tag, begin)
		}
		if p.in[p.at] == '>' {
			p.at++
			return class, ""
		}
		name := p.word(" \t\r\n>=")
		if name == "" {
			return "", fmt.Sprintf("Empty attribute name in the tag %q at byte offset %d", tag, begin)
		}
		p.skipSpace()
		if p.at >= len(p.in) || p.in[p.at] != '=' {
			if name == "expandable" {
				continue
			}
			return "", fmt.Sprintf("Expected equal sign in declaration of an attribute of the tag %q at byte offset %d", tag, begin)
		}
		p.at++
		value, ok := p.value()
		if !ok {
			return "", fmt.Sprintf("Unclosed start tag at byte offset %d", begin)
		}
		if name == "class" {
			class = value
		}
	}
}

func (p *botHTML) value() (string, bool) {
	p.skipSpace()
	if p.at >= len(p.in) {
		return "", false
	}
	quote := p.in[p.at]
	if quote != '"' && quote != '\'' {
		return p.word(" \t\r\n>"), p.at < len(p.in)
	}
	p.at++
	v := p.word(string(quote))
	if p.at >= len(p.in) {
		return "", false
	}
	p.at++
	return v, true
}

// word reads up to one of the stop bytes or the end; the server compares tags in lower case.
func (p *botHTML) word(stop string) string {
	end := strings.IndexAny(p.in[p.at:], stop)
	if end < 0 {
		end = len(p.in) - p.at
	}
	w := p.in[p.at : p.at+end]
	p.at += end
	return strings.ToLower(w)
}

func (p *botHTML) skipSpace() {
	for p.at < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.at]) >= 0 {
		p.at++
	}
}
