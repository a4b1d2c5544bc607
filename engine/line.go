package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/journal"
)

// line is one connection with the journal file that remembers what was begun on it: at most one message at a time.
type line struct {
	conn  channels.Conn
	lane  *journal.Lane
	begun []int64 // begun on it and not yet known to be committed
}

type poolKey struct {
	channel campaigns.Channel
	lane    campaigns.Lane
}

// linePool keeps a channel's connections for one lane. Bulk and interactive work never wait for each other's.
type linePool struct {
	e    *Engine
	ch   campaigns.Channel
	size int
	free chan *line // holds nil for a line that is not made yet

	mu   sync.Mutex
	made []*line
}

func newLinePool(e *Engine, ch campaigns.Channel, size int) *linePool {
	p := &linePool{e: e, ch: ch, size: size, free: make(chan *line, size)}
	for range size {
		p.free <- nil
	}
	return p
}

// take waits for a line and connects it when it is not connected.
func (p *linePool) take(ctx context.Context) (*line, error) {
	var l *line
	select {
	case l = <-p.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l == nil {
		lane, err := p.e.Journal.Lane()
		if err != nil {
			p.free <- nil
			return nil, fmt.Errorf("open journal lane: %w", err)
		}
		l = &line{lane: lane}
		p.mu.Lock()
		p.made = append(p.made, l)
		p.mu.Unlock()
	}
	if l.conn == nil {
		conn, err := p.e.Senders[p.ch].Dial(ctx)
		if err != nil {
			p.free <- l
			return nil, fmt.Errorf("connect %s: %w", p.ch, err)
		}
		l.conn = conn
	}
	return l, nil
}

// give returns a line. committed says that the outcomes of all that was begun on it are in SQL, so that its journal may forget them.
func (p *linePool) give(l *line, committed bool) {
	if committed {
		if err := l.lane.Committed(l.begun...); err != nil {
			p.e.Log.Warn("journal not shortened", "error", err)
		}
		l.begun = l.begun[:0]
	}
	p.free <- l
}

func (p *linePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.made {
		if l.conn != nil {
			_ = l.conn.Close() // nothing is on its way
		}
	}
}
