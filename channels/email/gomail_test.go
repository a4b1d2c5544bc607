package email

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/wneessen/go-mail"
	"pgregory.net/rapid"
)

// TestFormsReadAsGoMailsOwn: a filled form parses to the same headers and parts as a mail that go-mail makes by itself from the same message, whatever the
// name, script and length, with 8BITMIME and without.
func TestFormsReadAsGoMailsOwn(t *testing.T) {
	var fs forms
	rapid.Check(t, func(t *rapid.T) {
		m := sample()
		m.Mail.Subject, m.Mail.ToName, m.Mail.FromName = awkward(400).Draw(t, "subject"), awkward(300).Draw(t, "to"), awkward(60).Draw(t, "from")
		m.Mail.Text, m.Mail.HTML = []byte(body().Draw(t, "text")), []byte(body().Draw(t, "html"))
		m.Mail.UnsubscribeMail = rapid.SampledFrom([]string{"", "leave@example.org"}).Draw(t, "mailto")
		m.Mail.AutoSubmitted = rapid.SampledFrom([]string{"", "auto-generated"}).Draw(t, "auto")
		if rapid.Bool().Draw(t, "one part") {
			m.Mail.HTML = nil
		}
		if rapid.Bool().Draw(t, "no list") {
			m.Mail.ListID = ""
		}
		e, refused := check(m)
		if refused != nil {
			t.Fatal(refused)
		}
		offer := rapid.Bool().Draw(t, "8BITMIME")
		raw, _, _, err := fs.compose(nil, e, offer)
		if err != nil {
			t.Fatal(err)
		}
		own := byGoMail(t, e, offer)
		got, err := read(raw)
		want, werr := read(own)
		if err != nil || werr != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v %v\n got %#v\nwant %#v\n%s", err, werr, got, want, raw)
		}
		if g, w := headerNames(raw), headerNames(own); !reflect.DeepEqual(g, w) {
			t.Fatalf("headers %v, want %v", g, w)
		}
	})
}

// byGoMail makes the whole mail with go-mail.
func byGoMail(t *rapid.T, e *envelope, offer bool) []byte {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP))
	h := e.Mail
	setAddress(m, mail.HeaderFrom, phrase(h.FromName)+"<"+e.from.wire()+">")
	setAddress(m, mail.HeaderTo, phrase(h.ToName)+"<"+e.to.wire()+">")
	m.SetGenHeader("Reply-To", "<"+e.replyTo.wire()+">")
	m.SetGenHeader(mail.HeaderSubject, encodeText(h.Subject))
	m.SetDateWithValue(h.Date)
	m.SetMessageIDWithValue(h.MessageID)
	if h.ListID != "" {
		m.SetGenHeader("List-Id", phrase(h.ListName)+"<"+h.ListID+">")
		uris := []string{"<" + h.UnsubscribeURL + ">"}
		if h.UnsubscribeMail != "" {
			uris = append(uris, "<mailto:"+mailto(e.unsubscribe.wire())+">")
		}
		m.SetGenHeader(mail.HeaderListUnsubscribe, strings.Join(uris, ", "))
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	for name, value := range map[mail.Header]string{"Feedback-ID": h.FeedbackID, "Auto-Submitted": h.AutoSubmitted, mail.HeaderPrecedence: "bulk"} {
		if value != "" && (name != mail.HeaderPrecedence || h.Bulk) {
			m.SetGenHeader(name, value)
		}
	}
	first := true
	for _, p := range []struct {
		kind mail.ContentType
		body string
	}{{mail.TypeTextPlain, string(e.Mail.Text)}, {mail.TypeTextHTML, string(e.Mail.HTML)}} {
		if p.body == "" {
			continue
		}
		encoding := mail.WithPartEncoding(mail.EncodingQP)
		if encodingOf([]byte(p.body), offer) == eightBit {
			encoding = mail.WithPartEncoding(mail.NoEncoding)
		}
		if body := crlf(strings.ToValidUTF8(p.body, "\uFFFD")); first {
			m.SetBodyString(p.kind, body, encoding)
		} else {
			m.AddAlternativeString(p.kind, body, encoding)
		}
		first = false
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func headerNames(raw []byte) []string {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var names []string
	for _, l := range strings.Split(string(head), "\r\n") {
		if name, _, ok := strings.Cut(l, ":"); ok && l[0] != ' ' {
			names = append(names, name)
		}
	}
	return names
}

// TestBoundaryIsNeverInABody: who has read the boundary in an earlier mail and types it gets a mail with another one.
func TestBoundaryIsNeverInABody(t *testing.T) {
	var fs forms
	compose := func(text string) []byte {
		msg := sample()
		if text != "" {
			msg.Mail.Text = []byte(text)
		}
		e, refused := check(msg)
		if refused != nil {
			t.Fatal(refused)
		}
		raw, _, _, err := fs.compose(nil, e, true)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	_, rest, _ := bytes.Cut(compose(""), []byte("boundary="))
	value, _, _ := bytes.Cut(rest, []byte("\r\n"))
	typed := "--" + strings.Trim(string(value), `"`) + "\nContent-Type: text/html\n\n<b>mine</b>"
	got, err := read(compose(typed))
	if err != nil || got.parts["text/plain"] != crlf(typed) || got.parts["text/html"] != crlf(string(sample().Mail.HTML)) {
		t.Errorf("%v: %q", err, got.parts)
	}
}
