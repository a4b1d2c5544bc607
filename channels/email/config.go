// Package email sends mail over SMTP: one connection per Conn, made by go-mail (TLS, AUTH), used for many messages, with PIPELINING where it is offered.
package email

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
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
	// DKIM signs each mail with each of these keys; none: no mail is signed here (the relay may).
	DKIM []DKIMKey `json:"-"`
	// ConnectTimeout covers connecting, TLS and AUTH (default 30 s); CommandTimeout one command's answer (30 s);
	// FinalTimeout the body and the answer to the final dot (60 s). RFC 5321 §4.5.3.2 allows servers minutes; an impatient sender
	// makes unknown outcomes only after the dot, so raise FinalTimeout first.
	ConnectTimeout, CommandTimeout, FinalTimeout time.Duration
}

func (c Config) withDefaults() Config {
	for to, d := range map[*time.Duration]time.Duration{&c.ConnectTimeout: 30 * time.Second, &c.CommandTimeout: 30 * time.Second, &c.FinalTimeout: 60 * time.Second} {
		if *to <= 0 {
			*to = d
		}
	}
	return c
}

// exposes reports whether the password or token could go out in the clear. go-mail refuses PLAIN and LOGIN without TLS, but not XOAUTH2.
func (c *Config) exposes() bool {
	if isLoopback(c.Host) || c.TLS == TLSRequired || c.TLS == TLSImplicit {
		return false
	}
	return c.Auth == AuthXOAUTH2 || c.TLS == TLSNone && (c.Auth == AuthPlain || c.Auth == AuthLogin)
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
