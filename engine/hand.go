package engine

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// seatWait is how long a look at all audiences waits for seats, and seatPatience how long one waits in all: whatever is entered without one has
	// to be read again, and all that comes behind it too. A chunk is worked on for a second at most; a channel with no seat for longer is slower than entering.
	seatWait     = 250 * time.Millisecond
	seatPatience = 2 * chunkWork
	// stoppedLooking is when an audience that found no seat did not come back for one, such as by a pause: it begins to wait anew.
	stoppedLooking = time.Minute
	// handLife bounds the sending of a chunk, as a task's time bounds that of the others.
	handLife = 2 * time.Minute
	// slowPause is how long a channel gets nothing by hand after a chunk that it could not send wholly: entering waits for no slow channel.
	slowPause = 10 * time.Second
)

// seats are those of one channel: how many chunks may be on their way that are sent by who entered their members.
type seats struct {
	*semaphore.Weighted
	slow atomic.Int64 // until when the channel is slower than entering, in Unix nanoseconds
}

func (s *seats) rest(d time.Duration) { s.slow.Store(time.Now().Add(d).UnixNano()) }

func (s *seats) quick() bool { return time.Now().UnixNano() > s.slow.Load() }

// openSeats gives each channel that can send as many seats as chunks are worked on, and one more.
func (e *Engine) openSeats() {
	e.seats = map[campaigns.Channel]*seats{}
	for ch := range e.Senders {
		e.seats[ch] = &seats{Weighted: semaphore.NewWeighted(int64(e.BulkRunners) + 1)}
	}
}

// awaitSeat waits until ctx ends for a seat on one of the quick channels that the audience is sent to; any does: what is for a channel without one goes by the lanes.
func (e *Engine) awaitSeat(ctx context.Context, to []campaigns.Channel) (free, quick bool) {
	var first *seats
	for _, ch := range to {
		s := e.seats[ch]
		if s == nil || !s.quick() {
			continue
		}
		if s.TryAcquire(1) {
			s.Release(1)
			return true, true
		}
		if first == nil {
			first = s
		}
	}
	if first == nil || first.Acquire(ctx, 1) != nil {
		return false, first != nil
	}
	first.Release(1)
	return true, true
}

// patience notes whether an audience found a seat, and reports whether one that did not is to come back for it.
func (e *Engine) patience(id campaigns.CampaignID, to []campaigns.Channel, free bool) (later bool) {
	if free {
		e.unseated.Delete(id)
		return false
	}
	now := time.Now()
	since, _ := e.unseated.LoadOrStore(id, now)
	waited := now.Sub(since.(time.Time))
	if waited > stoppedLooking {
		e.unseated.Store(id, now)
	}
	if waited < seatPatience || waited > stoppedLooking {
		return true
	}
	for _, ch := range to {
		switch s := e.seats[ch]; {
		case s == nil:
		case s.TryAcquire(1):
			s.Release(1)
		default:
			s.rest(slowPause)
		}
	}
	e.unseated.Delete(id)
	return false
}

// hand takes the chunks of one transaction that are sent by who writes them: written claimed, neither their messages nor their members are read again. nil
// takes none.
type hand struct {
	e     *Engine
	until time.Time // the claims' end
	known *surroundings
	may   map[campaigns.Channel]bool
	full  []inHand
	alone bool // nothing was written that the lanes have to send
}

type inHand struct {
	chunk store.Chunk
	ds    []*store.Delivery
}

// newHand waits for a seat until seated ends. It is nil where there is none, or this process sends nothing; later: there will be one.
func (e *Engine) newHand(ctx, seated context.Context, s *store.Schedule) (h *hand, later bool) {
	if e.Journal == nil {
		return nil, false
	}
	l, err := e.version(ctx, e.Store, s.Campaign, s.Version)
	if err != nil || !l.decided {
		return nil, false // whoever opens it says why
	}
	free, quick := e.awaitSeat(seated, l.needs.Channels)
	switch {
	case !quick:
		return nil, false
	case e.patience(s.Campaign, l.needs.Channels, free):
		return nil, true
	case free:
		return &hand{e: e}, false
	}
	return nil, false
}

// rows is how many members enter in one transaction: one chunk's where it is taken, else as many as there are.
func (h *hand) rows(most int) int {
	if h == nil {
		return most
	}
	return min(most, maxChunk)
}

// begin begins the transaction's, or its repetition's. What members are known by was read at this moment.
func (h *hand) begin(until time.Time) {
	if h == nil {
		return
	}
	h.drop()
	h.until, h.may, h.alone = until, map[campaigns.Channel]bool{}, false
}

// knows keeps what was read of the members.
func (h *hand) knows(profiles map[campaigns.MemberID]*store.Profile, rows []*store.Enrollment, read time.Time) {
	h.known = &surroundings{profiles: profiles, rows: make(map[campaigns.EnrollmentID]*store.Enrollment, len(rows)), read: read}
	for _, row := range rows {
		h.known.rows[row.ID] = row
	}
}

// take lets the chunk be written as claimed, where there is room and nothing waits on its channel that may be more urgent.
func (h *hand) take(ctx context.Context, tx *store.Tx, c *store.Chunk, ds []*store.Delivery) error {
	if h == nil || h.known == nil || h.e.off(c.Channel) {
		return nil
	}
	may, asked := h.may[c.Channel]
	if !asked {
		waits, err := tx.BulkWaits(ctx, c.Channel, c.DueAt)
		if err != nil {
			return err
		}
		may = !waits && h.e.seats[c.Channel].quick()
		h.may[c.Channel] = may
	}
	if !may || !h.e.seats[c.Channel].TryAcquire(1) {
		return nil
	}
	c.Owner, c.Until = h.e.Owner, h.until
	h.full = append(h.full, inHand{*c, ds})
	return nil
}

// wrote notes whether all messages that the transaction wrote were taken.
func (h *hand) wrote(ds []*store.Delivery) {
	if h == nil {
		return
	}
	for _, d := range ds {
		if d.State == campaigns.Pending && !slices.ContainsFunc(h.full, func(x inHand) bool { return x.chunk.ID == d.Chunk }) {
			return
		}
	}
	h.alone = true
}

// tookAll reports whether the lanes have nothing to send of what was written.
func (h *hand) tookAll() bool { return h != nil && h.alone }

// drop gives back the seats of what was not written.
func (h *hand) drop() {
	if h == nil {
		return
	}
	for _, x := range h.full {
		h.e.seats[x.chunk.Channel].Release(1)
	}
	h.full, h.known = nil, nil
}

// send sends what was written, side by side, beside the caller, whose end is not theirs.
func (h *hand) send(beside *sync.WaitGroup) {
	if h == nil {
		return
	}
	for _, x := range h.full {
		beside.Add(1)
		h.e.beside.Go(func() {
			defer beside.Done()
			ctx, cancel := context.WithTimeout(h.e.life, handLife)
			defer cancel()
			h.e.sendInHand(ctx, x, h.known)
		})
	}
	h.full = nil
}

// soon waits for what is beside the caller, if that takes no longer than a chunk may: a mail server that hangs must not keep what is due.
func soon(ctx context.Context, beside *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		beside.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(chunkWork):
	case <-ctx.Done():
	}
}

// sendInHand works on a chunk. What is left of it the lanes find.
func (e *Engine) sendInHand(ctx context.Context, x inHand, known *surroundings) {
	s := e.seats[x.chunk.Channel]
	defer s.Release(1)
	left, over, err := e.workChunk(ctx, &x.chunk, x.ds, known)
	if len(left) > 0 {
		s.rest(slowPause)
	}
	if err = e.giveBack(ctx, &x.chunk, over, err); err != nil && ctx.Err() == nil {
		e.Log.Warn("deliveries not sent; the sweep tries again", "channel", x.chunk.Channel, "error", err)
	}
	if len(left) > 0 {
		e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Bulk, x.chunk.Channel))
	}
}
