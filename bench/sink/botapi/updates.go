package botapi

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Updates are what members did and the bot has not confirmed yet. It is safe for concurrent use.
type Updates struct {
	mu        sync.Mutex
	nextID    int64
	waiting   []update
	confirmed int64
	conflicts int64
	changed   chan struct{} // closed at the next push
	poller    chan struct{} // closed when a newer poller ends the one that waits
}

type update struct {
	id  int64
	raw []byte
}

func newUpdates() *Updates { return &Updates{nextID: 1, changed: make(chan struct{})} }

// Push queues an update of the kind with this content (Bot API Update), and returns its id.
func (u *Updates) Push(kind, content string) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	id := u.nextID
	u.nextID++
	u.waiting = append(u.waiting, update{id, []byte(`{"update_id":` + strconv.FormatInt(id, 10) + `,"` + kind + `":` + content + `}`)})
	close(u.changed)
	u.changed = make(chan struct{})
	return id
}

// UpdateCounts tell how it stands.
type UpdateCounts struct {
	// Pushed by members, Confirmed by the bot, and Conflicts: how often a poller that waited was ended by another.
	Pushed, Confirmed, Conflicts int64
}

// Counts tells how it stands.
func (u *Updates) Counts() UpdateCounts {
	u.mu.Lock()
	defer u.mu.Unlock()
	return UpdateCounts{Pushed: u.nextID - 1, Confirmed: u.confirmed, Conflicts: u.conflicts}
}

// next confirms what lies below the offset and returns the next updates as a JSON list, empty when the time is over. It is not ok when a newer call came.
func (u *Updates) next(offset int64, limit int, patience time.Duration, done <-chan struct{}) (batch []byte, ok bool) {
	me := u.enter(offset)
	defer u.leave(me)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		batch, changed := u.take(limit)
		if batch != nil {
			return batch, true
		}
		select {
		case <-changed:
		case <-me:
			return nil, false
		case <-timer.C:
			return []byte("[]"), true
		case <-done:
			return []byte("[]"), true
		}
	}
}

func (u *Updates) enter(offset int64) chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := 0
	for n < len(u.waiting) && u.waiting[n].id < offset {
		n++
	}
	u.waiting = slices.Delete(u.waiting, 0, n)
	u.confirmed += int64(n)
	if u.poller != nil {
		close(u.poller)
		u.conflicts++
	}
	u.poller = make(chan struct{})
	return u.poller
}

func (u *Updates) leave(me chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.poller == me {
		u.poller = nil
	}
}

func (u *Updates) take(limit int) ([]byte, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.waiting) == 0 {
		return nil, u.changed
	}
	out := []byte{'['}
	for i, x := range u.waiting[:min(limit, len(u.waiting))] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, x.raw...)
	}
	return append(out, ']'), nil
}
