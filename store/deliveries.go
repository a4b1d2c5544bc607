package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Delivery is one row of deliveries.
type Delivery struct {
	ID         campaigns.DeliveryID
	Kind       DeliveryKind
	Campaign   campaigns.CampaignID   // 0 for a system reply
	Version    int                    // 0 for a system reply
	Enrollment campaigns.EnrollmentID // 0 for a system reply
	Member     campaigns.MemberID
	Step       campaigns.StepID
	Visit      int
	Channel    campaigns.Channel
	Part       int
	Input      campaigns.InputID // what a system reply answers; 0 for a step
	Name       string            // of a system reply
	Params     json.RawMessage   // of a system reply
	Lane       campaigns.Lane
	Priority   int
	State      campaigns.DeliveryState
	Reason     campaigns.Reason
	Code       string
	Detail     string
	ProviderID string
	Attempts   int
	Chunk      int64      // the lease it stands under; 0: claimed row by row
	DueAt      *time.Time // set: claimed row by row
	ExpiresAt  time.Time
	ClaimOwner string
	ClaimUntil *time.Time
	CreatedAt  time.Time
	FinalAt    *time.Time
}

// DeliveryKind tells a step's message from a system reply. The SQL CHECK repeats the list.
type DeliveryKind string

const (
	StepDelivery   DeliveryKind = "step"
	SystemDelivery DeliveryKind = "system"
)

var deliveryColumns = columns[*Delivery]{
	ints("id", func(d *Delivery) campaigns.DeliveryID { return d.ID }),
	texts("kind", func(d *Delivery) DeliveryKind { return d.Kind }),
	nullInts("campaign_id", func(d *Delivery) campaigns.CampaignID { return d.Campaign }),
	nullInts("version", func(d *Delivery) int { return d.Version }),
	nullInts("enrollment_id", func(d *Delivery) campaigns.EnrollmentID { return d.Enrollment }),
	ints("member_id", func(d *Delivery) campaigns.MemberID { return d.Member }),
	texts("step", func(d *Delivery) campaigns.StepID { return d.Step }),
	ints("visit", func(d *Delivery) int { return d.Visit }),
	texts("channel", func(d *Delivery) campaigns.Channel { return d.Channel }),
	ints("part", func(d *Delivery) int { return d.Part }),
	nullInts("input_id", func(d *Delivery) campaigns.InputID { return d.Input }),
	texts("name", func(d *Delivery) string { return d.Name }),
	jsons("params", func(d *Delivery) json.RawMessage { return d.Params }),
	texts("lane", func(d *Delivery) campaigns.Lane { return d.Lane }),
	ints("priority", func(d *Delivery) int { return d.Priority }),
	texts("state", func(d *Delivery) campaigns.DeliveryState { return d.State }),
	texts("reason", func(d *Delivery) campaigns.Reason { return d.Reason }),
	texts("code", func(d *Delivery) string { return d.Code }),
	texts("detail", func(d *Delivery) string { return d.Detail }),
	texts("provider_id", func(d *Delivery) string { return d.ProviderID }),
	ints("attempts", func(d *Delivery) int { return d.Attempts }),
	nullInts("chunk_id", func(d *Delivery) int64 { return d.Chunk }),
	nullTimes("due_at", func(d *Delivery) *time.Time { return d.DueAt }),
	times("expires_at", func(d *Delivery) time.Time { return d.ExpiresAt }),
	nullTexts("claim_owner", func(d *Delivery) string { return d.ClaimOwner }),
	nullTimes("claim_until", func(d *Delivery) *time.Time { return d.ClaimUntil }),
	times("created_at", func(d *Delivery) time.Time { return d.CreatedAt }),
	nullTimes("final_at", func(d *Delivery) *time.Time { return d.FinalAt }),
}

var selectDelivery = `SELECT ` + deliveryColumns.list("") + ` FROM deliveries`

func scanDelivery(r rows) (*Delivery, error) {
	d := &Delivery{}
	err := r.Scan(&d.ID, &d.Kind, orZero(&d.Campaign), orZero(&d.Version), orZero(&d.Enrollment), &d.Member, &d.Step, &d.Visit, &d.Channel, &d.Part,
		orZero(&d.Input), &d.Name, rawInto{&d.Params}, &d.Lane, &d.Priority, &d.State, &d.Reason, &d.Code, &d.Detail, &d.ProviderID, &d.Attempts,
		orZero(&d.Chunk), timesInto{&d.DueAt}, timeInto{&d.ExpiresAt}, orEmpty(&d.ClaimOwner), timesInto{&d.ClaimUntil},
		timeInto{&d.CreatedAt}, timesInto{&d.FinalAt})
	return d, err
}

// Delivery returns the delivery. Fault not_found.delivery.
func (q queries) Delivery(ctx context.Context, id campaigns.DeliveryID) (*Delivery, error) {
	if q.foreseen != nil {
		if d, ok := once(q.foreseen.deliveries, id); ok {
			return d, nil
		}
	}
	d, ok, err := one(ctx, q.run, scanDelivery, selectDelivery+` WHERE id = $1`, id)
	return found("delivery", nil, d, ok, err)
}

// DeliveryFilter narrows a list; empty fields match all.
type DeliveryFilter struct {
	Campaign   campaigns.CampaignID
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
	State      campaigns.DeliveryState
}

// Deliveries lists by id.
func (q queries) Deliveries(ctx context.Context, f DeliveryFilter, p Page) ([]*Delivery, error) {
	w := q.list(f.Campaign, p)
	var last int64
	if f.State != "" {
		var err error
		if last, err = q.upTo(ctx, w, "deliveries", f.Campaign, p); err != nil {
			return nil, wrap("look for deliveries", err)
		}
		w.word("state = ", string(f.State))
	}
	w.id("member_id = ", int64(f.Member))
	w.id("enrollment_id = ", int64(f.Enrollment))
	ds, err := many(ctx, q.run, scanDelivery, w.page(selectDelivery, p), w.args...)
	p.stopped(last, len(ds))
	return ds, wrap("list deliveries", err)
}

// LastCampaign is the campaign whose message the member got last on the channel, since; 0: none.
func (q queries) LastCampaign(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, since time.Time) (campaigns.CampaignID, error) {
	c, _, err := one(ctx, q.run, value[campaigns.CampaignID], `SELECT campaign_id FROM deliveries
		WHERE member_id = $1 AND channel = $2 AND state = 'sent' AND campaign_id IS NOT NULL AND final_at >= $3 ORDER BY id DESC LIMIT 1`, id, ch, micros(since))
	return c, wrap("find last message", err)
}

// DeliveryByProviderID finds the member's delivery on the channel by what the provider called it (a Telegram message id); nil when there is none.
func (q queries) DeliveryByProviderID(ctx context.Context, id campaigns.MemberID, ch campaigns.Channel, providerID string) (*Delivery, error) {
	d, _, err := one(ctx, q.run, scanDelivery, selectDelivery+` WHERE member_id = $1 AND channel = $2 AND provider_id = $3 ORDER BY id DESC LIMIT 1`,
		id, ch, providerID)
	return d, wrap("find delivery", err)
}

// StepDelivery finds the message that one visit of a step sent by the channel, its first part; nil: there is none.
func (q queries) StepDelivery(ctx context.Context, id campaigns.EnrollmentID, step campaigns.StepID, visit int, ch campaigns.Channel) (*Delivery, error) {
	d, _, err := one(ctx, q.run, scanDelivery, selectDelivery+` WHERE enrollment_id = $1 AND step = $2 AND visit = $3 AND channel = $4 AND part = 0`, id, step, visit, ch)
	return d, wrap("find a step's delivery", err)
}

// InsertDeliveries writes rows (ID 0 is filled in). One whose key exists already is left out, and its id is not in the result: the message was written before.
func (tx *Tx) InsertDeliveries(ctx context.Context, ds []*Delivery) ([]campaigns.DeliveryID, error) {
	byKind := map[DeliveryKind][]*Delivery{}
	for _, d := range ds {
		if err := fill(ctx, tx.ids, &d.ID); err != nil {
			return nil, err
		}
		byKind[d.Kind] = append(byKind[d.Kind], d)
	}
	var ids []campaigns.DeliveryID
	for _, kind := range []DeliveryKind{StepDelivery, SystemDelivery} {
		at, err := deliveryColumns.insert(ctx, tx.queries, "deliveries", deliveryKeys[kind], byKind[kind])
		if err != nil {
			return nil, wrap("insert deliveries", err)
		}
		for _, i := range at {
			d := byKind[kind][i]
			ids = append(ids, d.ID)
			tx.countInserted(d)
		}
		delete(byKind, kind)
	}
	for kind := range byKind {
		return nil, fmt.Errorf("insert deliveries: %q is no kind of delivery", kind)
	}
	return ids, nil
}

// InsertNewDeliveries is InsertDeliveries for steps' messages of which none can be there: a key that exists is an error, which spares each row a look.
func (tx *Tx) InsertNewDeliveries(ctx context.Context, ds []*Delivery) error {
	for _, d := range ds {
		if err := fill(ctx, tx.ids, &d.ID); err != nil {
			return err
		}
	}
	for _, some := range byKind(ds, func(d *Delivery) campaigns.DeliveryState { return d.State }) {
		if _, err := deliveryColumns.insert(ctx, tx.queries, "deliveries", "", some); err != nil {
			return wrap("insert new deliveries", err)
		}
	}
	for _, d := range ds {
		tx.countInserted(d)
	}
	return nil
}

func (tx *Tx) countInserted(d *Delivery) {
	var at int64
	if d.FinalAt != nil {
		at = micros(*d.FinalAt)
	}
	tx.countDelivery(deliveryGroup{d.Campaign, d.Step, d.Channel, d.State, d.Reason}, at)
}

// deliveryKeys say by which key a message of the kind is known. Any other index that refuses is an error.
var deliveryKeys = map[DeliveryKind]string{
	StepDelivery:   `ON CONFLICT (enrollment_id, step, visit, channel, part) WHERE enrollment_id IS NOT NULL DO NOTHING`,
	SystemDelivery: `ON CONFLICT (input_id, name, part) WHERE input_id IS NOT NULL DO NOTHING`,
}

// DeliveriesByID loads many deliveries in one statement. Unknown ids are absent.
func (q queries) DeliveriesByID(ctx context.Context, ids []campaigns.DeliveryID) (map[campaigns.DeliveryID]*Delivery, error) {
	out := make(map[campaigns.DeliveryID]*Delivery, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	ds, err := many(ctx, q.run, scanDelivery, selectDelivery+` WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, d := range ds {
		out[d.ID] = d
	}
	return out, wrap("read deliveries", err)
}
