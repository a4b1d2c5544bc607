package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// The rows of lists, each with the external id of its member; ExternalID is empty for a member without one.
type (
	// EnrollmentRow is one passage.
	EnrollmentRow struct {
		*store.Enrollment
		ExternalID string
	}
	// DeliveryRow is one message to one address.
	DeliveryRow struct {
		*store.Delivery
		ExternalID string
	}
	// ResponseRow is one answer.
	ResponseRow struct {
		*store.Response
		ExternalID string
	}
	// MessageRow is something that a member wrote and no question waited for.
	MessageRow struct {
		*store.Message
		ExternalID string
	}
)

// Enrollments lists a campaign's passages by id; state empty: all. Scope campaigns:read.
func (r *Reports) Enrollments(ctx context.Context, p engine.Principal, key campaigns.Key, state campaigns.EnrollmentState, page store.Page) ([]EnrollmentRow, error) {
	c, err := r.campaign(ctx, p, engine.CampaignsRead, key)
	if err != nil {
		return nil, err
	}
	es, err := r.store.Enrollments(ctx, store.EnrollmentFilter{Campaign: c.ID, State: state}, page)
	if err != nil {
		return nil, err
	}
	return named(ctx, r, es, func(e *store.Enrollment) campaigns.MemberID { return e.Member },
		func(e *store.Enrollment, name string) EnrollmentRow { return EnrollmentRow{e, name} })
}

// Deliveries lists a campaign's messages by id; state empty: all. Scope responses:read.
func (r *Reports) Deliveries(ctx context.Context, p engine.Principal, key campaigns.Key, state campaigns.DeliveryState, page store.Page) ([]DeliveryRow, error) {
	c, err := r.campaign(ctx, p, engine.ResponsesRead, key)
	if err != nil {
		return nil, err
	}
	ds, err := r.store.Deliveries(ctx, store.DeliveryFilter{Campaign: c.ID, State: state}, page)
	if err != nil {
		return nil, err
	}
	return named(ctx, r, ds, func(d *store.Delivery) campaigns.MemberID { return d.Member },
		func(d *store.Delivery, name string) DeliveryRow { return DeliveryRow{d, name} })
}

// Responses lists a campaign's answers by id; question empty: all. Scope responses:read.
func (r *Reports) Responses(ctx context.Context, p engine.Principal, key campaigns.Key, question string, page store.Page) ([]ResponseRow, error) {
	c, err := r.campaign(ctx, p, engine.ResponsesRead, key)
	if err != nil {
		return nil, err
	}
	return r.responses(ctx, c, question, page)
}

func (r *Reports) responses(ctx context.Context, c *store.Campaign, question string, page store.Page) ([]ResponseRow, error) {
	rs, err := r.store.Responses(ctx, store.ResponseFilter{Campaign: c.ID, Question: question}, page)
	if err != nil {
		return nil, err
	}
	return named(ctx, r, rs, func(x *store.Response) campaigns.MemberID { return x.Member },
		func(x *store.Response, name string) ResponseRow { return ResponseRow{x, name} })
}

// Messages lists what members wrote on their own, by id; state empty: all. Scope members:read.
func (r *Reports) Messages(ctx context.Context, p engine.Principal, state string, page store.Page) ([]MessageRow, error) {
	if err := p.Require(engine.MembersRead); err != nil {
		return nil, err
	}
	ms, err := r.store.Messages(ctx, state, 0, page)
	if err != nil {
		return nil, err
	}
	return named(ctx, r, ms, func(m *store.Message) campaigns.MemberID { return m.Member },
		func(m *store.Message, name string) MessageRow { return MessageRow{m, name} })
}

// named adds to each row the external id of its member; all are read at once.
func named[T, R any](ctx context.Context, r *Reports, rows []T, member func(T) campaigns.MemberID, row func(T, string) R) ([]R, error) {
	ids := make([]campaigns.MemberID, 0, len(rows))
	seen := map[campaigns.MemberID]bool{}
	for _, x := range rows {
		if id := member(x); !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	names, err := r.externalIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]R, len(rows))
	for i, x := range rows {
		out[i] = row(x, names[member(x)])
	}
	return out, nil
}
