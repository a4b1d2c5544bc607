package engine

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// segmentsEvery is how often everybody is asked whether they are in a segment that somebody listens to, unless Options says otherwise.
const segmentsEvery = 5 * time.Minute

// secondRound is how soon the second round follows the first: another process may not have known yet that it is to mark who changes.
const secondRound = 3 * time.Second

// looking is one part of a round: who differs, and how far was looked.
type looking struct {
	differ []campaigns.MemberID
	last   campaigns.MemberID
	end    bool // nobody comes after
	put    bool // off: nobody can say who is in it
}

// lookFor bounds one part of a round.
const lookFor = 300 * time.Millisecond

// lookRound looks at the next members of the round, and brings the list into line. Looking holds nobody up: only who seems to differ is asked again, in a
// transaction.
func (e *Engine) lookRound(ctx context.Context, w *store.Watch) (progress bool, err error) {
	rows := e.Store.BulkRows()
	if w.FilledAt == nil {
		rows = e.Store.EntryRows()
	}
	part, err := e.look(ctx, w, rows)
	if errors.Is(err, errNoSegment) {
		e.Log.Error("segment cannot be looked at", "segment", w.Segment, "error", err)
		part.last, part.put = w.Last, true
	} else if err != nil {
		return false, err
	}
	err = e.Store.WriteBulk(ctx, func(tx *store.Tx) error {
		progress = false
		if err := tx.MergesWait(ctx); err != nil {
			return err
		}
		held, err := tx.LockWatch(ctx, w.ID)
		if err != nil || held == nil || held.EndedAt != nil || held.Last != w.Last || !held.RoundAt.Equal(w.RoundAt) { // another worker was here
			return err
		}
		progress = true
		if err := e.settleMembers(ctx, tx, held, part.differ, held.FilledAt == nil && !e.Newcomers); err != nil {
			return err
		}
		held.Last = part.last
		switch {
		case part.put:
			held.DueAt = e.now().Add(e.SegmentsEvery)
		case part.end:
			e.endRound(held)
		}
		return tx.SaveWatch(ctx, held)
	})
	return progress, err
}

// endRound notes that everybody was looked at, and when the next round begins.
func (e *Engine) endRound(w *store.Watch) {
	now, began := e.now(), w.RoundAt
	next := began.Add(e.SegmentsEvery)
	if w.FilledAt == nil {
		w.FilledAt, next = &now, now.Add(secondRound)
	}
	if next.Before(now) {
		next = now.Add(secondRound)
	}
	w.AsOf, w.Last, w.RoundAt, w.DueAt = &began, 0, next, next
}

// look compares the list with the condition, member by member from where the round is, until some differ or it has taken long enough.
func (e *Engine) look(ctx context.Context, w *store.Watch, rows int) (part looking, err error) {
	part.last = w.Last
	asked, err := e.askedSegment(ctx, e.Store, w.Segment)
	if err != nil {
		return part, err
	}
	for end := time.Now().Add(lookFor); ; {
		upTo, any, err := e.Store.MemberAfter(ctx, part.last, lookedAt*rows)
		if err != nil {
			return part, err
		}
		if !any {
			part.end, upTo = true, math.MaxInt64 // who is listed and was removed comes after the last, too
		}
		in, err := e.audienceUpTo(ctx, e.Store, asked, part.last, upTo, lookedAt*rows)
		if err != nil {
			return part, err
		}
		listed, err := e.Store.ListedUpTo(ctx, w.ID, part.last, upTo)
		if err != nil {
			return part, err
		}
		came, left := apart(in, listed)
		part.differ = append(came, left...)
		slices.Sort(part.differ)
		if len(part.differ) > rows {
			part.differ, part.end = part.differ[:rows], false
			upTo = part.differ[rows-1]
		}
		if !part.end {
			part.last = upTo
		}
		if len(part.differ) > 0 || part.end || time.Now().After(end) {
			return part, nil
		}
	}
}

// apart tells, of two lists in order, who is in the first alone and who in the second alone.
func apart(a, b []campaigns.MemberID) (first, second []campaigns.MemberID) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			first, a = append(first, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			second, b = append(second, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return first, second
}

// askedSegment is the segment's condition as it is asked now.
func (e *Engine) askedSegment(ctx context.Context, from source, segment campaigns.Key) (store.Asked, error) {
	c, err := e.community(ctx, from)
	if err != nil {
		return store.Asked{}, err
	}
	a, err := e.asked(ctx, from, &definition.Condition{Subject: definition.SubjectSegment, Name: string(segment)}, c, e.now())
	if err == nil && a.Segments[segment] == nil {
		err = errNoSegment
	}
	return a, err
}

// errNoSegment: this binary cannot read the segment. Who is in it, nobody can say: the list stays as it is.
var errNoSegment = errors.New("segment cannot be read")
