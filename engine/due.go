package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/store"
)

// stuckPause is how long an enrollment rests that cannot be decided. A person finds it by its event; everybody else goes on.
const stuckPause = 10 * time.Minute

// AdvanceDue decides for everything that is due, campaign by campaign, until nothing is or the slice of time is used up. It reports whether more is due.
// A campaign that fails stops none of the others. Of audiences, it sends some of what it enters itself, and returns when that is done, or goes on by
// itself.
func (e *Engine) AdvanceDue(ctx context.Context, slice time.Duration) (more bool, err error) {
	_, err = e.SweepEnded(ctx)
	err = errors.Join(err, e.finishDone(ctx))
	unwatched := map[int64]bool{}
	failed, unmoved := map[campaigns.CampaignID]bool{}, map[campaigns.CampaignID]bool{}
	reached := map[campaigns.CampaignID]reach{}
	var beside sync.WaitGroup
	defer soon(ctx, &beside)
	for end := time.Now().Add(slice); ; {
		moved, merr := e.moveDue(ctx, unmoved)
		watched, werr := e.watchRound(ctx, unwatched)
		progress, rerr := e.advanceRound(ctx, &beside, failed, reached, end)
		err, progress = errors.Join(err, merr, werr, rerr), progress || moved || watched
		switch {
		case ctx.Err() != nil:
			return false, errors.Join(err, ctx.Err())
		case !progress: // nothing is due, or others hold it
			return false, err
		case time.Now().After(end):
			return true, err
		}
	}
}

// reach is how far deciding for a campaign has come: whether it is behind, and from where on rows that are due are looked at. What is left of those before, held
// by what waits to be heard or by somebody else, is looked at again when AdvanceDue begins anew: within seconds.
type reach struct {
	behind bool
	spot   store.DueSpot
	vain   int // how many looks, from the oldest row on, found nobody; -1: one found somebody
}

// advanceRound decides for one transaction's worth of each campaign, or two where much is due: schedules that open, then what is due.
func (e *Engine) advanceRound(ctx context.Context, beside *sync.WaitGroup, failed map[campaigns.CampaignID]bool, reached map[campaigns.CampaignID]reach, end time.Time) (progress bool, err error) {
	progress, err = e.openSome(ctx, beside, failed)
	ids, derr := e.Store.DueCampaigns(ctx, e.now())
	if err = errors.Join(err, derr); derr != nil {
		return false, err
	}
	due, uerr := e.byUrgency(ctx, ids)
	if err = errors.Join(err, uerr); uerr != nil {
		return false, err
	}
	least := math.MaxInt // of the campaigns that are behind: the less urgent ones wait for them
	for _, c := range due {
		id := c.id
		if failed[id] {
			continue
		}
		if c.priority > least {
			break
		}
		r, ok := reached[id]
		if !ok {
			r = e.held.begin(id)
		}
		look, aerr := e.advanceSome(ctx, id, r)
		reached[id] = e.held.after(id, r, look, e.Store.BulkRows())
		if reached[id].behind {
			least = c.priority
		}
		if aerr != nil {
			failed[id] = true
			err = errors.Join(err, fmt.Errorf("advance campaign %d: %w", id, aerr))
		}
		progress = progress || look.n > 0 || look.more
		if time.Now().After(end) {
			break
		}
	}
	return progress, err
}

// dueLook is what one look at a campaign's due rows came to.
type dueLook struct {
	n    int           // how many were decided
	spot store.DueSpot // from where to go on
	more bool          // behind it are others that are due
}

// advanceSome is advance, or two of them side by side when the campaign is behind: while PostgreSQL works for one, the other decides. SQLite has one writer.
func (e *Engine) advanceSome(ctx context.Context, id campaigns.CampaignID, r reach) (look dueLook, err error) {
	if !r.behind || e.Store.Embedded() {
		return e.advance(ctx, id, r.spot)
	}
	var wg sync.WaitGroup
	var other dueLook
	var oerr error
	wg.Go(func() { other, oerr = e.advance(ctx, id, r.spot) })
	look, err = e.advance(ctx, id, r.spot)
	wg.Wait()
	if other.spot.Before(look.spot) {
		look.spot = other.spot
	}
	look.n, look.more = look.n+other.n, look.more || other.more
	return look, errors.Join(err, oerr)
}

// advance decides for one transaction's worth of enrollments of the campaign that are due from the spot on. When one of them cannot be decided, each is tried by itself.
func (e *Engine) advance(ctx context.Context, id campaigns.CampaignID, from store.DueSpot) (dueLook, error) {
	ids, look, err := e.advanceTogether(ctx, id, from)
	if err != nil && ctx.Err() == nil && len(ids) > 0 {
		e.Log.Error("enrollments not decided together; trying each", "campaign", id, "error", err)
		err = e.advanceEach(ctx, ids)
	}
	switch {
	case err != nil:
		return dueLook{spot: from}, err
	case len(ids) == 0:
		return look, nil
	}
	e.wakeLanes(ctx)
	return look, nil
}

// wakeLanes wakes whoever sends what decisions have written.
func (e *Engine) wakeLanes(ctx context.Context) {
	for ch := range e.Senders {
		e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Interactive, ch))
		e.wake("lane", e.Waker.WakeLane(ctx, campaigns.Bulk, ch))
	}
}

func (e *Engine) advanceTogether(ctx context.Context, id campaigns.CampaignID, from store.DueSpot) (ids []campaigns.EnrollmentID, look dueLook, err error) {
	away, err := e.unheard(ctx)
	if err != nil {
		return nil, dueLook{}, err
	}
	err = e.Store.WriteOften(ctx, func(tx *store.Tx) error {
		now := e.now()
		rows, next, err := tx.LockDue(ctx, id, from, now, away, e.Store.BulkRows())
		if err != nil {
			return err
		}
		ids, look = ids[:0], dueLook{n: len(rows), spot: store.DueSpot{From: now}} // nobody looks again at what is due by now
		switch {
		case next != nil:
			look.spot, look.more = *next, true
		case len(rows) > 0: // what was written meanwhile may be due since before now
			if look.spot.From = *rows[len(rows)-1].DueAt; look.spot.Before(from) {
				look.spot = from
			}
		}
		for _, row := range rows {
			ids = append(ids, row.ID)
		}
		if len(rows) > 0 {
			e.Observer.DueLag(now.Sub(*rows[0].DueAt))
		}
		if rows, err = e.restUnread(ctx, tx, rows, now); err != nil {
			return err
		}
		return e.decideDue(ctx, tx, rows, now)
	})
	return ids, look, err
}

// restUnread lets those rest together whose version cannot be read, with one event for all, and returns the others.
func (e *Engine) restUnread(ctx context.Context, tx *store.Tx, rows []*store.Enrollment, now time.Time) (others []*store.Enrollment, err error) {
	var bad []*store.Enrollment
	var cause error
	for _, row := range rows {
		_, verr := e.version(ctx, tx, row.Campaign, row.Version)
		switch {
		case errors.Is(verr, errBadVersion):
			due := now.Add(stuckPause)
			row.DueAt, row.UpdatedAt = &due, now
			bad, cause = append(bad, row), verr
		case verr != nil:
			return nil, verr
		default:
			others = append(others, row)
		}
	}
	if len(bad) == 0 {
		return others, nil
	}
	e.Log.Error("enrollments cannot be decided", "campaign", bad[0].Campaign, "n", len(bad), "error", cause)
	if err := tx.SaveEnrollments(ctx, bad); err != nil {
		return nil, err
	}
	return others, tx.AppendEvents(ctx, []store.Event{e.event(now, "enrollments.stuck", bad[0].Campaign, map[string]any{"n": len(bad)})})
}

// advanceEach decides each enrollment in a transaction of its own, and lets the one rest that fails.
func (e *Engine) advanceEach(ctx context.Context, ids []campaigns.EnrollmentID) error {
	for _, id := range ids {
		err := e.Store.Write(ctx, func(tx *store.Tx) error {
			row, err := tx.LockEnrollment(ctx, id)
			now := e.now()
			if err != nil || row.DueAt == nil || row.DueAt.After(now) {
				return err
			}
			return e.decideDue(ctx, tx, []*store.Enrollment{row}, now)
		})
		if err == nil {
			continue
		}
		if err := errors.Join(ctx.Err(), e.rest(ctx, id, err)); err != nil {
			return err
		}
	}
	return nil
}

// rest puts off an enrollment that cannot be decided, with an event that says so.
func (e *Engine) rest(ctx context.Context, id campaigns.EnrollmentID, cause error) error {
	e.Log.Error("enrollment cannot be decided", "enrollment", id, "error", cause)
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.LockEnrollment(ctx, id)
		if err != nil {
			return err
		}
		now := e.now()
		due := now.Add(stuckPause)
		row.DueAt, row.UpdatedAt = &due, now
		if err := tx.SaveEnrollments(ctx, []*store.Enrollment{row}); err != nil {
			return err
		}
		return tx.AppendEvents(ctx, []store.Event{{At: now, Name: "enrollment.stuck", Member: row.Member, Campaign: row.Campaign, Enrollment: row.ID, Step: row.Step}})
	})
}

// decideDue decides for rows that are due. One that would be due again at once is a mistake of ours: it would be decided for ever.
func (e *Engine) decideDue(ctx context.Context, tx *store.Tx, rows []*store.Enrollment, now time.Time) (err error) {
	defer recovered(&err)
	w, err := e.decideMany(ctx, tx, rows, dueInput)
	if err != nil {
		return err
	}
	return w.notDueAgain(now)
}

func (w *work) notDueAgain(now time.Time) error {
	for _, row := range w.rows {
		if row.State == campaigns.EnrollmentWaiting && row.DueAt != nil && !row.DueAt.After(now) && !w.campaigns[row.Campaign].paused {
			return fmt.Errorf("decide enrollment %d: it stays due at %s", row.ID, row.Step)
		}
	}
	return nil
}

// errPanic: our own code stumbled.
var errPanic = errors.New("panic")

// recovered turns a panic into an error: what fails for one must not end the work for all. What a panic says may quote a member; only the runtime's own
// words are ours.
func recovered(err *error) {
	p := recover()
	if p == nil {
		return
	}
	said := fmt.Sprintf("%T", p)
	if r, ok := p.(runtime.Error); ok {
		said = r.Error()
	}
	*err = fmt.Errorf("%w: %s\n%s", errPanic, said, debug.Stack())
}

// dueInput makes the input of a due row: the final delivery that it waited for, or time itself.
func dueInput(w *work, s subject) (decide.Input, error) {
	switch {
	case s.row.WaitKind == campaigns.WaitDelivery && s.d != nil && s.d.State.Final():
		return w.delivered(s)
	case s.row.State == campaigns.EnrollmentActive && s.row.Step == "" && s.row.Visit == 0:
		return &decide.Start{}, nil
	}
	return &decide.Due{}, nil
}

// delivered is the decider's input of a delivery that has its final state.
func (w *work) delivered(s subject) (decide.Input, error) {
	d, at := s.d, w.now
	if d.FinalAt != nil {
		at = *d.FinalAt
	}
	more, err := w.more(s)
	return &decide.Delivered{Step: d.Step, Visit: d.Visit, Channel: d.Channel, Part: d.Part, State: d.State, Reason: d.Reason, At: at, Made: d.CreatedAt, More: more}, err
}
