package email

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

var urlParameters = []string{"tls", "auth", "helo", "ca", "insecure_skip_verify", "connect_timeout", "command_timeout", "final_timeout"}

// ParseURL reads KRUZHOK_SMTP_URL:
//
//	smtp://[user:password@]host[:port][?tls=none|opportunistic|required&auth=auto|plain|login|cram-md5|xoauth2&helo=NAME&ca=FILE&insecure_skip_verify=true]
//	smtps://…                                            (TLS from the first byte)
//
// The port is 465 for smtps, 587 with credentials and 25 without. TLS is required with credentials and opportunistic without.
// The timeouts take Go durations (connect_timeout=10s). Special characters of the password are percent-encoded.
// No error repeats any part of the URL but parameter values that cannot be secret.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil { // its text would repeat the URL
		return Config{}, errors.New("parse smtp url: malformed; percent-encode special characters of the password (@ is %40, : is %3A, / is %2F, ? is %3F, # is %23)")
	}
	c, err := fromURL(u)
	if err != nil {
		return Config{}, fmt.Errorf("parse smtp url: %w", err)
	}
	return c, nil
}

func fromURL(u *url.URL) (Config, error) {
	c := Config{Host: u.Hostname(), Auth: AuthNone}
	if c.Host == "" || u.Opaque != "" {
		return c, errors.New("no host; expected smtp://[user:password@]host[:port]")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return c, errors.New("nothing may follow the host but ?parameters; percent-encode special characters of the password")
	}
	if err := c.credentials(u); err != nil {
		return c, err
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return c, errors.New("malformed parameters")
	}
	for k, v := range q {
		if !slices.Contains(urlParameters, k) || len(v) != 1 {
			return c, fmt.Errorf("unknown or repeated parameter; known are %s", strings.Join(urlParameters, ", "))
		}
	}
	for _, step := range []func() error{
		func() error { return c.protection(u.Scheme, q) },
		func() error { return c.mechanism(q.Get("auth")) },
		func() error { return c.port(u) },
		func() error { return c.helo(q.Get("helo")) },
		func() error { return c.roots(q.Get("ca")) },
		func() error { return c.timeouts(q) },
	} {
		if err := step(); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Config) credentials(u *url.URL) error {
	if u.User == nil {
		return nil
	}
	c.User = u.User.Username()
	c.Password, _ = u.User.Password()
	if c.User == "" || c.Password == "" {
		return errors.New("user and password come together: smtp://user:password@host")
	}
	return nil
}

func (c *Config) protection(scheme string, q url.Values) error {
	t := TLSPolicy(q.Get("tls"))
	switch scheme {
	case "smtps":
		if t != "" && t != TLSRequired {
			return errors.New("smtps is always TLS: leave the tls parameter out")
		}
		t = TLSImplicit
	case "smtp":
		if t == "" && c.User != "" {
			t = TLSRequired
		} else if t == "" {
			t = TLSOpportunistic
		}
		if !slices.Contains([]TLSPolicy{TLSNone, TLSOpportunistic, TLSRequired}, t) {
			return errors.New("tls must be none, opportunistic or required")
		}
	default:
		return errors.New("the scheme must be smtp or smtps")
	}
	c.TLS = t
	return c.verification(q.Get("insecure_skip_verify"))
}

func (c *Config) verification(v string) error {
	switch v {
	case "", "false":
		return nil
	case "true":
	default:
		return errors.New("insecure_skip_verify must be true or false")
	}
	if !isLoopback(c.Host) {
		return errors.New("insecure_skip_verify is for loopback hosts only; name the server's certificate with ca=FILE")
	}
	c.InsecureSkipVerify = true
	return nil
}

func (c *Config) mechanism(v string) error {
	c.Auth = AuthMechanism(v)
	switch c.Auth {
	case AuthNone:
		if c.User != "" {
			c.Auth = AuthAuto
		}
		return nil
	case AuthAuto, AuthPlain, AuthLogin, AuthCRAMMD5, AuthXOAUTH2:
		if c.User == "" {
			return errors.New("auth needs a user and a password")
		}
		if c.exposes() {
			return errors.New("this mechanism would show the password to the network: use tls=required, smtps or auth=cram-md5")
		}
		return nil
	}
	return errors.New("auth must be auto, plain, login, cram-md5 or xoauth2")
}

func (c *Config) port(u *url.URL) error {
	switch p := u.Port(); {
	case p != "":
		n, err := strconv.Atoi(p)
		if err != nil || n < 1 || n > 65535 {
			return errors.New("the port must be between 1 and 65535")
		}
		c.Port = n
	case c.TLS == TLSImplicit:
		c.Port = 465 // RFC 8314 §3.3
	case c.User != "":
		c.Port = 587 // RFC 6409
	default:
		c.Port = 25
	}
	return nil
}

func (c *Config) helo(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("helo must be a host name")
	}
	c.Helo = v
	return nil
}

func (c *Config) roots(file string) error {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read ca: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return errors.New("read ca: no PEM certificate in the file")
	}
	return nil
}

func (c *Config) timeouts(q url.Values) error {
	for name, to := range map[string]*time.Duration{
		"connect_timeout": &c.ConnectTimeout, "command_timeout": &c.CommandTimeout, "final_timeout": &c.FinalTimeout,
	} {
		v := q.Get(name)
		if v == "" {
			continue
		}
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 || d > time.Hour {
			return fmt.Errorf("%s must be a duration up to 1h, such as 30s", name)
		}
		*to = d
	}
	return nil
}
