package look

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	// maxStreams bounds the open streams of a process: each holds a connection. A page beyond it refreshes every half minute instead.
	maxStreams = 500
	// heartbeat keeps proxies from closing a stream that is silent, and finds out who has gone.
	heartbeat = 20 * time.Second
	// costShare is how many times its own cost a poll waits: at most 5 % of a database's time goes to watching pages.
	costShare = 20
	// maxPoll bounds how long a change can stay unseen, however costly it is to see.
	maxPoll = 30 * time.Second
)

// hub holds the streams of a process, and one poll for all who watch the same.
type hub struct {
	open  atomic.Int64
	ended chan struct{}
	end   *sync.Once
	mu    sync.Mutex
	polls map[string]*poll
}

// Changed tells a page's revision: any text that differs when the page does.
type Changed func(ctx context.Context) (revision string, err error)

// Stream serves text/event-stream until the reader goes away or the process ends: an event "change" each time the revision differs from the
// one before. It asks every so often, more rarely the more the asking costs.
func (l *Look) Stream(c *gin.Context, changed Changed, every time.Duration) {
	l.stream(c, func(ctx context.Context, tell func()) { watch(ctx, changed, every, tell) })
}

// Shared is Stream with one poll for all readers of the same key: a hundred open pages cost what one does.
func (l *Look) Shared(c *gin.Context, key string, changed Changed, every time.Duration) {
	l.stream(c, func(ctx context.Context, tell func()) { l.streams.join(ctx, key, changed, every, tell) })
}

// Signals is Stream for what tells by itself: next returns at the next change, and with an error when there is none to come.
func (l *Look) Signals(c *gin.Context, next func(ctx context.Context) error) {
	l.stream(c, func(ctx context.Context, tell func()) {
		for next(ctx) == nil {
			tell()
		}
	})
}

// stream writes the events; several changes that come while one is written are one.
func (l *Look) stream(c *gin.Context, run func(ctx context.Context, tell func())) {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold the events back
	if l.streams.open.Add(1) > maxStreams {
		l.streams.open.Add(-1)
		_, _ = io.WriteString(c.Writer, "event: full\ndata:\n\n")
		return
	}
	defer l.streams.open.Add(-1)
	ctx, cancel := context.WithCancel(c.Request.Context())
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	changes := make(chan struct{}, 1)
	watching.Go(func() {
		run(ctx, func() {
			select {
			case changes <- struct{}{}:
			default:
			}
		})
	})
	l.write(ctx, c.Writer, changes)
}

func (l *Look) write(ctx context.Context, w gin.ResponseWriter, changes <-chan struct{}) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for line := ": open\nretry: 2000\n\n"; ; {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(heartbeat)) // a test's writer cannot
		if _, err := io.WriteString(w, line); err != nil {
			return
		}
		w.Flush()
		select {
		case <-changes:
			line = "event: change\ndata:\n\n"
		case <-beat.C:
			line = ": here\n\n"
		case <-ctx.Done():
			return
		case <-l.streams.ended:
			return
		}
	}
}

// watch asks until ctx ends. An error is no change: the next asking tells.
func watch(ctx context.Context, changed Changed, every time.Duration, tell func()) {
	last, known := "", false
	for {
		began := time.Now()
		revision, err := changed(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && known && revision != last:
			tell()
		}
		if err == nil {
			last, known = revision, true
		}
		if !pause(ctx, pollEvery(every, time.Since(began))) {
			return
		}
	}
}

func pollEvery(every, cost time.Duration) time.Duration {
	return min(max(every, costShare*cost), max(maxPoll, every))
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// poll is one asking for many readers. It runs while there is one.
type poll struct {
	readers map[*func()]struct{}
	stop    context.CancelFunc
}

// join adds a reader until ctx ends. The first one starts the asking, the last one ends it.
func (h *hub) join(ctx context.Context, key string, changed Changed, every time.Duration, tell func()) {
	h.mu.Lock()
	p := h.polls[key]
	if p == nil {
		// Values of the first reader's request (who it is) stay; its end does not end the others' asking.
		background, stop := context.WithCancel(context.WithoutCancel(ctx))
		p = &poll{readers: map[*func()]struct{}{}, stop: stop}
		h.polls[key] = p
		go watch(background, changed, every, func() { h.tell(p) })
	}
	p.readers[&tell] = struct{}{}
	h.mu.Unlock()
	<-ctx.Done()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(p.readers, &tell)
	if len(p.readers) == 0 {
		p.stop()
		delete(h.polls, key)
	}
}

func (h *hub) tell(p *poll) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for reader := range p.readers {
		(*reader)()
	}
}
