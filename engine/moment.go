package engine

import (
	"context"
	"errors"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

// longPast is how long after its moment a schedule for one moment is published without a yes: whoever takes a little long over a text is not asked.
const longPast = time.Hour

// Opens says what publishing does with a schedule for one moment.
type Opens string

const (
	// OpensLater: the moment is ahead.
	OpensLater Opens = "later"
	// OpensNow: the moment is here, or was within the hour: the audience comes in at once.
	OpensNow Opens = "now"
	// OpensPast: the moment is longer past, and the audience would come in at once; that needs a yes.
	OpensPast Opens = "past"
	// OpensNever: an audience was taken in at this moment, by whatever version, or is being taken in. It does not open again.
	OpensNever Opens = "opened"
)

// Moment is a schedule for one moment, and what publishing does with it.
type Moment struct {
	At    timing.LocalDateTime
	Zone  definition.ScheduleZone
	Opens Opens
	// Nobody: it came, and nobody was in the audience or might enter. It opens as if it had not come.
	Nobody bool
}

// moment is nil for an entry that has no schedule for one moment.
func (e *Engine) moment(ctx context.Context, from publishedFrom, c *store.Campaign, s *definition.Schedule) (*Moment, error) {
	if s == nil || s.Recurs != nil {
		return nil, nil
	}
	community, err := from.Community(ctx)
	if err != nil {
		return nil, err
	}
	old, err := from.Schedule(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	opened, err := e.openedAt(ctx, from, old)
	if err != nil {
		return nil, err
	}
	m, now := &Moment{At: s.At, Zone: s.Zone, Opens: OpensLater}, e.Now()
	if was, err := e.momentOf(ctx, from, old); err != nil {
		return nil, err
	} else if opened == nil && was != nil && *was == s.At {
		if m.Nobody, err = from.TookNobody(ctx, old); err != nil {
			return nil, err
		}
	}
	switch {
	case opened != nil && *opened == s.At:
		m.Opens = OpensNever
	case now.Sub(s.At.In(zone(community, ""))) > longPast: // of members' own clocks, most are near the community's
		m.Opens = OpensPast
	case !scheduleDue(community, s, s.At).After(now):
		m.Opens = OpensNow
	}
	return m, nil
}

// unasked refuses a moment that is long past, unless somebody has said yes to it: its messages would leave at once.
func unasked(pub *Publication, how Publishing) error {
	if pub.Moment == nil || pub.Moment.Opens != OpensPast || how.AcceptPast {
		return nil
	}
	return fault.New(fault.Conflict, "conflict.schedule_past", map[string]any{"at": pub.Moment.At.String()})
}

// openedFrom is what it is found from whether a moment was opened.
type openedFrom interface {
	source
	TookNobody(context.Context, *store.Schedule) (bool, error)
}

// openedAt is the moment at which the campaign's audience was taken in last, or is being taken in; nil: there is none. A moment at which nobody came in is none.
func (e *Engine) openedAt(ctx context.Context, from openedFrom, old *store.Schedule) (*timing.LocalDateTime, error) {
	if old == nil || old.Opens != nil && old.LastMember == 0 || old.Opens == nil && !lookedFor(old) {
		return opened(old), nil
	}
	if old.Opens != nil {
		return old.Opens, nil
	}
	if nobody, err := from.TookNobody(ctx, old); err != nil || nobody {
		return nil, err
	}
	at, err := e.momentOf(ctx, from, old)
	if at == nil && err == nil {
		at = opened(old)
	}
	return at, err
}

// momentOf is the one moment of the version that the row is of; nil: it has none, or cannot be read.
func (e *Engine) momentOf(ctx context.Context, from source, row *store.Schedule) (*timing.LocalDateTime, error) {
	if row == nil {
		return nil, nil
	}
	l, err := e.version(ctx, from, row.Campaign, row.Version)
	if err != nil && !errors.Is(err, errBadVersion) {
		return nil, err
	}
	if err != nil || l.def.Entry.Schedule == nil || l.def.Entry.Schedule.Recurs != nil {
		return nil, nil
	}
	return &l.def.Entry.Schedule.At, nil
}

func opened(old *store.Schedule) *timing.LocalDateTime {
	if old == nil {
		return nil
	}
	return old.Opened
}

// lookedFor reports whether members were looked at for a schedule for one moment. Rows of before 00014 do not say what they opened, but that they are through.
func lookedFor(s *store.Schedule) bool {
	return s.LastMember > 0 || s.DoneAt != nil && !s.DoneAt.Before(s.DueAt)
}

// oneOpening is the row of a version's schedule for one moment. What was opened at that moment stays so: who is inside gets the correction, and who came later
// gets no old message. An audience that is under way goes on, unless its campaign has ended.
func oneOpening(c *store.Campaign, community *store.Community, s *definition.Schedule, old *store.Schedule, out store.Schedule, now time.Time) store.Schedule {
	out.DueAt = scheduleDue(community, s, s.At)
	if out.Opened == nil || *out.Opened != s.At {
		return out
	}
	out.LastMember, out.DoneAt = old.LastMember, old.DoneAt
	if out.DoneAt == nil && (c.State == campaigns.Finished || old.LastMember == 0) {
		out.DoneAt = &now
	}
	return out
}
