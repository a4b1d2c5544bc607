package smtp

import (
	"bytes"
	"errors"
	"strings"

	"github.com/kruzhok/kruzhok/bench/sink"
)

// errEnd ends a session on purpose: QUIT, 421, a cut.
var errEnd = errors.New("session ended")

// session is one connection and the mail that it is about.
type session struct {
	srv    *Server
	wire   *sink.Wire
	number int64

	open bool   // MAIL was accepted
	to   []byte // the accepted recipients, one after the other
	ends []int  // where each ends in to
	id   []byte // the mail's Message-ID
	raw  []byte // the mail itself, where somebody wants it
}

func (s *session) run() {
	_, err := s.act(Connected)
	if err == nil {
		s.wire.Say("220 sink.localhost ESMTP\r\n")
	}
	for err == nil {
		err = s.step()
	}
	_ = s.wire.Flush()
}

// step reads and answers one command.
func (s *session) step() error {
	line, err := s.wire.Line()
	if err != nil {
		return err
	}
	if !s.srv.pipelining && s.wire.Buffered() > 0 {
		s.srv.breaches.Add(1)
		s.wire.Say("503 5.5.1 PIPELINING was not offered\r\n")
		return errEnd
	}
	return s.command(line)
}

func is(line []byte, verb string) bool {
	return len(line) >= len(verb) && strings.EqualFold(string(line[:len(verb)]), verb)
}

// command dispatches on the verb. The three of every mail come first.
func (s *session) command(line []byte) error {
	switch {
	case is(line, "MAIL FROM:"):
		return s.mail()
	case is(line, "RCPT TO:"):
		return s.rcpt(line[len("RCPT TO:"):])
	case is(line, "DATA"):
		return s.data()
	case is(line, "EHLO "):
		s.reset()
		s.wire.Say("250-sink.localhost\r\n")
		for _, x := range s.srv.extensions {
			s.wire.Say("250-", x, "\r\n")
		}
		s.wire.Say("250 HELP\r\n")
	case is(line, "HELO "):
		s.reset()
		s.wire.Say("250 sink.localhost\r\n")
	case is(line, "RSET"):
		s.reset()
		s.wire.Say("250 2.0.0 flushed\r\n")
	case is(line, "NOOP"):
		s.wire.Say("250 2.0.0 ok\r\n")
	case is(line, "QUIT"):
		s.wire.Say("221 2.0.0 bye\r\n")
		return errEnd
	default:
		s.wire.Say("500 5.5.2 unknown command\r\n")
	}
	return nil
}

func (s *session) reset() {
	s.open, s.to, s.ends, s.id, s.raw = false, s.to[:0], s.ends[:0], s.id[:0], s.raw[:0]
}

func (s *session) mail() error {
	if s.open {
		s.wire.Say("503 5.5.1 nested MAIL\r\n")
		return nil
	}
	s.reset()
	if reply, err := s.act(AtMail); reply != "" || err != nil {
		return err
	}
	s.open = true
	s.wire.Say("250 2.1.0 ok\r\n")
	return nil
}

func (s *session) rcpt(arg []byte) error {
	from, end := bytes.IndexByte(arg, '<'), bytes.IndexByte(arg, '>')
	switch {
	case !s.open:
		s.wire.Say("503 5.5.1 MAIL first\r\n")
		return nil
	case from < 0 || end <= from+1:
		s.wire.Say("501 5.1.3 bad recipient\r\n")
		return nil
	}
	before := len(s.to)
	s.to = append(s.to, arg[from+1:end]...)
	s.ends = append(s.ends, len(s.to))
	if reply, err := s.act(AtRcpt); reply != "" || err != nil {
		s.to, s.ends = s.to[:before], s.ends[:len(s.ends)-1]
		return err
	}
	s.wire.Say("250 2.1.5 ok\r\n")
	return nil
}

func (s *session) lastRcpt() string {
	switch n := len(s.ends); n {
	case 0:
		return ""
	case 1:
		return string(s.to)
	default:
		return string(s.to[s.ends[n-2]:])
	}
}
