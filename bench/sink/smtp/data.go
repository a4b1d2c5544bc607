package smtp

import (
	"bytes"
	"strings"
)

// data answers DATA and takes the mail.
func (s *session) data() error {
	reply, err := s.act(AtData)
	switch {
	case err != nil:
		return err
	case reply == "" && len(s.ends) == 0:
		s.wire.Say("503 5.5.1 no valid recipients\r\n")
		return nil
	case reply == "":
		s.wire.Say("354 go ahead\r\n")
	case !strings.HasPrefix(reply, "354"):
		return nil
	}
	if s.wire.Buffered() > 0 { // DATA ends a group of commands (RFC 2920 §3.1)
		s.srv.breaches.Add(1)
	}
	empty, err := s.body()
	if err != nil {
		return err
	}
	return s.dot(empty)
}

// dot answers the final dot. The mail is in the ledger before the answer: what the client never hears was taken all the same.
func (s *session) dot(empty bool) error {
	defer s.reset()
	if len(s.ends) == 0 {
		if !empty {
			s.srv.breaches.Add(1)
		}
		s.wire.Say("554 5.5.1 no valid recipients\r\n")
		return nil
	}
	if reply, err := s.act(AtDot); reply != "" || err != nil {
		return err
	}
	start := 0
	for _, end := range s.ends {
		s.srv.Ledger.Add(s.to[start:end], s.id)
		if s.srv.taken != nil {
			s.srv.taken(string(s.to[start:end]), string(s.id), s.raw)
		}
		start = end
	}
	if reply, err := s.act(Taken); reply != "" || err != nil {
		return err
	}
	s.wire.Say("250 2.0.0 taken\r\n")
	return nil
}

// end is the final dot, which stands alone between two CRLF: a bare LF is content (RFC 5321 §4.1.1.4).
const end = "\r\n.\r\n"

// body reads up to the final dot: the header line by line for its Message-ID, the rest in one go.
func (s *session) body() (empty bool, err error) {
	const field = "Message-ID:"
	first, fresh, folded := true, true, false
	for {
		line, err := s.wire.Line()
		if err != nil {
			return false, err
		}
		crlf := len(line) > 1 && line[len(line)-2] == '\r'
		if fresh && len(line) == 3 && line[0] == '.' && crlf {
			return first, nil
		}
		fresh = crlf
		s.keep(line)
		over := len(line) <= 2 // also a bare LF, as servers are lenient
		switch {
		case over:
		case folded:
			folded = false
			s.id = append(s.id[:0], bytes.Trim(line, " \t\r\n<>")...)
		case is(line, field):
			s.id = append(s.id[:0], bytes.Trim(line[len(field):], " \t\r\n<>")...)
			folded = len(s.id) == 0
		}
		if first {
			first = false
			if reply, err := s.act(InBody); reply != "" || err != nil {
				return false, errEnd // whatever it said, the mail ends here
			}
		}
		switch {
		case over && s.srv.taken != nil:
			return false, s.rest(crlf)
		case over && crlf:
			return false, s.wire.Past(end, len("\r\n"))
		case over:
			return false, s.wire.Past(end, 0)
		}
	}
}

// rest reads line by line what follows the header, for whoever wants the mail itself.
func (s *session) rest(fresh bool) error {
	for {
		line, err := s.wire.Line()
		if err != nil || fresh && string(line) == end[len("\r\n"):] {
			return err
		}
		fresh = bytes.HasSuffix(line, []byte("\r\n"))
		s.keep(line)
	}
}

// keep keeps a line of the mail, without the dot that was put before its own (RFC 5321 §4.5.2).
func (s *session) keep(line []byte) {
	if s.srv.taken != nil {
		s.raw = append(s.raw, bytes.TrimPrefix(line, []byte("."))...)
	}
}
