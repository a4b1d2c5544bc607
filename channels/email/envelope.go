package email

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// envelope is a message whose every header and address passed the checks: what follows can be written as it is.
type envelope struct {
	*channels.Message
	from, to, replyTo, unsubscribe, bounce mailbox // bounce is the envelope sender; the zero mailbox is the null sender <>
	oneClick                               bool
}

// check refuses whatever could not be sent, before anything is opened or written. It returns nil and the receipt if so.
func check(m *channels.Message) (*envelope, *channels.Receipt) {
	e := &envelope{}
	if r := e.read(m); r != nil {
		return nil, r
	}
	return e, nil
}

// read is check, into an envelope that may have been another's.
func (e *envelope) read(m *channels.Message) *channels.Receipt {
	*e = envelope{Message: m}
	if m.Mail == nil {
		return broken("message has no mail headers")
	}
	if name := unsafeField(m); name != "" {
		return broken(name + ": CR, LF or NUL in a header value")
	}
	var err error
	if e.to, err = parseMailbox(m.To, true); err != nil {
		return &channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachGone, Code: "5.1.3", Detail: err.Error()}
	}
	if err = e.checkOurs(); err == nil {
		err = e.checkIDs()
	}
	if err == nil {
		err = e.checkUnsubscribe()
	}
	if err != nil {
		return broken(err.Error())
	}
	return nil
}

func broken(detail string) *channels.Receipt {
	return &channels.Receipt{Class: channels.Broken, Detail: detail}
}

// unsafeField names the first field with a CR, LF or NUL: in a header it would begin a header, or a body, of somebody else's choosing.
func unsafeField(m *channels.Message) string {
	h := m.Mail
	for _, f := range [][2]string{
		{"To", m.To},
		{"Subject", h.Subject},
		{"FromName", h.FromName},
		{"FromAddress", h.FromAddress},
		{"EnvelopeFrom", h.EnvelopeFrom},
		{"ToName", h.ToName},
		{"ReplyTo", h.ReplyTo},
		{"MessageID", h.MessageID},
		{"ListID", h.ListID},
		{"ListName", h.ListName},
		{"UnsubscribeURL", h.UnsubscribeURL},
		{"UnsubscribeMail", h.UnsubscribeMail},
		{"FeedbackID", h.FeedbackID},
		{"AutoSubmitted", h.AutoSubmitted},
	} {
		if breaks(f[1]) {
			return f[0]
		}
	}
	return ""
}

// breaks reports whether s has a CR, LF or NUL.
func breaks(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= '\r' && (c == '\r' || c == '\n' || c == 0) {
			return true
		}
	}
	return false
}

// checkOurs reads the addresses that are the community's own.
func (e *envelope) checkOurs() error {
	for _, a := range []struct {
		name, value string
		optional    bool
		to          *mailbox
	}{
		{"FromAddress", e.Mail.FromAddress, false, &e.from},
		{"EnvelopeFrom", e.Mail.EnvelopeFrom, true, &e.bounce},
		{"ReplyTo", e.Mail.ReplyTo, true, &e.replyTo},
		{"UnsubscribeMail", e.Mail.UnsubscribeMail, true, &e.unsubscribe},
	} {
		if a.value == "" && a.optional {
			continue
		}
		var err error
		if *a.to, err = parseMailbox(a.value, false); err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
	}
	if e.Mail.Date.Equal(time.Time{}) {
		return errors.New("no Date is set")
	}
	if len(e.Mail.Text)+len(e.Mail.HTML) == 0 {
		return errors.New("message has no text and no HTML")
	}
	return nil
}

func (e *envelope) checkIDs() error {
	h := e.Mail
	if left, right, ok := strings.Cut(h.MessageID, "@"); !ok || left == "" || right == "" || !token(h.MessageID, "<>()[],;:\\\"") {
		return errors.New("MessageID: expected opaque@domain")
	}
	if h.ListID != "" && !token(h.ListID, "<>()[],;:\\\"@") {
		return errors.New("ListID: expected a dotted identifier")
	}
	if !token(strings.ReplaceAll(h.FeedbackID, " ", ""), "") {
		return errors.New("FeedbackID: expected a:b:c:sender in ASCII")
	}
	switch h.AutoSubmitted {
	case "", "auto-generated", "auto-replied":
		return nil
	}
	return errors.New("AutoSubmitted: expected auto-generated or auto-replied")
}

// token accepts up to 900 printable ASCII characters without spaces and without those forbidden: it needs no folding to fit a line.
func token(s, forbidden string) bool {
	return len(s) <= 900 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(forbidden, r)
	})
}

// checkUnsubscribe allows one-click (RFC 8058 §3.1) for https, and for http to this machine, where the demo runs.
func (e *envelope) checkUnsubscribe() error {
	s := e.Mail.UnsubscribeURL
	if s == "" {
		return nil
	}
	if plainHTTPS(s) {
		e.oneClick = true
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !token(s, "<>,\"\\") || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("UnsubscribeURL: expected an absolute https URL")
	}
	e.oneClick = u.Scheme == "https" || isLoopback(u.Hostname())
	return nil
}

// plainHTTPS recognises the common case, an address with a host and a path of letters, digits and what base64url has besides.
func plainHTTPS(s string) bool {
	rest, ok := strings.CutPrefix(s, "https://")
	host, path, found := strings.Cut(rest, "/")
	if !ok || !found || host == "" || host[0] == '.' || len(s) > 900 {
		return false
	}
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
	}
	return !strings.ContainsFunc(host, func(c rune) bool { return !plain(c) && c != '.' }) &&
		!strings.ContainsFunc(path, func(c rune) bool { return !plain(c) && c != '_' && c != '/' })
}

// needsUTF8 reports whether any address of the envelope or of an address header can only travel with SMTPUTF8.
func (e *envelope) needsUTF8() bool {
	return e.to.needsUTF8() || e.from.needsUTF8() || e.bounce.needsUTF8() || e.replyTo.needsUTF8()
}
