package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// request is what is known about a request from its first moment.
type request struct {
	id     string
	lang   string // of the product's languages, by Accept-Language
	server *server
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{lang: locale.Default, server: &server{Options: Options{Log: slog.New(slog.DiscardHandler)}}}
}

const requestIDHeader = "X-Request-Id"

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// identify gives the request its id, or takes the caller's where it is one, and finds the language.
func (s *server) identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !requestID.MatchString(id) {
		b := make([]byte, 12)
		_, _ = rand.Read(b) // never fails (crypto/rand.Read)
		id = hex.EncodeToString(b)
	}
	r := &request{id: id, lang: locale.Match(c.GetHeader("Accept-Language")), server: s}
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
	c.Header(requestIDHeader, id)
}

// log writes one line a request: the route's pattern, never the address, which may hold an external id or a link's token.
func (s *server) log(c *gin.Context) {
	began := time.Now()
	c.Next()
	level := slog.LevelDebug
	if c.Writer.Status() >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	s.Log.LogAttrs(c.Request.Context(), level, "request", slog.String("request_id", requestOf(c.Request.Context()).id),
		slog.String("method", c.Request.Method), slog.String("route", route), slog.Int("status", c.Writer.Status()),
		slog.Int("bytes", max(0, c.Writer.Size())), slog.Duration("took", time.Since(began)))
}

// recover answers a panic with a problem that says nothing about it. The log has the stack, and of the value its type:
// the value may be somebody's.
func (s *server) recover(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler {
			panic(p)
		}
		s.Log.Error("panic in a request", "request_id", requestOf(c.Request.Context()).id, "route", c.FullPath(),
			"type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		s.refuse(c, errPanic)
	}()
	c.Next()
}

type panicError struct{}

func (panicError) Error() string { return "a handler panicked" }

var errPanic = panicError{}

// securityHeaders stand on every answer; pages add their own policy.
func securityHeaders(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Cache-Control", "no-store")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}
