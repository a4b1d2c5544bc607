package engine

import (
	"context"
	"errors"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/store"
)

const (
	// tooLate is how long after its moment a recurring schedule still opens: what a pause or an outage held back longer is missed.
	tooLate = 24 * time.Hour
	// lastZone is how long after the first zone of the world the last one gets to a moment: from UTC+14 to UTC-12.
	lastZone = 26 * time.Hour
	// lookAgain is how long after a moment's opening in members' own time those are looked for once more who were inside: where clocks are behind UTC−10, yesterday's
	// moment has not come when today's opens, and elsewhere it may be hours ago only.
	lookAgain = 10 * time.Hour
	// heldBack is from when on a moment that opens late was held back.
	heldBack = time.Minute
	// mostWait is how long an audience waits for what is behind, at most.
	mostWait = 10 * time.Minute
)

// missed reports whether a moment that came due then is over for everybody. In members' own zones, those are passed over one by one for whom it is.
func missed(s *definition.Schedule, due, now time.Time) bool {
	if s.Zone == definition.MemberZone {
		due = due.Add(lastZone)
	}
	return now.Sub(due) > tooLate
}

// firstOpening is the row with which a published version's schedule begins. None opens for a moment that was opened before, and one that recurs for none that is past, but what the
// older version had come to is kept: the audience that is under way, or whose moment has come and is not opened yet, is taken in by the new version.
func (e *Engine) firstOpening(ctx context.Context, tx *store.Tx, c *store.Campaign, v *store.Version, s *definition.Schedule, now time.Time) (store.Schedule, error) {
	out := store.Schedule{Campaign: v.Campaign, Version: v.Number}
	old, err := tx.HoldSchedule(ctx, v.Campaign)
	if err != nil {
		return out, err
	}
	if s.Recurs != nil && old != nil && old.Opens != nil && old.DoneAt == nil && c.State != campaigns.Finished && underWay(s, old, now) {
		old.Version = v.Number
		return *old, nil
	}
	community, err := tx.Community(ctx)
	if err != nil {
		return out, err
	}
	if out.Opened, err = e.openedAt(ctx, tx, old); err != nil {
		return out, err
	}
	if s.Recurs == nil {
		return oneOpening(c, community, s, old, out, now), nil
	}
	out.Opens, out.DueAt = &s.At, now
	if old != nil {
		out.Missed = old.Missed
	}
	opens, ok := s.Opens(now.In(zone(community, "")))
	if ok && out.Opened != nil && !out.Opened.Before(opens) { // in members' zones a moment opens long before the community's clock shows it
		opens, ok = s.Recurs.After(*out.Opened)
	}
	return opening(community, s, out, opens, ok, now), nil
}

// underWay reports whether an audience is being taken in, or is to be, that the newer rule takes in too.
func underWay(s *definition.Schedule, old *store.Schedule, now time.Time) bool {
	if !old.LooksAgain() {
		return old.LastMember > 0 || !old.DueAt.After(now)
	}
	next, ok := s.Recurs.After(*old.Opens)
	return s.Zone == definition.MemberZone && (!ok || inFirstZone(next).After(old.DueAt))
}

// opening sets the row to a moment; not ok: the rule has no more of them.
func opening(c *store.Community, s *definition.Schedule, row store.Schedule, opens timing.LocalDateTime, ok bool, now time.Time) store.Schedule {
	row.LastMember = 0
	if !ok {
		row.DoneAt = &now
		return row
	}
	row.Opens, row.DueAt = &opens, scheduleDue(c, s, opens)
	return row
}

// closeOpening ends the taking in of an audience: the schedule waits for its next moment, or is done.
func (e *Engine) closeOpening(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, now time.Time) error {
	rule, next := l.def.Entry.Schedule, *s
	if rule == nil || rule.Recurs == nil || s.Opens == nil {
		if rule != nil {
			next.Opened = &rule.At
		}
		next.DoneAt = &now
		return tx.PutSchedule(ctx, next)
	}
	c, err := tx.Community(ctx)
	if err != nil {
		return err
	}
	opens, ok := rule.Recurs.After(*s.Opens)
	next.Opened = s.Opens
	if rule.Zone == definition.MemberZone && !s.LooksAgain() && daily(rule, *s.Opens) {
		next.LastMember, next.DueAt = 0, inFirstZone(*s.Opens).Add(lookAgain)
		return tx.PutSchedule(ctx, next)
	}
	return tx.PutSchedule(ctx, opening(c, rule, next, opens, ok, now))
}

// daily reports whether the rule has a moment also a day before.
func daily(rule *definition.Schedule, opens timing.LocalDateTime) bool {
	day := opens.In(time.UTC).Add(-24 * time.Hour)
	before, ok := rule.Recurs.From(timing.ShownAs(day))
	return ok && before.Before(opens)
}

// catchUp moves a recurring schedule that is due on to the newest of its moments that have come, and past that one when it is too late for it. open: it is to
// be opened now, or its audience goes on. The rest of an audience is missed as a whole one is: nobody gets two moments' messages at once.
func (e *Engine) catchUp(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, now time.Time) (open bool, err error) {
	rule := l.def.Entry.Schedule
	if rule == nil || rule.Recurs == nil || s.Opens == nil {
		return true, nil
	}
	c, err := tx.Community(ctx)
	if err != nil {
		return false, err
	}
	if s.LooksAgain() {
		opens, ok := rule.Recurs.After(*s.Opens)
		if !ok || inFirstZone(opens).After(now) {
			return true, nil
		}
		*s = opening(c, rule, *s, opens, ok, now) // it is too late to look again
		if err := tx.PutSchedule(ctx, *s); err != nil {
			return false, err
		}
	}
	before, newest, next := upTo(c, rule, *s, now)
	if open = !missed(rule, newest.DueAt, now); open {
		next, next.Missed = newest, before
	} else {
		next.Missed = newest.Opens
	}
	if next.Missed == nil {
		return true, nil
	}
	if s.LastMember > 0 {
		if _, left, err := tx.MemberAfter(ctx, s.LastMember, 1); err != nil || !left { // the audience is through: it is closed, and what has come is seen then
			return true, err
		}
	}
	data := map[string]any{"from": s.Opens.String(), "to": next.Missed.String(), "version": l.version}
	if s.LastMember > 0 {
		data["rest"] = true // of the first of them
	}
	next.Opened = next.Missed
	if next.DoneAt == nil {
		data["next"] = next.Opens.String()
	}
	*s = next
	if err := tx.PutSchedule(ctx, next); err != nil {
		return false, err
	}
	return open, tx.AppendEvents(ctx, []store.Event{e.event(now, "campaign.missed", s.Campaign, data)})
}

// upTo finds, of the moments from the row's own on, the newest that has come with the one before it (nil: it is the row's own), and what comes after it.
func upTo(c *store.Community, rule *definition.Schedule, row store.Schedule, now time.Time) (before *timing.LocalDateTime, newest, next store.Schedule) {
	newest = row
	// What came three days ago is too late on any clock: the moments of years are not gone through one by one.
	if old, ok := rule.Recurs.UpTo(timing.ShownAs(now.Add(-3 * tooLate).UTC())); ok && row.Opens.Before(old) {
		newest = opening(c, rule, row, old, true, now)
	}
	for opens, ok := rule.Recurs.After(*newest.Opens); ; opens, ok = rule.Recurs.After(opens) {
		next = opening(c, rule, row, opens, ok, now)
		if next.DoneAt != nil || next.DueAt.After(now) {
			return before, newest, next
		}
		before, newest = newest.Opens, next
	}
}

// waitsForPast reports whether a moment that was held back opens a little later: first the messages of the one before it go out or expire, and those leave
// whose passages end with that. Whoever is inside is passed over.
func (e *Engine) waitsForPast(ctx context.Context, tx *store.Tx, s *store.Schedule, now time.Time) (bool, error) {
	if s.Opens == nil || s.LastMember > 0 || now.Sub(s.DueAt) < heldBack {
		return false, nil
	}
	behind, err := tx.IsBehind(ctx, s.Campaign, s.DueAt, now)
	if err != nil || !behind {
		e.waited.Delete(s.Campaign)
		return false, err
	}
	since, _ := e.waited.LoadOrStore(s.Campaign, now)
	if now.Sub(since.(time.Time)) < mostWait {
		return true, nil
	}
	e.waited.Delete(s.Campaign)
	return false, nil
}

// rezone finds anew when schedules open that go by the community's clock, whose zone is another now. An audience that is under way goes on.
func (e *Engine) rezone(ctx context.Context, tx *store.Tx, c *store.Community) error {
	rows, err := tx.HoldUnopened(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l, err := e.version(ctx, tx, row.Campaign, row.Version)
		if errors.Is(err, errBadVersion) || err == nil && (l.def.Entry.Schedule == nil || l.def.Entry.Schedule.Zone == definition.MemberZone) {
			continue
		}
		if err != nil {
			return err
		}
		at := l.def.Entry.Schedule.At
		if row.Opens != nil {
			at = *row.Opens
		}
		if due := scheduleDue(c, l.def.Entry.Schedule, at); !due.Equal(row.DueAt) {
			row.DueAt = due
			if err := tx.PutSchedule(ctx, row); err != nil {
				return err
			}
		}
	}
	return nil
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
func hasBegun(ctx context.Context, from *store.Tx, s *store.Schedule) (bool, error) {
	if s.Opens == nil {
		return from.AnyInside(ctx, s.Campaign)
	}
	es, err := from.Enrollments(ctx, store.EnrollmentFilter{Campaign: s.Campaign}, store.Page{Limit: 1})
	return len(es) > 0, err
}
