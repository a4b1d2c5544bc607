package store

import (
	"context"
	"database/sql"
	"sync"
)

// line lends connections of one kind. Who waits is served in turn; of those that are free, the one that was given back last goes first: its pages are in memory, and
// the others need none while they are not needed.
type line struct {
	free chan struct{} // as many as there are idle connections; closed when there will be none any more

	mu   sync.Mutex
	idle []*liteConn
}

func newLine(most int) *line { return &line{free: make(chan struct{}, most)} }

// give puts a connection in, or back.
func (l *line) give(c *liteConn) {
	l.mu.Lock()
	l.idle = append(l.idle, c)
	l.mu.Unlock()
	l.free <- struct{}{}
}

// take waits for a connection. Error: of ctx, or sql.ErrConnDone after close.
func (l *line) take(ctx context.Context) (*liteConn, error) {
	if err := ctx.Err(); err != nil { // select would choose at random
		return nil, err
	}
	select {
	case _, ok := <-l.free:
		if !ok {
			return nil, sql.ErrConnDone
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.idle) - 1
	c := l.idle[last]
	l.idle = l.idle[:last]
	return c, nil
}

// close waits for all n connections and closes them.
func (l *line) close(n int) {
	for range n {
		c, err := l.take(context.Background())
		if err != nil { // it is closed already
			return
		}
		c.close()
	}
	l.shut()
}

// shut says that there will be no connection any more.
func (l *line) shut() { close(l.free) }
