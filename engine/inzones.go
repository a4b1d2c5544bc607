package engine

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/store"
)

// inFirstZone is when the first clock of the world shows it.
func inFirstZone(at timing.LocalDateTime) time.Time {
	return at.In(time.FixedZone("UTC+14", 14*60*60)).UTC()
}

// enrollInZones enrolls each at the moment of their own clock.
func (e *Engine) enrollInZones(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, ids []campaigns.MemberID, c *store.Community, now time.Time) (int, error) {
	profiles, err := tx.Profiles(ctx, ids)
	if err != nil {
		return 0, err
	}
	opens := l.def.Entry.Schedule.At
	if s.Opens != nil {
		opens = *s.Opens
	}
	moment := func(id campaigns.MemberID) (at time.Time, ok bool) {
		p := profiles[id]
		if p == nil {
			return at, false
		}
		return opens.In(zone(c, p.TimeZone)).UTC(), true
	}
	if s.Opens != nil {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id campaigns.MemberID) bool {
			at, ok := moment(id)
			return ok && now.Sub(at) > tooLate || s.LooksAgain() && !at.After(now)
		})
	}
	if s.LooksAgain() {
		if ids, err = passedOver(ctx, tx, l, s, ids); err != nil {
			return 0, err
		}
	}
	if ids, err = e.mayEnter(ctx, tx, l, ids, now); err != nil || len(ids) == 0 {
		return 0, err
	}
	rows, err := newEnrollments(ctx, tx, l, ids, l.together(), now)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if s.Opens != nil {
			row.Data = mustJSON(decide.Enrollment{Opens: s.Opens})
		}
		if at, ok := moment(row.Member); ok && at.After(now) { // it waits: another zone would be another moment
			row.State, row.WaitKind, row.DueAt = campaigns.EnrollmentWaiting, campaigns.WaitTime, &at
		}
	}
	written, err := tx.InsertEnrollments(ctx, rows)
	return len(written), err
}

// passedOver leaves out those who were taken in when the moment opened, also where their passage is over.
func passedOver(ctx context.Context, tx *store.Tx, l *live, s *store.Schedule, ids []campaigns.MemberID) ([]campaigns.MemberID, error) {
	last, err := tx.LastRuns(ctx, l.campaign, "", ids)
	if err != nil {
		return nil, err
	}
	var out []campaigns.MemberID
	for _, id := range ids {
		if run := last[id]; run != nil {
			if was, err := fromRow(run); err != nil || was.Opens != nil && *was.Opens == *s.Opens { // of a row that cannot be read, its own work tells
				continue
			}
		}
		out = append(out, id)
	}
	return out, nil
}
