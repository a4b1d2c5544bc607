package sandbox

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // CRAM-MD5 (RFC 2195) is defined with it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

var errSMTPAuth = errors.New("authentication exchange broken")

// auth runs one AUTH exchange (RFC 4954).
func (s *smtpSession) auth(arg string) error {
	mech, initial, _ := strings.Cut(arg, " ")
	mech = strings.ToUpper(mech)
	if s.srv.cfg.User == "" || !slices.Contains(s.srv.cfg.Mechanisms, mech) {
		s.say("504 5.5.4 mechanism not offered")
		return nil
	}
	ok, err := s.authenticate(mech, initial)
	switch {
	case errors.Is(err, errSMTPAuth):
		s.say("501 5.5.2 cannot decode")
	case err != nil:
		return err
	case !ok:
		s.say("535 5.7.8 authentication failed")
	default:
		s.authed = true
		s.say("235 2.7.0 welcome")
	}
	return nil
}

func (s *smtpSession) authenticate(mech, initial string) (bool, error) {
	c := &s.srv.cfg
	switch mech {
	case "PLAIN": // RFC 4616
		v, err := s.authValue(initial, "")
		return v == "\x00"+c.User+"\x00"+c.Password, err
	case "LOGIN":
		u, err := s.authValue(initial, "Username:")
		if err != nil {
			return false, err
		}
		p, err := s.authValue("", "Password:")
		return u == c.User && p == c.Password, err
	case "CRAM-MD5":
		const challenge = "<1.sandbox@localhost>"
		v, err := s.authValue("", challenge)
		h := hmac.New(md5.New, []byte(c.Password))
		h.Write([]byte(challenge))
		return v == c.User+" "+hex.EncodeToString(h.Sum(nil)), err
	default: // XOAUTH2
		v, err := s.authValue(initial, "")
		return v == "user="+c.User+"\x01auth=Bearer "+c.Password+"\x01\x01", err
	}
}

// authValue decodes the initial response, or asks for one.
func (s *smtpSession) authValue(initial, challenge string) (string, error) {
	if initial == "" {
		s.say("334 " + base64.StdEncoding.EncodeToString([]byte(challenge)))
		if err := s.w.Flush(); err != nil {
			return "", err
		}
		line, err := s.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		initial = strings.TrimRight(line, "\r\n")
	}
	b, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "", errSMTPAuth
	}
	return string(b), nil
}
