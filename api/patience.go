package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// bodyPatience is how long a small body may take to come: whoever sends a byte a minute would hold a connection for ever.
	bodyPatience = 30 * time.Second
	// smallBody is what is read before the request takes a place among those that work, so that a slow one keeps nobody waiting.
	smallBody = 64 << 10
	// bodyGrace and slowestBody bound how long a larger one holds its place: it comes at this pace at least, in bytes a second, but for so long. A phone's
	// recording of 20 MB comes within its ten minutes, and one that stops sending is let go within seconds.
	bodyGrace   = 5 * time.Second
	slowestBody = 32 << 10
	// maxDrain is how much of a refused body is still taken. Most callers read the answer only when they have sent everything;
	// a connection that is closed under them (RFC 9112 §9.6) shows them "connection reset" instead of the problem.
	maxDrain = 32 << 20
)

// await gives the body its time, reads a small one, and takes the rest of one that was refused.
func (s *server) await(c *gin.Context) {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return
	}
	b := &awaited{ReadCloser: c.Request.Body, control: http.NewResponseController(c.Writer), asks: c.GetHeader("Expect") != "", left: s.BodyGrace}
	c.Request.Body = b
	if n := c.Request.ContentLength; n >= 0 && n <= smallBody && !b.asks {
		b.left, b.small = s.BodyPatience, true
		if err := b.whole(c.Request, n); err != nil && c.FullPath() != "" {
			s.tell(c, bodyFault(err, smallBody)) // the request's context has ended with its body: nothing can be looked up for it any more
		}
	}
	c.Next()
	b.drain()
}

// tell refuses in the words of whoever asks: a page, or a problem of the API.
func (s *server) tell(c *gin.Context, err error) {
	if isPage(c) {
		s.errorPage(c, err)
		return
	}
	s.refuse(c, err)
}

// awaited is a body that may keep us waiting for so long in all; what is done with it between two reads takes nothing of that.
type awaited struct {
	io.ReadCloser
	control *http.ResponseController
	asks    bool // the caller waits for a word before it sends the body (RFC 9110 §10.1.1), so a refusal reaches it
	ended   bool // nothing more is to be had
	broken  bool // it did not come to its end
	small   bool
	left    time.Duration // how much longer it may keep us waiting
}

func (b *awaited) Read(p []byte) (int, error) {
	began := time.Now()
	_ = b.control.SetReadDeadline(began.Add(b.left)) // a test's writer cannot
	n, err := b.ReadCloser.Read(p)
	b.left -= time.Since(began)
	if !b.small {
		b.left += time.Duration(n) * time.Second / slowestBody
	}
	b.asks = false
	b.ended = b.ended || err != nil
	b.broken = b.broken || err != nil && !errors.Is(err, io.EOF)
	if errors.Is(err, io.EOF) || err != nil && b.small { // the answer, and the next request, have their own time
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// whole reads the body into the request. It grows as it comes: a slow one costs what it has sent.
func (b *awaited) whole(r *http.Request, n int64) error {
	var come bytes.Buffer
	_, err := io.CopyN(&come, b, n)
	if err == nil && !b.ended {
		_, _ = b.Read(make([]byte, 1)) // its end
	}
	r.Body = io.NopCloser(&come)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (b *awaited) drain() {
	if b.broken {
		_ = b.control.SetReadDeadline(time.Now()) // the server would wait for the rest
	}
	if !b.asks && !b.ended {
		b.left += bodyPatience // its place is free again
		_, _ = io.CopyN(io.Discard, b, maxDrain)
	}
}
