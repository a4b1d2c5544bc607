package sandbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

// BotCall is one accepted send, whatever became of the answer.
type BotCall struct {
	Method    string // sendMessage, sendPhoto, …
	Chat      int64
	MessageID int64
	// Text is the message or caption without markup.
	Text string
	At   time.Time
}

// botJournal keeps the accepted sends in their order.
type botJournal struct {
	mu    sync.Mutex
	calls []BotCall
}

func (j *botJournal) add(c BotCall) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
}

// Journal is every send that was accepted, in order, also those whose answer was lost by a fault. It needs KeepTexts.
func (b *BotAPI) Journal() []BotCall {
	b.journal.mu.Lock()
	defer b.journal.mu.Unlock()
	return slices.Clone(b.journal.calls)
}

// botTally counts the accepted sends of all chats.
type botTally struct {
	mu      sync.Mutex
	n       int64
	changed chan struct{}
}

func (t *botTally) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

func (t *botTally) read() (int64, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.n, t.changed
}

// Accepted is how many sends were accepted in all.
func (b *BotAPI) Accepted() int64 {
	b.tally.mu.Lock()
	defer b.tally.mu.Unlock()
	return b.tally.n
}

// WaitAccepted returns when at least n sends were accepted in all, or with the context's error.
func (b *BotAPI) WaitAccepted(ctx context.Context, n int64) error {
	for {
		have, changed := b.tally.read()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
