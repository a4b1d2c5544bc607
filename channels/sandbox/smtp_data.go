package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
)

const (
	smtpMaxSize = 25 << 20
	smtpMaxLine = 998 // RFC 5321 §4.5.3.1.6, without CRLF
)

// data answers DATA, takes the message and hands it to the mailbox.
func (s *smtpSession) data() error {
	if handled, err := s.fault(MailAtData, s.tx.rcpts...); handled || err != nil {
		return err
	}
	if len(s.tx.rcpts) == 0 && !(s.tx.open && s.srv.cfg.EagerData) {
		s.say("503 5.5.1 no valid recipients")
		return nil
	}
	s.say("354 go ahead")
	if err := s.w.Flush(); err != nil {
		return err
	}
	if f := s.srv.faultFor(MailInBody, s.tx.rcpts...); f != nil {
		return s.breakBody(f)
	}
	b := smtpBody{keep: s.srv.cfg.KeepBodies}
	if err := b.read(s.r); err != nil {
		return err
	}
	tx := s.tx
	s.tx = smtpTransaction{rcpts: tx.rcpts[:0]}
	return s.accept(tx, &b)
}

func (s *smtpSession) breakBody(f *smtpFault) error {
	if _, err := s.r.ReadSlice('\n'); err != nil {
		return err
	}
	f.wait(s.srv.done)
	if f.Reply != "" {
		s.say(f.Reply)
	}
	return errSMTPEnd
}

// accept records before it answers: what the client never hears was accepted all the same.
func (s *smtpSession) accept(tx smtpTransaction, b *smtpBody) error {
	if len(tx.rcpts) == 0 {
		s.srv.unwanted.Add(int64(b.size))
		s.say("554 5.5.1 no valid recipients")
		return nil
	}
	if handled, err := s.fault(MailAtDot, tx.rcpts...); handled || err != nil {
		return err
	}
	if reply := b.refusal(tx.eightBit); reply != "" {
		s.say(reply)
		return nil
	}
	for _, to := range tx.rcpts {
		s.srv.box.add(to, tx.from, b.messageID, b.raw)
	}
	if handled, err := s.fault(MailAfterDot, tx.rcpts...); handled || err != nil {
		return err
	}
	s.say("250 2.0.0 accepted")
	return nil
}

// smtpBody reads a message up to the final dot, with the dots of transparency removed (RFC 5321 §4.5.2).
type smtpBody struct {
	keep      bool
	raw       []byte
	messageID string
	size      int
	eightBit  bool
	fault     string // what is wrong with its form

	inBody bool // the empty line after the header has passed
	idNext bool // "Message-ID:" stood alone: its value is on the folded line
}

// read accepts only CRLF "." CRLF as the end: a bare LF before or after the dot is content (RFC 5321 §4.1.1.4).
func (b *smtpBody) read(r *bufio.Reader) error {
	start := true // of a line, after CRLF
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if start && string(line) == ".\r\n" {
			return nil
		}
		if start && len(line) > 0 && line[0] == '.' {
			line = line[1:]
		}
		b.check(line)
		b.header(line)
		if b.size += len(line); b.keep && b.size <= smtpMaxSize {
			b.raw = append(b.raw, line...)
		}
		start = bytes.HasSuffix(line, []byte("\r\n"))
	}
}

func (b *smtpBody) check(line []byte) {
	text, crlf := bytes.CutSuffix(line, []byte("\r\n"))
	switch {
	case len(text) > smtpMaxLine:
		b.fault = "554 5.6.0 line longer than 998 octets"
	case !crlf || bytes.IndexByte(text, '\r') >= 0:
		b.fault = "554 5.6.0 bare CR or LF"
	}
	if !b.eightBit {
		for _, c := range text {
			if c >= 0x80 {
				b.eightBit = true
				break
			}
		}
	}
}

// header looks for the Message-ID.
func (b *smtpBody) header(line []byte) {
	switch {
	case b.inBody:
	case len(line) <= 2:
		b.inBody = true
	case b.idNext:
		b.messageID, b.idNext = smtpID(line), false
	case smtpIs(line, "Message-ID:"):
		b.messageID = smtpID(line[len("Message-ID:"):])
		b.idNext = b.messageID == ""
	}
}

func smtpID(v []byte) string { return strings.Trim(string(bytes.TrimSpace(v)), "<>") }

func (b *smtpBody) refusal(eightBit bool) string {
	switch {
	case b.fault != "":
		return b.fault
	case b.size > smtpMaxSize:
		return "552 5.3.4 message too big"
	case b.eightBit && !eightBit:
		return "554 5.6.1 8-bit bytes without BODY=8BITMIME"
	}
	return ""
}
