package telegram

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	tg "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// Error is a refusal by the Bot API (Bot API "Making requests", ResponseParameters).
type Error struct {
	Method string
	// Code is error_code; Status the HTTP status, nearly always the same.
	Code, Status int
	// Description is the server's own text. It may quote the message: show Error() or a Receipt's Detail instead.
	Description string
	// RetryAfter is set with 429.
	RetryAfter time.Duration
	// MigrateTo is the new id of a group that became a supergroup, or 0.
	MigrateTo int64
}

// Error says what the server said, without quoted text and without numbers.
func (e *Error) Error() string {
	return fmt.Sprintf("telegram %s: %d %s", e.Method, e.Code, publicText(e.Description))
}

// NoAnswerError means that no usable answer came. Uncertain: the request was written whole, so the Bot API may have acted on it;
// otherwise it has certainly not.
type NoAnswerError struct {
	Method    string
	Uncertain bool
	// Status is the HTTP status when one arrived, such as 502 with a gateway's page.
	Status int
	// Reason is one of a few fixed phrases.
	Reason string
	cause  error
}

// Error never holds the URL, and so never the token.
func (e *NoAnswerError) Error() string {
	s := "telegram " + e.Method + ": " + e.Reason
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause when it is known to hold nothing secret: a context's error, or the network's.
func (e *NoAnswerError) Unwrap() error { return e.cause }

// The fixed phrases of NoAnswerError.Reason.
const (
	reasonCanceled = "the call was canceled"
	reasonTimeout  = "timeout"
	reasonNoConn   = "no connection"
	reasonLost     = "the connection was lost"
	reasonNotJSON  = "the answer is not a Bot API answer"
	reasonTooLarge = "the answer is too large"
	reasonBegin    = "begin failed"
)

// explain turns whatever the library returned into one of the two error types.
func (c *Client) explain(method string, f *flight, err error) error {
	uncertain := f.land()
	var refusal *tg.Error
	if errors.As(err, &refusal) {
		if e := c.refusal(method, f.status, refusal); e != nil {
			return e
		}
	}
	out := &NoAnswerError{Method: method, Status: f.status, Uncertain: uncertain}
	if f.status >= 300 && f.status < 500 {
		out.Uncertain = false // a gateway refused it
	}
	out.Reason, out.cause = c.reason(f, err)
	return out
}

// refusal copies the library's error. The library loses the code of refused uploads; the HTTP status repeats it.
func (c *Client) refusal(method string, status int, e *tg.Error) *Error {
	code := e.Code
	if code == 0 {
		code = status
	}
	if code < 400 || e.Message == "" && status < 400 {
		return nil
	}
	return &Error{
		Method: method, Code: code, Status: status,
		Description: strings.ReplaceAll(e.Message, c.token, "[token]"),
		RetryAfter:  time.Duration(max(e.RetryAfter, 0)) * time.Second,
		MigrateTo:   e.MigrateToChatID,
	}
}

func (c *Client) reason(f *flight, err error) (string, error) {
	if begin := f.refusedToBegin(); begin != nil {
		return reasonBegin, errBegin
	}
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return reasonCanceled, context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return reasonTimeout, context.DeadlineExceeded
	case errors.As(err, &timeout) && timeout.Timeout():
		return reasonTimeout, nil
	case errors.Is(err, errTooLarge):
		return reasonTooLarge, nil
	case f.status != 0 && !isNetwork(err):
		return reasonNotJSON, nil
	case f.hasBegun():
		return reasonLost, c.networkCause(err)
	}
	return reasonNoConn, c.networkCause(err)
}

func (f *flight) hasBegun() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun
}

func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, net.ErrClosed)
}

// networkCause keeps what names only hosts and system errors; any other text may quote the URL or the traffic.
func (c *Client) networkCause(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	if !errors.As(err, &op) && !errors.As(err, &dns) && !errors.As(err, &cert) || strings.Contains(err.Error(), c.token) {
		return nil
	}
	return err
}

var (
	quotedText = regexp.MustCompile(`(?s)"[^"]*"?|«[^»]*»?|'[^' ]*'|\x60[^\x60]*\x60?|https?://\S+|@\w+`)
	numberText = regexp.MustCompile(`-?[0-9]+`)
	oddText    = regexp.MustCompile(`[^A-Za-z0-9#…_ .,:;()/'-]+`)
)

// publicText makes a server's description fit to be stored and shown: nothing quoted, no numbers, ASCII, at most 160 bytes.
func publicText(s string) string {
	s = quotedText.ReplaceAllString(s, "…")
	s = numberText.ReplaceAllString(s, "#")
	s = strings.TrimSpace(oddText.ReplaceAllString(s, " "))
	if len(s) > 160 {
		s = strings.ToValidUTF8(s[:160], "")
	}
	return s
}

// statusIs reports whether err is a refusal with the code whose description holds the lower-case text.
func statusIs(err error, code int, text string) bool {
	if err == nil {
		return false
	}
	var e *Error
	return errors.As(err, &e) && e.Code == code && strings.Contains(strings.ToLower(e.Description), text)
}

var _ tg.HTTPClient = doer{http: http.DefaultClient}
