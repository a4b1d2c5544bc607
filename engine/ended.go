package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// sweptCampaign is one end of a campaign, after which nobody was found inside.
type sweptCampaign struct {
	id campaigns.CampaignID
	at int64 // when it ended, in microseconds
}

// sweptAgain is how long a finished campaign that was found empty is not looked at: who was being enrolled while it ended is found then.
const sweptAgain = time.Minute

// ended lists finished campaigns in which members may still be.
func (e *Engine) ended(ctx context.Context) ([]sweptCampaign, error) {
	states, err := e.campaignStates(ctx)
	if err != nil {
		return nil, err
	}
	var out []sweptCampaign
	now := e.now()
	for _, c := range states {
		if k := (sweptCampaign{c.ID, c.StateAt.UnixMicro()}); hasEnded(c, now) && !e.swept.noted(k, sweptAgain) {
			out = append(out, k)
		}
	}
	return out, nil
}

// archivedFor is how long an archived campaign is looked at: a worker may hold some of its deliveries until their claims run out.
const archivedFor = time.Hour

func hasEnded(c *store.Campaign, now time.Time) bool {
	return c.State == campaigns.Finished || c.State == campaigns.Archived && now.Sub(c.StateAt) < archivedFor
}

// SweepEnded takes members out of finished campaigns, some hundred at a time, cancels what of them was not sent, and reports whether any members were left.
func (e *Engine) SweepEnded(ctx context.Context) (bool, error) {
	found := false
	ended, err := e.ended(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range ended {
		some, cerr := e.sweepOne(ctx, c)
		found, err = found || some, errors.Join(err, cerr) // one that fails stops none of the others
	}
	return found, err
}

// sweepOne looks at the rows of a campaign that has just ended. Of one that ended a while ago, as most have, it asks the counters, which costs the same at any size.
func (e *Engine) sweepOne(ctx context.Context, c sweptCampaign) (found bool, err error) {
	inside := e.now().Sub(time.UnixMicro(c.at)) < 2*sweptAgain
	if !inside {
		if inside, err = e.someInside(ctx, c.id); err != nil {
			return false, err
		}
	}
	stayed := false
	if inside {
		if found, err = e.emptyOut(ctx, c.id); err != nil {
			return found, err
		}
	}
	if found { // whoever writes at this moment is held by that, and stays
		if stayed, err = e.someInside(ctx, c.id); err != nil {
			return found, err
		}
	}
	held, err := e.cancelLeft(ctx, c.id)
	if err == nil && !held && !stayed { // whoever holds some wakes us when giving it back
		e.swept.note(c)
	}
	return found, err
}

// someInside asks the counters.
func (e *Engine) someInside(ctx context.Context, id campaigns.CampaignID) (bool, error) {
	paths, err := e.Store.CountPaths(ctx, id)
	return slices.ContainsFunc(paths, isInside), err
}

func isInside(p store.PathCount) bool { return !p.State.Final() && p.N > 0 }

// cancelLeft cancels what a worker held while its enrollment ended, and gave back since: nothing of a campaign that is over is claimed again.
func (e *Engine) cancelLeft(ctx context.Context, id campaigns.CampaignID) (held bool, err error) {
	for rest := true; rest && err == nil; {
		err = e.Store.WriteBulk(ctx, func(tx *store.Tx) (err error) {
			rest, held, err = tx.CancelLeft(ctx, id, campaigns.EnrollmentOver, e.now(), e.Store.BulkRows())
			return err
		})
	}
	return held, err
}

// emptyOut exits the members of a campaign that ended, and reports whether there were any.
func (e *Engine) emptyOut(ctx context.Context, id campaigns.CampaignID) (found bool, err error) {
	for last := campaigns.EnrollmentID(0); ; found = true {
		if last, err = e.exitSome(ctx, id, last); err != nil || last == 0 {
			return found, err
		}
	}
}

// exitSome exits one transaction's worth of them, those behind the enrollment `after`, and returns the last one; 0: there was none.
func (e *Engine) exitSome(ctx context.Context, id campaigns.CampaignID, after campaigns.EnrollmentID) (last campaigns.EnrollmentID, err error) {
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		es, err := tx.LockNotFinal(ctx, id, after, e.Store.BulkRows())
		if err != nil {
			return err
		}
		if last = 0; len(es) > 0 {
			last = es[len(es)-1].ID
		}
		_, err = e.decideMany(ctx, tx, es, func(*work, subject) (decide.Input, error) {
			return &decide.Left{Reason: campaigns.ExitEnded}, nil
		})
		return err
	})
	return last, err
}

// finishDone finishes campaigns that were for one moment: their audience is through, and nobody is inside any more.
func (e *Engine) finishDone(ctx context.Context) error {
	states, err := e.campaignStates(ctx)
	if err != nil {
		return err
	}
	for _, c := range states {
		if c.State != campaigns.Running {
			continue
		}
		l, err := e.version(ctx, e.Store, c.ID, c.LiveVersion)
		if errors.Is(err, errBadVersion) || err == nil && (l.def.Entry.Audience() == nil || l.def.Entry.Listens()) {
			continue
		}
		if err == nil {
			err = e.finishIfDone(ctx, c.Key, l.def.Goal)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finishIfDone asks the counters first, which costs the same at any size, and when they say that nobody is inside the rows, once. While it holds the campaign it
// asks the counters again: what came in between is counted.
func (e *Engine) finishIfDone(ctx context.Context, key campaigns.Key, goal *definition.Goal) error {
	c, err := e.Store.CampaignByKey(ctx, key)
	if err != nil {
		return err
	}
	if done, err := scheduleDone(ctx, e.Store, c, goal, e.now()); err != nil || !done {
		return err
	}
	if some, err := e.Store.AnyInside(ctx, c.ID); err != nil || some {
		return err
	}
	finished := false
	err = e.Store.Write(ctx, func(tx *store.Tx) error {
		finished = false
		c, err := tx.LockCampaign(ctx, key)
		if err != nil {
			return err
		}
		done, err := scheduleDone(ctx, tx, c, goal, e.now())
		if err != nil || !done {
			return err
		}
		now := e.now()
		finished = true
		if err := tx.SetCampaignState(ctx, c.ID, campaigns.Running, campaigns.Finished, "schedule", now); err != nil {
			return err
		}
		return tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.finished", c.ID, map[string]any{"by": "schedule"})})
	})
	if finished {
		e.states.forget()
	}
	return err
}

// counted is what scheduleDone reads from.
type counted interface {
	Schedule(context.Context, campaigns.CampaignID) (*store.Schedule, error)
	CountPaths(context.Context, campaigns.CampaignID) ([]store.PathCount, error)
}

// scheduleDone reports whether the audience is through and nobody is inside; with a goal, whose time must be over for all of them.
func scheduleDone(ctx context.Context, from counted, c *store.Campaign, goal *definition.Goal, now time.Time) (bool, error) {
	if c.State != campaigns.Running {
		return false, nil
	}
	s, err := from.Schedule(ctx, c.ID)
	if err != nil || s == nil || s.DoneAt == nil || s.Version != c.LiveVersion {
		return false, err
	}
	if goal != nil && now.Before(goal.Ends(*s.DoneAt, time.UTC).AddDate(0, 0, 1)) {
		return false, nil
	}
	paths, err := from.CountPaths(ctx, c.ID)
	return err == nil && !slices.ContainsFunc(paths, isInside), err
}
