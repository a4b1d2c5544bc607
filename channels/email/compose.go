package email

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
)

const (
	maxLine = 998 // octets without CRLF, RFC 5322 §2.1.1
	maxName = 200 // characters of a display name: folded and encoded it stays far below any server's limit
)

// compose builds the mail through go-mail: headers, and text and HTML as multipart/alternative, or the one of them that there is.
// A part goes out as 8bit where the server offers it and its lines fit, else as quoted-printable.
func compose(e *envelope, eightBit bool) ([]byte, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	setAddresses(m, e)
	setHeaders(m, e)
	parts := 0
	for _, p := range []struct {
		kind mail.ContentType
		body string
	}{{mail.TypeTextPlain, e.Text}, {mail.TypeTextHTML, e.HTML}} {
		if p.body == "" {
			continue
		}
		body := crlf(strings.ToValidUTF8(p.body, "\uFFFD"))
		enc := mail.WithPartEncoding(partEncoding(body, eightBit))
		if parts++; parts == 1 {
			m.SetBodyString(p.kind, body, enc)
		} else {
			m.AddAlternativeString(p.kind, body, enc)
		}
	}
	var b bytes.Buffer
	b.Grow(len(e.Text) + len(e.HTML) + 2048)
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	if longestLine(b.Bytes()) > maxLine {
		return nil, errors.New("build mail: a header line is longer than 998 octets")
	}
	return b.Bytes(), nil
}

func setAddresses(m *mail.Msg, e *envelope) {
	setAddress(m, mail.HeaderFrom, e.Mail.FromName, e.from)
	setAddress(m, mail.HeaderTo, e.Mail.ToName, e.to)
	if e.Mail.ReplyTo != "" {
		setAddress(m, mail.HeaderReplyTo, "", e.replyTo)
	}
}

// setAddress writes the header itself: net/mail, which go-mail relies on, leaves a backslash in an encoded word of a name, and no parser takes that
// (RFC 2047 §5 rule 3). go-mail would encode an address outside ASCII as if it were text, so that one is folded here.
func setAddress(m *mail.Msg, name mail.AddrHeader, person string, at mailbox) {
	value := phrase(person) + "<" + at.wire() + ">"
	if isASCII(value) {
		m.SetGenHeader(mail.Header(name), value)
		return
	}
	m.SetGenHeaderPreformatted(mail.Header(name), strings.ReplaceAll(value, " ", "\r\n "))
}

func setHeaders(m *mail.Msg, e *envelope) {
	h := e.Mail
	m.SetGenHeader(mail.HeaderSubject, encodeText(h.Subject))
	m.SetDateWithValue(h.Date)
	m.SetMessageIDWithValue(h.MessageID)
	if h.ListID != "" {
		m.SetGenHeader("List-Id", phrase(h.ListName)+"<"+h.ListID+">")
		setUnsubscribe(m, e)
	}
	if h.FeedbackID != "" {
		m.SetGenHeader("Feedback-ID", h.FeedbackID)
	}
	if h.AutoSubmitted != "" {
		m.SetGenHeader("Auto-Submitted", h.AutoSubmitted)
	}
	if h.Bulk {
		m.SetGenHeader(mail.HeaderPrecedence, "bulk")
	}
}

func setUnsubscribe(m *mail.Msg, e *envelope) {
	var uris []string
	if e.Mail.UnsubscribeURL != "" {
		uris = append(uris, "<"+e.Mail.UnsubscribeURL+">")
	}
	if e.Mail.UnsubscribeMail != "" {
		uris = append(uris, "<mailto:"+mailto(e.unsubscribe.wire())+">")
	}
	if len(uris) > 0 {
		m.SetGenHeader(mail.HeaderListUnsubscribe, strings.Join(uris, ", "))
	}
	if e.oneClick {
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
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

// displayName makes one line of at most maxName characters.
func displayName(s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > maxName {
		r := []rune(s)[:maxName]
		s = strings.TrimRight(string(r), "\u200d ") // no joiner that joins nothing
	}
	return s
}

// oneLine collapses white space: folding could not keep it, and a run of spaces might fold into a line of nothing but spaces.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
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
	var words []string
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if n+size > room {
				break
			}
			n += size
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

func crlf(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// partEncoding: NUL may not travel as 8bit (RFC 2045 §2.8), nor may a line over 998 octets.
func partEncoding(body string, eightBit bool) mail.Encoding {
	if eightBit && !strings.Contains(body, "\x00") && longestLine([]byte(body)) <= maxLine {
		return mail.NoEncoding
	}
	return mail.EncodingQP
}

func longestLine(b []byte) int {
	longest := 0
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return max(longest, len(b))
		}
		longest = max(longest, len(bytes.TrimSuffix(b[:i], []byte("\r"))))
		b = b[i+1:]
	}
	return longest
}
