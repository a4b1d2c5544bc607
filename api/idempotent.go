package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

const (
	idempotencyHeader = "Idempotency-Key"
	replayHeader      = "Idempotent-Replay"
	maxKey            = 255
)

func idempotencyParam() *huma.Param {
	most := maxKey
	return &huma.Param{
		Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &most},
		Description: "Makes the call safe to repeat for 24 hours: a repetition gets the first answer again, with the header Idempotent-Replay: true. " +
			"The same key with another body is refused (422), and while the first call still runs (409).",
	}
}

// once lets a request with an Idempotency-Key act once.
func (s *server) once(c *gin.Context, secret bool, act func()) {
	key := c.GetHeader(idempotencyHeader)
	if key == "" {
		act()
		return
	}
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		s.refuse(c, fault.New(fault.Invalid, "invalid.idempotency_key_form", map[string]any{"max": maxKey}))
		return
	}
	ctx := c.Request.Context()
	acted := false
	reply, replayed, err := s.Engine.Idempotent(ctx, principal(ctx), key, requestHash(c), func(context.Context) (engine.Reply, error) {
		acted = true
		return keep(record(c, act), secret), nil
	})
	switch {
	case acted: // the caller has its answer, whatever became of keeping it
	case err != nil:
		s.refuse(c, err)
	case replayed:
		c.Header(replayHeader, "true")
		c.Data(reply.Status, reply.ContentType, []byte(reply.Body))
	}
}

// requestHash stands for what was asked: the method, the address, the body's type and the body.
func requestHash(c *gin.Context) string {
	h := sha256.New()
	for _, part := range []string{c.Request.Method, c.Request.URL.EscapedPath(), c.Request.URL.RawQuery, mediaType(c.GetHeader("Content-Type"))} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	body, _ := c.Get(bodyKey)
	if b, ok := body.([]byte); ok {
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keep is what is stored of an answer. A secret is shown once: a repetition hears that the thing was made, and nothing is left to steal.
func keep(r engine.Reply, secret bool) engine.Reply {
	if secret && r.Status < http.StatusBadRequest {
		r.Body = `{"token":null}` + "\n"
	}
	return r
}

// record runs act and keeps a copy of the answer that it writes.
func record(c *gin.Context, act func()) engine.Reply {
	rec := &recorder{ResponseWriter: c.Writer}
	c.Writer = rec
	defer func() { c.Writer = rec.ResponseWriter }()
	act()
	return engine.Reply{Status: rec.Status(), ContentType: rec.Header().Get("Content-Type"), Body: rec.body.String()}
}

type recorder struct {
	gin.ResponseWriter
	body bytes.Buffer
}

func (r *recorder) Write(b []byte) (int, error) {
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

func (r *recorder) WriteString(s string) (int, error) {
	r.body.WriteString(s)
	return r.ResponseWriter.WriteString(s)
}
