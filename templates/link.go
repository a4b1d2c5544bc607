package templates

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// address is a link's target: text and slots.
type address []piece

// linkAddress reads the destination of a Markdown link.
func linkAddress(destination string) address {
	return pieces(destination, slotURL, func(s string) string { return tidyURL(unescape(s)) })
}

// autoAddress reads <…> or a bare link. The shown text is the same pieces.
func autoAddress(n *ast.AutoLink, src []byte) address {
	target := string(n.Label(src))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(target), "mailto:") {
		target = "mailto:" + target
	}
	if strings.HasPrefix(target, "www.") {
		target = "https://" + target
	}
	return pieces(target, slotURL, tidyURL)
}

// autoLabel is what an autolink shows: values inside it look as they do in the address.
func autoLabel(n *ast.AutoLink, src []byte) address {
	return pieces(string(n.Label(src)), slotURL, same)
}

// head is the text before the first slot.
func (a address) head() string {
	if len(a) == 0 || a[0].slot >= 0 {
		return ""
	}
	return a[0].text
}

func (a address) scheme() string {
	scheme, _, ok := strings.Cut(a.head(), ":")
	if !ok {
		return ""
	}
	return strings.ToLower(scheme)
}

// fixed matches the text before the first value when no value can change where the link leads:
// each stands after the host, in path, query or fragment.
var fixed = regexp.MustCompile(`(?i)^(?:https?://[^/?#]+[/?#]|tg://[a-z]+[/?]|mailto:[^?]+\?)`)

var schemes = []string{"http", "https", "mailto", "tg"}

// fault says what is wrong with an address, or returns an empty code.
func (a address) fault() (code, expected string) {
	switch scheme := a.scheme(); {
	case scheme == "" && len(a) > 0 && a[0].slot >= 0:
		return "text_link_value", "https://example.org/?name={{ member.first_name }}"
	case !contained(schemes, scheme):
		return "text_link_scheme", strings.Join(schemes, ", ")
	case (len(a) > 1 || a[0].slot >= 0) && !fixed.MatchString(a.head()):
		return "text_link_value", "https://example.org/?name={{ member.first_name }}"
	case !sound(a.sample(), scheme):
		return "text_link_address", "https://example.org/"
	}
	return "", ""
}

// usable reports whether the link may be made.
func (a address) usable() bool { code, _ := a.fault(); return code == "" }

// sample is the address with a letter for each value.
func (a address) sample() string {
	var b strings.Builder
	for _, p := range a {
		if p.slot >= 0 {
			b.WriteByte('x')
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func sound(s, scheme string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch scheme {
	case "mailto":
		return strings.Contains(u.Opaque, "@")
	case "http", "https":
		return u.Hostname() != "" && u.User == nil
	}
	return u.Host != ""
}

func contained(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// tidyURL percent-encodes what a URL may not hold as it is (RFC 3986 §2) and leaves what is encoded. Letters of other scripts stay in the host.
func tidyURL(s string) string {
	const refused = " \"<>\\^`{|}"
	if strings.IndexFunc(s, func(r rune) bool { return r > '~' || strings.ContainsRune(refused, r) }) < 0 {
		return s
	}
	host := strings.Index(s, "://")
	if host >= 0 {
		rest := strings.IndexAny(s[host+3:], "/?#")
		if rest < 0 {
			return s
		}
		host += 3 + rest
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i > host && (s[i] > '~' || s[i] <= ' ' || strings.IndexByte(refused, s[i]) >= 0) {
			percent(&b, s[i])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func percent(b *strings.Builder, c byte) {
	const hex = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(hex[c>>4])
	b.WriteByte(hex[c&15])
}

// escapeURLValue encodes all but the unreserved characters (RFC 3986 §2.3): safe in path, query and fragment alike.
// "." and ".." would climb in a path even when encoded, so they become nothing.
func escapeURLValue(s string) string {
	if s == "." || s == ".." {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		percent(&b, c)
	}
	return b.String()
}

// fill writes the address with its values.
func (a address) fill(vals []filled) string {
	if len(a) == 1 && a[0].slot < 0 {
		return a[0].text
	}
	var b strings.Builder
	for _, p := range a {
		if p.slot >= 0 {
			b.WriteString(escapeURLValue(vals[p.slot].text))
		}
		b.WriteString(p.text)
	}
	return b.String()
}

var telegramName = regexp.MustCompile(`^(?i:tg)://resolve\?domain=([A-Za-z0-9_]+)(?:&(.*))?$`)

// forMail turns tg://resolve?domain=name into https://t.me/name, which every mail client opens.
func (a address) forMail() address {
	m := telegramName.FindStringSubmatch(a.head())
	if m == nil {
		return a
	}
	head := "https://t.me/" + m[1]
	if m[2] != "" || strings.HasSuffix(a.head(), "&") {
		head += "?" + m[2]
	}
	return append(address{{text: head, slot: -1, kind: slotURL}}, a[1:]...)
}
