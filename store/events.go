package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Event is one fact in the append-only log. Data never holds a personal value.
type Event struct {
	ID         int64
	At         time.Time
	Name       string
	Member     campaigns.MemberID // 0: none
	Campaign   campaigns.CampaignID
	Enrollment campaigns.EnrollmentID
	Delivery   campaigns.DeliveryID
	Step       campaigns.StepID
	Reason     campaigns.Reason
	Data       json.RawMessage // object; nil is {}
}

var eventColumns = columns[*Event]{
	ints("id", func(e *Event) int64 { return e.ID }),
	times("at", func(e *Event) time.Time { return e.At }),
	texts("name", func(e *Event) string { return e.Name }),
	nullInts("member_id", func(e *Event) campaigns.MemberID { return e.Member }),
	nullInts("campaign_id", func(e *Event) campaigns.CampaignID { return e.Campaign }),
	nullInts("enrollment_id", func(e *Event) campaigns.EnrollmentID { return e.Enrollment }),
	nullInts("delivery_id", func(e *Event) campaigns.DeliveryID { return e.Delivery }),
	texts("step", func(e *Event) campaigns.StepID { return e.Step }),
	texts("reason", func(e *Event) campaigns.Reason { return e.Reason }),
	jsons("data", func(e *Event) json.RawMessage { return e.Data }),
}

// AppendEvents writes events; ID 0 is filled in. In bulk, write one per chunk.
func (tx *Tx) AppendEvents(ctx context.Context, es []Event) error {
	all := make([]*Event, len(es))
	for i := range es {
		all[i] = &es[i]
		if es[i].Name == "event.received" {
			tx.changed(es[i].Member)
		}
		if err := fill(ctx, tx.ids, &es[i].ID); err != nil {
			return err
		}
	}
	_, err := eventColumns.insert(ctx, tx.queries, "events", "", all)
	return wrap("append events", err)
}

// EventFilter narrows a list; empty fields match all.
type EventFilter struct {
	Member     campaigns.MemberID
	Campaign   campaigns.CampaignID
	Enrollment campaigns.EnrollmentID
}

// Events lists by id.
func (q queries) Events(ctx context.Context, f EventFilter, p Page) ([]Event, error) {
	w := q.filter("id > ", p.After)
	w.id("member_id = ", int64(f.Member))
	w.id("campaign_id = ", int64(f.Campaign))
	w.id("enrollment_id = ", int64(f.Enrollment))
	es, err := many(ctx, q.run, scanEvent, w.page(`SELECT `+eventColumns.list("")+` FROM events`, p), w.args...)
	return es, wrap("list events", err)
}

// LastEvents are the latest of a name about the member in the campaign, the newest first.
func (q queries) LastEvents(ctx context.Context, member campaigns.MemberID, id campaigns.CampaignID, name string, limit int) ([]Event, error) {
	es, err := many(ctx, q.run, scanEvent, `SELECT `+eventColumns.list("")+` FROM events
		WHERE member_id = $1 AND COALESCE(campaign_id, 0) = $2 AND name = $3 ORDER BY id DESC LIMIT $4`, member, id, name, limit)
	return es, wrap("list last events", err)
}

func scanEvent(r rows) (e Event, err error) {
	err = r.Scan(&e.ID, timeInto{&e.At}, &e.Name, orZero(&e.Member), orZero(&e.Campaign), orZero(&e.Enrollment), orZero(&e.Delivery),
		&e.Step, &e.Reason, rawInto{&e.Data})
	return e, err
}
