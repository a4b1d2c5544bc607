package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Outcome is what became of one delivery.
type Outcome struct {
	Delivery   campaigns.DeliveryID
	Enrollment campaigns.EnrollmentID  // 0: none to wake
	Chunk      int64                   // 0: row by row
	State      campaigns.DeliveryState // a final state, or Pending to put it off
	Reason     campaigns.Reason
	Code       string
	Detail     string
	ProviderID string
	DueAt      *time.Time     // with Pending: when to try again; nil: under its chunk as before, or at once when claimed row by row
	Lane       campaigns.Lane // with Pending: the lane to wait in; empty: unchanged
	NoAttempt  bool           // with Pending: the attempt does not count
	At         time.Time
	// Over, with a final state: the enrollment as it is completed, which was decided beforehand, since nothing follows the message. When its row is another
	// than what was read, or with nil, it is woken, to be decided in its own time.
	Over *Enrollment
	// Completed, when it is set, is called once it is committed that Over was written.
	Completed func()
}

// WriteOutcomes writes what became of deliveries, set-based, in one transaction with: claims ended; chunks' left lowered (in order of their id, or two
// writers deadlock); waiting enrollments whose wait_delivery is one of those that became final made due at At, or completed (Over). Rows that are final already stay as they
// are, and one that waits already (a put-off written twice) is not put off again. It returns the ids whose row changed.
//
// A claim row by row counted its attempt; under a chunk the outcome counts it.
func (tx *Tx) WriteOutcomes(ctx context.Context, os []Outcome) ([]campaigns.DeliveryID, error) {
	if err := tx.indexOnly(ctx); err != nil {
		return nil, wrap("write outcomes", err)
	}
	final, off, stay, err := sorted(os)
	if err != nil {
		return nil, err
	}
	ended, left, err := tx.writeFinal(ctx, final)
	if err != nil {
		return nil, wrap("write outcomes", err)
	}
	put, err := tx.writeMoved(ctx, offColumns, putOff, off, func(movedDelivery) {})
	if err != nil {
		return nil, wrap("put deliveries off", err)
	}
	for _, i := range put {
		if off[i].Chunk != 0 {
			left[off[i].Chunk]++
		}
	}
	kept, err := tx.writeMoved(ctx, offColumns, keepPending, stay, func(movedDelivery) {})
	if err != nil {
		return nil, wrap("keep deliveries", err)
	}
	if err := tx.lowerLeft(ctx, left); err != nil {
		return nil, err
	}
	open, err := tx.complete(ctx, pick(final, ended))
	if err != nil {
		return nil, err
	}
	if err := tx.wake(ctx, open); err != nil {
		return nil, err
	}
	return slices.Concat(deliveriesOf(final, ended), deliveriesOf(off, put), deliveriesOf(stay, kept)), nil
}

// Stays reports whether the delivery stays under its chunk, as it was.
func (o *Outcome) Stays() bool { return o.State == campaigns.Pending && o.Chunk != 0 && o.DueAt == nil }

// sorted parts outcomes that end a delivery, that put it off on its own, and that leave it under its chunk; each by id, the order of locks.
func sorted(all []Outcome) (final, off, stay []*Outcome, err error) {
	os := make([]*Outcome, len(all))
	for i := range all {
		os[i] = &all[i]
	}
	slices.SortStableFunc(os, func(a, b *Outcome) int { return int(a.Delivery - b.Delivery) })
	final = make([]*Outcome, 0, len(os))
	for _, o := range os {
		switch {
		case o.State.Final():
			final = append(final, o)
		case o.State != campaigns.Pending:
			return nil, nil, nil, fmt.Errorf("write outcomes: %q is no outcome", o.State)
		case o.Stays():
			stay = append(stay, o)
		default:
			if o.DueAt == nil {
				due := *o // the caller's stays as it is
				due.DueAt = &due.At
				o = &due
			}
			off = append(off, o)
		}
	}
	return final, off, stay, nil
}

var finalColumns = columns[*Outcome]{
	ints("id", func(o *Outcome) campaigns.DeliveryID { return o.Delivery }),
	texts("state", func(o *Outcome) campaigns.DeliveryState { return o.State }),
	texts("reason", func(o *Outcome) campaigns.Reason { return o.Reason }),
	texts("code", func(o *Outcome) string { return o.Code }),
	texts("detail", func(o *Outcome) string { return o.Detail }),
	texts("provider_id", func(o *Outcome) string { return o.ProviderID }),
	ints("chunk", func(o *Outcome) int64 { return o.Chunk }),
	times("at", func(o *Outcome) time.Time { return o.At }),
}

// aloneColumns are those of an outcome that is compared with no chunk: PostgreSQL wants to know a parameter's type from where it stands.
var aloneColumns = finalColumns.only("id", "state", "reason", "code", "detail", "provider_id", "at")

// endRow leaves due_at as it is, NULL, in rows under a chunk, so that a bulk row is changed in no index.
const endRow = `UPDATE deliveries SET state = u.state, reason_before = deliveries.reason, reason = u.reason, code = u.code, detail = u.detail,
		provider_id = u.provider_id, final_at = u.at, due_at = NULL, claim_owner = NULL, claim_until = NULL,
		attempts = attempts + CASE WHEN chunk_id IS NULL THEN 0 ELSE 1 END
	FROM {rows} WHERE deliveries.id = u.id AND deliveries.state IN ('pending', 'claimed', 'sending')`

// writeFinal ends deliveries, and counts how many of them stood under which chunk. Those under the chunk that their outcome names, nearly all of
// bulk, are counted without reading them; of the others (a journal names no chunk, or one that the row has left) the row says it.
func (tx *Tx) writeFinal(ctx context.Context, os []*Outcome) (changed []int, left map[int64]int, err error) {
	left = map[int64]int{}
	var under, others []int
	for i, o := range os {
		if o.Chunk != 0 {
			under = append(under, i)
		} else {
			others = append(others, i)
		}
	}
	ended, err := tx.writeMoved(ctx, finalColumns, endRow+` AND deliveries.chunk_id = u.chunk`, pick(os, under), func(movedDelivery) {})
	if err != nil {
		return nil, nil, err
	}
	isEnded := make(map[int]bool, len(ended))
	for _, j := range ended {
		isEnded[under[j]] = true
		changed = append(changed, under[j])
		left[os[under[j]].Chunk]++
	}
	for _, i := range under {
		if !isEnded[i] {
			others = append(others, i)
		}
	}
	also, err := tx.writeMoved(ctx, aloneColumns, endRow, pick(os, others), func(m movedDelivery) {
		if m.chunk != 0 {
			left[m.chunk]++
		}
	})
	for _, j := range also {
		changed = append(changed, others[j])
	}
	return changed, left, err
}

// writeMoved runs a statement that changes deliveries' states or reasons, and counts those that it changed.
func (tx *Tx) writeMoved(ctx context.Context, cs columns[*Outcome], text string, os []*Outcome, each func(movedDelivery)) ([]int, error) {
	moved := make([]movedDelivery, 0, len(os))
	var m movedDelivery
	at, err := cs.applyInto(ctx, tx.queries, text, movedColumns, os, m.into(), func() { moved = append(moved, m) })
	for i, j := range at {
		tx.countMoved(moved[i], os[j].State, os[j].Reason, micros(os[j].At))
		each(moved[i])
	}
	return at, err
}

var offColumns = columns[*Outcome]{
	ints("id", func(o *Outcome) campaigns.DeliveryID { return o.Delivery }),
	ints("chunk", func(o *Outcome) int64 { return o.Chunk }),
	texts("reason", func(o *Outcome) campaigns.Reason { return o.Reason }),
	texts("code", func(o *Outcome) string { return o.Code }),
	texts("detail", func(o *Outcome) string { return o.Detail }),
	nullTimes("due_at", func(o *Outcome) *time.Time { return o.DueAt }),
	texts("lane", func(o *Outcome) campaigns.Lane { return o.Lane }),
	ints("counted", func(o *Outcome) int {
		if o.NoAttempt {
			return 0
		}
		return 1
	}),
}

const putOffSet = `UPDATE deliveries SET state = 'pending', reason_before = deliveries.reason, reason = u.reason, code = u.code, detail = u.detail,
	lane = CASE WHEN u.lane = '' THEN deliveries.lane ELSE u.lane END, `

// putOff takes a row that its owner holds by itself, or out of its chunk.
const putOff = putOffSet + `due_at = u.due_at, chunk_id = NULL, claim_owner = NULL, claim_until = NULL,
	attempts = attempts + u.counted - CASE WHEN u.chunk = 0 THEN 1 ELSE 0 END
	FROM {rows} WHERE deliveries.id = u.id AND (u.chunk = 0 AND deliveries.state IN ('claimed', 'sending')
		OR u.chunk <> 0 AND deliveries.state = 'pending' AND deliveries.chunk_id = u.chunk)`

// keepPending notes why a row under its chunk was not sent this time.
const keepPending = putOffSet + `attempts = attempts + u.counted
	FROM {rows} WHERE deliveries.id = u.id AND deliveries.state = 'pending' AND deliveries.chunk_id = u.chunk AND u.due_at IS NULL`

// lowerLeft lowers chunks one by one in order of id: two writers that hold the same two deadlock otherwise. With the last of what is left ends the claim.
func (tx *Tx) lowerLeft(ctx context.Context, left map[int64]int) error {
	for _, id := range slices.Sorted(maps.Keys(left)) {
		if _, err := tx.run.exec(ctx, `UPDATE chunks SET left_n = left_n - $2,
				claim_owner = CASE WHEN left_n > $2 THEN claim_owner END, claim_until = CASE WHEN left_n > $2 THEN claim_until END WHERE id = $1`, id, left[id]); err != nil {
			return wrap("lower what is left of chunk", err)
		}
	}
	return nil
}

var overColumns = columns[*Outcome]{
	ints("id", func(o *Outcome) campaigns.EnrollmentID { return o.Enrollment }),
	ints("delivery", func(o *Outcome) campaigns.DeliveryID { return o.Delivery }),
	ints("rev", func(o *Outcome) int64 { return o.Over.Rev }),
	jsons("data", func(o *Outcome) json.RawMessage { return o.Over.Data }),
	times("at", func(o *Outcome) time.Time { return o.At }),
}

// complete ends the enrollments that are over with these outcomes, and returns the outcomes whose enrollments are to be woken, in order of enrollments.
func (tx *Tx) complete(ctx context.Context, os []*Outcome) (open []*Outcome, err error) {
	os = slices.DeleteFunc(os, func(o *Outcome) bool { return o.Enrollment == 0 })
	slices.SortStableFunc(os, func(a, b *Outcome) int { return int(a.Enrollment - b.Enrollment) })
	var over []*Outcome
	for _, o := range os {
		if o.Over != nil {
			over = append(over, o)
		}
	}
	done, err := overColumns.apply(ctx, tx.queries, `UPDATE enrollments SET state = 'completed', reason = '', wait_kind = '', wait_delivery = NULL, due_at = NULL,
		data = u.data, rev = u.rev + 1, updated_at = u.at, ended_at = u.at
		FROM {rows} WHERE enrollments.id = u.id AND enrollments.rev = u.rev AND enrollments.wait_kind = 'delivery' AND enrollments.wait_delivery = u.delivery`, over)
	if err != nil {
		return nil, wrap("complete enrollments", err)
	}
	closed := make(map[campaigns.DeliveryID]bool, len(done))
	for _, i := range done {
		e := over[i].Over
		closed[over[i].Delivery] = true
		if told := over[i].Completed; told != nil {
			tx.OnCommit(told)
		}
		tx.countStanding(e.counted, -1)
		tx.countStanding(e.standing(), 1)
	}
	return slices.DeleteFunc(os, func(o *Outcome) bool { return closed[o.Delivery] }), nil
}

var wakeColumns = columns[*Outcome]{
	ints("id", func(o *Outcome) campaigns.EnrollmentID { return o.Enrollment }),
	ints("delivery", func(o *Outcome) campaigns.DeliveryID { return o.Delivery }),
	times("at", func(o *Outcome) time.Time { return o.At }),
}

// waiting says that an enrollment waits, in words that no partial index knows: PostgreSQL would walk the whole index of running ones for each of the rows,
// when its statistics are of a time when the table was small (measured: 150 ms instead of 1 ms for 100 rows).
const waiting = `COALESCE(enrollments.state, '') = 'waiting'`

// wake makes due what waited for these deliveries.
func (tx *Tx) wake(ctx context.Context, os []*Outcome) error {
	_, err := wakeColumns.apply(ctx, tx.queries, `UPDATE enrollments SET due_at = u.at
		FROM {rows} WHERE enrollments.id = u.id AND `+waiting+` AND enrollments.wait_kind = 'delivery' AND enrollments.wait_delivery = u.delivery`, os)
	return wrap("wake enrollments", err)
}

func pick(os []*Outcome, at []int) []*Outcome {
	some := make([]*Outcome, len(at))
	for i, j := range at {
		some[i] = os[j]
	}
	return some
}

func deliveriesOf(os []*Outcome, at []int) []campaigns.DeliveryID {
	ids := make([]campaigns.DeliveryID, len(at))
	for i, j := range at {
		ids[i] = os[j].Delivery
	}
	return ids
}
