package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// settleEvery is how long outcomes wait for those of slower messages.
const settleEvery = 50 * time.Millisecond

// crowdFlight is some claimed messages on their way.
type crowdFlight struct {
	t     *together
	jobs  map[campaigns.DeliveryID]job
	lines []*line // busy
	res   *results

	mu   sync.Mutex
	idle []*line // done; what became of their messages is in res

	known     map[campaigns.DeliveryID]bool // what became of it is
	unsettled bool                          // some of it could not be written: the journals keep it
}

// send sends claimed messages side by side, writes what became of them as they arrive, and sends what follows from that.
func (t *together) send(ctx context.Context, jobs []job, gated time.Time) error {
	if len(jobs) == 0 {
		return nil
	}
	e := t.e
	f := &crowdFlight{t: t, jobs: map[campaigns.DeliveryID]job{}, known: map[campaigns.DeliveryID]bool{}, res: &results{channel: campaigns.Telegram, lane: campaigns.Interactive}}
	for _, j := range jobs {
		f.jobs[j.d.ID] = j
	}
	f.lines = e.takeLines(ctx, campaigns.Interactive, campaigns.Telegram, len(jobs), f.res)
	var sent sync.WaitGroup
	if len(f.lines) > 0 && time.Since(gated) < gateAge/2 { // otherwise connecting took so long that the gates must be passed anew
		may, later := e.granted(ctx, campaigns.Interactive, campaigns.Telegram, jobs)
		f.res.hold(later, e.now())
		queue := inTurn(may)
		for _, l := range f.lines {
			sent.Go(func() {
				(&feed{e: e, ctx: ctx, line: l, queue: queue, gated: gated, res: f.res}).run()
				f.mu.Lock()
				defer f.mu.Unlock()
				f.idle = append(f.idle, l)
			})
		}
	} else {
		f.idle = f.lines
	}
	err := f.settleAll(ctx, &sent)
	return errors.Join(err, f.giveBack(ctx))
}

// settleAll settles what has arrived, now and then until everything has.
func (f *crowdFlight) settleAll(ctx context.Context, sent *sync.WaitGroup) (err error) {
	done := make(chan struct{})
	go func() {
		sent.Wait()
		close(done)
	}()
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	var following sync.WaitGroup
	var mu sync.Mutex
	failed := func(e error) {
		mu.Lock()
		defer mu.Unlock()
		err = errors.Join(err, e)
	}
	for last := false; !last; {
		select {
		case <-done:
			last = true
		case <-tick.C:
		}
		next, gated, ids, serr := f.settle(ctx)
		failed(serr)
		if len(next)+len(ids) > 0 {
			following.Go(func() { failed(errors.Join(f.t.send(ctx, next, gated), f.t.e.SendNow(ctx, ids))) })
		}
	}
	following.Wait()
	return err
}

// settle writes what became of messages since the last time, with what follows from it, and gives the lines back whose messages are all settled.
func (f *crowdFlight) settle(ctx context.Context) (next []job, gated time.Time, ids []campaigns.DeliveryID, err error) {
	f.mu.Lock()
	lines := f.idle
	f.idle = nil
	f.mu.Unlock()
	part := f.res.take()
	for _, o := range part.outcomes {
		f.known[o.Delivery] = true
	}
	if len(part.outcomes) > 0 || len(part.cool) > 0 {
		next, gated, ids, err = f.t.settle(ctx, part, f.jobs)
	}
	f.t.lookAgain(ctx)
	f.unsettled = f.unsettled || errors.Is(err, errUnsettled)
	for _, l := range lines {
		f.t.e.pool[poolKey{campaigns.Telegram, campaigns.Interactive}].give(l, !f.unsettled)
	}
	return next, gated, ids, err
}

// take empties the results into others that nobody adds to.
func (r *results) take() *results {
	r.mu.Lock()
	defer r.mu.Unlock()
	part := &results{channel: r.channel, lane: r.lane, outcomes: r.outcomes, reach: r.reach, cool: r.cool, free: r.free, attempts: r.attempts}
	r.outcomes, r.reach, r.cool, r.free, r.attempts = nil, nil, nil, nil, nil
	return part
}

// settle writes outcomes and what follows from them in one transaction. Where that fails, they are written by themselves, and each is followed by itself.
func (t *together) settle(ctx context.Context, part *results, jobs map[campaigns.DeliveryID]job) (next []job, gated time.Time, ids []campaigns.DeliveryID, err error) {
	e := t.e
	ctx = context.WithoutCancel(ctx)
	states, err := e.campaignStates(ctx)
	if err == nil {
		var pause time.Duration
		if pause, err = e.cooling(ctx, campaigns.Telegram); err == nil {
			next, gated, ids, err = t.settleTogether(ctx, part, jobs, states, pause > 0)
		}
	}
	if err == nil {
		e.settled(part)
		return next, gated, ids, nil
	}
	e.Log.Warn("outcomes not written together", "n", len(part.outcomes), "error", err)
	if err := e.writeOutcomes(ctx, part); err != nil {
		return nil, gated, nil, fmt.Errorf("%w: %w", errUnsettled, err)
	}
	ids, err = e.follow(ctx, campaigns.Interactive, part.outcomes)
	return nil, gated, ids, err
}

func (t *together) settleTogether(ctx context.Context, part *results, jobs map[campaigns.DeliveryID]job, states campaignsByID, closed bool) (next []job, gated time.Time, ids []campaigns.DeliveryID, err error) {
	e := t.e
	var gone []campaigns.MemberID
	err = e.claim(ctx, e.Store.WriteTogether, rowClaim, func(tx *store.Tx, now, until time.Time) error {
		gated = time.Now()
		c, err := e.newCrowdTx(ctx, tx, now, until, states, closed)
		if err != nil {
			return err
		}
		if err := c.follow(ctx, part, jobs); err != nil {
			return err
		}
		if ids, err = c.flush(ctx); err != nil {
			return err
		}
		next = c.jobs
		gone, err = t.release(ctx, c, part, jobs)
		return err
	})
	if err != nil {
		return nil, gated, nil, err
	}
	t.mu.Lock()
	for _, id := range gone {
		t.freed = append(t.freed, t.actors[id])
		delete(t.actors, id)
	}
	t.mu.Unlock()
	return next, gated, ids, nil
}

// follow writes the outcomes, and decides what those mean that enrollments wait for.
func (c *crowdTx) follow(ctx context.Context, part *results, jobs map[campaigns.DeliveryID]job) error {
	var ids []campaigns.MemberID
	var waits []campaigns.EnrollmentID
	for _, o := range part.outcomes {
		if o.State.Final() && o.Enrollment != 0 && o.Over == nil {
			ids, waits = append(ids, jobs[o.Delivery].d.Member), append(waits, o.Enrollment)
		}
	}
	rows := map[campaigns.EnrollmentID]*store.Enrollment{}
	if len(waits) > 0 {
		var err error
		if c.s.profiles, err = c.tx.LockProfiles(ctx, ids); err != nil {
			return err
		}
		if rows, err = c.tx.LockEnrollments(ctx, waits); err != nil {
			return err
		}
	}
	written := &results{channel: part.channel, lane: part.lane, outcomes: slices.Clone(part.outcomes), reach: part.reach, cool: part.cool, free: part.free}
	var subjects []subject
	for i, o := range written.outcomes {
		row, p := rows[o.Enrollment], c.s.profiles[jobs[o.Delivery].d.Member]
		if o.Over != nil || !o.State.Final() || row == nil || p == nil || row.WaitKind != campaigns.WaitDelivery || row.WaitDelivery != o.Delivery {
			continue // it is woken, where it waits
		}
		st, err := c.w.standing(ctx, row.Campaign)
		if err != nil {
			return err
		}
		if st.state != campaigns.Running {
			continue
		}
		written.outcomes[i].Enrollment = 0
		d := *jobs[o.Delivery].d
		d.State, d.Reason, d.FinalAt = o.State, o.Reason, &o.At
		subjects = append(subjects, subject{row: row, p: p, d: &d, l: jobs[o.Delivery].l})
	}
	if err := c.e.writeResults(ctx, c.tx, written); err != nil {
		return err
	}
	for _, s := range subjects {
		if err := c.decide(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowdTx) decide(ctx context.Context, s subject) (err error) {
	defer recovered(&err)
	in, err := c.w.delivered(s)
	if err != nil {
		return err
	}
	return c.w.decide(ctx, s.row, s.p, in)
}

// release lets the actors go whose messages are settled and are followed by none.
func (t *together) release(ctx context.Context, c *crowdTx, part *results, jobs map[campaigns.DeliveryID]job) (gone []campaigns.MemberID, err error) {
	follows := map[campaigns.MemberID]bool{}
	for _, d := range c.w.deliveries {
		follows[d.Member] = true
	}
	var actors []string
	t.mu.Lock()
	for _, o := range part.outcomes {
		id := jobs[o.Delivery].d.Member
		if actor, ok := t.actors[id]; ok && !follows[id] {
			gone, actors = append(gone, id), append(actors, actor)
		}
	}
	t.mu.Unlock()
	return gone, c.tx.ReleaseActors(ctx, actors, t.name)
}

// giveBack gives the claims on messages back that were not begun.
func (f *crowdFlight) giveBack(ctx context.Context) error {
	e := f.t.e
	var rest []campaigns.DeliveryID
	for id := range f.jobs {
		if !f.known[id] {
			rest = append(rest, id)
		}
	}
	if len(rest) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	pause, err := e.cooling(ctx, campaigns.Telegram)
	return errors.Join(err, e.patiently("claims not given back", len(rest), func() error {
		return e.Store.Write(ctx, func(tx *store.Tx) error {
			return tx.ReleaseDeliveries(ctx, rest, e.Owner, e.now().Add(max(pause, releasePause)))
		})
	}))
}
