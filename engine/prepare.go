package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// surroundings is what the gates and the texts of some deliveries need, loaded set by set.
type surroundings struct {
	profiles map[campaigns.MemberID]*store.Profile
	rows     map[campaigns.EnrollmentID]*store.Enrollment
	states   map[campaigns.CampaignID]*store.Campaign
	c        *store.Community
}

func (e *Engine) surroundings(ctx context.Context, ds []*store.Delivery) (*surroundings, error) {
	var members []campaigns.MemberID
	var enrollments []campaigns.EnrollmentID
	for _, d := range ds {
		members = append(members, d.Member)
		if d.Enrollment != 0 {
			enrollments = append(enrollments, d.Enrollment)
		}
	}
	s := &surroundings{}
	var err error
	if s.profiles, err = e.Store.Profiles(ctx, members); err != nil {
		return nil, err
	}
	if s.rows, err = e.Store.EnrollmentsByID(ctx, enrollments); err != nil {
		return nil, err
	}
	if s.states, err = e.campaignStates(ctx); err != nil {
		return nil, err
	}
	s.c, err = e.community(ctx)
	return s, err
}

// questionRetry is when a question is looked at again that waits for the chat's open one; freeing the slot wakes it earlier.
const questionRetry = 10 * time.Minute

// prepare takes deliveries through the gates and renders them. What the gates stop has its outcome in res.
func (e *Engine) prepare(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, ds []*store.Delivery, res *results) ([]job, error) {
	s, err := e.surroundings(ctx, ds)
	if err != nil {
		return nil, err
	}
	now := e.now()
	var jobs []job
	for _, d := range ds {
		p := s.profiles[d.Member]
		var l *live
		if d.Kind == store.StepDelivery {
			if l, err = e.version(ctx, d.Campaign, d.Version); err != nil {
				return nil, err
			}
		}
		if p == nil {
			res.final(d, campaigns.Canceled, campaigns.MemberErased, now)
			continue
		}
		row := s.rows[d.Enrollment]
		var state campaigns.State
		if c := s.states[d.Campaign]; c != nil {
			state = c.State
		}
		v := decide.Gate(e.gateFacts(d, l, row, p, s.c, state), now)
		if v.Reason == campaigns.CampaignPaused && d.Chunk != 0 {
			continue // it stays in its chunk, which nobody claims while the campaign stands still
		}
		if v.State != "" {
			res.verdict(d, v, now)
			continue
		}
		ok, err := e.takeSlot(ctx, d, l, now)
		if err != nil {
			return nil, err
		}
		if !ok {
			until := now.Add(questionRetry)
			res.verdict(d, decide.Verdict{State: campaigns.Pending, Reason: campaigns.QuestionOpen, Until: &until}, now)
			continue
		}
		msg, err := e.compose(ctx, d, l, row, p, s.c)
		if err != nil {
			e.Log.Error("message not rendered", "delivery", d.ID, "campaign", d.Campaign, "step", d.Step, "error", err)
			res.final(d, campaigns.Failed, campaigns.RenderFailed, now)
			continue
		}
		jobs = append(jobs, job{d, msg, p.Addresses[ch].Reach})
	}
	return jobs, nil
}

// takeSlot makes a typed question the chat's open one, from the claim on. Everything else needs no slot.
func (e *Engine) takeSlot(ctx context.Context, d *store.Delivery, l *live, now time.Time) (bool, error) {
	if d.Channel != campaigns.Telegram || l == nil {
		return true, nil
	}
	ask := askOf(l.def, d.Step)
	if ask == nil || !ask.Type.Typed() {
		return true, nil
	}
	var ok bool
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		ok, err = tx.TakeQuestionSlot(ctx, store.QuestionSlot{Member: d.Member, Enrollment: d.Enrollment, Step: d.Step, Visit: d.Visit, Delivery: d.ID, OpenedAt: now})
		return err
	})
	return ok, err
}

// compose makes the message of a step or of a system reply.
func (e *Engine) compose(ctx context.Context, d *store.Delivery, l *live, row *store.Enrollment, p *store.Profile, c *store.Community) (*channels.Message, error) {
	if d.Kind == store.SystemDelivery {
		return e.renderReply(ctx, d, p, c)
	}
	en, err := fromRow(row)
	if err != nil {
		return nil, err
	}
	return e.render(ctx, &renderJob{e: e, l: l, d: d, p: p, c: c, en: en.Answers})
}
