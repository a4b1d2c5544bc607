package engine

import (
	"context"
	"errors"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// FailedKind names messages that failed by our own fault: of one step, on one channel, for one reason.
type FailedKind struct {
	Campaign campaigns.Key
	Step     campaigns.StepID
	Channel  campaigns.Channel
	Reason   campaigns.Reason
}

// SentAgain is what became of them: how many wait to be sent now, and how many still cannot be made into a message.
type SentAgain struct{ N, Still int }

const (
	// againFor is how long such a message may take; its step's own limit has usually passed.
	againFor = 24 * time.Hour
	// againParams marks such a row.
	againParams = `{"again":true}`
)

// AskedAgain reports whether a person lets the message be sent after all.
func AskedAgain(d *store.Delivery) bool {
	return d.Kind == store.StepDelivery && string(d.Params) == againParams
}

// SendAgain sends messages of a kind that failed by our own fault and never left: those that can be made now. A question is not among them: its moment is
// over. Each is asked for consent and pause as ever. Scope campaigns:write. Faults not_found.campaign, not_found.failed, conflict.archived,
// conflict.question_over.
func (e *Engine) SendAgain(ctx context.Context, p Principal, kind FailedKind) (SentAgain, error) {
	var sum SentAgain
	if err := p.Require(CampaignsWrite); err != nil {
		return sum, err
	}
	c, err := e.Store.CampaignByKey(ctx, kind.Campaign)
	if err != nil {
		return sum, err
	}
	if c.State == campaigns.Archived {
		return sum, fault.New(fault.Conflict, "conflict.archived", nil)
	}
	k := store.FailedKind{Campaign: c.ID, Step: kind.Step, Channel: kind.Channel, Reason: kind.Reason}
	for page := (store.Page{Limit: e.Store.BulkRows()}); ; {
		ds, err := e.Store.Failed(ctx, k, page)
		if err != nil {
			return sum, err
		}
		if len(ds) == 0 {
			break
		}
		some, err := e.sendSomeAgain(ctx, p, ds)
		sum.N, sum.Still = sum.N+some.N, sum.Still+some.Still
		if err != nil {
			return sum, err
		}
		page.After = int64(ds[len(ds)-1].ID)
	}
	if sum == (SentAgain{}) {
		return sum, fault.New(fault.NotFound, "not_found.failed", nil)
	}
	e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Interactive, kind.Channel))
	return sum, nil
}

// sendSomeAgain lets those of the messages wait again that can be made now, with the parts that were to follow them.
func (e *Engine) sendSomeAgain(ctx context.Context, p Principal, ds []*store.Delivery) (sum SentAgain, err error) {
	s, err := e.surroundings(ctx, ds, nil)
	if err != nil {
		return sum, err
	}
	var ids []campaigns.DeliveryID
	var rest []*store.Delivery
	now := e.now()
	for _, d := range ds {
		parts, err := e.partsNow(ctx, d, s)
		switch {
		case fault.Is(err, fault.Conflict) || ctx.Err() != nil:
			return sum, err
		case err != nil:
			e.Log.Warn("message still not rendered", "delivery", d.ID, "error", err)
			sum.Still++
			continue
		}
		ids = append(ids, d.ID)
		rest = append(rest, parts...)
	}
	expires := now.Add(againFor)
	for _, d := range rest {
		d.DueAt, d.ExpiresAt = &now, expires
	}
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		if sum.N, err = tx.SendAgain(ctx, ids, againParams, prioBulk, now, expires); err != nil || sum.N == 0 {
			return err
		}
		if _, err := tx.InsertDeliveries(ctx, rest); err != nil {
			return err
		}
		d := ds[0]
		ev := e.event(now, "deliveries.sent_again", d.Campaign, map[string]any{"n": sum.N, "by": p.Name, "channel": d.Channel})
		ev.Step = d.Step
		return tx.AppendEvents(ctx, []store.Event{ev})
	})
	return sum, err
}

// partsNow makes the message as it would be sent now, and returns the rows of the parts that follow it: nobody waits for this message to write them.
func (e *Engine) partsNow(ctx context.Context, d *store.Delivery, s *surroundings) (rest []*store.Delivery, err error) {
	defer recovered(&err)
	c := candidate{d: d, row: s.rows[d.Enrollment], p: s.profiles[d.Member], community: s.c}
	if c.l, err = e.version(ctx, e.Store, d.Campaign, d.Version); err != nil {
		return nil, err
	}
	if askOf(c.l.def, d.Step) != nil {
		return nil, fault.New(fault.Conflict, "conflict.question_over", nil)
	}
	if c.row == nil || c.p == nil {
		return nil, errors.New("its member is gone")
	}
	if _, err := e.compose(ctx, &c, &composer{}); err != nil || d.Channel != campaigns.Telegram {
		return nil, err
	}
	body, ok := c.l.def.Step(d.Step).Body.(*definition.Send)
	if !ok {
		return nil, errors.New("its step sends nothing")
	}
	r := &renderJob{e: e, l: c.l, d: d, p: c.p, c: s.c, en: *c.en}
	src, lang := r.lang(body.Text)
	parts, err := r.chatParts(src, lang, sendLimits(body))
	for n := d.Part + 1; n < len(parts); n++ {
		next := *d
		next.ID, next.Part, next.State, next.Reason, next.Lane, next.Priority, next.Params = 0, n, campaigns.Pending, "", campaigns.Interactive, prioBulk, []byte(againParams)
		next.Code, next.Detail, next.Chunk, next.Attempts, next.FinalAt = "", "", 0, 0, nil
		rest = append(rest, &next)
	}
	return rest, err
}
