package store

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// replyGap is how soon after a transaction of interactive work the next one of the same answer may come.
	replyGap = 3 * time.Millisecond
	// bulkPatience is how long bulk work lets interactive work go first.
	bulkPatience = 25 * time.Millisecond
)

// turns lets interactive work go first on the one connection that writes. An answer is a few small transactions, one after the other: each of them would
// stand behind one of bulk work otherwise.
type turns struct {
	open atomic.Int64 // interactive transactions that wait or run
	last atomic.Int64 // when the last one ended, in nanoseconds
}

func (t *turns) begin() { t.open.Add(1) }

func (t *turns) end() {
	t.last.Store(time.Now().UnixNano())
	t.open.Add(-1)
}

// wait ends when no answer is on its way, or bulk work has waited long enough.
func (t *turns) wait(ctx context.Context) {
	for end := time.Now().Add(bulkPatience); t.busy() && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(replyGap / 6)
	}
}

func (t *turns) busy() bool {
	return t.open.Load() > 0 || time.Now().UnixNano()-t.last.Load() < int64(replyGap)
}
