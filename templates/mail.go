package templates

import (
	"bytes"
	"errors"
	stdhtml "html"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Gmail clips a mail's HTML at 102 kB: the footer with the way out would vanish.
const (
	// MailWarnSize is the size of the HTML in bytes from which an author should be warned.
	MailWarnSize = 80_000
	// MailMaxSize is the size in bytes from which Mail refuses.
	MailMaxSize = 100_000
)

var (
	// ErrMailTooBig: the HTML has MailMaxSize bytes or more.
	ErrMailTooBig = errors.New("templates: mail is too big")
	// ErrMailLink: a button or a footer link is no absolute http, https, mailto or tg address.
	ErrMailLink = errors.New("templates: mail link has no usable address")
)

// MailContent is everything that the mail's frame shows. All strings but BodyHTML are plain text and are escaped here.
type MailContent struct {
	Lang campaigns.Lang
	// Subject is the title and the heading; Preheader the hidden first text, 40 to 90 characters, possibly empty.
	Subject, Preheader string
	// BodyHTML comes from Text.HTML, BodyText from Text.Plain.
	BodyHTML, BodyText string
	Buttons            []MailButton
	// Question: the buttons are answers. Short ones stand in rows, and a note says that the answer is confirmed on the page.
	Question bool
	// Why says why the member gets this; empty is a general sentence with CommunityName.
	Why string
	// Brand is the word beside the ring; empty is CommunityName.
	Brand, CommunityName, PostalAddress string
	// UnsubscribeURL leaves in one press, PreferencesURL chooses; an empty one is left out.
	UnsubscribeURL, PreferencesURL string
	// ConnectURL leads to the page that connects a chat in Telegram; empty: left out.
	ConnectURL string
}

// MailButton is one link as a button. Main is the filled one, once a mail.
type MailButton struct {
	Label, URL string
	Main       bool
}

// Mail frames a body: the whole HTML document and the text part with the same links. It fails with ErrMailTooBig or ErrMailLink.
func Mail(m MailContent) (document, text string, err error) {
	html, plain, err := new(MailRoom).frame(m, []byte(m.BodyHTML), []byte(m.BodyText))
	return string(html), string(plain), err
}

// MailRoom is memory that one mail after another is written into: mails are what bulk sending would otherwise throw away most of. The zero value is ready.
type MailRoom struct {
	content                     MailContent
	body, words, document, text []byte
}

// Mail renders a body and frames it, as Mail does with BodyHTML and BodyText, which are not looked at. What it returns holds until it is called again.
func (r *MailRoom) Mail(m MailContent, body *Text, env Env) (document, text []byte, err error) {
	v, vals := body.prepare(&env)
	r.body = v.appendHTML(r.body[:0], vals)
	r.words = v.appendPlain(r.words[:0], vals)
	return r.frame(m, r.body, bytes.TrimSpace(r.words))
}

func (r *MailRoom) frame(content MailContent, body, words []byte) (document, text []byte, err error) {
	r.content = content
	m := &r.content
	if err := m.checkLinks(); err != nil {
		return nil, nil, err
	}
	body, words = m.withoutEcho(body, words)
	var h *head
	if k, ok := m.key(words); ok {
		h = headFor(k)
	}
	if h != nil {
		r.document, r.text = h.fill(r.document[:0], r.text[:0], m, body, words)
	} else {
		r.content = m.completed()
		m.BodyHTML, m.BodyText = string(body), string(words)
		r.document, r.text = append(r.document[:0], m.document()...), append(r.text[:0], m.text()...)
	}
	if len(r.document) >= MailMaxSize {
		return nil, nil, ErrMailTooBig
	}
	return r.document, r.text, nil
}

// document is the whole HTML part.
func (m *MailContent) document() string {
	w := &mailWriter{m: m}
	w.b.Grow(8<<10 + len(m.BodyHTML))
	w.document()
	return w.b.String()
}

// checkLinks guards the frame against addresses that a client would run or could not open.
func (m *MailContent) checkLinks() error {
	for _, b := range m.Buttons {
		if !openable(b.URL) {
			return ErrMailLink
		}
	}
	for _, u := range [...]string{m.UnsubscribeURL, m.PreferencesURL, m.ConnectURL} {
		if u != "" && !openable(u) {
			return ErrMailLink
		}
	}
	return nil
}

// openable reports whether a client would open the address.
func openable(u string) bool {
	return plainWeb(u) || address{{u, -1, slotURL}}.usable()
}

// plainWeb recognises the common case, an address of the web in which nothing needs a second look.
func plainWeb(u string) bool {
	rest, ok := strings.CutPrefix(u, "https://")
	if !ok {
		return false
	}
	host := 0
	for host < len(rest) && webPlain[rest[host]] == inHost {
		host++
	}
	if host == 0 || rest[0] == '.' || rest[0] == '-' || host < len(rest) && rest[host] != '/' {
		return false
	}
	for i := host; i < len(rest); i++ {
		if webPlain[rest[i]] == 0 { // an escape: looked at closely
			return false
		}
	}
	return true
}

// webPlain are the characters of an address of the web that need no second look; those of a host, inHost, are among them.
var webPlain = func() (is [256]byte) {
	for _, c := range []byte("/_~?&=+") {
		is[c] = inPath
	}
	for c := range byte(utf8.RuneSelf) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			is[c] = inHost
		}
	}
	return is
}()

const (
	inPath byte = iota + 1
	inHost
)

// completed fills what the caller left to the frame.
func (m MailContent) completed() MailContent {
	if m.Brand == "" {
		m.Brand = m.CommunityName
	}
	if m.Why == "" {
		m.Why = m.say("mail.why", map[string]any{"community": m.CommunityName})
		if m.CommunityName == "" { // nobody has named it yet
			m.Why = m.say("mail.why_unnamed", nil)
		}
	}
	return m
}

var htmlTag = regexp.MustCompile(`<[^>]*>`)

// withoutEcho drops the body's first paragraph where it says what the heading above it says: in a chat there is none.
func (m *MailContent) withoutEcho(body, words []byte) (html, plain []byte) {
	line, rest, ok := bytes.Cut(bytes.TrimSpace(words), []byte("\n"))
	if !ok || tidy(string(line)) != tidy(m.Subject) {
		return body, words
	}
	paragraph, more, found := bytes.Cut(bytes.TrimSpace(body), []byte("</p>"))
	said := stdhtml.UnescapeString(string(htmlTag.ReplaceAll(paragraph, nil)))
	if !found || !bytes.HasPrefix(paragraph, []byte("<p")) || tidy(said) != tidy(m.Subject) || len(bytes.TrimSpace(more)) == 0 {
		return body, words
	}
	return bytes.TrimSpace(more), bytes.TrimSpace(rest)
}

func (m *MailContent) say(key string, args map[string]any) string {
	return locale.T(string(m.Lang), key, args)
}

// note is the sentence under the answers of a question, or "".
func (m *MailContent) note() string {
	if !m.Question || len(m.Buttons) == 0 {
		return ""
	}
	return m.say("mail.answer_note", nil)
}

// text is the plain part: the same words and links in the same order.
func (m *MailContent) text() string {
	var b strings.Builder
	b.Grow(1024 + len(m.BodyText))
	block := func(s string) {
		if s = strings.TrimSpace(s); s == "" {
			return
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(s)
	}
	block(m.Subject)
	block(m.BodyText)
	var buttons strings.Builder
	for _, l := range m.Buttons {
		buttons.WriteString(spaced(l.Label) + ": " + l.URL + "\n")
	}
	block(buttons.String())
	block(m.note())
	block("———\n" + m.Why)
	block(m.footerLine("mail.connect", m.ConnectURL))
	block(m.footerLine("mail.preferences", m.PreferencesURL) + "\n" + m.footerLine("mail.unsubscribe", m.UnsubscribeURL))
	block(m.PostalAddress)
	b.WriteByte('\n')
	return b.String()
}

func (m *MailContent) footerLine(key, url string) string {
	if url == "" {
		return ""
	}
	return m.say(key, nil) + ": " + url
}

var rightToLeft = []string{"ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "ckb", "dv"}

// direction is the value of the dir attribute.
func direction(lang campaigns.Lang) string {
	base, _, _ := strings.Cut(strings.ToLower(string(lang)), "-")
	if contained(rightToLeft, base) {
		return "rtl"
	}
	return "ltr"
}
