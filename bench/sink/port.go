// Package sink is the far end of the benches and of the fault suite: a mail server (smtp) and a Bot API (botapi) that take everything, do as a script
// says when there is one, and keep a ledger of what they took. They cost a few microseconds a message, so that what is measured is the sender.
package sink

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Port is a TCP port with a sink behind it. It can go away and come back under the same address.
type Port struct {
	serve func(net.Conn)
	done  chan struct{} // closed by Close; ends every wait

	mu       sync.Mutex
	addr     string
	listener net.Listener // nil while down
	conns    map[net.Conn]struct{}
	closed   bool
	wg       sync.WaitGroup
}

// Open listens on addr, "127.0.0.1:0" if empty; serve handles one connection, in a goroutine of its own.
func Open(addr string, serve func(net.Conn)) (*Port, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	p := &Port{serve: serve, done: make(chan struct{}), addr: addr, conns: map[net.Conn]struct{}{}}
	return p, p.Up()
}

// Addr is the host and port; it stays the same through Down and Up.
func (p *Port) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

// Up listens again after Down. It does nothing when the port listens.
func (p *Port) Up() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errors.New("listen: the sink is closed")
	}
	if p.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	p.listener, p.addr = l, l.Addr().String()
	p.wg.Go(func() { p.accept(l) })
	return nil
}

// Down refuses connections and ends those that exist, until Up.
func (p *Port) Down() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Drop()
}

// Drop ends every connection; new ones are welcome.
func (p *Port) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// Close ends everything and waits for the goroutines.
func (p *Port) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.done)
	}
	p.mu.Unlock()
	p.Down()
	p.wg.Wait()
	return nil
}

// Pause waits, at most until the port is closed.
func (p *Port) Pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.done:
	}
}

// Done is closed by Close.
func (p *Port) Done() <-chan struct{} { return p.done }

func (p *Port) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !p.track(c) {
			_ = c.Close()
			continue
		}
		p.wg.Go(func() {
			defer p.forget(c)
			p.serve(c)
		})
	}
}

func (p *Port) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Port) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}
