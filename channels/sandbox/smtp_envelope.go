package sandbox

import "strings"

func (s *smtpSession) mail(arg string) error {
	if handled, err := s.fault(MailAtMail); handled || err != nil {
		return err
	}
	switch {
	case !s.greet:
		s.say("503 5.5.1 EHLO first")
	case s.srv.cfg.User != "" && !s.authed:
		s.say("530 5.7.0 authentication required")
	case s.tx.open:
		s.say("503 5.5.1 nested MAIL")
	default:
		s.beginMail(arg)
	}
	return nil
}

func (s *smtpSession) beginMail(arg string) {
	from, params, ok := smtpPath(arg)
	tx := smtpTransaction{open: true, from: from, rcpts: s.tx.rcpts[:0]}
	for _, p := range strings.Fields(params) {
		switch up := strings.ToUpper(p); {
		case up == "BODY=8BITMIME" && !s.srv.cfg.NoEightBit:
			tx.eightBit = true
		case up == "SMTPUTF8" && !s.srv.cfg.NoUTF8:
			tx.utf8 = true
		case up == "BODY=7BIT", strings.HasPrefix(up, "SIZE="):
		default:
			s.say("555 5.5.4 parameter not recognized")
			return
		}
	}
	if !ok || !tx.utf8 && !smtpASCII(from) {
		s.say("501 5.1.7 bad sender")
		return
	}
	s.tx = tx
	s.say("250 2.1.0 ok")
}

func (s *smtpSession) rcpt(arg string) error {
	to, params, ok := smtpPath(arg)
	if handled, err := s.fault(MailAtRcpt, to); handled || err != nil {
		return err
	}
	switch {
	case !s.tx.open:
		s.say("503 5.5.1 MAIL first")
	case !ok || to == "" || params != "":
		s.say("501 5.1.3 bad recipient")
	case !s.tx.utf8 && !smtpASCII(to):
		s.say("553 5.6.7 SMTPUTF8 was not asked for")
	default:
		s.tx.rcpts = append(s.tx.rcpts, to)
		s.say("250 2.1.5 ok")
	}
	return nil
}

// smtpPath splits "<address> PARAM PARAM".
func smtpPath(arg string) (path, params string, ok bool) {
	arg = strings.TrimLeft(arg, " ")
	if !strings.HasPrefix(arg, "<") {
		return "", "", false
	}
	end := strings.IndexByte(arg, '>')
	if end < 0 || strings.ContainsAny(arg[:end], " \t\"") {
		return "", "", false
	}
	return arg[1:end], strings.TrimSpace(arg[end+1:]), true
}

func smtpASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
