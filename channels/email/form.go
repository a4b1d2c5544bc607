package email

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// form is a mail as go-mail writes it, cut where what differs from one member to the next stands. Mails of one campaign's version and language share it:
// it is made once, and filling it costs some microseconds, a fiftieth of making a mail anew.
type form struct {
	// literals stand before each slot; the last one ends the mail.
	literals [][]byte
	slots    []slot
	boundary []byte // between the parts; empty with only one

	// date is the last one that was written: mails that enter together have the same.
	date    time.Time
	written []byte
}

// shape is what makes two mails share a form: the headers that are the same for both, which of the others there are, and how the parts are encoded.
type shape struct {
	fromName, fromAddress, listName, listID, feedbackID, autoSubmitted string

	bulk, replyTo, unsubscribe, oneClick bool
	text, html                           transferEncoding
}

// transferEncoding is how a part travels.
type transferEncoding byte

const (
	noPart transferEncoding = iota
	quotedPrintable
	eightBit
)

// shapeOf reads it off a checked mail. A part goes out as 8bit where the server takes it and its lines fit, else as quoted-printable.
func shapeOf(e *envelope, server8bit bool) shape {
	h := e.Mail
	s := shape{
		fromName: h.FromName, fromAddress: e.from.wire(), feedbackID: h.FeedbackID, autoSubmitted: h.AutoSubmitted, bulk: h.Bulk, replyTo: h.ReplyTo != "",
		text: encodingOf(h.Text, server8bit), html: encodingOf(h.HTML, server8bit),
	}
	if h.ListID != "" {
		s.listID, s.listName = h.ListID, h.ListName
		s.unsubscribe, s.oneClick = h.UnsubscribeURL+h.UnsubscribeMail != "", e.oneClick
	}
	return s
}

// encodingOf: NUL may not travel as 8bit (RFC 2045 §2.8), nor may a line over 998 octets.
func encodingOf(body []byte, server8bit bool) transferEncoding {
	switch {
	case len(body) == 0:
		return noPart
	case !server8bit || bytes.IndexByte(body, 0) >= 0 || !linesFit(body):
		return quotedPrintable
	}
	return eightBit
}

// linesFit reports whether no line has more than maxLine octets, where LF, CRLF or CR end one. It looks for one end in every maxLine octets, from behind.
func linesFit(s []byte) bool {
	for len(s) > maxLine {
		i := bytes.LastIndexByte(s[:maxLine+1], '\n')
		if i < 0 {
			i = bytes.LastIndexByte(s[:maxLine+1], '\r')
		}
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
	return true
}

// slot is a place that each mail fills.
type slot byte

const (
	slotTo slot = iota
	slotReplyTo
	slotSubject
	slotDate
	slotMessageID
	slotUnsubscribe
	slotText
	slotHTML
)

// markers are what go-mail is given for the slots. It writes each as it is, and once.
var markers = map[slot]string{
	slotTo: "<slot-to@slot.invalid>", slotReplyTo: "<slot-reply@slot.invalid>", slotSubject: "slot-subject", slotDate: "Thu, 01 Jan 1970 00:00:00 +0000",
	slotMessageID: "slot-id@slot.invalid", slotUnsubscribe: "<slot-unsubscribe>", slotText: "slot-text", slotHTML: "slot-html",
}

// newForm lets go-mail make a mail of the shape and cuts it.
func newForm(s *shape) (*form, error) {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithEncoding(mail.EncodingQP), mail.WithBoundary(newBoundary()))
	setHeaders(m, s)
	for _, p := range []struct {
		kind     mail.ContentType
		encoding transferEncoding
		at       slot
	}{{mail.TypeTextPlain, s.text, slotText}, {mail.TypeTextHTML, s.html, slotHTML}} {
		encoding := mail.WithPartEncoding(mail.EncodingQP)
		if p.encoding == eightBit {
			encoding = mail.WithPartEncoding(mail.NoEncoding)
		}
		switch {
		case p.encoding == noPart:
		case len(m.GetParts()) == 0:
			m.SetBodyString(p.kind, markers[p.at], encoding)
		default:
			m.AddAlternativeString(p.kind, markers[p.at], encoding)
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("build mail: %w", err)
	}
	if !linesFit(b.Bytes()) {
		return nil, errors.New("build mail: a header line is longer than 998 octets")
	}
	return cut(b.Bytes(), s)
}

// newBoundary is a random one that begins with a character which mails seldom have: each is looked through for it. RFC 2046 §5.1.1 says which may stand there.
func newBoundary() string { return "_" + rand.Text() + rand.Text() }

func setHeaders(m *mail.Msg, s *shape) {
	setAddress(m, mail.HeaderFrom, phrase(s.fromName)+"<"+s.fromAddress+">")
	setAddress(m, mail.HeaderTo, markers[slotTo])
	if s.replyTo {
		setAddress(m, mail.HeaderReplyTo, markers[slotReplyTo])
	}
	m.SetGenHeader(mail.HeaderSubject, markers[slotSubject])
	m.SetDateWithValue(time.Unix(0, 0).UTC())
	m.SetMessageIDWithValue(markers[slotMessageID])
	if s.listID != "" {
		m.SetGenHeader("List-Id", phrase(s.listName)+"<"+s.listID+">")
	}
	if s.unsubscribe {
		m.SetGenHeader(mail.HeaderListUnsubscribe, markers[slotUnsubscribe])
	}
	if s.oneClick {
		m.SetGenHeader(mail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	if s.feedbackID != "" {
		m.SetGenHeader("Feedback-ID", s.feedbackID)
	}
	if s.autoSubmitted != "" {
		m.SetGenHeader("Auto-Submitted", s.autoSubmitted)
	}
	if s.bulk {
		m.SetGenHeader(mail.HeaderPrecedence, "bulk")
	}
}

// setAddress writes the header itself: net/mail, which go-mail relies on, leaves a backslash in an encoded word of a name, and no parser takes that
// (RFC 2047 §5 rule 3). go-mail would encode an address outside ASCII as if it were text, so that one is folded here.
func setAddress(m *mail.Msg, name mail.AddrHeader, value string) {
	if isASCII(value) {
		m.SetGenHeader(mail.Header(name), value)
		return
	}
	m.SetGenHeaderPreformatted(mail.Header(name), strings.ReplaceAll(value, " ", "\r\n "))
}

// cut takes a mail apart at its markers.
func cut(raw []byte, s *shape) (*form, error) {
	f := &form{}
	if s.text != noPart && s.html != noPart {
		_, rest, _ := bytes.Cut(raw, []byte("boundary="))
		value, _, _ := bytes.Cut(rest, []byte("\r\n"))
		f.boundary = bytes.Trim(value, `"`)
		if len(f.boundary) < 16 {
			return nil, errors.New("build mail: no boundary between the parts")
		}
	}
	type place struct {
		slot
		at int
	}
	var places []place
	for at, marker := range markers {
		switch n := bytes.Count(raw, []byte(marker)); {
		case n == 1:
			places = append(places, place{at, bytes.Index(raw, []byte(marker))})
		case n > 1 || s.has(at):
			return nil, fmt.Errorf("build mail: slot %d stands there %d times", at, n)
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	from := 0
	for _, p := range places {
		f.literals = append(f.literals, raw[from:p.at])
		f.slots = append(f.slots, p.slot)
		from = p.at + len(markers[p.slot])
	}
	f.literals = append(f.literals, raw[from:])
	return f, nil
}

// has reports whether mails of the shape have the slot.
func (s *shape) has(at slot) bool {
	switch at {
	case slotReplyTo:
		return s.replyTo
	case slotUnsubscribe:
		return s.unsubscribe
	case slotText:
		return s.text != noPart
	case slotHTML:
		return s.html != noPart
	}
	return true
}

// fill appends the mail for the envelope, whose shape is the form's. dotted: a line of it begins with a dot.
func (f *form) fill(dst []byte, e *envelope, s *shape) (_ []byte, dotted bool) {
	for i, at := range f.slots {
		dst = append(dst, f.literals[i]...)
		switch at {
		case slotTo:
			dst = appendFolded(dst, len("To: "), phrase(e.Mail.ToName)+"<"+e.to.wire()+">")
		case slotReplyTo:
			dst = append(append(append(dst, '<'), e.replyTo.wire()...), '>')
		case slotSubject:
			dst = appendFolded(dst, len("Subject: "), encodeText(e.Mail.Subject))
		case slotDate:
			if f.written == nil || e.Mail.Date != f.date {
				f.date, f.written = e.Mail.Date, e.Mail.Date.AppendFormat(nil, time.RFC1123Z)
			}
			dst = append(dst, f.written...)
		case slotMessageID:
			dst = append(dst, e.Mail.MessageID...)
		case slotUnsubscribe:
			dst = appendUnsubscribe(dst, e)
		case slotText:
			dst, dotted = appendPart(dst, e.Mail.Text, s.text, dotted)
		case slotHTML:
			dst, dotted = appendPart(dst, e.Mail.HTML, s.html, dotted)
		}
	}
	return append(dst, f.literals[len(f.slots)]...), dotted
}

// spoilt reports whether a part of the mail holds the boundary: somebody typed it, who had an earlier mail of the form before his eyes.
func (f *form) spoilt(e *envelope) bool {
	return len(f.boundary) > 0 && (bytes.Contains(e.Mail.Text, f.boundary) || bytes.Contains(e.Mail.HTML, f.boundary))
}

// forms keeps a connection's forms. It is not safe for concurrent use.
type forms map[shape]*form

// maxForms bounds them; beyond it, they are made anew.
const maxForms = 64

// compose appends the mail. eightBit: the server takes 8BITMIME, and body says that a part uses it.
func (fs *forms) compose(dst []byte, e *envelope, server8bit bool) (_ []byte, dotted, body8bit bool, err error) {
	s := shapeOf(e, server8bit)
	f := (*fs)[s]
	for f == nil || f.spoilt(e) {
		if f, err = newForm(&s); err != nil {
			return dst, false, false, err
		}
		if *fs == nil || len(*fs) >= maxForms {
			*fs = forms{}
		}
		(*fs)[s] = f
	}
	dst, dotted = f.fill(dst, e, &s)
	return dst, dotted, s.text == eightBit || s.html == eightBit, nil
}
