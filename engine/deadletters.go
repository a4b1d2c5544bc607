package engine

import (
	"context"

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
		e.wake("actor", e.Waker.WakeActor(ctx, in.Actor))
	}
	return e.Store.Input(ctx, id)
}
