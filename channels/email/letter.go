package email

import (
	"bytes"
	"strconv"

	"github.com/kruzhok/kruzhok/channels"
)

// letter is one mail as it goes over a connection. Its bytes are used again for the next.
type letter struct {
	e     *envelope
	own   envelope // a stream's mails have theirs here, one after another
	raw   []byte   // as it is read: without doubled dots
	spare []byte

	dotted   bool // a line begins with a dot
	body8bit bool
}

// write makes the mail for what the link's server takes. A signed one is 7-bit whatever that is: a relay on its way may not take 8BITMIME, and what is
// encoded anew there is signed no longer (RFC 6376 §5.3).
func (m *letter) write(e *envelope, l *link) (err error) {
	keys := l.cfg.DKIM
	m.e = e
	m.raw, m.dotted, m.body8bit, err = l.forms.compose(m.raw[:0], e, l.eightBit && len(keys) == 0)
	if err == nil && len(keys) > 0 {
		m.raw, err = sign(keys, e.from.ascii, m.raw)
	}
	return err
}

// make checks the message and makes its mail. It reports false when the message or the server does not allow it.
func (m *letter) make(msg *channels.Message, l *link) bool {
	e := &m.own
	return e.read(msg) == nil && (!e.needsUTF8() || l.utf8) && m.write(e, l) == nil
}

// envelope appends the three commands.
func (m *letter) envelope(dst []byte, l *link) []byte {
	for _, c := range m.commands(l) {
		dst = append(dst, c...)
	}
	return dst
}

// commands are MAIL, RCPT and DATA.
func (m *letter) commands(l *link) [3][]byte {
	b := append(append(append(m.spare[:0], "MAIL FROM:<"...), m.e.bounce.wire()...), '>')
	if m.body8bit {
		b = append(b, " BODY=8BITMIME"...) // RFC 6152
	}
	if m.e.needsUTF8() {
		b = append(b, " SMTPUTF8"...)
	}
	if l.size {
		b = strconv.AppendInt(append(b, " SIZE="...), int64(len(m.raw)), 10) // RFC 1870: a refusal before the body
	}
	b = append(b, "\r\n"...)
	from := len(b)
	b = append(append(append(b, "RCPT TO:<"...), m.e.to.wire()...), ">\r\n"...)
	to := len(b)
	b = append(b, "DATA\r\n"...)
	m.spare = b
	return [3][]byte{b[:from], b[from:to], b[to:]}
}

// wire is the mail with each leading dot doubled, and the dot that ends it (RFC 5321 §4.5.2).
func (m *letter) wire() []byte {
	if m.dotted {
		m.spare = append(m.spare[:0], m.raw...)
		m.raw = doubleDots(m.raw[:0], m.spare)
	}
	if !bytes.HasSuffix(m.raw, []byte("\r\n")) {
		m.raw = append(m.raw, "\r\n"...)
	}
	m.raw = append(m.raw, ".\r\n"...)
	return m.raw
}

// doubleDots appends b, whose lines end with CRLF, with a dot before each one that begins a line.
func doubleDots(dst, b []byte) []byte {
	for len(b) > 0 {
		if b[0] == '.' {
			dst = append(dst, '.')
		}
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return append(dst, b...)
		}
		dst, b = append(dst, b[:i+1]...), b[i+1:]
	}
	return dst
}
