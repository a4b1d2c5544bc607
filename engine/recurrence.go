package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/store"
)

// tooLate is how long after its moment a recurring schedule still opens: what a pause or an outage held back longer is missed.
const tooLate = 24 * time.Hour

// firstOpening is the row with which a published version's schedule begins. One that recurs opens for no moment that is past, but what the older version had
// come to is kept: the audience that is under way, or whose moment has come and is not opened yet, is taken in by the new version.
func (e *Engine) firstOpening(ctx context.Context, tx *store.Tx, c *store.Campaign, v *store.Version, s *definition.Schedule, now time.Time) (store.Schedule, error) {
	out := store.Schedule{Campaign: v.Campaign, Version: v.Number}
	if s.Recurs == nil {
		due, err := e.scheduleDue(ctx, tx, s, s.At)
		out.DueAt = due
		return out, err
	}
	old, err := tx.HoldSchedule(ctx, v.Campaign)
	if err != nil {
		return out, err
	}
	if old != nil && old.Opens != nil && old.DoneAt == nil && c.State != campaigns.Finished && (old.LastMember > 0 || !old.DueAt.After(now)) {
		old.Version = v.Number
		return *old, nil
	}
	community, err := tx.Community(ctx)
	if err != nil {
		return out, err
	}
	out.Opens, out.DueAt = &s.At, now
	if old != nil {
		out.Missed = old.Missed
	}
	opens, ok := s.Opens(now.In(zone(community, "")))
	return e.opening(ctx, tx, s, out, opens, ok, now)
}

// opening sets the row to a moment; not ok: the rule has no more of them.
func (e *Engine) opening(ctx context.Context, tx *store.Tx, s *definition.Schedule, row store.Schedule, opens timing.LocalDateTime, ok bool, now time.Time) (store.Schedule, error) {
	if !ok {
		row.DoneAt = &now
		return row, nil
	}
	due, err := e.scheduleDue(ctx, tx, s, opens)
	row.Opens, row.DueAt, row.LastMember = &opens, due, 0
	return row, err
}

// closeOpening ends the taking in of an audience: the schedule waits for its next moment, or is done.
func (e *Engine) closeOpening(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, now time.Time) error {
	rule := l.def.Entry.Schedule
	if rule == nil || rule.Recurs == nil || s.Opens == nil {
		return tx.MoveSchedule(ctx, s.Campaign, s.LastMember, &now)
	}
	opens, ok := rule.Recurs.After(*s.Opens)
	next, err := e.opening(ctx, tx, rule, *s, opens, ok, now)
	if err != nil {
		return err
	}
	return tx.PutSchedule(ctx, next)
}

// catchUp moves a recurring schedule that is due on to the newest of its moments that have come, and past that one when it is too late for it. open: it is to
// be opened now. An audience that is under way goes on.
func (e *Engine) catchUp(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, now time.Time) (open bool, err error) {
	rule := l.def.Entry.Schedule
	if rule == nil || rule.Recurs == nil || s.Opens == nil || s.LastMember > 0 {
		return true, nil
	}
	before, newest, next, err := e.upTo(ctx, tx, rule, *s, now)
	if err != nil {
		return false, err
	}
	if open = now.Sub(newest.DueAt) <= tooLate; open {
		next, next.Missed = newest, before
	} else {
		next.Missed = newest.Opens
	}
	if next.Missed == nil {
		return true, nil
	}
	was := *s.Opens
	*s = next
	if err := tx.PutSchedule(ctx, next); err != nil {
		return false, err
	}
	data := map[string]any{"from": was.String(), "to": next.Missed.String(), "version": l.version}
	if next.DoneAt == nil {
		data["next"] = next.Opens.String()
	}
	return open, tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.missed", s.Campaign, data)})
}

// upTo finds, of the moments from the row's own on, the newest that has come with the one before it (nil: it is the row's own), and what comes after it.
func (e *Engine) upTo(ctx context.Context, tx *store.Tx, rule *definition.Schedule, row store.Schedule, now time.Time) (before *timing.LocalDateTime, newest, next store.Schedule, err error) {
	from := timing.ShownAs(now.Add(-3 * tooLate).UTC()) // too late on any clock: the moments of years are not gone through one by one
	if from.In(time.UTC).Before(row.Opens.In(time.UTC)) {
		from = *row.Opens
	}
	newest = row
	for opens, ok := rule.Recurs.After(from); ; opens, ok = rule.Recurs.After(opens) {
		next, err = e.opening(ctx, tx, rule, row, opens, ok, now)
		if err != nil || next.DoneAt != nil || next.DueAt.After(now) {
			return before, newest, next, err
		}
		before, newest = newest.Opens, next
	}
}

// latest is the newest moment of a rule among those that may still open; nil: there is none.
func latest(rule *timing.Recurrence, now time.Time) (last *timing.LocalDateTime) {
	end := timing.ShownAs(now).In(time.UTC)
	for at, ok := rule.From(timing.ShownAs(now.Add(-2 * tooLate))); ok && !at.In(time.UTC).After(end); at, ok = rule.After(at) {
		last = &at
	}
	return last
}

// hasBegun reports whether a campaign whose next moment is ahead runs all the same: somebody of an older version is inside, or it recurs and somebody has ever
// been in.
func hasBegun(ctx context.Context, from inside, s *store.Schedule) (bool, error) {
	if s.Opens == nil {
		return anyInside(ctx, from, s.Campaign)
	}
	es, err := from.Enrollments(ctx, store.EnrollmentFilter{Campaign: s.Campaign}, store.Page{Limit: 1})
	return len(es) > 0, err
}
