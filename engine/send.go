package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// rowClaim and chunkClaim are how long a claim lasts. What is not done by then and whose owner left no journal becomes unknown (graceClaim later).
	rowClaim   = time.Minute
	chunkClaim = time.Minute
	graceClaim = 30 * time.Second
	// chunkWork is how long one claim of a chunk is worked on before its rest is given back: consent is read again, a pause takes effect.
	chunkWork = time.Second
	// gateAge bounds the time between the gates and the first byte.
	gateAge = 2 * time.Second
)

// SendNow sends these deliveries, and then what their outcomes cause in the interactive lane, until nothing is left: decide and send in one go.
// What cannot be sent now stays in its row for the sweeps.
func (e *Engine) SendNow(ctx context.Context, ids []campaigns.DeliveryID) error {
	for len(ids) > 0 && e.Journal != nil {
		var ds []*store.Delivery
		err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
			now := e.now()
			ds, err = tx.ClaimDeliveries(ctx, ids, e.Owner, now, now.Add(rowClaim))
			return err
		})
		if err != nil {
			return err
		}
		if ids, err = e.sendRows(ctx, campaigns.Interactive, ds); err != nil {
			return err
		}
	}
	return nil
}

// SendLane sends what is due row by row in the lane on the channel, and in the bulk lane then chunks, for a slice of time. It reports whether more waits.
func (e *Engine) SendLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, slice time.Duration) (more bool, err error) {
	if e.off(ch) || e.Journal == nil {
		return false, nil
	}
	for end := time.Now().Add(slice); time.Now().Before(end); {
		if wait, err := e.cooling(ctx, ch); err != nil || wait > 0 {
			return false, err
		}
		n, err := e.sendDue(ctx, lane, ch)
		if err != nil {
			return false, err
		}
		if n == 0 && lane == campaigns.Bulk {
			if n, err = e.sendChunk(ctx, ch); err != nil {
				return false, err
			}
		}
		if n == 0 {
			return false, nil
		}
	}
	return true, nil
}

// sendDue claims and sends some deliveries that are due row by row.
func (e *Engine) sendDue(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) (int, error) {
	var ds []*store.Delivery
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		now := e.now()
		ds, err = tx.ClaimDue(ctx, lane, ch, e.Owner, now, now.Add(rowClaim), 2*e.connections(ch, lane))
		return err
	})
	if err != nil || len(ds) == 0 {
		return 0, err
	}
	next, err := e.sendRows(ctx, lane, ds)
	if err != nil {
		return 0, err
	}
	return len(ds), e.SendNow(ctx, next)
}

// sendRows sends claimed rows and writes what became of them. It returns the interactive deliveries that this caused.
func (e *Engine) sendRows(ctx context.Context, lane campaigns.Lane, ds []*store.Delivery) ([]campaigns.DeliveryID, error) {
	byChannel := map[campaigns.Channel][]*store.Delivery{}
	for _, d := range ds {
		byChannel[d.Channel] = append(byChannel[d.Channel], d)
	}
	var next []campaigns.DeliveryID
	for ch, some := range byChannel {
		done, err := e.sendSome(ctx, lane, ch, some)
		if err != nil {
			return nil, err
		}
		if rest := untouched(some, done); len(rest) > 0 {
			err := e.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
				return tx.ReleaseDeliveries(ctx, rest, e.Owner, e.now().Add(releasePause))
			})
			if err != nil {
				return nil, err
			}
		}
		if lane != campaigns.Interactive {
			e.wake("due", e.Waker.WakeDue(ctx))
			continue
		}
		for _, o := range done {
			if !o.State.Final() || o.Enrollment == 0 {
				continue
			}
			ids, err := e.AdvanceEnrollment(ctx, o.Enrollment)
			if err != nil {
				return nil, err
			}
			next = append(next, ids...)
		}
	}
	return next, nil
}

// releasePause is how long a row rests that a worker had claimed and had no chance to send: no connection, no rate.
const releasePause = time.Second

// untouched lists the deliveries that have no outcome.
func untouched(ds []*store.Delivery, done []store.Outcome) []campaigns.DeliveryID {
	has := map[campaigns.DeliveryID]bool{}
	for _, o := range done {
		has[o.Delivery] = true
	}
	var ids []campaigns.DeliveryID
	for _, d := range ds {
		if !has[d.ID] {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// sendChunk claims one chunk and works on it for at most chunkWork; the rest is given back.
func (e *Engine) sendChunk(ctx context.Context, ch campaigns.Channel) (int, error) {
	var c *store.Chunk
	err := e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
		now := e.now()
		c, err = tx.ClaimChunk(ctx, ch, e.Owner, now, now.Add(chunkClaim))
		return err
	})
	if err != nil || c == nil {
		return 0, err
	}
	n, err := e.workChunk(ctx, ch, c)
	rerr := e.Store.WriteBulk(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.ReleaseChunk(context.WithoutCancel(ctx), c.ID, e.Owner) })
	e.wake("due", e.Waker.WakeDue(ctx))
	return max(n, 1), errors.Join(err, rerr)
}

func (e *Engine) workChunk(ctx context.Context, ch campaigns.Channel, c *store.Chunk) (int, error) {
	ds, err := e.Store.ChunkDeliveries(ctx, c)
	if err != nil {
		return 0, err
	}
	n, size := 0, 8*e.connections(ch, campaigns.Bulk)
	for start := time.Now(); n < len(ds) && time.Since(start) < chunkWork && ctx.Err() == nil; {
		began := time.Now()
		part := ds[n:min(n+size, len(ds))]
		done, err := e.sendSome(ctx, campaigns.Bulk, ch, part)
		if err != nil {
			return n, err
		}
		n += len(done)
		if len(done) < len(part) { // no rate, no connection, a pause
			break
		}
		size = nextSize(size, time.Since(began), e.Store.BulkRows())
	}
	return n, nil
}

// nextSize aims at a quarter of a second a part.
func nextSize(size int, took time.Duration, most int) int {
	switch {
	case took < chunkWork/8:
		return min(size*2, most)
	case took > chunkWork/2:
		return max(size/2, 1)
	}
	return size
}

// job is one delivery that passed the gates.
type job struct {
	d     *store.Delivery
	msg   *channels.Message
	reach channels.Reach // of the address, as it was known
}

// sendSome takes claimed deliveries of one channel through the gates, renders, sends and writes what became of them, in one transaction of outcomes.
// Deliveries without an outcome in the result were not begun and stay as they were.
func (e *Engine) sendSome(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, ds []*store.Delivery) ([]store.Outcome, error) {
	res := &results{channel: ch}
	gated := time.Now()
	jobs, err := e.prepare(ctx, lane, ch, ds, res)
	if err != nil {
		return nil, err
	}
	pool := e.pool[poolKey{ch, lane}]
	lines, granted := e.takeLines(ctx, pool, lane, jobs)
	var wg sync.WaitGroup
	queue := inTurn(jobs[:granted])
	for _, l := range lines {
		wg.Go(func() {
			for some := range queue {
				for _, j := range some {
					if time.Since(gated) > gateAge || ctx.Err() != nil || !e.maySend(ctx, j.d) {
						return
					}
					e.sendOne(ctx, l, j, res)
				}
			}
		})
	}
	wg.Wait()
	err = e.writeOutcomes(ctx, res)
	for _, l := range lines {
		pool.give(l, err == nil) // otherwise its journal keeps what the rows do not know yet
	}
	return res.outcomes, err
}

// inTurn is a closed channel of what each member gets: one member's messages keep their order and go over one connection.
func inTurn(jobs []job) <-chan []job {
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(a.d.ID, b.d.ID) })
	var order []campaigns.MemberID
	by := map[campaigns.MemberID][]job{}
	for _, j := range jobs {
		if by[j.d.Member] == nil {
			order = append(order, j.d.Member)
		}
		by[j.d.Member] = append(by[j.d.Member], j)
	}
	queue := make(chan []job, len(order))
	for _, m := range order {
		queue <- by[m]
	}
	close(queue)
	return queue
}

// takeLines takes rate tokens for the jobs and the connections to send them with: as many as are free, at least one.
func (e *Engine) takeLines(ctx context.Context, pool *linePool, lane campaigns.Lane, jobs []job) ([]*line, int) {
	if len(jobs) == 0 {
		return nil, 0
	}
	granted := len(jobs)
	if e.Limiter != nil {
		n, _, err := e.Limiter.Take(ctx, pool.ch, lane, len(jobs))
		if err != nil { // without Redis nothing is sent
			e.Log.Warn("no rate token", "channel", pool.ch, "error", err)
			return nil, 0
		}
		granted = n
	}
	if granted == 0 {
		return nil, 0
	}
	var lines []*line
	for len(lines) < min(granted, pool.size) {
		wait, cancel := context.WithTimeout(ctx, lineWait(len(lines)))
		l, err := pool.take(wait)
		cancel()
		if err != nil {
			if len(lines) == 0 {
				e.Log.Warn("no connection", "channel", pool.ch, "error", err)
			}
			break
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 {
		return nil, 0
	}
	return lines, granted
}

// lineWait is how long to wait for a connection: long for the first, hardly for more.
func lineWait(have int) time.Duration {
	if have == 0 {
		return 10 * time.Second
	}
	return 50 * time.Millisecond
}

// maySend is the last look before a message: its campaign may have been paused or ended since the gates.
func (e *Engine) maySend(ctx context.Context, d *store.Delivery) bool {
	if d.Campaign == 0 {
		return true
	}
	state, err := e.campaignState(ctx, d.Campaign)
	return err == nil && state == campaigns.Running
}

// sendOne sends one message; its id is in the journal before a byte of it leaves.
func (e *Engine) sendOne(ctx context.Context, l *line, j job, res *results) {
	began := time.Now()
	id := int64(j.d.ID)
	begun := false
	r := l.conn.Send(ctx, j.msg, func() error {
		if err := l.lane.Begin(id); err != nil {
			return err
		}
		begun = true
		l.begun = append(l.begun, id)
		return nil
	})
	o := e.outcome(j.d, r)
	if begun {
		if err := l.lane.Result(id, journalRecord(o)); err != nil {
			e.Log.Error("journal: result not kept", "error", err) // the row will tell; only a crash before it leaves "unknown"
		}
	}
	e.Observer.Sent(j.d.Channel, time.Since(began))
	res.add(o, j, r)
}

// AdvanceEnrollment decides at once what a delivery's outcome, or time, means for one enrollment, and returns the interactive deliveries to send.
func (e *Engine) AdvanceEnrollment(ctx context.Context, id campaigns.EnrollmentID) (ids []campaigns.DeliveryID, err error) {
	found, err := e.Store.Enrollment(ctx, id)
	if err != nil {
		return nil, err
	}
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		ids = nil
		p, err := tx.LockMember(ctx, found.Member)
		if err != nil {
			return err
		}
		row, err := tx.LockEnrollment(ctx, id)
		if err != nil || row.DueAt == nil || row.DueAt.After(e.now()) {
			return err
		}
		var d *store.Delivery
		if row.WaitDelivery != 0 {
			if d, err = tx.Delivery(ctx, row.WaitDelivery); err != nil {
				return err
			}
		}
		state, err := e.campaignState(ctx, row.Campaign)
		if err != nil || state != campaigns.Running {
			return err
		}
		w, err := e.newWork(ctx, tx, nil)
		if err != nil {
			return err
		}
		if err := w.decide(ctx, row, p, e.dueInput(e.now())(row, d)); err != nil {
			return err
		}
		ids, err = w.flush(ctx)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return ids, err
}

// gateFacts is what the gates look at for one delivery.
func (e *Engine) gateFacts(d *store.Delivery, l *live, row *store.Enrollment, p *store.Profile, c *store.Community, state campaigns.State) decide.GateFacts {
	g := decide.GateFacts{System: d.Kind == store.SystemDelivery, MemberErased: p.State == "erased", Stopped: p.StoppedAt != nil, Expires: d.ExpiresAt, Lane: d.Lane, Zone: zone(c, p.TimeZone), Standing: true}
	topic := ""
	if l != nil {
		topic, g.Purpose = l.def.Topic, l.def.Purpose
		if l.def.Quiet != nil {
			g.Quiet = append(g.Quiet, l.def.Quiet)
		}
		g.EnrollmentFinal = row == nil || row.State.Final()
		g.Standing = row != nil && row.WaitKind == campaigns.WaitDelivery && row.WaitDelivery == d.ID
		g.CampaignPaused = state == campaigns.Paused
	}
	g.Channel, g.HasAddress = e.channelFacts(p, d.Channel, topic)
	g.Channel.Off = e.off(d.Channel)
	return g
}
