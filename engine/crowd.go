package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Many members who write at once are handled together: a transaction for each of them costs more than all that it writes. Who comes alone is handled at once;
// those who come within a moment after others, or while these are decided for, are the next ones.

const (
	// crowdSize is how many actors are handled in one transaction at most. SQLite has one writer, for whom others wait.
	crowdSize, crowdSizeEmbedded = 100, 40
	// aloneSize is the same, and how many messages are claimed row by row in one transaction, where nobody else waits (Options.Alone).
	aloneSize = 200
	// crowdGap is the least time between the beginnings of two crowds, unless crowdMany wait. At 300 answers a second, 62 crowds began in each.
	crowdGap, crowdMany = 25 * time.Millisecond, 40
	// deciders is how many such transactions run side by side: while PostgreSQL works for one, the other decides.
	deciders = 2
	// flights bounds the crowds whose messages are on their way.
	flights = 16
	// aloneAtOnce is how many actors are handled side by side each by itself.
	aloneAtOnce = 16
	// crowdSlice is how long one call decides before it makes room for another.
	crowdSlice = 10 * time.Second
	// wakeAtOnce is how many actors one wake-up names.
	wakeAtOnce = 100
)

// crowd is who waits to be handled by this process. It is no more than a list of wake-ups: rows are the truth.
type crowd struct {
	mu      sync.Mutex
	waiting []string
	known   map[string]bool
	began   time.Time // when some were taken last

	deciding, flying, alone chan struct{} // slots
}

func (c *crowd) open() {
	c.known = map[string]bool{}
	c.deciding, c.flying, c.alone = make(chan struct{}, deciders), make(chan struct{}, flights), make(chan struct{}, aloneAtOnce)
}

func (c *crowd) add(actors []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range actors {
		if !c.known[a] {
			c.known[a] = true
			c.waiting = append(c.waiting, a)
		}
	}
}

func (c *crowd) take(n int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = min(n, len(c.waiting))
	some := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	for _, a := range some {
		delete(c.known, a)
	}
	if n > 0 {
		c.began = time.Now()
	}
	return some
}

// early is how long it is until the next crowd may begin.
func (c *crowd) early() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.waiting); n == 0 || n >= crowdMany {
		return 0
	}
	return max(crowdGap-time.Since(c.began), 0)
}

// slot takes one, or waits for it.
func slot(ctx context.Context, slots chan struct{}) (free func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begun is what one call of HandleActors has begun, and what of it failed.
type begun struct {
	wg  sync.WaitGroup
	mu  sync.Mutex
	err error
}

func (b *begun) run(fn func() error) {
	b.wg.Go(func() { b.failed(fn()) })
}

func (b *begun) failed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = errors.Join(b.err, err)
}

// HandleActors handles the next input of each of the actors, and sends what they cause. What it returns says what failed and is tried again by the sweeps.
func (e *Engine) HandleActors(ctx context.Context, actors []string) error {
	e.crowd.add(actors)
	var b begun
	err := e.decideCrowds(ctx, &b)
	b.wg.Wait()
	return errors.Join(err, b.err)
}

// crowdSize is how many are handled in one transaction.
func (e *Engine) crowdSize() int {
	switch {
	case e.Alone:
		return aloneSize
	case e.Store.Embedded():
		return crowdSizeEmbedded
	}
	return crowdSize
}

// decideCrowds decides for whoever waits, until nobody does.
func (e *Engine) decideCrowds(ctx context.Context, b *begun) error {
	free, err := slot(ctx, e.crowd.deciding)
	if err != nil {
		return err
	}
	defer free()
	size := e.crowdSize()
	for end := time.Now().Add(crowdSlice); time.Now().Before(end); {
		if wait := e.crowd.early(); wait > 0 && !e.Alone {
			sleep(ctx, wait)
		}
		some := e.crowd.take(size)
		if len(some) == 0 {
			return nil
		}
		if err := e.handleCrowd(ctx, some, e.chatsOf(some), b); err != nil {
			return err
		}
	}
	e.wakeActors(ctx, e.crowd.take(1<<30))
	return nil
}

// chatsOf are those among the actors who wrote in chats, where chats are handled.
func (e *Engine) chatsOf(actors []string) (chats []string) {
	if e.Chat == nil || e.Journal == nil || e.off(campaigns.Telegram) {
		return nil
	}
	for _, a := range actors {
		if strings.HasPrefix(a, chatActor("")) {
			chats = append(chats, a)
		}
	}
	return chats
}

// handleCrowd handles together those of whom some can be, and the others each by itself.
func (e *Engine) handleCrowd(ctx context.Context, actors, some []string, b *begun) error {
	var alone []string
	if len(some) < len(actors) {
		alone = slices.DeleteFunc(slices.Clone(actors), func(a string) bool { return slices.Contains(some, a) })
	}
	if len(some) > 0 {
		landed, err := slot(ctx, e.crowd.flying)
		if err != nil {
			return err
		}
		t := e.newTogether(b)
		others, err := t.decide(ctx, some)
		alone = append(alone, others...)
		if err != nil {
			landed()
			return err
		}
		b.run(func() error {
			defer landed()
			return t.fly(ctx)
		})
	}
	for _, a := range alone {
		free, err := slot(ctx, e.crowd.alone)
		if err != nil {
			return err
		}
		b.run(func() error {
			defer free()
			return e.HandleActor(ctx, a)
		})
	}
	return nil
}

// wakeActors wakes whoever handles these actors, each once.
func (e *Engine) wakeActors(ctx context.Context, actors []string) {
	seen := make(map[string]bool, len(actors))
	actors = slices.DeleteFunc(slices.Clone(actors), func(a string) bool {
		had := seen[a]
		seen[a] = true
		return had
	})
	for some := range slices.Chunk(actors, wakeAtOnce) {
		e.wake("actors", e.Waker.WakeActors(ctx, some...))
	}
}
