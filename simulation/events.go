package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// Event is one that the platform is assumed to report of everybody who is played, in the middle of a day.
type Event struct {
	Name string
	Day  int // of the simulation; 1 is the one on which it begins
	Data json.RawMessage
}

// maxEvents bounds a plan's events: each comes for every member.
const maxEvents = 20

// badEvents are the plan's events that cannot come.
func (p *Plan) badEvents(wrong []fault.Detail) []fault.Detail {
	wrong = between(wrong, "events", len(p.Events), 0, maxEvents)
	for i, e := range p.Events {
		place := "events[" + strconv.Itoa(i) + "]"
		if !definition.EventName(e.Name) {
			wrong = append(wrong, fault.Detail{Path: place + ".event", Code: "bad_event_name", Expected: "lesson.finished"})
		}
		wrong = between(wrong, place+".day", e.Day, 1, p.Days)
	}
	return wrong
}

// planEvents plans what the platform reports of the member.
func (s *stage) planEvents(p *person) {
	for i, e := range s.plan.Events {
		at := s.plan.middle(e.Day)
		s.will(p, at, func(ctx context.Context) error {
			in := engine.EventInput{ID: fmt.Sprintf("assumed-%d-%s", i, p.ID), Event: e.Name, Member: p.ID, At: at, Data: e.Data}
			results, err := s.engine.StoreEvents(ctx, engine.Operator, []engine.EventInput{in})
			for _, r := range results {
				err = errors.Join(err, r.Err)
			}
			return err
		})
	}
}
