package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Watch is one time that somebody listens to a segment: its members are listed as long.
type Watch struct {
	ID      int64
	Segment campaigns.Key
	BeganAt time.Time
	// FilledAt is when all were listed who were in it from the start; nil: not yet.
	FilledAt *time.Time
	// RoundAt is when the round through all members began that is under way, or comes next; Last is how far it has come.
	RoundAt time.Time
	Last    campaigns.MemberID
	// AsOf is when the last whole round began: the list tells no older truth. Nil: there was none.
	AsOf    *time.Time
	DueAt   time.Time
	EndedAt *time.Time // nobody listens any more
}

const watchColumns = `id, segment, began_at, filled_at, round_at, last_member, as_of, due_at, ended_at`

func scanWatch(r rows) (*Watch, error) {
	w := &Watch{}
	return w, r.Scan(&w.ID, &w.Segment, timeInto{&w.BeganAt}, timesInto{&w.FilledAt}, timeInto{&w.RoundAt}, &w.Last, timesInto{&w.AsOf}, timeInto{&w.DueAt}, timesInto{&w.EndedAt})
}

// Watches lists all, those that have ended too, by id.
func (q queries) Watches(ctx context.Context) ([]*Watch, error) {
	ws, err := many(ctx, q.run, scanWatch, `SELECT `+watchColumns+` FROM segment_watches ORDER BY id`)
	return ws, wrap("list watches", err)
}

// WatchOf is the segment's watch; nil: nobody listens to it.
func (q queries) WatchOf(ctx context.Context, segment campaigns.Key) (*Watch, error) {
	return q.watch(ctx, `segment = $1 AND ended_at IS NULL`, segment)
}

func (q queries) watch(ctx context.Context, which string, by any) (*Watch, error) {
	w, ok, err := one(ctx, q.run, scanWatch, `SELECT `+watchColumns+` FROM segment_watches WHERE `+which, by)
	if err != nil || !ok {
		return nil, wrap("read watch", err)
	}
	return w, nil
}

// Watch begins to watch the segment, unless it is watched already, and locks its watch until the transaction ends.
func (tx *Tx) Watch(ctx context.Context, segment campaigns.Key, now time.Time) (*Watch, error) {
	id, err := tx.NextID(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.run.exec(ctx, `INSERT INTO segment_watches (`+watchColumns+`) VALUES ($1, $2, $3, NULL, $3, 0, NULL, $3, NULL)
		ON CONFLICT (segment) WHERE ended_at IS NULL DO NOTHING`, id, segment, micros(now)); err != nil {
		return nil, wrap("begin to watch", err)
	}
	tx.watching.set(true) // this process marks who changes from now on
	return tx.watch(ctx, `ended_at IS NULL AND segment = $1`+tx.dialect.forUpdate(), segment)
}

// LockWatch locks the watch until the transaction ends; nil: it is gone.
func (tx *Tx) LockWatch(ctx context.Context, id int64) (*Watch, error) {
	return tx.watch(ctx, `id = $1`+tx.dialect.forUpdate(), id)
}

// SaveWatch writes how far the watch has come.
func (tx *Tx) SaveWatch(ctx context.Context, w *Watch) error {
	_, err := tx.run.exec(ctx, `UPDATE segment_watches SET filled_at = $2, round_at = $3, last_member = $4, as_of = $5, due_at = $6, ended_at = $7 WHERE id = $1`,
		w.ID, nullMicros(w.FilledAt), micros(w.RoundAt), w.Last, nullMicros(w.AsOf), micros(w.DueAt), nullMicros(w.EndedAt))
	return wrap("save watch", err)
}

// WatchAnew lets the rounds of all watches begin now, first ones too: a condition has changed.
func (tx *Tx) WatchAnew(ctx context.Context, now time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE segment_watches SET due_at = $1, round_at = $1, last_member = 0 WHERE ended_at IS NULL`, micros(now))
	return wrap("watch anew", err)
}

// DropWatch removes the watch, whose list is empty.
func (tx *Tx) DropWatch(ctx context.Context, id int64) error {
	_, err := tx.run.exec(ctx, `DELETE FROM segment_watches WHERE id = $1`, id)
	return wrap("drop watch", err)
}

// watching is whether anybody listens to a segment, as this process knows: for a moment, another one may know better. Whom it does not mark meanwhile, the
// next round finds.
type watching struct {
	mu    sync.Mutex
	yes   bool
	until time.Time
}

// watchingKnown is how long an answer is kept.
const watchingKnown = time.Second

func (w *watching) set(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.yes, w.until = yes, time.Now().Add(watchingKnown)
}

func (w *watching) known() (yes, fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.yes, time.Now().Before(w.until)
}

// Watching reports whether there is any watch, as it was a second ago at most.
func (s *Store) Watching(ctx context.Context) (bool, error) { return s.watching.ask(ctx, s.queries) }

func (w *watching) ask(ctx context.Context, q queries) (bool, error) {
	if yes, fresh := w.known(); fresh {
		return yes, nil
	}
	_, yes, err := one(ctx, q.run, value[int64], `SELECT id FROM segment_watches LIMIT 1`)
	if err == nil {
		w.set(yes)
	}
	return yes, wrap("look for watches", err)
}

// changed notes that something of the members changed that segments may ask for.
func (tx *Tx) changed(ids ...campaigns.MemberID) {
	if tx.marked == nil {
		tx.marked = map[campaigns.MemberID]bool{}
	}
	for _, id := range ids {
		if !tx.marked[id] {
			tx.marked[id] = false
		}
	}
}

// addressed is changed for a member who has got an address.
func (tx *Tx) addressed(id campaigns.MemberID) {
	tx.changed(id)
	tx.marked[id] = true
}

// appendMarks marks those who changed, where anybody listens.
func (tx *Tx) appendMarks(ctx context.Context) error {
	if len(tx.marked) == 0 {
		return nil
	}
	var ids []campaigns.MemberID
	for id, addressed := range tx.marked {
		if addressed { // the mark says it by its sign
			id = -id
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	tx.marked = nil
	if yes, err := tx.watching.ask(ctx, tx.queries); err != nil || !yes {
		return err
	}
	_, err := tx.run.exec(ctx, `INSERT INTO segment_marks (member_id) SELECT i.id FROM `+tx.dialect.eachID(1), list(tx.dialect, ids))
	return wrap("mark who changed", err)
}

// Marks reports whether somebody is marked.
func (q queries) Marks(ctx context.Context) (bool, error) {
	_, some, err := one(ctx, q.run, value[int64], `SELECT member_id FROM segment_marks LIMIT 1`)
	return some, wrap("look for marks", err)
}

// TakeMarks removes up to n marks, and returns whose they were, in order and each once, and which of them have got an address.
func (tx *Tx) TakeMarks(ctx context.Context, n int) (ids, addressed []campaigns.MemberID, err error) {
	some := tx.dialect.either(
		`rowid IN (SELECT rowid FROM segment_marks LIMIT $1)`,
		`ctid = ANY (ARRAY (SELECT ctid FROM segment_marks LIMIT $1 FOR UPDATE SKIP LOCKED))`)
	ids, err = many(ctx, tx.run, value[campaigns.MemberID], `DELETE FROM segment_marks WHERE `+some+` RETURNING member_id`, n)
	for i, id := range ids {
		if id < 0 {
			ids[i] = -id
			addressed = append(addressed, -id)
		}
	}
	return sortedOnce(ids), sortedOnce(addressed), wrap("take marks", err)
}
