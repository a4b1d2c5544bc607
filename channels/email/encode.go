package email

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxLine = 998 // octets without CRLF, RFC 5322 §2.1.1
	maxName = 200 // characters of a display name: folded and encoded it stays far below any server's limit
	wrapAt  = 76  // octets of a header's line where it can be folded (RFC 5322 §2.1.1, RFC 2047 §2), and of quoted-printable (RFC 2045 §6.7)
)

// appendUnsubscribe writes the addresses of List-Unsubscribe (RFC 2369 §3.2), each on a line of its own.
func appendUnsubscribe(dst []byte, e *envelope) []byte {
	if u := e.Mail.UnsubscribeURL; u != "" {
		dst = append(append(append(dst, '<'), u...), '>')
	}
	if e.Mail.UnsubscribeMail == "" {
		return dst
	}
	if e.Mail.UnsubscribeURL != "" {
		dst = append(dst, ",\r\n "...)
	}
	return append(append(append(dst, "<mailto:"...), mailto(e.unsubscribe.wire())...), '>')
}

// mailto percent-encodes what an address may hold and a mailto URI may not (RFC 6068 §2).
func mailto(address string) string {
	var b strings.Builder
	for i := range len(address) {
		if c := address[i]; c < utf8.RuneSelf && !strings.ContainsRune("%?&#/^`{}|", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// appendFolded writes a header's value whose words are parted by single spaces, and begins a new line (RFC 5322 §2.2.3) where the next word would not fit.
// column is where the value begins.
func appendFolded(dst []byte, column int, value string) []byte {
	for first := true; value != ""; first = false {
		word, rest, _ := strings.Cut(value, " ")
		switch {
		case first:
		case column+1+len(word) > wrapAt:
			dst, column = append(dst, "\r\n "...), 1
		default:
			dst, column = append(dst, ' '), column+1
		}
		dst, column, value = append(dst, word...), column+len(word), rest
	}
	return dst
}

// displayName makes one line of at most maxName characters.
func displayName(s string) string {
	s = oneLine(s)
	if len(s) > maxName && utf8.RuneCountInString(s) > maxName {
		r := []rune(s)[:maxName]
		s = strings.TrimRight(string(r), "\u200d ") // no joiner that joins nothing
	}
	return s
}

// oneLine collapses white space: folding could not keep it, and a run of spaces might fold into a line of nothing but spaces.
func oneLine(s string) string {
	if isOneLine(s) {
		return s
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}

// isOneLine reports whether there is no white space but single spaces within s.
func isOneLine(s string) bool {
	before := ' '
	for i, r := range s {
		if r == ' ' && before == ' ' || r != ' ' && unicode.IsSpace(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return false
		}
		before = r
	}
	return before != ' ' || s == ""
}

// phrase is a display name and a space, as a quoted string or as encoded words (RFC 5322 §3.2.5, RFC 2047 §5 rule 3); nothing for no name.
func phrase(name string) string {
	name = displayName(name)
	switch {
	case name == "":
		return ""
	case plainText(name):
		return `"` + quoter.Replace(name) + `" `
	}
	return encodeWords(name) + " "
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// encodeText writes unstructured text (RFC 5322 §3.2.5). What is not plain short ASCII words becomes encoded words,
// so that text which looks like an encoded word, or a word too long to fold, arrives as it was typed.
func encodeText(s string) string {
	s = oneLine(s)
	if plainText(s) {
		return s
	}
	return encodeWords(s)
}

func plainText(s string) bool {
	word := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			word = 0
		case c < ' ' || c > '~':
			return false
		default:
			word++
		}
		if word > 60 {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

// encodeWords makes base64 encoded words of at most 75 characters, none of which splits a character (RFC 2047 §2 and §5).
// mime.WordEncoder leaves ASCII as it is, which is not what is wanted here.
func encodeWords(s string) string {
	const room = 45 // octets: 60 characters of base64, and 12 around it
	b := make([]byte, 0, 2*len(s)+16)
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > room {
				break
			}
			n += size
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, "=?utf-8?b?"...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s[:n]))
		b, s = append(b, "?="...), s[n:]
	}
	return string(b)
}

// appendPart writes a part's body. dotted is handed on, and set when a line begins with a dot.
func appendPart(dst, s []byte, as transferEncoding, dotted bool) ([]byte, bool) {
	if !validUTF8(s) {
		s = bytes.ToValidUTF8(s, []byte("\uFFFD"))
	}
	if bytes.IndexByte(s, '\r') >= 0 {
		s = bytes.ReplaceAll(bytes.ReplaceAll(s, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	for {
		i := bytes.IndexByte(s, '\n')
		line := s
		if i >= 0 {
			line = s[:i]
		}
		if as == eightBit {
			dotted = dotted || len(line) > 0 && line[0] == '.'
			dst = append(dst, line...)
		} else {
			dst = appendQuoted(dst, line)
		}
		if i < 0 {
			return dst, dotted
		}
		dst, s = append(dst, "\r\n"...), s[i+1:]
	}
}

// validUTF8 is utf8.Valid, which goes byte by byte from the first letter that is not ASCII on: most of a mail's HTML is ASCII behind it too.
func validUTF8(s []byte) bool {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c < utf8.RuneSelf && i+8 <= len(s) && binary.LittleEndian.Uint64(s[i:])&0x8080808080808080 == 0:
			i += 8
		case c < utf8.RuneSelf:
			i++
		case c >= 0xC2 && c <= 0xDF && i+1 < len(s) && s[i+1]&0xC0 == 0x80: // two octets (RFC 3629 §4): most letters of Europe
			i += 2
		default:
			r, size := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && size == 1 {
				return false
			}
			i += size
		}
	}
	return true
}

const upperHex = "0123456789ABCDEF"

// appendQuoted writes one line as quoted-printable (RFC 2045 §6.7). A dot at the beginning of an encoded line is quoted too: then none needs doubling in SMTP.
func appendQuoted(dst, line []byte) []byte {
	column := 0
	for i := range len(line) {
		c := line[i]
		plain := c > ' ' && c <= '~' && c != '=' && (c != '.' || column > 0) || (c == ' ' || c == '\t') && i+1 < len(line)
		width := 3
		if plain {
			width = 1
		}
		if column+width > wrapAt-1 { // room for the "=" of a soft break
			dst, column = append(dst, "=\r\n"...), 0
			if c == '.' {
				plain, width = false, 3
			}
		}
		if plain {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
		column += width
	}
	return dst
}
