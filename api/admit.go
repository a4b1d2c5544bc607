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

// errBusy is told before anything of the request was read or done: the same request is safe to send again.
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

// admit lets so many requests of the API in as can work at once; the others hear 429 with Retry-After (RFC 6585 §4). What members press, health and the
// console's streams do not stand in this line.
func (s *server) admit(c *gin.Context) {
	if !strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		return
	}
	if !s.doors.enter(c.Request.Context()) {
		s.refuse(c, errBusy)
		return
	}
	defer s.doors.leave()
	c.Next()
}
