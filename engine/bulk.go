package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// sendChunk claims one chunk and works on it for at most chunkWork; the rest is given back. worked: there was one, and it did not stay as it was.
func (e *Engine) sendChunk(ctx context.Context, ch campaigns.Channel) (worked bool, err error) {
	var c *store.Chunk
	err = e.claim(ctx, e.Store.WriteOften, chunkClaim, func(tx *store.Tx, now, until time.Time) (err error) {
		c, err = tx.ClaimChunk(ctx, ch, e.Owner, now, until)
		return err
	})
	if err != nil || c == nil {
		return false, err
	}
	ds, err := e.Store.ChunkDeliveries(ctx, c)
	left, over := ds, false
	if err == nil {
		left, over, err = e.workChunk(ctx, c, ds, nil)
	}
	return len(ds) == 0 || len(left) < len(ds), e.giveBack(ctx, c, over, err)
}

// giveBack ends the claim of a chunk that was worked on, if it is not over. err is how that ended.
func (e *Engine) giveBack(ctx context.Context, c *store.Chunk, over bool, err error) error {
	if errors.Is(err, errUnsettled) {
		return err // its rows look as if they had not been sent: the claim stays until the journal was replayed or it runs out
	}
	if over && err == nil {
		e.wake("due", e.Waker.WakeDue(ctx))
		return nil
	}
	release := context.WithoutCancel(ctx)
	rerr := e.patiently("claims not given back", 1, func() error {
		return e.Store.WriteOften(release, func(tx *store.Tx) error { return tx.ReleaseChunk(release, c.ID, e.Owner) })
	})
	e.wake("due", e.Waker.WakeDue(ctx))
	return errors.Join(err, rerr)
}

// workChunk sends part after part of a chunk, and returns what stays as it was; over: nothing is under the chunk any more, and its claim has ended with the
// last outcome. Parts grow while they are quick: the next chunk begins with the size that the
// last one ended with. Where a rate lets no more through for a moment, it waits for it instead of claiming, reading and counting the rest anew. known is
// what was read of the members a moment ago, or nil.
func (e *Engine) workChunk(ctx context.Context, c *store.Chunk, ds []*store.Delivery, known *surroundings) (left []*store.Delivery, over bool, err error) {
	ch := c.Channel
	left, over = ds, len(ds) > 0 && len(ds) == c.Left // a count that is off is set right when the chunk is given back
	size := e.parts.size(ch, 8*e.connections(ch, campaigns.Bulk))
	defer func() { e.parts.learn(ch, size) }()
	for start := time.Now(); len(left) > 0 && time.Since(start) < chunkWork && ctx.Err() == nil; {
		began := time.Now()
		part := left[:min(len(left), e.most(ch, size))]
		done, err := e.sendSome(ctx, campaigns.Bulk, ch, part, known)
		if err != nil {
			return left, false, err
		}
		left = append(undone(part, done), left[len(part):]...)
		over = over && !slices.ContainsFunc(done, func(o store.Outcome) bool { return o.Stays() })
		if len(done) == len(part) {
			size = nextSize(size, time.Since(began), e.connections(ch, campaigns.Bulk), maxChunk)
			continue
		}
		rest := e.rests(campaigns.Bulk, ch)
		if rest == 0 || time.Since(start)+rest >= chunkWork { // no connection, a pause
			break
		}
		sleep(ctx, rest)
	}
	return left, over && len(left) == 0, nil
}

// nextSize aims at a quarter of a second a part, of at least one message a connection: where it is the database that is slow, smaller parts would only
// be more of them.
func nextSize(size int, took time.Duration, least, most int) int {
	switch {
	case took < chunkWork/8:
		return min(size*2, most)
	case took > chunkWork/2:
		return max(size/2, min(least, size))
	}
	return size
}

// partSizes remembers how many messages of a channel go in a quarter of a second.
type partSizes struct {
	mu sync.Mutex
	m  map[campaigns.Channel]int
}

func (p *partSizes) size(ch campaigns.Channel, first int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := p.m[ch]; n > 0 {
		return n
	}
	return first
}

func (p *partSizes) learn(ch campaigns.Channel, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.m == nil {
		p.m = map[campaigns.Channel]int{}
	}
	p.m[ch] = n
}
