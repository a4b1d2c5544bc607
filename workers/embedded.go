package workers

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Embedded is a Redis inside the process, for an installation of one process. It forgets at exit, which is fine: the rows are the truth.
type Embedded struct {
	server *miniredis.Miniredis
	cancel context.CancelFunc
	done   chan struct{}
}

// StartEmbedded runs one on a port of its own on the loopback. Its keys expire only as its clock is moved on: a ticker does it.
func StartEmbedded() (*Embedded, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("start embedded redis: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &Embedded{server: m, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		last := time.Now()
		every(ctx, time.Second, func() {
			now := time.Now()
			m.FastForward(now.Sub(last))
			last = now
		})
	}()
	return e, nil
}

// Client connects to it.
func (e *Embedded) Client() redis.UniversalClient {
	return redis.NewClient(&redis.Options{Addr: e.server.Addr()})
}

// FlushAll forgets everything, as a lost Redis would.
func (e *Embedded) FlushAll() { e.server.FlushAll() }

// Close stops it.
func (e *Embedded) Close() {
	e.cancel()
	<-e.done
	e.server.Close()
}
