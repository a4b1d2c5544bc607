package engine

import (
	"context"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// source is what a use case reads from: the store, or the transaction that it holds. Inside a transaction everything is read through it:
// transactions that each wait for a second connection would hold all of the pool's between them, for ever.
type source interface {
	Community(context.Context) (*store.Community, error)
	Version(ctx context.Context, id campaigns.CampaignID, number int) (*store.Version, error)
	Campaigns(ctx context.Context, p store.Page, states ...campaigns.State) ([]*store.Campaign, error)
	SegmentMarks(context.Context) ([]store.SegmentMark, error)
	Segments(context.Context) ([]*store.Segment, error)
}

// cache is one value that is read again when it is older than ttl. Nobody waits for another's reading: the reader may itself be waited for.
type cache[T any] struct {
	ttl time.Duration

	mu  sync.Mutex
	v   T
	at  time.Time // zero: nothing is known
	gen int       // raised by forget, so that what was read before it is not kept after it
}

func (c *cache[T]) get(read func() (T, error)) (T, error) {
	c.mu.Lock()
	v, at, gen := c.v, c.at, c.gen
	c.mu.Unlock()
	if !at.IsZero() && time.Since(at) < c.ttl {
		return v, nil
	}
	began := time.Now()
	v, err := read()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gen == gen {
		c.v, c.at = v, began
	}
	return v, nil
}

// forget makes the next look a fresh one in this process.
func (c *cache[T]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.gen = time.Time{}, c.gen+1
}
