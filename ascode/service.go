// Package ascode keeps campaigns as files: it compares files with a running service, applies them and brings the service's drafts back as files. It speaks
// to the service over its HTTP API alone, with a token, as anybody's script does.
package ascode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Service is a running Kruzhok.
type Service struct {
	base  string
	token string
	lang  string // of what it answers
	http  *http.Client

	choice Choice
}

// Choice is how drafts are published, in the words of the API.
type Choice struct {
	Inside        string            `json:"inside,omitempty"` // stay, move or end
	Moves         map[string]string `json:"moves,omitempty"`  // with move: where those go on who stand at a step; empty: nowhere
	OutdatedTexts string            `json:"outdated_texts,omitempty"`
	SchedulePast  string            `json:"schedule_past,omitempty"`
	MissingTexts  string            `json:"missing_texts,omitempty"`
	UnknownTopic  string            `json:"unknown_topic,omitempty"`
}

// Choose says how drafts are to be published.
func (s *Service) Choose(c Choice) { s.choice = c }

// maxAnswer bounds what is read of an answer: a draft has a mebibyte at most, and a page of campaigns less.
const maxAnswer = 8 << 20

// Connect names the service at the address; it calls nothing yet. The token is sent in a header and is in no error.
func Connect(address, token, lang string) (*Service, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New(locale.T(lang, "cli.api.address", nil)) // the address is not quoted: it may hold a password
	}
	if token == "" {
		return nil, errors.New(locale.T(lang, "cli.api.no_token", nil))
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New(locale.T(lang, "cli.api.token_form", nil))
	}
	return &Service{
		base: strings.TrimRight(u.String(), "/"), token: token, lang: lang,
		http: &http.Client{
			Timeout: 2 * time.Minute,
			// A redirect would take the token, or an empty body, to somewhere that nobody named.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Open reports whether the token would travel to another machine for everybody on the way to read.
func (s *Service) Open() bool {
	u, err := url.Parse(s.base)
	if err != nil || u.Scheme == "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// request is one call. A body that is given is a definition in the format.
type request struct {
	method, path string
	body         []byte
	format       definition.Format
	ifMatch      string
}

// answer is what came back, with a 2xx.
type answer struct {
	header http.Header
	body   []byte
}

func (a *answer) into(out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return fmt.Errorf("read the service's answer: %w", err)
	}
	return nil
}

// Refusal is what the service answered instead: its problem (RFC 9457) in the asked language.
type Refusal struct {
	Status int
	Code   string  `json:"code"`
	Detail string  `json:"detail"`
	Errors []Place `json:"errors"`
}

// Place is one mistake, as the service tells it.
type Place struct {
	Code       string `json:"code"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Message    string `json:"message"`
	Expected   string `json:"expected"`
	DidYouMean string `json:"did_you_mean"`
}

// Error is the service's own sentence.
func (r *Refusal) Error() string { return r.Detail }

// refusedWith reports whether the service refused with the code.
func refusedWith(err error, code string) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Code == code
}

func (s *Service) call(ctx context.Context, r request) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, s.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("call the service: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Accept-Language", s.lang)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/"+string(r.format))
	}
	if r.ifMatch != "" {
		req.Header.Set("If-Match", r.ifMatch)
	}
	res, err := s.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.New(locale.T(s.lang, "cli.api.silent", map[string]any{"url": s.base, "cause": cause(err)}))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the service's answer: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return nil, s.refusal(res, body)
	}
	return &answer{res.Header, body}, nil
}

// cause leaves the method and the address out of the words of net/http.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// refusal makes an error of an answer that is no success. What is no problem of ours comes from something else at that address.
func (s *Service) refusal(res *http.Response, body []byte) error {
	r := &Refusal{Status: res.StatusCode}
	if json.Unmarshal(body, r) != nil || r.Code == "" {
		return errors.New(locale.T(s.lang, "cli.api.stranger", map[string]any{"url": s.base, "status": res.Status}))
	}
	switch r.Code {
	case "unauthorized.token":
		r.Detail += " " + locale.T(s.lang, "cli.api.which_token", nil)
	case "forbidden.scope":
		r.Detail += " " + locale.T(s.lang, "cli.api.which_scope", nil)
	}
	return r
}
