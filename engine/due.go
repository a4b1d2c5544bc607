package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// AdvanceDue decides for everything that is due, campaign by campaign, until nothing is or the slice of time is used up. It reports whether more is due.
func (e *Engine) AdvanceDue(ctx context.Context, slice time.Duration) (more bool, err error) {
	if _, err := e.SweepEnded(ctx); err != nil {
		return false, err
	}
	if err := e.OpenSchedules(ctx); err != nil {
		return false, err
	}
	end := time.Now().Add(slice)
	for {
		ids, err := e.Store.DueCampaigns(ctx, e.now())
		if err != nil || len(ids) == 0 {
			return false, err
		}
		progress := false
		for _, id := range ids {
			n, err := e.advance(ctx, id)
			if err != nil {
				return false, err
			}
			progress = progress || n > 0
			if time.Now().After(end) {
				return true, nil
			}
		}
		if !progress { // what is due is held by others
			return false, nil
		}
	}
}

// advance decides for one transaction's worth of due enrollments of the campaign.
func (e *Engine) advance(ctx context.Context, id campaigns.CampaignID) (int, error) {
	n := 0
	err := e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		now := e.now()
		rows, err := tx.LockDue(ctx, id, now, e.Store.BulkRows())
		if err != nil {
			return err
		}
		if n = len(rows); n > 0 {
			e.Observer.DueLag(now.Sub(*rows[0].DueAt))
		}
		return e.decideMany(ctx, tx, rows, e.dueInput(now))
	})
	if err == nil && n > 0 {
		for ch := range e.Senders {
			e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Interactive, ch))
			e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Bulk, ch))
		}
	}
	return n, err
}

// dueInput makes the input of a due row: the final delivery that it waited for, or time itself.
func (e *Engine) dueInput(now time.Time) func(*store.Enrollment, *store.Delivery) decide.Input {
	return func(row *store.Enrollment, d *store.Delivery) decide.Input {
		switch {
		case row.WaitKind == campaigns.WaitDelivery && d != nil && d.State.Final():
			return e.delivered(d)
		case row.State == campaigns.EnrollmentActive && row.Step == "" && row.Visit == 0:
			return &decide.Start{}
		}
		return &decide.Due{}
	}
}

// delivered is the decider's input of a delivery that has its final state.
func (e *Engine) delivered(d *store.Delivery) decide.Input {
	at := e.now()
	if d.FinalAt != nil {
		at = *d.FinalAt
	}
	return &decide.Delivered{Step: d.Step, Visit: d.Visit, Channel: d.Channel, Part: d.Part, State: d.State, Reason: d.Reason, At: at, More: e.moreParts(d)}
}

// scheduleDue is the moment at which a schedule opens. In members' own zones, that is when the first zone of the world gets there (UTC+14);
// each member's enrollment then waits for its own moment.
func (e *Engine) scheduleDue(ctx context.Context, tx *store.Tx, s *definition.Schedule) (time.Time, error) {
	if s.Zone == definition.MemberZone {
		return s.At.In(time.FixedZone("UTC+14", 14*60*60)).UTC(), nil
	}
	c, err := tx.Community(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return s.At.In(zone(c, "")).UTC(), nil
}

// OpenSchedules enrolls the audiences of schedules whose time has come, some hundred members at a time.
func (e *Engine) OpenSchedules(ctx context.Context) error {
	due, err := e.Store.DueSchedules(ctx, e.now())
	if err != nil {
		return err
	}
	for _, s := range due {
		for done := false; !done; {
			if done, err = e.openSchedule(ctx, s.Campaign); err != nil {
				return err
			}
		}
		e.forgetStates()
	}
	return nil
}

// openSchedule enrolls the next part of one audience. done: the audience is through, or another worker is at it.
func (e *Engine) openSchedule(ctx context.Context, id campaigns.CampaignID) (done bool, err error) {
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		done = true
		s, err := tx.LockSchedule(ctx, id)
		if err != nil || s == nil || s.DoneAt != nil {
			return err
		}
		l, err := e.version(ctx, id, s.Version)
		if err != nil {
			return err
		}
		camp, err := tx.Campaign(ctx, id)
		if err != nil || camp.State != campaigns.Running && camp.State != campaigns.Scheduled {
			return err
		}
		now := e.now()
		if camp.State == campaigns.Scheduled {
			if err := tx.SetCampaignState(ctx, id, camp.State, campaigns.Running, "schedule", now); err != nil {
				return err
			}
		}
		c, err := e.community(ctx)
		if err != nil {
			return err
		}
		ids, err := tx.Audience(ctx, &l.def.Entry.Schedule.Audience, fallback(c), s.LastMember, e.Store.BulkRows())
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return tx.MoveSchedule(ctx, id, s.LastMember, &now)
		}
		done = false
		if err := e.enrollScheduled(ctx, tx, l, ids, c, now); err != nil {
			return err
		}
		return tx.MoveSchedule(ctx, id, ids[len(ids)-1], nil)
	})
	return done, err
}

// enrollScheduled writes one part of an audience as active enrollments: due now, or at the schedule's moment in the member's zone.
func (e *Engine) enrollScheduled(ctx context.Context, tx *store.Tx, l *live, ids []campaigns.MemberID, c *store.Community, now time.Time) error {
	ids, err := e.mayEnter(ctx, tx, l, ids, now)
	if err != nil || len(ids) == 0 {
		return err
	}
	profiles := map[campaigns.MemberID]*store.Profile{}
	s := l.def.Entry.Schedule
	if s.Zone == definition.MemberZone {
		if profiles, err = tx.Profiles(ctx, ids); err != nil {
			return err
		}
	}
	rows, err := newEnrollments(ctx, tx, l, ids, "schedule", now)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if p := profiles[row.Member]; p != nil {
			if at := s.At.In(zone(c, p.TimeZone)).UTC(); at.After(now) {
				row.DueAt = &at
			}
		}
	}
	written, err := tx.InsertEnrollments(ctx, rows)
	if err != nil {
		return err
	}
	return tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.enrolled", l.campaign, map[string]any{"n": len(written), "version": l.version})})
}
