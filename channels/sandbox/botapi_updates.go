package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	botMaxBatch       = 100
	botMaxPollSeconds = 50
)

// botQueue holds the updates that nobody has confirmed.
type botQueue struct {
	mu      sync.Mutex
	nextID  int64
	updates []botUpdate
	allowed []string      // nil: everything the sandbox makes
	changed chan struct{} // closed at the next push; nil while nobody waits
	poller  *botPoller    // the one that waits
	hooked  bool          // a webhook takes the updates
}

// botUpdate: id is the server's own, which raw need not show.
type botUpdate struct {
	id  int64
	raw []byte
}

// botPoller is ended by a newer one or by setWebhook.
type botPoller struct {
	ended  chan struct{}
	reason string
}

// push queues one update of the kind, unless the bot did not subscribe to it.
func (q *botQueue) push(kind string, content []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.allowed) > 0 && !slices.Contains(q.allowed, kind) {
		return
	}
	raw := make([]byte, 0, len(content)+48)
	raw = append(raw, `{"update_id":`...)
	raw = strconv.AppendInt(raw, q.nextID, 10)
	raw = append(raw, `,"`+kind+`":`...)
	raw = append(raw, content...)
	q.add(append(raw, '}'))
}

func (q *botQueue) add(raw []byte) {
	q.updates = append(q.updates, botUpdate{q.nextID, raw})
	q.nextID++
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// Inject queues an update as it stands, valid JSON that the bot may be unable to read. The server's id for it is the next one, whatever raw says.
func (b *BotAPI) Inject(raw json.RawMessage) {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	b.queue.add(bytes.Clone(raw))
}

// NextUpdateID is the id that the next update gets. Setting it above 0 moves it, as after a quiet week.
func (b *BotAPI) NextUpdateID(set int64) int64 {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	if set > 0 {
		b.queue.nextID = set
	}
	return b.queue.nextID
}

// Pending is how many updates are not confirmed.
func (b *BotAPI) Pending() int {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return len(b.queue.updates)
}

func (q *botQueue) setAllowed(p botParams) *botError {
	if !p.has("allowed_updates") {
		return nil
	}
	var kinds []string
	if raw := p.get("allowed_updates"); raw != "" && json.Unmarshal([]byte(raw), &kinds) != nil {
		return botBad("can't parse allowed updates list")
	}
	q.allowed = kinds
	return nil
}

// getUpdates confirms what lies below the offset and waits for more; of two calls the newer wins.
func (b *BotAPI) getUpdates(ctx context.Context, p botParams) ([]byte, *botError) {
	q := &b.queue
	me, refusal := q.enter(p)
	if refusal != nil {
		return nil, refusal
	}
	defer q.leave(me)
	limit := botMaxBatch
	if p.get("limit") != "" {
		limit = int(min(max(p.int64("limit"), 1), botMaxBatch)) // what is no number counts as 0, as the server takes it
	}
	deadline := time.NewTimer(time.Duration(min(max(p.int64("timeout"), 0), botMaxPollSeconds)) * time.Second)
	defer deadline.Stop()
	for {
		batch, changed := q.take(limit)
		if batch != nil {
			return batch, nil
		}
		select {
		case <-changed:
		case <-deadline.C:
			return []byte("[]"), nil
		case <-me.ended:
			return nil, &botError{code: 409, text: me.reason}
		case <-ctx.Done():
			return []byte("[]"), nil
		case <-b.closed:
			return []byte("[]"), nil
		}
	}
}

const botTerminated = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"

func (q *botQueue) enter(p botParams) (*botPoller, *botError) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.hooked {
		return nil, &botError{code: 409, text: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
	}
	if refusal := q.setAllowed(p); refusal != nil {
		return nil, refusal
	}
	q.end(botTerminated)
	q.poller = &botPoller{ended: make(chan struct{})}
	q.confirm(p.int64("offset"))
	return q.poller, nil
}

func (q *botQueue) leave(me *botPoller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.poller == me {
		q.poller = nil
	}
}

// end ends the waiting poller, if any.
func (q *botQueue) end(reason string) {
	if q.poller != nil {
		q.poller.reason = reason
		close(q.poller.ended)
		q.poller = nil
	}
}

// confirm forgets all below the offset; a negative one keeps so many from the end (Bot API getUpdates).
func (q *botQueue) confirm(offset int64) {
	n := 0
	if offset < 0 {
		n = max(len(q.updates)+int(max(offset, -int64(len(q.updates)))), 0)
	}
	for offset > 0 && n < len(q.updates) && q.updates[n].id < offset {
		n++
	}
	q.updates = slices.Delete(q.updates, 0, n)
}

// take returns the first updates as a JSON list, or a channel that closes when there are more.
func (q *botQueue) take(limit int) ([]byte, <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.updates) == 0 {
		if q.changed == nil {
			q.changed = make(chan struct{})
		}
		return nil, q.changed
	}
	out := []byte{'['}
	for i, u := range q.updates[:min(limit, len(q.updates))] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, u.raw...)
	}
	return append(out, ']'), nil
}
