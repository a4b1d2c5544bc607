package sandbox

import (
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"
)

// BotAPIServer is a sandbox Bot API that listens. URL is the base URL to configure a client with.
type BotAPIServer struct {
	*BotAPI
	URL  string
	http *http.Server
	done chan struct{}
}

// ServeBotAPI listens on addr ("127.0.0.1:0" for any free port) until Close.
func ServeBotAPI(addr string, cfg BotAPIConfig) (*BotAPIServer, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for sandbox Bot API: %w", err)
	}
	b := NewBotAPI(cfg)
	s := &BotAPIServer{BotAPI: b, URL: "http://" + l.Addr().String(), done: make(chan struct{})}
	// net/http logs an aborted handler, which a fault is on purpose.
	s.http = &http.Server{Handler: b, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(botSilence{}, "", 0)}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with ErrServerClosed
	}()
	return s, nil
}

type botSilence struct{}

func (botSilence) Write(p []byte) (int, error) { return len(p), nil }

// Close ends the server, its connections and the sandbox.
func (s *BotAPIServer) Close() error {
	s.BotAPI.Close()
	err := s.http.Close()
	<-s.done
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
