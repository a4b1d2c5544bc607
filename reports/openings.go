package reports

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// shownOpenings is how many of the moments to come are told.
const shownOpenings = 3

// Openings say when a recurring schedule takes its audience in.
type Openings struct {
	Sentence string                  `json:"sentence" doc:"How it recurs, in the asked language"`
	Zone     definition.ScheduleZone `json:"zone" enum:"community,member" doc:"Whose clock shows the moments"`
	Next     []timing.LocalDateTime  `json:"next" doc:"The moments to come, three at most; none: it is over"`
	Missed   *timing.LocalDateTime   `json:"missed,omitempty" doc:"The latest moment that a pause or an outage held back for too long: its audience was not taken in, or only a part of it"`
}

// nobodyCame says that an audience that is taken in once is through and took nobody in, and why that may be; empty: it is not so.
func (r *Reports) nobodyCame(ctx context.Context, c *store.Campaign, def *definition.Definition, lang string) (string, error) {
	if def == nil || def.Entry.Listens() || def.Entry.Audience() == nil {
		return "", nil
	}
	row, err := r.store.Schedule(ctx, c.ID)
	if err != nil || row == nil || row.Version != c.LiveVersion {
		return "", err
	}
	if nobody, err := r.store.TookNobody(ctx, row); err != nil || !nobody {
		return "", err
	}
	if def.Entry.Segment != "" {
		return locale.T(lang, "report.nobody.segment", map[string]any{"segment": r.segmentName(ctx, def.Entry.Segment, lang)}), nil
	}
	return locale.T(lang, "report.nobody.moment", explain.Words{Lang: lang}.At(def.Entry.Schedule.At)), nil
}

// openings are the next moments of a schedule that recurs; of a draft, those that publishing it now would bring. Nil: it does not recur.
func (r *Reports) openings(ctx context.Context, c *store.Campaign, def *definition.Definition, lang string) (*Openings, error) {
	if def == nil || def.Entry.Schedule == nil || def.Entry.Schedule.Recurs == nil {
		return nil, nil
	}
	s := def.Entry.Schedule
	out := &Openings{Sentence: explain.Recurrence(lang, s), Zone: s.Zone, Next: []timing.LocalDateTime{}}
	at, ok, err := r.nextOpening(ctx, c, s, out)
	if c.State == campaigns.Finished || c.State == campaigns.Archived {
		ok = false
	}
	for ; ok && len(out.Next) < shownOpenings; at, ok = s.Recurs.After(at) {
		out.Next = append(out.Next, at)
	}
	return out, err
}

// nextOpening is the moment that the schedule's row waits for; without one, the first that a publication would bring.
func (r *Reports) nextOpening(ctx context.Context, c *store.Campaign, s *definition.Schedule, out *Openings) (at timing.LocalDateTime, ok bool, err error) {
	row, err := r.store.Schedule(ctx, c.ID)
	if err != nil {
		return at, false, err
	}
	if row != nil && row.Opens != nil {
		out.Missed = row.Missed
		if row.LooksAgain() {
			at, ok = s.Recurs.After(*row.Opens)
			return at, ok, nil
		}
		return *row.Opens, row.DoneAt == nil, nil
	}
	community, err := r.store.Community(ctx)
	if err != nil {
		return at, false, err
	}
	zone, err := time.LoadLocation(community.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	at, ok = s.Opens(r.Now().In(zone))
	return at, ok, nil
}
