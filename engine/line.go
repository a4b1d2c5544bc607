package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/journal"
)

// line is one connection with the journal file that remembers what was begun on it: at most one message at a time.
type line struct {
	conn  channels.Conn
	lane  *journal.Lane // nil: not opened yet, or the last one broke
	begun []int64       // begun on it in this round
	torn  bool          // its journal takes no more
	by    composer
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

// take takes up to n lines, as many as are free, and connects those that are not connected, side by side. It waits for the first one.
// An error comes only without a line.
func (p *linePool) take(ctx context.Context, n int) ([]*line, error) {
	free := p.idle(ctx, n)
	if len(free) == 0 {
		return nil, ctx.Err()
	}
	errs := make([]error, len(free))
	var wg sync.WaitGroup
	for i, l := range free {
		wg.Go(func() { errs[i] = p.open(ctx, l) })
	}
	wg.Wait()
	var ready []*line
	for i, l := range free {
		if errs[i] == nil {
			ready = append(ready, l)
			continue
		}
		p.free <- l
	}
	if len(ready) == 0 {
		return nil, errors.Join(errs...)
	}
	return ready, nil
}

// idle takes up to n lines that nobody uses; for the first it waits.
func (p *linePool) idle(ctx context.Context, n int) []*line {
	var free []*line
	for len(free) < min(n, p.size) {
		var l *line
		if len(free) == 0 {
			select {
			case l = <-p.free:
			case <-ctx.Done():
				return nil
			}
		} else {
			select {
			case l = <-p.free:
			default:
				return free
			}
		}
		if l == nil {
			l = &line{}
			p.mu.Lock()
			p.made = append(p.made, l)
			p.mu.Unlock()
		}
		free = append(free, l)
	}
	return free
}

// open gives the line its journal and its connection, where they are missing.
func (p *linePool) open(ctx context.Context, l *line) error {
	if l.lane == nil {
		lane, err := p.e.Journal.Lane()
		if err != nil {
			return fmt.Errorf("open journal lane: %w", err)
		}
		l.lane, l.torn = lane, false
	}
	if l.conn == nil {
		conn, err := p.e.Senders[p.ch].Dial(ctx)
		if err != nil {
			return fmt.Errorf("connect %s: %w: %w", p.ch, errNoConnection, err)
		}
		l.conn = conn
	}
	return nil
}

// errNoConnection: the other side cannot be reached, or refuses us.
var errNoConnection = errors.New("no connection")

// begin puts the message's id into the journal, before a byte of it leaves.
func (l *line) begin(id int64) error {
	if err := l.lane.Begin(id); err != nil {
		l.torn = true
		return err
	}
	l.begun = append(l.begun, id)
	return nil
}

// next is begin for one message and the result of the one before it, in one write.
func (l *line) next(done int64, r journal.Record, id int64) error {
	if err := l.lane.Next(done, r, id); err != nil {
		l.torn = true
		return err
	}
	l.begun = append(l.begun, id)
	return nil
}

// give returns a line. committed says that the outcomes of all that was begun on it in this round are in SQL, so that its journal may forget them;
// otherwise it keeps them for whoever comes after this process.
func (p *linePool) give(l *line, committed bool) {
	if committed {
		if err := l.lane.Committed(l.begun...); err != nil {
			p.e.Log.Warn("journal not shortened", "error", err)
		}
	}
	l.begun = l.begun[:0]
	l.by.clear()
	if l.torn {
		if err := l.lane.Close(); err != nil {
			p.e.Log.Warn("journal lane not closed", "error", err)
		}
		l.lane = nil
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
