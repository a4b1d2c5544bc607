// Package remote runs the sinks as a process of its own in a lab.
package remote

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink"
)

// Sinks is the process.
type Sinks struct {
	*measure.Proc
	Mail, Bot string // URLs
	control   string
}

// Totals is what both have taken.
type Totals struct {
	Mail sink.Totals `json:"mail"`
	Chat sink.Totals `json:"chat"`
}

// Start builds and starts them.
func Start(ctx context.Context, lab *measure.Lab, args ...string) (*Sinks, error) {
	binary, err := lab.Build(ctx, "./bench/sinks")
	if err != nil {
		return nil, err
	}
	p, err := lab.Start("sink", nil, binary, args...)
	if err != nil {
		return nil, err
	}
	s := &Sinks{Proc: p}
	return s, p.Ready(ctx, func(context.Context) error { return s.read() })
}

// read finds out where they listen.
func (s *Sinks) read() error {
	said := bufio.NewScanner(strings.NewReader(s.Tail()))
	for said.Scan() {
		name, value, _ := strings.Cut(said.Text(), "=")
		switch name {
		case "smtp":
			s.Mail = value
		case "botapi":
			s.Bot = value
		case "control":
			s.control = value
		}
	}
	if s.control == "" {
		return fmt.Errorf("the sinks have not said where they listen")
	}
	return nil
}

// Totals asks for what was taken since the last Reset.
func (s *Sinks) Totals(ctx context.Context) (t Totals, err error) {
	res, err := s.do(ctx, http.MethodGet, "/totals")
	if err != nil {
		return t, err
	}
	defer res.Body.Close()
	return t, json.NewDecoder(res.Body).Decode(&t)
}

// ChatsTaken is how many chat messages were taken since the last Reset.
func (s *Sinks) ChatsTaken(ctx context.Context) (int64, error) {
	t, err := s.Totals(ctx)
	return t.Chat.Taken, err
}

// Reset forgets what was taken.
func (s *Sinks) Reset(ctx context.Context) error {
	res, err := s.do(ctx, http.MethodPost, "/reset")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (s *Sinks) do(ctx context.Context, method, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.control+path, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(req)
}
