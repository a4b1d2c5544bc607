// Package botapi is a Bot API server that takes every message for every chat, keeps its chat and the beginning of its text in a ledger, and does as a
// script says. It speaks the part of HTTP/1.1 that clients of the Bot API use: keep-alive, form or JSON bodies with a length.
package botapi

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink"
)

// Token is one that the server takes, as it takes every other.
const Token = "1000001:sink-token"

// Config says what the server is like. The zero value listens on a free loopback port.
type Config struct {
	// Addr to listen on, "127.0.0.1:0" if empty.
	Addr string
	// Latency before each answer, as of a server far away.
	Latency time.Duration
	// Taken hears of each message that was taken, before it is answered; nil: nobody does. It is called from many goroutines at once.
	Taken func(Call)
}

// Server is the Bot API of one bot.
type Server struct {
	*sink.Port
	// Ledger holds the messages that were taken, by chat and marker, whatever became of the answer.
	Ledger *sink.Ledger
	// Updates wait here for the bot.
	Updates *Updates
	taken   func(Call)
	latency func()
	script  atomic.Pointer[Script]
	lastID  atomic.Int64
}

// Listen serves until Close.
func Listen(cfg Config) (*Server, error) {
	s := &Server{Ledger: sink.NewLedger(), Updates: newUpdates(), taken: cfg.Taken}
	if cfg.Latency > 0 {
		s.latency = func() { s.Pause(cfg.Latency) }
	}
	var err error
	s.Port, err = sink.Open(cfg.Addr, s.serve)
	return s, err
}

// URL is the address in the form of KRUZHOK_TELEGRAM_API_URL.
func (s *Server) URL() string { return "http://" + s.Addr() }

// Script sets what the server does out of the ordinary; nil ends it.
func (s *Server) Script(fn Script) {
	if fn == nil {
		s.script.Store(nil)
		return
	}
	s.script.Store(&fn)
}

func (s *Server) serve(c net.Conn) {
	n := &session{srv: s, wire: sink.NewWire(c, s.latency)}
	for n.step() == nil {
	}
	_ = n.wire.Flush()
}
