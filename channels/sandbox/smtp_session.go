package sandbox

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// errSMTPEnd ends a session on purpose: QUIT, 421, or a fault that cuts the connection.
var errSMTPEnd = errors.New("session ended")

// smtpSession is one connection. It answers in order and flushes when the client has nothing more in flight, which is what makes PIPELINING (RFC 2920) fast.
type smtpSession struct {
	srv    *MailServer
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer
	secure bool
	greet  bool // EHLO or HELO was said
	authed bool
	tx     smtpTransaction
}

// smtpTransaction is what MAIL and RCPT have said so far (RFC 5321 §3.3).
type smtpTransaction struct {
	open, eightBit, utf8 bool
	from                 string
	rcpts                []string
}

func newSMTPSession(srv *MailServer, c net.Conn, secure bool) *smtpSession {
	return &smtpSession{srv: srv, conn: c, secure: secure, r: bufio.NewReaderSize(c, 64<<10), w: bufio.NewWriterSize(c, 4<<10)}
}

func (s *smtpSession) run() {
	if handled, err := s.fault(MailAtConnect); err != nil || handled {
		_ = s.w.Flush()
		return
	}
	s.say("220 sandbox.localhost ESMTP")
	for {
		if err := s.step(); err != nil {
			_ = s.w.Flush()
			return
		}
	}
}

func (s *smtpSession) say(line string) {
	_, _ = s.w.WriteString(line)
	_, _ = s.w.WriteString("\r\n")
}

// step reads and answers one command.
func (s *smtpSession) step() error {
	if s.r.Buffered() == 0 {
		if err := s.w.Flush(); err != nil {
			return err
		}
	}
	line, err := s.r.ReadSlice('\n')
	if err != nil {
		return err
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		s.say("500 5.5.2 command must end with CRLF")
		return nil
	}
	if s.srv.cfg.NoPipelining && s.r.Buffered() > 0 {
		s.say("503 5.5.1 PIPELINING was not offered")
		return errSMTPEnd
	}
	return s.command(line)
}

// command dispatches on the verb. The three of every mail come first.
func (s *smtpSession) command(line []byte) error {
	switch {
	case smtpIs(line, "MAIL FROM:"):
		return s.mail(string(line[len("MAIL FROM:"):]))
	case smtpIs(line, "RCPT TO:"):
		return s.rcpt(string(line[len("RCPT TO:"):]))
	case smtpIs(line, "DATA"):
		return s.data()
	case smtpIs(line, "EHLO "):
		s.ehlo()
	case smtpIs(line, "HELO "):
		s.greet, s.tx = true, smtpTransaction{}
		s.say("250 sandbox.localhost")
	case smtpIs(line, "RSET"):
		s.tx = smtpTransaction{}
		s.say("250 2.0.0 flushed")
	case smtpIs(line, "NOOP"):
		s.say("250 2.0.0 ok")
	case smtpIs(line, "STARTTLS"):
		return s.startTLS()
	case smtpIs(line, "AUTH "):
		return s.auth(string(line[len("AUTH "):]))
	case smtpIs(line, "QUIT"):
		s.say("221 2.0.0 bye")
		return errSMTPEnd
	default:
		s.say("500 5.5.2 unknown command")
	}
	return nil
}

func smtpIs(line []byte, verb string) bool {
	return len(line) >= len(verb) && strings.EqualFold(string(line[:len(verb)]), verb)
}

func (s *smtpSession) ehlo() {
	s.greet, s.tx = true, smtpTransaction{}
	c := &s.srv.cfg
	lines := []string{"sandbox.localhost", "SIZE 26214400", "ENHANCEDSTATUSCODES"}
	for _, x := range []struct {
		on   bool
		name string
	}{
		{!c.NoPipelining, "PIPELINING"},
		{!c.NoEightBit, "8BITMIME"},
		{!c.NoUTF8, "SMTPUTF8"},
		{c.StartTLS && !s.secure, "STARTTLS"},
		{c.User != "", "AUTH " + strings.Join(c.Mechanisms, " ")},
	} {
		if x.on {
			lines = append(lines, x.name)
		}
	}
	for _, l := range lines[:len(lines)-1] {
		s.say("250-" + l)
	}
	s.say("250 " + lines[len(lines)-1])
}

// startTLS refuses bytes that came before the handshake: they were not protected by it (RFC 3207 §6).
func (s *smtpSession) startTLS() error {
	if !s.srv.cfg.StartTLS || s.secure {
		s.say("502 5.5.1 STARTTLS not offered")
		return nil
	}
	if s.r.Buffered() > 0 {
		return errSMTPEnd
	}
	s.say("220 2.0.0 go ahead")
	if err := s.w.Flush(); err != nil {
		return err
	}
	t := tls.Server(s.conn, s.srv.tlsConfig())
	if err := t.Handshake(); err != nil {
		return err
	}
	*s = *newSMTPSession(s.srv, t, true)
	return nil
}

// fault strikes if one is set for the phase. handled: the command has had its answer. An error ends the session.
func (s *smtpSession) fault(p MailPhase, rcpts ...string) (handled bool, err error) {
	f := s.srv.faultFor(p, rcpts...)
	if f == nil {
		return false, nil
	}
	if f.Delay > 0 {
		_ = s.w.Flush()
		f.wait(s.srv.done)
	}
	switch {
	case f.Cut:
		return true, errSMTPEnd
	case f.Reply == "":
		return false, nil
	}
	s.say(f.Reply)
	if strings.HasPrefix(f.Reply, "421") {
		return true, errSMTPEnd
	}
	return true, nil
}
