// Package sandbox is the world outside to play with: a Bot API and a mail server with a mailbox, for the demo, for tests and for "try it as a member".
// Nothing in it reaches a real person.
package sandbox

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// MailConfig says what the sandbox's mail server offers. The zero value listens on a free loopback port, without TLS and AUTH,
// with PIPELINING, 8BITMIME and SMTPUTF8, and counts mails without keeping them.
type MailConfig struct {
	// Addr to listen on, "127.0.0.1:0" if empty.
	Addr string
	// StartTLS offers STARTTLS (RFC 3207), ImplicitTLS speaks TLS from the first byte; the certificate is made at start.
	StartTLS, ImplicitTLS bool
	// User and Password, when set, must be given through AUTH before MAIL. Mechanisms defaults to PLAIN, LOGIN and CRAM-MD5; XOAUTH2 takes the password as its token.
	User, Password string
	Mechanisms     []string
	// NoPipelining, NoEightBit and NoUTF8 withhold the extension and refuse its use.
	NoPipelining, NoEightBit, NoUTF8 bool
	// EagerData answers DATA with 354 although every recipient was refused, and refuses after the final dot, as RFC 2920 §3.1 allows.
	EagerData bool
	// KeepBodies keeps each mail whole. Without it only the journal and the counts grow: for load tests.
	KeepBodies bool
	// Now is the clock of the mailbox; nil is the real one.
	Now func() time.Time
}

// MailServer is a real SMTP server over TCP (RFC 5321) that accepts everything for everyone, unless a fault says otherwise.
// It is strict where mistakes of a sender hide: bare CR or LF, lines over 998 octets, 8-bit bytes and pipelining that were not offered are refused.
type MailServer struct {
	cfg     MailConfig
	cert    tls.Certificate
	certPEM []byte
	box     *Mailbox
	faults  atomic.Pointer[[]*smtpFault]
	addr    string
	// unwanted counts the bytes of bodies that came although no recipient was accepted.
	unwanted atomic.Int64

	mu       sync.Mutex
	listener net.Listener // nil while down
	conns    map[net.Conn]struct{}
	closed   bool
	done     chan struct{} // closed by Close; ends delays
	wg       sync.WaitGroup
}

// NewMailServer listens and serves until Close.
func NewMailServer(cfg MailConfig) (*MailServer, error) {
	s := &MailServer{cfg: cfg, box: newMailbox(cfg.KeepBodies, cfg.Now), conns: map[net.Conn]struct{}{}, done: make(chan struct{}), addr: cfg.Addr}
	if s.addr == "" {
		s.addr = "127.0.0.1:0"
	}
	if len(cfg.Mechanisms) == 0 {
		s.cfg.Mechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5"}
	}
	if cfg.StartTLS || cfg.ImplicitTLS {
		var err error
		if s.cert, s.certPEM, err = smtpCertificate(); err != nil {
			return nil, fmt.Errorf("make certificate: %w", err)
		}
	}
	if err := s.Up(); err != nil {
		return nil, err
	}
	return s, nil
}

// Mailbox is where accepted mails are.
func (s *MailServer) Mailbox() *Mailbox { return s.box }

// Unwanted is the number of body bytes that came after every recipient had been refused (MailConfig.EagerData): a careful sender leaves it at 0.
func (s *MailServer) Unwanted() int64 { return s.unwanted.Load() }

// Addr is the host and port it listens on; it stays the same through Down and Up.
func (s *MailServer) Addr() string { return s.addr }

// CertPEM is the server's certificate, to be trusted as a root by a client; nil without TLS.
func (s *MailServer) CertPEM() []byte { return s.certPEM }

// URL is the address in the form of KRUZHOK_SMTP_URL, with the credentials. With TLS it asks the client not to verify the certificate.
func (s *MailServer) URL() string {
	u := url.URL{Scheme: "smtp", Host: s.addr}
	if s.cfg.User != "" {
		u.User = url.UserPassword(s.cfg.User, s.cfg.Password)
	}
	switch {
	case s.cfg.ImplicitTLS:
		u.Scheme, u.RawQuery = "smtps", "insecure_skip_verify=true"
	case s.cfg.StartTLS:
		u.RawQuery = "tls=required&insecure_skip_verify=true"
	default:
		u.RawQuery = "tls=none"
	}
	return u.String()
}

// Up listens again after Down. It does nothing when the server listens.
func (s *MailServer) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("listen: mail server is closed")
	}
	if s.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen for mail: %w", err)
	}
	s.listener, s.addr = l, l.Addr().String()
	s.wg.Go(func() { s.accept(l) })
	return nil
}

// Down refuses connections and drops those that exist, until Up.
func (s *MailServer) Down() {
	s.mu.Lock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	s.mu.Unlock()
	s.DropConnections()
}

// DropConnections closes every connection, as a server does with idle ones; new ones are welcome.
func (s *MailServer) DropConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Close stops the server and waits for its goroutines. The mailbox stays readable.
func (s *MailServer) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.Down()
	s.wg.Wait()
	return nil
}

func (s *MailServer) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !s.track(c) {
			_ = c.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.forget(c)
			s.serve(c)
		})
	}
}

func (s *MailServer) track(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.listener == nil {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *MailServer) forget(c net.Conn) {
	_ = c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

func (s *MailServer) serve(c net.Conn) {
	if s.cfg.ImplicitTLS {
		t := tls.Server(c, s.tlsConfig())
		if t.Handshake() != nil {
			return
		}
		newSMTPSession(s, t, true).run()
		return
	}
	newSMTPSession(s, c, false).run()
}

func (s *MailServer) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.cert}, MinVersion: tls.VersionTLS12}
}
