package engine

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// inputPatience is how long an input may wait before its wake-up counts as lost.
const inputPatience = 500 * time.Millisecond

// Sweep looks for work in the rows and wakes whoever does it: what is due, what waits to be sent, and inputs whose wake-up was lost.
// Everything works by it alone; wake-ups only make it quick.
func (e *Engine) Sweep(ctx context.Context) error {
	now := e.now()
	waits, err := e.Store.Waiting(ctx, now.Add(-inputPatience), now)
	if err != nil {
		return err
	}
	ended, err := e.ended(ctx)
	if err != nil {
		return err
	}
	ended = slices.DeleteFunc(ended, func(c sweptCampaign) bool { return !e.noticed.first(c, sweptAgain) })
	watches, err := e.watchDue(ctx, now)
	if err != nil {
		return err
	}
	if waits.Due || len(ended) > 0 || watches != nil && !watches.After(now) {
		e.wake("due", e.Waker.WakeDue(ctx))
	}
	if waits.Lanes {
		err = e.sweepLanes(ctx, now)
	}
	if err != nil || !waits.Actors {
		return err
	}
	actors, err := e.SweepActors(ctx, inputPatience, 500)
	if err != nil {
		return err
	}
	// A backlog must not fill the queue.
	e.wakeActors(ctx, slices.DeleteFunc(actors, func(a string) bool { return !e.woken.first(a, wokenFor) }))
	return nil
}

func (e *Engine) sweepLanes(ctx context.Context, now time.Time) error {
	lanes, err := e.Store.DueChannels(ctx, now)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		if err := e.wakeLane(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// wokenFor is how long a sweep's wake-up counts as on its way.
const wokenFor = 2 * time.Second

// wakeLane wakes a lane, unless its channel rests. What waits for a channel that is off is ended here: no worker looks after it.
func (e *Engine) wakeLane(ctx context.Context, l store.DueLane) error {
	if e.off(l.Channel) {
		_, err := e.SendLane(ctx, l.Lane, l.Channel, time.Second)
		return err
	}
	wait, err := e.cooling(ctx, l.Channel)
	if err == nil && wait == 0 {
		e.wake("lane", e.Waker.WakeLane(ctx, l.Lane, l.Channel))
	}
	return err
}

// NextDue is the earliest moment at which something becomes due by itself; nil: nothing ever does. What waits for a channel that rests is due
// when the rest is over.
func (e *Engine) NextDue(ctx context.Context) (*time.Time, error) {
	next, err := e.Store.NextDue(ctx)
	if err != nil {
		return nil, err
	}
	now := e.now()
	watches, err := e.watchDue(ctx, now)
	if err != nil {
		return nil, err
	}
	if watches != nil && (next == nil || watches.Before(*next)) {
		next = watches
	}
	if next == nil || next.After(now) {
		return next, nil
	}
	for ch := range e.Senders {
		wait, err := e.cooling(ctx, ch)
		if err != nil {
			return nil, err
		}
		if wait == stoppedPause { // a person ends it: nothing to wait for
			wait = time.Hour
		}
		if end := now.Add(wait); wait > 0 && (next.Before(now) || end.Before(*next)) {
			next = &end
		}
	}
	return next, nil
}

// Idle reports whether nothing is due, waits to be handled or is on its way at this moment.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	now := e.now()
	waits, err := e.Store.Waiting(ctx, now.Add(time.Microsecond), now)
	if err != nil || waits.Due || waits.Actors {
		return false, err
	}
	watches, err := e.watchDue(ctx, now)
	if err != nil || watches != nil && !watches.After(now) {
		return false, err
	}
	lanes, err := e.Store.DueChannels(ctx, now)
	if err != nil {
		return false, err
	}
	for _, l := range lanes {
		if wait, err := e.cooling(ctx, l.Channel); err != nil || wait == 0 {
			return false, err
		}
	}
	claimed, err := e.Store.Claimed(ctx, now)
	return !claimed, err
}

const (
	leaseTime  = 10 * time.Second
	leaseRenew = 3 * time.Second
)

// Hold runs fn while this process holds the named lease, and again whenever it gets it, until ctx ends. Two processes never run it at once,
// but for the moment in which a lease runs out that could not be renewed.
func (e *Engine) Hold(ctx context.Context, name string, fn func(context.Context)) {
	for ctx.Err() == nil {
		if ok, err := e.takeLease(ctx, name); err != nil || !ok {
			if err != nil && ctx.Err() == nil {
				e.Log.Warn("lease not taken", "lease", name, "error", err)
			}
			sleep(ctx, leaseRenew)
			continue
		}
		e.holding(ctx, name, fn)
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		if err := e.Store.Write(release, func(tx *store.Tx) error { return tx.ReleaseLease(release, name, e.Owner) }); err != nil {
			e.Log.Warn("lease not released", "lease", name, "error", err)
		}
		cancel()
	}
}

// holding runs fn and renews the lease; fn's context ends when the lease is lost.
func (e *Engine) holding(ctx context.Context, name string, fn func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn(ctx)
	}()
	for until := time.Now().Add(leaseTime); ; {
		select {
		case <-done:
			return
		case <-time.After(leaseRenew):
		}
		ok, err := e.takeLease(ctx, name)
		if ok && err == nil {
			until = time.Now().Add(leaseTime)
		}
		if err == nil && !ok || time.Now().After(until.Add(-leaseRenew)) {
			cancel()
			<-done
			return
		}
	}
}

func (e *Engine) takeLease(ctx context.Context, name string) (ok bool, err error) {
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		now := time.Now() // leases are about processes: wall time, whatever the community's clock says
		ok, err = tx.TakeLease(ctx, name, e.Owner, now, now.Add(leaseTime))
		return err
	})
	return ok, err
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
