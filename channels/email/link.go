package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

var errExposed = errors.New("the configured authentication would show the password to the network")

// link is one open connection, with what its server offers.
type link struct {
	client *smtp.Client
	raw    net.Conn // below TLS: closing it ends any wait, and its deadlines hold for all above
	cfg    *Config
	limit  time.Time // the caller's deadline, or zero
	unhook func() bool
	forms  forms

	pipelining, eightBit, utf8, size bool
}

// open connects, protects and authenticates through go-mail, within the connect timeout.
func open(ctx context.Context, cfg *Config) (*link, error) {
	if cfg.exposes() {
		return nil, errExposed
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.ConnectTimeout)
	defer cancel()
	l := &link{cfg: cfg, unhook: func() bool { return true }}
	mailer, err := mail.NewClient(cfg.Host, l.options(ctx)...)
	if err != nil {
		return nil, fmt.Errorf("set up smtp: %w", err)
	}
	l.client, err = mailer.DialToSMTPClientWithContext(ctx)
	if !l.unhook() {
		err = ctx.Err()
	}
	if err != nil {
		l.kill() // go-mail leaves the connection open when a step after connecting fails
		return nil, err
	}
	l.pipelining, l.eightBit = l.has("PIPELINING"), l.has("8BITMIME")
	l.utf8, l.size = l.has("SMTPUTF8"), l.has("SIZE")
	return l, nil
}

func (l *link) has(extension string) bool {
	ok, _ := l.client.Extension(extension)
	return ok
}

func (l *link) options(ctx context.Context) []mail.Option {
	c := l.cfg
	opts := []mail.Option{mail.WithPort(c.Port), mail.WithTimeout(c.ConnectTimeout), mail.WithTLSConfig(l.tlsConfig()), mail.WithDialContextFunc(func(_ context.Context, network, addr string) (net.Conn, error) {
		return l.dial(ctx, network, addr)
	})}
	switch c.TLS {
	case TLSRequired:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLSOpportunistic:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSOpportunistic))
	case TLSNone, TLSImplicit: // implicit TLS is made by dial
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	}
	if c.Helo != "" {
		opts = append(opts, mail.WithHELO(c.Helo))
	}
	return append(opts, l.auth()...)
}

func (l *link) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: l.cfg.Host, RootCAs: l.cfg.RootCAs, InsecureSkipVerify: l.cfg.InsecureSkipVerify, MinVersion: tls.VersionTLS12} //nolint:gosec // loopback only
}

func (l *link) auth() []mail.Option {
	who := []mail.Option{mail.WithUsername(l.cfg.User), mail.WithPassword(l.cfg.Password)}
	switch l.cfg.Auth {
	case AuthAuto:
		order := []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5}
		if l.cfg.TLS == TLSNone { // the one that does not show the password goes before those that do
			order = []mail.SMTPAuthType{mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthSCRAMSHA1, mail.SMTPAuthCramMD5, mail.SMTPAuthPlain, mail.SMTPAuthLogin}
		}
		return append(who, mail.WithOpportunisticSMTPAuth(order...))
	case AuthPlain:
		return append(who, mail.WithSMTPAuth(mail.SMTPAuthPlain))
	case AuthLogin:
		return append(who, mail.WithSMTPAuth(mail.SMTPAuthLogin))
	case AuthCRAMMD5:
		return append(who, mail.WithSMTPAuth(mail.SMTPAuthCramMD5))
	case AuthXOAUTH2:
		return append(who, mail.WithSMTPAuth(mail.SMTPAuthXOAUTH2))
	}
	return nil
}

// dial is net.Dialer's, but it keeps the connection below TLS in hand, and lets the context end it until open is done:
// go-mail watches its context only while it connects.
func (l *link) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.raw = raw
	l.unhook = context.AfterFunc(ctx, func() { _ = raw.Close() })
	if l.cfg.TLS != TLSImplicit {
		return raw, nil
	}
	t := tls.Client(raw, l.tlsConfig())
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// kill drops the connection without a word.
func (l *link) kill() {
	if l.raw != nil {
		_ = l.raw.Close()
	}
}

// quit takes leave politely, but not for long.
func (l *link) quit() {
	_ = l.raw.SetDeadline(time.Now().Add(time.Second))
	_ = l.client.Quit()
	l.kill()
}

// within allows d for what comes next, and no more than the caller's deadline.
func (l *link) within(d time.Duration) {
	t := time.Now().Add(d)
	if !l.limit.IsZero() && l.limit.Before(t) {
		t = l.limit
	}
	_ = l.raw.SetDeadline(t) // a dead connection fails at the next read
}

// reply is one answer of the server, without codes in its text.
type reply struct {
	code           int
	enhanced, text string
}

func (r reply) ok() bool { return r.code/100 == 2 }

var errProtocol = errors.New("not an SMTP reply")

// reply reads one, of one or more lines (RFC 5321 §4.2.1), at most 100.
func (l *link) reply() (reply, error) {
	var r reply
	var more []string
	for range 100 {
		line, last, err := r.line(l.client.Text.R)
		if err != nil {
			return r, err
		}
		if line != "" {
			more = append(more, line)
		}
		if last {
			r.text = strings.Join(more, " ")
			return r, nil
		}
	}
	return r, errProtocol
}

func (r *reply) line(in *bufio.Reader) (text string, last bool, err error) {
	b, err := in.ReadSlice('\n')
	if err != nil {
		return "", false, err
	}
	b = bytes.TrimRight(b, "\r\n")
	if len(b) < 3 || len(b) > 3 && b[3] != ' ' && b[3] != '-' || b[0] < '2' || b[0] > '5' || b[1] < '0' || b[1] > '9' || b[2] < '0' || b[2] > '9' {
		return "", false, errProtocol
	}
	r.code = int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0')
	if len(b) == 3 {
		return "", true, nil
	}
	enhanced, text := splitEnhanced(string(b[4:]))
	if enhanced != "" {
		r.enhanced = enhanced
	}
	return text, b[3] == ' ', nil
}

// splitEnhanced takes "5.1.1" off the front of a text (RFC 2034 §4).
func splitEnhanced(s string) (code, text string) {
	head, rest, _ := strings.Cut(s, " ")
	class, numbers, _ := strings.Cut(head, ".")
	subject, detail, _ := strings.Cut(numbers, ".")
	if len(class) != 1 || !strings.Contains("245", class) || !digits(subject) || !digits(detail) {
		return "", s
	}
	return head, rest
}

func digits(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}
