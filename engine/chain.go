package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// enrollSource is the source of inputs that a campaign's enroll steps write.
const enrollSource = "campaign"

// maxHops bounds how many campaigns may lead a member from one to the next within chainSpan of each: they could go round in a circle for ever.
const (
	maxHops   = 10
	chainSpan = 24 * time.Hour
)

// enrollInput is what an enroll step asks for. It names nobody: the member stands in the input's own column.
type enrollInput struct {
	Campaign   campaigns.Key          `json:"campaign"`
	From       campaigns.CampaignID   `json:"from"`
	FromKey    campaigns.Key          `json:"from_key"`
	Enrollment campaigns.EnrollmentID `json:"enrollment"`
	Step       campaigns.StepID       `json:"step"`
	Hops       int                    `json:"hops"`
	Acted      bool                   `json:"acted,omitempty"` // an act of the member's own leads there
}

// enroll stores the wish as an input of the member, once per visit of the step: the other campaign is entered in a transaction of its own, in the order of
// all that happens to the member, wherever this decision is made.
func (w *work) enroll(l *live, row *store.Enrollment, x *decide.Enroll) error {
	en, err := w.records.fromRow(row)
	if err != nil {
		return err
	}
	in := enrollInput{Campaign: x.Campaign, From: row.Campaign, FromKey: l.def.Key, Enrollment: row.ID, Step: x.Step, Hops: 1, Acted: x.Acted}
	if w.now.Sub(row.EnteredAt) < chainSpan {
		in.Hops += en.Hops
	}
	w.inputs = append(w.inputs, &store.Input{
		Source: enrollSource, SourceKey: fmt.Sprintf("%d/%s/%d", row.ID, x.Step, x.Visit), Actor: memberActor(row.Member), Kind: "enroll",
		Raw: string(mustJSON(in)), Member: row.Member, ReceivedAt: w.now,
	})
	return nil
}

// handleEnroll takes the member into the campaign, or says in the passage that wished it why not.
func (e *Engine) handleEnroll(ctx context.Context, tx *store.Tx, in *store.Input) (*after, error) {
	var wish enrollInput
	if err := json.Unmarshal([]byte(in.Raw), &wish); err != nil {
		return nil, fmt.Errorf("read enrollment wish: %w", err)
	}
	p, err := tx.LockMember(ctx, in.Member)
	if err != nil {
		return nil, err
	}
	in.Member = p.ID // the two may have been merged since it was stored
	out := &after{}
	a, err := e.enrollFrom(ctx, tx, p, wish, in.ReceivedAt, out)
	if err != nil {
		return nil, err
	}
	return out, tx.AppendEvents(ctx, []store.Event{{
		At: e.now(), Name: "enroll." + string(a.result), Member: p.ID, Campaign: wish.From, Enrollment: wish.Enrollment, Step: wish.Step,
		Data: mustJSON(struct {
			Name campaigns.Key `json:"name"`
			Reentry
		}{wish.Campaign, a.again}),
	}})
}

// What an enroll step can meet beside the results of an entry.
const (
	noSuchCampaign EntryResult = "no_campaign"
	notOpen        EntryResult = "not_open" // the campaign takes nobody in now
	inACircle      EntryResult = "circle"
)

func (e *Engine) enrollFrom(ctx context.Context, tx *store.Tx, p *store.Profile, wish enrollInput, at time.Time, out *after) (admission, error) {
	c, err := tx.CampaignByKey(ctx, wish.Campaign)
	switch {
	case fault.Is(err, fault.NotFound):
		return admission{result: noSuchCampaign}, nil
	case err != nil:
		return admission{}, err
	case c.LiveVersion == 0 || c.State != campaigns.Running && c.State != campaigns.Paused:
		return admission{result: notOpen}, nil
	case wish.Hops > maxHops:
		return admission{result: inACircle}, nil
	}
	l, err := e.version(ctx, tx, c.ID, c.LiveVersion)
	if errors.Is(err, errBadVersion) {
		return admission{result: notOpen}, nil
	}
	if err != nil {
		return admission{}, err
	}
	if l.def.Entry.Key != "" { // it was published after the step that leads there
		return admission{result: NoKey}, nil
	}
	return e.enterAfter(ctx, tx, l, p, wayIn{source: "campaign:" + string(wish.FromKey), at: at, acted: wish.Acted}, wish.Hops, out)
}
