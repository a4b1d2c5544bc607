package api

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyPatience is how long a body may take to come: whoever sends a byte a minute would hold a connection for ever.
	bodyPatience = 30 * time.Second
	// maxDrain is how much of a refused body is still taken. Most callers read the answer only when they have sent everything;
	// a connection that is closed under them (RFC 9112 §9.6) shows them "connection reset" instead of the problem.
	maxDrain = 32 << 20
)

// await gives the body its time, and takes the rest of one that was refused.
func (s *server) await(c *gin.Context) {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return
	}
	b := &awaited{ReadCloser: c.Request.Body, control: http.NewResponseController(c.Writer), asks: c.GetHeader("Expect") != ""}
	_ = b.control.SetReadDeadline(time.Now().Add(s.BodyPatience)) // a test's writer cannot
	c.Request.Body = b
	c.Next()
	b.drain()
}

// awaited is a body with a deadline, which ends with it: a long answer has its own time.
type awaited struct {
	io.ReadCloser
	control *http.ResponseController
	asks    bool // the caller waits for a word before it sends the body (RFC 9110 §10.1.1), so a refusal reaches it
	ended   bool
}

func (b *awaited) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.asks = false
	if err != nil {
		b.ended = true
	}
	if errors.Is(err, io.EOF) {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *awaited) drain() {
	if !b.asks && !b.ended {
		_, _ = io.CopyN(io.Discard, b, maxDrain)
	}
}
