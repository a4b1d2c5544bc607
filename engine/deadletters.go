package engine

import (
	"context"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// DeadLetter is an input that could not be handled: an update, a form or an event, with its raw form and the error of the last try.
type DeadLetter = store.Input

// DeadLetters lists them by id. They hold what members wrote: scope members:read.
func (e *Engine) DeadLetters(ctx context.Context, p Principal, page store.Page) ([]*DeadLetter, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	return e.Store.DeadInputs(ctx, page)
}

// RetryDeadLetter handles one again, once its cause is gone; one that waits or was handled already stays as it is. Scope members:write. Fault
// not_found.input.
func (e *Engine) RetryDeadLetter(ctx context.Context, p Principal, id campaigns.InputID) (*DeadLetter, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	in, err := e.Store.Input(ctx, id)
	if err != nil {
		return nil, err
	}
	revived := false
	err = e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		revived, err = tx.ReviveInput(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if revived {
		e.wake("actor", e.Waker.WakeActors(ctx, in.Actor))
	}
	return e.Store.Input(ctx, id)
}

// RetryDeadLetters handles all of one source again ("telegram", "page", "api"), and returns how many. What dies again meanwhile is not taken twice.
// Scope members:write.
func (e *Engine) RetryDeadLetters(ctx context.Context, p Principal, source string) (n int, err error) {
	if err := p.Require(MembersWrite); err != nil {
		return 0, err
	}
	for after := campaigns.InputID(0); ; {
		var some []store.Revived
		err := e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			some, err = tx.ReviveInputs(ctx, source, after, e.Store.BulkRows())
			return err
		})
		if err != nil || len(some) == 0 {
			return n, err
		}
		var actors []string
		for _, r := range some {
			after = max(after, r.ID)
			if e.woken.first(r.Actor, wokenFor) { // the sweep finds those whose wake-up is on its way already
				actors = append(actors, r.Actor)
			}
		}
		e.wakeActors(ctx, actors)
		n += len(some)
	}
}

// Why a dead letter could not be handled.
const (
	DeadUnreadable = "unreadable" // it can never be read, by this binary at least
	DeadStumbled   = "stumbled"   // our own code stumbled
	DeadRefused    = "refused"    // something we needed refused it
)

// WhyDead sorts the error of a dead letter's last try.
func WhyDead(in *DeadLetter) string {
	switch {
	case strings.Contains(in.Error, errUnreadable.Error()):
		return DeadUnreadable
	case strings.HasPrefix(in.Error, errPanic.Error()+":"):
		return DeadStumbled
	}
	return DeadRefused
}
