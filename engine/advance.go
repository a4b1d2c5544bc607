package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

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
		ids, err = e.advanceOne(ctx, tx, subject{row: row, p: p, d: d})
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return ids, err
}

// advanceOne decides for one row that is due, in the transaction that holds the member and it. A campaign that stands still keeps it for later.
func (e *Engine) advanceOne(ctx context.Context, tx *store.Tx, s subject) ([]campaigns.DeliveryID, error) {
	c, err := tx.Campaign(ctx, s.row.Campaign)
	if err != nil || c.State != campaigns.Running {
		return nil, err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	if s.l, err = e.version(ctx, tx, s.row.Campaign, s.row.Version); err != nil {
		return nil, err
	}
	in, err := dueInput(w, s)
	if err != nil {
		return nil, err
	}
	if err := w.decide(ctx, s.row, s.p, in); err != nil {
		return nil, err
	}
	return w.flush(ctx)
}
