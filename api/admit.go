package api

import (
	"context"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kruzhok/kruzhok/internal/fault"
)

// linePatience is how long a request waits for a place before it is told to come again.
const linePatience = 3 * time.Second

// errBusy is told before anything of the request was done: the same request is safe to send again.
var errBusy = fault.New(fault.RateLimited, "rate_limited", nil)

// doors bound what works at once, for each request may hold a body of its size, and a connection of the database. As many again, four times, may wait.
type doors struct {
	places, line chan struct{}
	patience     time.Duration
}

func newDoors(n int) *doors {
	return &doors{places: make(chan struct{}, n), line: make(chan struct{}, 4*n), patience: linePatience}
}

// enter takes a place, which leave gives back; false: none came free in time, or too many wait.
func (d *doors) enter(ctx context.Context) bool {
	select {
	case d.places <- struct{}{}:
		return true
	default:
	}
	select {
	case d.line <- struct{}{}:
		defer func() { <-d.line }()
	default:
		return false
	}
	timer := time.NewTimer(d.patience)
	defer timer.Stop()
	select {
	case d.places <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (d *doors) leave() { <-d.places }

// admit lets so many requests in as can work at once; the others hear 429 with Retry-After (RFC 6585 §4). The API and the pages behind mails' links have
// doors of their own: neither crowd keeps the other out. What Telegram brings, health and the console's streams do not stand in these lines.
func (s *server) admit(c *gin.Context) {
	var d *doors
	switch {
	case strings.HasPrefix(c.Request.URL.Path, "/v1/"):
		d = s.doors
	case isPage(c):
		d = s.pageDoors
	default:
		return
	}
	if !d.enter(c.Request.Context()) {
		s.tell(c, errBusy)
		return
	}
	defer d.leave()
	c.Next()
}

// isPage: the route is that of a page behind a mail's link.
func isPage(c *gin.Context) bool { return strings.HasSuffix(c.FullPath(), "/:token") }
