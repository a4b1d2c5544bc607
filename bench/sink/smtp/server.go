// Package smtp is a mail server that takes every mail for everyone (RFC 5321), keeps its Message-ID and recipient in a ledger, and does as a script says.
package smtp

import (
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink"
)

// Config says what the server is like. The zero value listens on a free loopback port and offers the usual extensions.
type Config struct {
	// Addr to listen on, "127.0.0.1:0" if empty.
	Addr string
	// Extensions that EHLO offers; nil means Usual. Without PIPELINING its use is refused.
	Extensions []string
	// Latency before each packet of answers, as of a server far away.
	Latency time.Duration
	// Taken, if given, gets each mail that was taken as it came, with its dots undone, before the client hears of it. Reading it costs more than passing it over.
	Taken func(to, id string, mail []byte)
}

// Usual are the extensions of a usual server (RFC 2920, 6152, 1870, 6531, 2034).
func Usual() []string {
	return []string{"PIPELINING", "8BITMIME", "SIZE 26214400", "SMTPUTF8", "ENHANCEDSTATUSCODES"}
}

// Server is the mail server.
type Server struct {
	*sink.Port
	// Ledger holds what was taken, by recipient and Message-ID, whatever became of the answer.
	Ledger     *sink.Ledger
	extensions []string
	pipelining bool
	latency    func()
	taken      func(to, id string, mail []byte)
	script     atomic.Pointer[Script]
	sessions   atomic.Int64
	breaches   atomic.Int64
}

// Listen serves until Close.
func Listen(cfg Config) (*Server, error) {
	s := &Server{Ledger: sink.NewLedger(), extensions: cfg.Extensions, taken: cfg.Taken}
	if s.extensions == nil {
		s.extensions = Usual()
	}
	s.pipelining = slices.Contains(s.extensions, "PIPELINING")
	if cfg.Latency > 0 {
		s.latency = func() { s.Pause(cfg.Latency) }
	}
	var err error
	s.Port, err = sink.Open(cfg.Addr, s.serve)
	return s, err
}

// URL is the address in the form of KRUZHOK_SMTP_URL.
func (s *Server) URL() string { return "smtp://" + s.Addr() + "?tls=none" }

// Sessions is how many connections were made so far.
func (s *Server) Sessions() int64 { return s.sessions.Load() }

// Breaches counts what a careful client never does: a body before 354, a body for nobody, commands in one packet that was not offered.
func (s *Server) Breaches() int64 { return s.breaches.Load() }

// Script sets what the server does out of the ordinary; nil ends it.
func (s *Server) Script(fn Script) {
	if fn == nil {
		s.script.Store(nil)
		return
	}
	s.script.Store(&fn)
}

func (s *Server) serve(c net.Conn) {
	n := &session{srv: s, wire: sink.NewWire(c, s.latency), number: s.sessions.Add(1)}
	n.run()
}
