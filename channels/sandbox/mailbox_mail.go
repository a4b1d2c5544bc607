package sandbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// Mail is one accepted mail as it arrived: Raw has its dots unstuffed and its lines end with CRLF. The rest is parsed when asked for.
type Mail struct {
	Acceptance
	Raw []byte
}

// Header is the decoded value of the first header of that name, or "".
func (m Mail) Header(name string) string {
	v := m.header(name)
	if d, err := new(mime.WordDecoder).DecodeHeader(v); err == nil {
		return d
	}
	return v
}

func (m Mail) header(name string) string {
	p, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	return p.Header.Get(name)
}

// Subject is the decoded subject.
func (m Mail) Subject() string { return m.Header("Subject") }

// From is the decoded From header: name and address.
func (m Mail) From() (name, address string) {
	a, err := mail.ParseAddress(m.header("From"))
	if err != nil {
		return "", ""
	}
	return a.Name, a.Address
}

// Text is the first text/plain part, HTML the first text/html part; "" if there is none.
func (m Mail) Text() string { return m.part("text/plain") }

// HTML is the first text/html part.
func (m Mail) HTML() string { return m.part("text/html") }

func (m Mail) part(kind string) string {
	p, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		return ""
	}
	s, _ := mailPart(textproto.MIMEHeader(p.Header), p.Body, kind, 5)
	return s
}

// mailPart looks for the first part of the kind, at most depth multiparts deep.
func mailPart(h textproto.MIMEHeader, body io.Reader, kind string, depth int) (string, bool) {
	t, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t = "text/plain"
	}
	if strings.HasPrefix(t, "multipart/") && depth > 0 {
		r := multipart.NewReader(body, params["boundary"])
		for {
			p, err := r.NextRawPart()
			if err != nil {
				return "", false
			}
			if s, ok := mailPart(p.Header, p, kind, depth-1); ok {
				return s, true
			}
		}
	}
	if t != kind {
		return "", false
	}
	b, err := io.ReadAll(mailDecoder(h.Get("Content-Transfer-Encoding"), body))
	return string(b), err == nil
}

func mailDecoder(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	}
	return r
}

// Link is one link that a reader of the mail can follow.
type Link struct{ Text, URL string }

var mailURL = regexp.MustCompile(`https?://[^\s<>"]+`)

// Links are the anchors of the HTML part with their visible text or, in a mail without HTML, the URLs of the text.
func Links(m Mail) []Link {
	if h := m.HTML(); h != "" {
		doc, err := html.Parse(strings.NewReader(h))
		if err != nil {
			return nil
		}
		return mailAnchors(doc, nil)
	}
	var out []Link
	for _, u := range mailURL.FindAllString(m.Text(), -1) {
		u = strings.TrimRight(u, ".,;:!?)")
		out = append(out, Link{Text: u, URL: u})
	}
	return out
}

func mailAnchors(n *html.Node, out []Link) []Link {
	if n.Type == html.ElementNode && n.Data == "a" {
		for _, a := range n.Attr {
			if a.Key == "href" {
				out = append(out, Link{Text: strings.Join(strings.Fields(mailNodeText(n)), " "), URL: a.Val})
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		out = mailAnchors(c, out)
	}
	return out
}

func mailNodeText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(mailNodeText(c))
	}
	return b.String()
}
