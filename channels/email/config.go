// Package email sends mail over SMTP: one connection per Conn, made by go-mail (TLS, AUTH), used for many messages, with PIPELINING where it is offered.
package email

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// TLSPolicy says how a connection is protected. Every certificate is verified, unless Config.InsecureSkipVerify.
type TLSPolicy string

const (
	TLSNone          TLSPolicy = "none"          // never
	TLSOpportunistic TLSPolicy = "opportunistic" // STARTTLS where it is offered
	TLSRequired      TLSPolicy = "required"      // STARTTLS, or no mail
	TLSImplicit      TLSPolicy = "implicit"      // TLS from the first byte: smtps
)

// AuthMechanism is a SASL mechanism. A password never goes over an unprotected connection, except to this machine.
type AuthMechanism string

const (
	AuthNone    AuthMechanism = ""
	AuthAuto    AuthMechanism = "auto" // the best that the server offers
	AuthPlain   AuthMechanism = "plain"
	AuthLogin   AuthMechanism = "login"
	AuthCRAMMD5 AuthMechanism = "cram-md5"
	AuthXOAUTH2 AuthMechanism = "xoauth2" // the password is the token
)

// Config is where and how mail leaves. Print it freely: its String, GoString and LogValue leave the password out.
type Config struct {
	Host string
	Port int
	TLS  TLSPolicy
	// InsecureSkipVerify accepts any certificate; ParseURL allows it for loopback hosts only.
	InsecureSkipVerify bool
	// RootCAs replaces the system's roots if not nil.
	RootCAs  *x509.CertPool
	Auth     AuthMechanism
	User     string
	Password string `json:"-"`
	// Helo is the name said in EHLO; the machine's own if empty.
	Helo string
	// ConnectTimeout covers connecting, TLS and AUTH (default 30 s); CommandTimeout one command's answer (30 s);
	// FinalTimeout the body and the answer to the final dot (60 s). RFC 5321 §4.5.3.2 allows servers minutes; an impatient sender
	// makes unknown outcomes only after the dot, so raise FinalTimeout first.
	ConnectTimeout, CommandTimeout, FinalTimeout time.Duration
}

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

// isLoopback reports whether the host is this machine by its name alone (RFC 6761 §6.3).
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
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

func (c Config) withDefaults() Config {
	for to, d := range map[*time.Duration]time.Duration{&c.ConnectTimeout: 30 * time.Second, &c.CommandTimeout: 30 * time.Second, &c.FinalTimeout: 60 * time.Second} {
		if *to <= 0 {
			*to = d
		}
	}
	return c
}

// String shows where mail leaves, without the password.
func (c Config) String() string {
	scheme, user := "smtp", ""
	if c.TLS == TLSImplicit {
		scheme = "smtps"
	}
	if c.User != "" {
		user = "***:***@" // the user is often a mailbox
	}
	return fmt.Sprintf("%s://%s%s?tls=%s&auth=%s", scheme, user, net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), c.TLS, c.Auth)
}

// GoString is String, so that %#v keeps the password too.
func (c Config) GoString() string { return c.String() }

// LogValue is String, for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
