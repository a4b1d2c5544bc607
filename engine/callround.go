package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// callRound makes calls of one endpoint, some at once. A slow answer takes one place and holds none of the others up.
type callRound struct {
	e        *Engine
	endpoint string
	places   chan struct{} // one is taken by each call while it is made
	changed  signal        // one was made
	made     sync.WaitGroup

	mu  sync.Mutex
	err error
}

// CallOthers makes the calls of the endpoint that are due, and those that become due while it makes them. Each is claimed in SQL: one whose process dies is made
// again, under the same number.
func (e *Engine) CallOthers(ctx context.Context, endpoint string) error {
	r := &callRound{e: e, endpoint: endpoint, places: make(chan struct{}, callsAtOnce), changed: make(signal, 1)}
	return r.end(r.run(ctx))
}

// end waits for the calls that are being made.
func (r *callRound) end(err error) error {
	r.made.Wait()
	return errors.Join(err, r.err)
}

func (r *callRound) run(ctx context.Context) error {
	look := time.NewTicker(callLook)
	defer look.Stop()
	for ctx.Err() == nil && r.failed() == nil {
		some, err := r.some(ctx)
		switch {
		case err != nil:
			return err
		case some:
			continue
		case len(r.places) == 0:
			return nil
		}
		select {
		case <-ctx.Done():
		case <-r.changed:
		case <-look.C:
		case <-r.e.called[r.endpoint]:
		}
	}
	return ctx.Err()
}

// some begins some calls, as far as there is room; false: none is due, or there is none.
func (r *callRound) some(ctx context.Context) (bool, error) {
	if len(r.places) == cap(r.places) {
		return false, nil
	}
	due, err := r.e.Store.CallDue(ctx, r.endpoint, r.e.now())
	if err != nil || !due {
		return false, err
	}
	cool, err := r.e.cooldowns(ctx)
	if err != nil || cool.all {
		return false, err
	}
	why := campaigns.Reason("")
	if rest, ok := cool.of(restOf(r.endpoint)); ok && rest.Until.After(r.e.now()) {
		if rest.Reason != restGone {
			return false, nil
		}
		why = campaigns.CallGone
	}
	n, err := r.take(ctx, why)
	return n > 0, err
}

// take claims calls and makes them, each beside the others; with why, it ends them by that without trying.
func (r *callRound) take(ctx context.Context, why campaigns.Reason) (int, error) {
	claim := fmt.Sprintf("%s/%d", r.e.Owner, r.e.claims.Add(1))
	var cs []*store.OutsideCall
	err := r.e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		now := r.e.now()
		cs, err = tx.ClaimCalls(ctx, r.endpoint, claim, now, now.Add(callClaim), cap(r.places)-len(r.places))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range cs {
		r.places <- struct{}{} // there is room: only this goroutine takes places
		r.made.Go(func() {
			defer r.changed.wake()
			defer func() { <-r.places }()
			if err := r.e.callGuarded(ctx, c, why); err != nil {
				r.fails(err)
			}
		})
	}
	return len(cs), nil
}

// callGuarded is callOther; a try over which our own code stumbles has failed, and the calls beside it go on.
func (e *Engine) callGuarded(ctx context.Context, c *store.OutsideCall, why campaigns.Reason) error {
	err := e.callRecovered(ctx, c, why)
	if !errors.Is(err, errPanic) {
		return err
	}
	e.Log.Error("panic while calling", "call", c.ID, "endpoint", c.Endpoint, "error", err)
	return e.settleCall(ctx, c, e.callOutcome(c, channels.CallReceipt{Class: channels.CallTemporary, Detail: panicCode}))
}

func (e *Engine) callRecovered(ctx context.Context, c *store.OutsideCall, why campaigns.Reason) (err error) {
	defer recovered(&err)
	return e.callOther(ctx, c, why)
}

func restOf(endpoint string) string { return "webhook:" + endpoint }

func (r *callRound) fails(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

func (r *callRound) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}
