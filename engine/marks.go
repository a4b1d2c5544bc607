package engine

import (
	"context"
	"sync"

	"github.com/kruzhok/kruzhok/store"
)

// mark is what shows on a message in the chat that something was done with it: the chosen option, a reaction. It is put there after the transaction that it tells of,
// beside what is sent.
type mark struct {
	message string // where
	turn    uint64 // the later one is what stands in the end
	put     func(context.Context) error
}

// marks have the marks of one message put in their order: a second press may be handled while the first one's mark is still on its way.
type marks struct {
	mu    sync.Mutex
	turns uint64
	on    map[string]*markedMessage
}

type markedMessage struct {
	mu    sync.Mutex
	shown uint64
	users int
}

// next is the turn of a mark that is decided now.
func (m *marks) next() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns++
	return m.turns
}

// hold keeps what is known of the message until free is called.
func (m *marks) hold(message string) (on *markedMessage, free func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if on = m.on[message]; on == nil {
		on = &markedMessage{}
		if m.on == nil {
			m.on = map[string]*markedMessage{}
		}
		m.on[message] = on
	}
	on.users++
	return on, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if on.users--; on.users == 0 {
			delete(m.on, message)
		}
	}
}

// put puts the mark, unless a later one stands there.
func (on *markedMessage) put(ctx context.Context, m *mark) error {
	on.mu.Lock()
	defer on.mu.Unlock()
	if m.turn < on.shown {
		return nil
	}
	on.shown = m.turn
	return m.put(ctx)
}

// marked notes what is to be shown on the input's message, or on the one whose button was pressed.
func (t *conversation) marked(put func(context.Context) error) {
	t.out.mark = &mark{t.inc.Chat + "/" + t.inc.Message, t.e.marks.next(), put}
}

// marking begins to put the input's mark, if it has one, and returns what waits until it is there.
func (e *Engine) marking(ctx context.Context, in *store.Input, out *after) (wait func()) {
	if out.mark == nil {
		return func() {}
	}
	on, free := e.marks.hold(out.mark.message)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer free()
		if err := on.put(ctx, out.mark); err != nil {
			e.Log.Warn("message not marked", "input", in.ID, "error", err)
		}
	}()
	return func() { <-done }
}
