package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// laneSlice bounds one go of the engine's work in real time; what is left is done in the next.
	laneSlice = 10 * time.Second
	// maxRounds is how often the engine is asked to work at one moment before that counts as never coming to rest.
	maxRounds = 5000
)

// play lets the days pass.
func (s *stage) play(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	for !s.full {
		if err := s.live(ctx); err != nil {
			return err
		}
		next, err := s.next(ctx)
		if err != nil {
			return err
		}
		if next == nil || !next.Before(s.end) {
			s.clock.set(s.end)
			return nil
		}
		if next.After(s.clock.now()) {
			s.clock.set(*next)
		}
	}
	return nil
}

// begin lets everybody enter, and plans what they do on a day of their own.
func (s *stage) begin(ctx context.Context) error {
	for _, p := range s.people {
		s.planDay(p)
		s.planEvents(p)
	}
	if err := s.live(ctx); err != nil {
		return err
	}
	return s.enter(ctx)
}

// next is when something becomes due or somebody acts.
func (s *stage) next(ctx context.Context) (*time.Time, error) {
	next, err := s.engine.NextDue(ctx)
	if act := s.acts.next(); err == nil && act != nil && (next == nil || act.Before(*next)) {
		next = act
	}
	return next, err
}

// live does all that can be done at this moment: the engine's work, then what members do, until neither has anything left.
func (s *stage) live(ctx context.Context) error {
	for range maxRounds {
		if err := s.rest(ctx); err != nil {
			return err
		}
		if acted, err := s.act(ctx); err != nil || !acted {
			return err
		}
	}
	return errors.New("play simulation: it does not come to rest")
}

// rest works until the engine has nothing to do at this moment, and notes what it put off.
func (s *stage) rest(ctx context.Context) error {
	for range maxRounds {
		if err := s.work(ctx); err != nil {
			return err
		}
		idle, err := s.engine.Idle(ctx)
		if err != nil {
			return err
		}
		if idle || s.isFull() {
			return s.noteHolds(ctx)
		}
	}
	return fmt.Errorf("play simulation: the engine does not come to rest at %s", s.clock.now().Format(time.RFC3339))
}

func (s *stage) isFull() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

// work does once what workers would do.
func (s *stage) work(ctx context.Context) error {
	actors, err := s.engine.SweepActors(ctx, -time.Hour, MaxMembers)
	if err != nil {
		return err
	}
	if err := s.engine.HandleActors(ctx, actors); err != nil {
		return err
	}
	if _, err := s.engine.AdvanceDue(ctx, laneSlice); err != nil {
		return err
	}
	if err := s.callOthers(ctx); err != nil {
		return err
	}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
			if _, err := s.engine.SendLane(ctx, lane, ch, laneSlice); err != nil {
				return err
			}
		}
	}
	return errors.Join(s.look(ctx), s.fits(), ctx.Err())
}

// hold is why a message waited and until when.
type hold struct {
	reason campaigns.Reason
	until  time.Time
}

// noteHolds keeps what the gates put off: once a message leaves, its row knows no more of it. Rows are only looked at once, when they are new.
func (s *stage) noteHolds(ctx context.Context) error {
	last, err := s.store.NextID(ctx)
	if err != nil {
		return err
	}
	for page := (store.Page{After: s.seen, Limit: 1000}); ; {
		rows, err := s.store.Deliveries(ctx, store.DeliveryFilter{}, page)
		if err != nil {
			return err
		}
		for _, d := range rows {
			page.After = int64(d.ID)
			if d.State == campaigns.Pending && d.DueAt != nil && d.Reason != "" {
				s.held[d.ID] = hold{d.Reason, *d.DueAt}
			}
		}
		if len(rows) < page.Limit {
			s.seen = last
			return nil
		}
	}
}

// ask returns the question of a step, nil when it asks nothing.
func (c *campaign) ask(id campaigns.StepID) *definition.Ask {
	if s := c.def.Step(id); s != nil {
		return s.Ask()
	}
	return nil
}
