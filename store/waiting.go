package store

import (
	"context"
	"time"
)

// Waiting is what waits to be done.
type Waiting struct {
	Due    bool // for AdvanceDue: passages, schedules or moves
	Lanes  bool // DueChannels names some
	Actors bool // StoredActors names some
}

// Waiting asks in one statement what waits at this moment, and whether inputs do that were received before `before`. A process with nothing to do asks it each 0.2 s.
func (q queries) Waiting(ctx context.Context, before, now time.Time) (w Waiting, err error) {
	_, _, err = one(ctx, q.run, func(r rows) (struct{}, error) { return struct{}{}, r.Scan(&w.Due, &w.Lanes, &w.Actors) },
		`SELECT EXISTS (SELECT 1 FROM `+dueCampaigns+`) OR EXISTS (SELECT 1 FROM `+dueSchedules+`) OR EXISTS (SELECT 1 FROM `+dueMoves+`),
			EXISTS (`+dueLanes+`), EXISTS (SELECT 1 FROM `+storedInputs+`)`, micros(now), micros(before))
	return w, wrap("look for what waits", err)
}
