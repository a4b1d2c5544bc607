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

// advanceEnrollments is AdvanceEnrollment for several in one transaction. Who is held elsewhere stays due, and is decided by the next look at what is.
func (e *Engine) advanceEnrollments(ctx context.Context, ids []campaigns.EnrollmentID) (next []campaigns.DeliveryID, err error) {
	found, err := e.Store.EnrollmentsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	who := make([]campaigns.MemberID, 0, len(found))
	for _, row := range found {
		who = append(who, row.Member)
	}
	err = e.Store.WriteTogether(ctx, func(tx *store.Tx) (err error) {
		next, err = e.advanceThese(ctx, tx, ids, who)
		return err
	})
	return next, err
}

// advanceThese locks the members, then the rows, and decides for those that are due.
func (e *Engine) advanceThese(ctx context.Context, tx *store.Tx, ids []campaigns.EnrollmentID, who []campaigns.MemberID) (_ []campaigns.DeliveryID, err error) {
	defer recovered(&err)
	profiles, err := tx.LockProfiles(ctx, who)
	if err != nil {
		return nil, err
	}
	rows, err := tx.LockEnrollments(ctx, ids)
	if err != nil {
		return nil, err
	}
	var waits []campaigns.DeliveryID
	for _, row := range rows {
		if row.WaitDelivery != 0 {
			waits = append(waits, row.WaitDelivery)
		}
	}
	ds, err := tx.DeliveriesByID(ctx, waits)
	if err != nil {
		return nil, err
	}
	w, err := e.newWork(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		row := rows[id]
		delete(rows, id) // two outcomes may name it
		if row == nil || profiles[row.Member] == nil || row.DueAt == nil || row.DueAt.After(w.now) {
			continue
		}
		if err := w.advance(ctx, subject{row: row, p: profiles[row.Member], d: ds[row.WaitDelivery]}); err != nil {
			return nil, err
		}
	}
	return w.flush(ctx)
}

// advance decides for one of several rows that are due. A campaign that stands still keeps it for later.
func (w *work) advance(ctx context.Context, s subject) error {
	st, err := w.standing(ctx, s.row.Campaign)
	if err != nil || st.state != campaigns.Running {
		return err
	}
	if s.l, err = w.e.version(ctx, w.tx, s.row.Campaign, s.row.Version); err != nil {
		return err
	}
	in, err := dueInput(w, s)
	if err != nil {
		return err
	}
	return w.decide(ctx, s.row, s.p, in)
}
