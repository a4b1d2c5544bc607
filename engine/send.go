package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// rowClaim and chunkClaim are how long a claim lasts. What is not done by then and whose owner left no journal becomes unknown (graceClaim later).
	// They outlast any task (two minutes, spent on one mail server that hangs): what stands in line behind the hanging message was never begun.
	rowClaim   = 4 * time.Minute
	chunkClaim = 4 * time.Minute
	graceClaim = 30 * time.Second
	// chunkWork is how long one claim of a chunk is worked on before its rest is given back: consent is read again, a pause takes effect.
	chunkWork = time.Second
	// gateAge bounds the time between the gates and the first byte.
	gateAge = 2 * time.Second
)

// SendNow sends those of these deliveries that are chat messages, and then what their outcomes cause in the interactive lane, until nothing is left: decide
// and send in one go. Mails go by their lane: a mail server may take a minute for one, and whoever handles what members write must not wait for it.
// What cannot be sent now stays in its row for the sweeps.
func (e *Engine) SendNow(ctx context.Context, ids []campaigns.DeliveryID) error {
	for len(ids) > 0 && e.Journal != nil {
		var ds []*store.Delivery
		mails := false
		err := e.claim(ctx, e.Store.Write, rowClaim, func(tx *store.Tx, now, until time.Time) (err error) {
			if ds, err = tx.ClaimDeliveries(ctx, ids, campaigns.Telegram, e.Owner, now, until); err != nil || len(ds) == len(ids) {
				return err
			}
			mails, err = tx.LeaveToLane(ctx, ids, campaigns.Email, now)
			return err
		})
		if err != nil {
			return err
		}
		if mails {
			e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Interactive, campaigns.Email))
		}
		if ids, _, err = e.sendRows(ctx, campaigns.Interactive, ds); err != nil {
			return err
		}
	}
	return nil
}

// SendLane sends what is due row by row in the lane on the channel, and in the bulk lane then chunks, for a slice of time. It reports whether more waits.
// It ends early when nothing can be sent at this moment: no rate, no connection, a channel that rests. The sweeps come back.
func (e *Engine) SendLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, slice time.Duration) (more bool, err error) {
	if e.Journal == nil && !e.off(ch) {
		return false, nil
	}
	end := time.Now().Add(slice)
	if lane != campaigns.Bulk {
		return e.runLane(ctx, lane, ch, end)
	}
	var wg sync.WaitGroup
	mores, errs := make([]bool, e.BulkRunners), make([]error, e.BulkRunners)
	for i := range e.BulkRunners {
		wg.Go(func() { mores[i], errs[i] = e.runLane(ctx, lane, ch, end) })
	}
	wg.Wait()
	return slices.Contains(mores, true), errors.Join(errs...)
}

func (e *Engine) runLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, end time.Time) (more bool, err error) {
	for time.Now().Before(end) {
		if wait, err := e.cooling(ctx, ch); err != nil || max(wait, e.rests(lane, ch)) > 0 {
			return false, err
		}
		worked, err := e.sendDue(ctx, lane, ch)
		if !worked && err == nil && lane == campaigns.Bulk {
			worked, err = e.sendChunk(ctx, ch)
		}
		if err != nil || !worked {
			return false, err
		}
	}
	return true, nil
}

// sendDue claims and sends some deliveries that are due row by row. worked: there were some, and they did not all stay as they were.
func (e *Engine) sendDue(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) (worked bool, err error) {
	var ds []*store.Delivery
	err = e.claim(ctx, e.write(lane), rowClaim, func(tx *store.Tx, now, until time.Time) (err error) {
		ds, err = tx.ClaimDue(ctx, lane, ch, e.Owner, now, until, e.rowsAtOnce(ch, lane))
		return err
	})
	if err != nil || len(ds) == 0 {
		return false, err
	}
	next, done, err := e.sendRows(ctx, lane, ds)
	if err != nil {
		return false, err
	}
	return done > 0, e.SendNow(ctx, next)
}

// rowsAtOnce is how many rows are claimed in one transaction: no more than will have their turn soon, where others may send them too.
func (e *Engine) rowsAtOnce(ch campaigns.Channel, lane campaigns.Lane) int {
	if e.Alone {
		return aloneSize
	}
	return 2 * e.connections(ch, lane)
}

// sendRows sends claimed rows and writes what became of them. It returns the interactive deliveries that this caused, and how many rows are done.
func (e *Engine) sendRows(ctx context.Context, lane campaigns.Lane, ds []*store.Delivery) (next []campaigns.DeliveryID, done int, err error) {
	byChannel := map[campaigns.Channel][]*store.Delivery{}
	for _, d := range ds {
		byChannel[d.Channel] = append(byChannel[d.Channel], d)
	}
	for ch, some := range byChannel {
		outcomes, serr := e.sendRowsOf(ctx, lane, ch, some)
		done += len(outcomes)
		more, aerr := e.follow(ctx, lane, outcomes)
		next = append(next, more...)
		err = errors.Join(err, serr, aerr)
	}
	return next, done, err
}

// sendRowsOf sends claimed rows of one channel, and gives back those that were not begun.
func (e *Engine) sendRowsOf(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, ds []*store.Delivery) ([]store.Outcome, error) {
	pause, err := e.cooling(ctx, ch)
	var done []store.Outcome
	if err == nil && pause == 0 {
		done, err = e.sendSome(ctx, lane, ch, ds, nil)
	}
	rest := untouched(ds, done)
	if len(rest) == 0 {
		return done, err
	}
	ctx = context.WithoutCancel(ctx)
	return done, errors.Join(err, e.patiently("claims not given back", len(rest), func() error {
		return e.write(lane)(ctx, func(tx *store.Tx) error {
			return tx.ReleaseDeliveries(ctx, rest, e.Owner, e.now().Add(max(pause, cmp.Or(e.rests(lane, ch), releasePause))))
		})
	}))
}

// follow decides what outcomes mean: in the interactive lane at once, else by the next look at what is due.
func (e *Engine) follow(ctx context.Context, lane campaigns.Lane, done []store.Outcome) (next []campaigns.DeliveryID, err error) {
	if lane != campaigns.Interactive {
		e.wake("due", e.Waker.WakeDue(ctx))
		return nil, nil
	}
	var waits []campaigns.EnrollmentID
	for _, o := range done {
		if o.State.Final() && o.Enrollment != 0 {
			waits = append(waits, o.Enrollment)
		}
	}
	if len(waits) > 1 {
		if next, err = e.advanceEnrollments(ctx, waits); err == nil || ctx.Err() != nil {
			return next, err
		}
		e.Log.Warn("outcomes not followed together; trying each", "n", len(waits), "error", err)
	}
	next = nil
	for _, id := range waits {
		ids, err := e.AdvanceEnrollment(ctx, id)
		if err != nil {
			return next, err
		}
		next = append(next, ids...)
	}
	return next, nil
}

// releasePause is how long a row rests that a worker had claimed and had no chance to send: no connection, no rate.
const releasePause = time.Second

// untouched lists the deliveries that have no outcome.
func untouched(ds []*store.Delivery, done []store.Outcome) []campaigns.DeliveryID {
	left := undone(ds, done)
	ids := make([]campaigns.DeliveryID, len(left))
	for i, d := range left {
		ids[i] = d.ID
	}
	return ids
}

// undone are the deliveries that have no outcome.
func undone(ds []*store.Delivery, done []store.Outcome) (left []*store.Delivery) {
	if len(ds) == len(done) {
		return nil
	}
	has := make(map[campaigns.DeliveryID]bool, len(done))
	for _, o := range done {
		has[o.Delivery] = true
	}
	for _, d := range ds {
		if !has[d.ID] {
			left = append(left, d)
		}
	}
	return left
}

// job is one delivery that passed the gates. Its message is made when its turn comes, on the line that sends it.
type job struct {
	candidate
	reach channels.Reach // of the address, as it was known
}

// sendSome takes claimed deliveries of one channel through the gates, sends and writes what became of them, in one transaction of outcomes.
// Deliveries without an outcome in the result were not begun and stay as they were. known is what was read of their members a moment ago, or nil.
func (e *Engine) sendSome(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, ds []*store.Delivery, known *surroundings) ([]store.Outcome, error) {
	res := &results{channel: ch, lane: lane, outcomes: make([]store.Outcome, 0, len(ds))}
	gated := time.Now()
	if !known.fresh() {
		known = nil
	} else {
		gated = known.read
	}
	jobs, err := e.prepare(ctx, ch, ds, known, res)
	if err != nil {
		return nil, err
	}
	lines := e.takeLines(ctx, lane, ch, len(jobs), res)
	if len(lines) > 0 && time.Since(gated) < gateAge/2 { // otherwise connecting took so long that the gates must be passed anew
		may, later := e.granted(ctx, lane, ch, jobs)
		res.hold(later, e.now())
		e.send(ctx, lines, may, gated, res)
	}
	if err = e.writeOutcomes(ctx, res); err != nil {
		err = fmt.Errorf("%w: %w", errUnsettled, err)
	}
	for _, l := range lines {
		e.pool[poolKey{ch, lane}].give(l, err == nil)
	}
	return res.outcomes, err
}

// errUnsettled: messages left, and their rows do not know it; the journal does.
var errUnsettled = errors.New("outcomes not written")

// send sends the jobs over the lines, side by side.
func (e *Engine) send(ctx context.Context, lines []*line, jobs []job, gated time.Time, res *results) {
	queue := inTurn(jobs)
	var wg sync.WaitGroup
	for _, l := range lines {
		wg.Go(func() {
			f := &feed{e: e, ctx: ctx, line: l, queue: queue, gated: gated, res: res}
			f.run()
		})
	}
	wg.Wait()
}

// inTurn is a closed channel of what each member gets: one member's messages keep their order and go over one connection.
func inTurn(jobs []job) <-chan []job {
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(a.d.ID, b.d.ID) })
	seen := make(map[campaigns.MemberID]int, len(jobs)) // their first job
	next := make([]int, len(jobs))                      // the same member's; 0: none
	for i := len(jobs) - 1; i >= 0; i-- {
		m := jobs[i].d.Member
		next[i], seen[m] = seen[m], i
	}
	queue := make(chan []job, len(seen))
	for i, j := range jobs {
		if seen[j.d.Member] != i {
			continue
		}
		some := jobs[i : i+1 : i+1] // most have one
		for k := next[i]; k != 0; k = next[k] {
			some = append(some, jobs[k])
		}
		queue <- some
	}
	close(queue)
	return queue
}

// takeLines takes the connections for n messages: as many as are free, at least one. When the other side cannot be reached, the channel rests.
func (e *Engine) takeLines(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, n int, res *results) []*line {
	pool := e.pool[poolKey{ch, lane}]
	if pool == nil || n == 0 {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, lineWait)
	defer cancel()
	if lane == campaigns.Bulk { // the other runners have their share
		n = min(n, max(1, pool.size/e.BulkRunners))
	}
	lines, err := pool.take(wait, n)
	if err == nil {
		return lines
	}
	e.Log.Warn("no connection", "channel", ch, "error", err)
	if errors.Is(err, errNoConnection) && ctx.Err() == nil {
		res.cools(string(ch), cooldown{until: e.now().Add(dialPause), reason: noConnection})
	}
	return nil
}

// lineWait is how long to wait for a connection.
const lineWait = 10 * time.Second

// dialPause is how long a channel rests whose other side cannot be reached.
const dialPause = 5 * time.Second

// maySend is the last look before a message: its campaign may have been paused or ended since the gates, or its channel stopped.
func (e *Engine) maySend(ctx context.Context, d *store.Delivery) bool {
	if wait, err := e.cooling(ctx, d.Channel); err != nil || wait > 0 {
		return false
	}
	if d.Campaign == 0 {
		return true
	}
	state, err := e.campaignState(ctx, d.Campaign)
	return err == nil && (state == campaigns.Running || state == campaigns.Finished && AskedAgain(d))
}

// still looks at the gates once more when the other side took so long to be ready that they may have closed.
func (e *Engine) still(ctx context.Context, d *store.Delivery, gated time.Time) error {
	if time.Since(gated) <= gateAge {
		return nil
	}
	s, err := e.surroundings(ctx, []*store.Delivery{d}, nil)
	if err != nil {
		return err
	}
	c := candidate{d: d, row: s.rows[d.Enrollment], p: e.profileFor(s, d)}
	if c.p == nil || !e.maySend(ctx, d) {
		return errGatesClosed
	}
	if d.Kind == store.StepDelivery {
		if c.l, err = e.version(ctx, e.Store, d.Campaign, d.Version); err != nil {
			return err
		}
	}
	if v := decide.Gate(e.gateFacts(&c, s), e.now()); v.State != "" {
		return errGatesClosed
	}
	return nil
}

// errGatesClosed: while the other side was slow, the message became one that may not leave.
var errGatesClosed = errors.New("the gates have closed")
