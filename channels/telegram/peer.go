package telegram

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// destination is where links lead.
type destination struct {
	address string      // host:port
	tls     *tls.Config // nil: none
}

// directTo returns the way to the base URL without net/http, nil where only net/http knows it: through a proxy of the environment, to a name that must be
// encoded, or where a connection cannot be asked whether it still stands.
func directTo(base string, proxy func(*http.Request) (*url.URL, error)) *destination {
	u, err := url.Parse(base)
	if err != nil || !canAsk || !isASCII(u.Host) {
		return nil
	}
	if through, err := proxy(&http.Request{URL: u}); err != nil || through != nil {
		return nil
	}
	port := u.Port()
	d := &destination{}
	if u.Scheme == "https" {
		// ServerName and roots are the usual ones; HTTP/2 is not offered (RFC 7301).
		d.tls = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(0)}
	}
	if port == "" {
		port = map[bool]string{true: "443", false: "80"}[d.tls != nil]
	}
	d.address = net.JoinHostPort(u.Hostname(), port)
	return d
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// dial connects and, over TLS, verifies the server as net/http does.
func (d *destination) dial(ctx context.Context) (*peer, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	p := &peer{Conn: raw}
	if d.tls != nil {
		if p.Conn, err = d.protect(ctx, raw); err != nil {
			return nil, err
		}
	}
	if p.asking, err = newAsking(raw); err != nil {
		_ = raw.Close()
		return nil, err
	}
	p.in = bufio.NewReader(p)
	return p, nil
}

func (d *destination) protect(ctx context.Context, raw net.Conn) (net.Conn, error) {
	cfg := d.tls.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(d.address)
	}
	c := tls.Client(raw, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return c, nil
}

// peer is the other end of a link.
type peer struct {
	net.Conn
	in      *bufio.Reader
	asking  *asking
	left    int64 // bytes that the answer may still have
	failed  bool  // reading failed, or came to the end
	closing bool  // the server said that it closes the connection
}

// Read reads what the server says, and remembers how that went: a bufio.Reader keeps an error that comes with the last bytes to itself.
func (p *peer) Read(b []byte) (int, error) {
	if p.left <= 0 {
		p.failed = true
		return 0, errTooLarge
	}
	n, err := p.Conn.Read(b)
	p.left -= int64(n)
	p.failed = p.failed || err != nil
	return n, err
}

// reusable reports whether another request may follow the answer that was read whole.
func (p *peer) reusable() bool { return !p.failed && !p.closing && p.in.Buffered() == 0 }

// quiet reports whether the connection stands and the server has said nothing: what it says while nothing is asked is a farewell, if not the end itself.
func (p *peer) quiet() bool { return p.asking.quiet() }

// interrupt ends whatever waits for the connection.
func (p *peer) interrupt() { _ = p.Conn.SetDeadline(time.Unix(1, 0)) }
