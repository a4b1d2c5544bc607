package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Enrollment is one row of enrollments. Data is opaque to the store (the decider's own record).
type Enrollment struct {
	ID           campaigns.EnrollmentID
	Campaign     campaigns.CampaignID
	Version      int
	Began        int // the version by which the passage began, of one that was moved since; 0: Version, or it has not begun
	Member       campaigns.MemberID
	RunKey       string
	Source       string
	State        campaigns.EnrollmentState
	Reason       campaigns.Reason
	Step         campaigns.StepID
	Visit        int
	WaitKind     campaigns.WaitKind
	WaitDelivery campaigns.DeliveryID // 0: none
	DueAt        *time.Time
	Data         json.RawMessage
	Rev          int64
	EnteredAt    time.Time
	UpdatedAt    time.Time
	EndedAt      *time.Time

	counted standing // as the row stands in the counters
}

// BeganIn is the version by which the passage began, or will begin.
func (e *Enrollment) BeganIn() int { return cmp.Or(e.Began, e.Version) }

var enrollmentColumns = columns[*Enrollment]{
	ints("id", func(e *Enrollment) campaigns.EnrollmentID { return e.ID }),
	ints("campaign_id", func(e *Enrollment) campaigns.CampaignID { return e.Campaign }),
	ints("version", func(e *Enrollment) int { return e.Version }),
	ints("member_id", func(e *Enrollment) campaigns.MemberID { return e.Member }),
	texts("run_key", func(e *Enrollment) string { return e.RunKey }),
	texts("source", func(e *Enrollment) string { return e.Source }),
	texts("state", func(e *Enrollment) campaigns.EnrollmentState { return e.State }),
	texts("reason", func(e *Enrollment) campaigns.Reason { return e.Reason }),
	texts("step", func(e *Enrollment) campaigns.StepID { return e.Step }),
	ints("visit", func(e *Enrollment) int { return e.Visit }),
	texts("wait_kind", func(e *Enrollment) campaigns.WaitKind { return e.WaitKind }),
	nullInts("wait_delivery", func(e *Enrollment) campaigns.DeliveryID { return e.WaitDelivery }),
	nullTimes("due_at", func(e *Enrollment) *time.Time { return e.DueAt }),
	jsons("data", func(e *Enrollment) json.RawMessage { return e.Data }),
	ints("rev", func(e *Enrollment) int64 { return e.Rev }),
	times("entered_at", func(e *Enrollment) time.Time { return e.EnteredAt }),
	times("updated_at", func(e *Enrollment) time.Time { return e.UpdatedAt }),
	nullTimes("ended_at", func(e *Enrollment) *time.Time { return e.EndedAt }),
	ints("began_in", func(e *Enrollment) int { return e.Began }),
}

var selectEnrollment = `SELECT ` + enrollmentColumns.list("") + ` FROM enrollments`

func scanEnrollment(r rows) (*Enrollment, error) {
	e := &Enrollment{}
	err := r.Scan(&e.ID, &e.Campaign, &e.Version, &e.Member, &e.RunKey, &e.Source, &e.State, &e.Reason, &e.Step, &e.Visit, &e.WaitKind,
		orZero(&e.WaitDelivery), timesInto{&e.DueAt}, rawInto{&e.Data}, &e.Rev, timeInto{&e.EnteredAt}, timeInto{&e.UpdatedAt}, timesInto{&e.EndedAt}, &e.Began)
	e.counted = e.standing()
	return e, err
}

// Enrollment returns the enrollment. Fault not_found.enrollment.
func (q queries) Enrollment(ctx context.Context, id campaigns.EnrollmentID) (*Enrollment, error) {
	e, ok, err := one(ctx, q.run, scanEnrollment, selectEnrollment+` WHERE id = $1`, id)
	return found("enrollment", nil, e, ok, err)
}

// EnrollmentFilter narrows a list; empty fields match all.
type EnrollmentFilter struct {
	Campaign campaigns.CampaignID
	Member   campaigns.MemberID
	State    campaigns.EnrollmentState
}

// Enrollments lists by id.
func (q queries) Enrollments(ctx context.Context, f EnrollmentFilter, p Page) ([]*Enrollment, error) {
	w := q.list(f.Campaign, p)
	var last int64
	if f.State != "" {
		var err error
		if last, err = q.upTo(ctx, w, "enrollments", f.Campaign, p); err != nil {
			return nil, wrap("look for enrollments", err)
		}
		w.word("state = ", string(f.State))
	}
	w.id("member_id = ", int64(f.Member))
	es, err := many(ctx, q.run, scanEnrollment, w.page(selectEnrollment, p), w.args...)
	p.stopped(last, len(es))
	return es, wrap("list enrollments", err)
}

// AnyInside reports whether the campaign has enrollments that are not over. Where there is none, it looks at all of them.
func (q queries) AnyInside(ctx context.Context, id campaigns.CampaignID) (bool, error) {
	_, some, err := one(ctx, q.run, value[int64], `SELECT 1 FROM enrollments WHERE `+q.dialect.ofCampaign()+` AND state IN ('active', 'waiting')
		ORDER BY `+q.dialect.campaignOrder()+` LIMIT 1`, id, 0)
	return some, wrap("look for who is inside", err)
}

// OpenEnrollments lists the member's runs that are not over, by id.
func (q queries) OpenEnrollments(ctx context.Context, id campaigns.MemberID) ([]*Enrollment, error) {
	es, err := many(ctx, q.run, scanEnrollment, selectEnrollment+` WHERE member_id = $1 AND state IN ('active', 'waiting') ORDER BY id`, id)
	return es, wrap("list open enrollments", err)
}

// newestLooked is how many of a campaign's runs enteredSince looks at: ids come in blocks, so that the last one to enter need not have the highest.
const newestLooked = 10_000

// enteredSince reports whether anybody came into the campaign at that moment or later, by whatever way.
func (q queries) enteredSince(ctx context.Context, id campaigns.CampaignID, since time.Time) (bool, error) {
	n, _, err := one(ctx, q.run, value[int64], `SELECT count(*) FROM (SELECT 1 FROM (SELECT entered_at FROM enrollments WHERE campaign_id = $1 ORDER BY id DESC LIMIT $2) AS newest
		WHERE entered_at >= $3 LIMIT 1) AS found`, id, newestLooked, micros(since))
	return n > 0, wrap("look for who entered", err)
}

// LastRuns returns, for each of the members, the newest enrollment in the campaign with the run key (active or ended); absent: none.
func (q queries) LastRuns(ctx context.Context, id campaigns.CampaignID, runKey string, ids []campaigns.MemberID) (map[campaigns.MemberID]*Enrollment, error) {
	// The plus keeps planners from walking the whole campaign.
	es, err := many(ctx, q.run, scanEnrollment, selectEnrollment+` WHERE id IN (SELECT max(id) FROM enrollments
		WHERE member_id`+q.dialect.among(1)+` AND +campaign_id = $2 AND run_key = $3 GROUP BY member_id)`, list(q.dialect, ids), id, runKey)
	last := make(map[campaigns.MemberID]*Enrollment, len(es))
	for _, e := range es {
		last[e.Member] = e
	}
	return last, wrap("read last runs", err)
}

// InsertEnrollments writes new rows (ID 0 is filled in); those whose place in the campaign another run holds are left out: one that is
// not over, or one that MakeWay was not called for. It returns the ids that were written.
func (tx *Tx) InsertEnrollments(ctx context.Context, es []*Enrollment) ([]campaigns.EnrollmentID, error) {
	at, err := tx.insertEnrollments(ctx, es, `ON CONFLICT (campaign_id, member_id, run_key) WHERE holds_place DO NOTHING`)
	if err != nil {
		return nil, err
	}
	ids := make([]campaigns.EnrollmentID, len(at))
	for i, j := range at {
		ids[i] = es[j].ID
	}
	return ids, tx.countEntered(ctx, es, at)
}

// insertEnrollments returns which of the rows (by index) were written.
func (tx *Tx) insertEnrollments(ctx context.Context, es []*Enrollment, conflict string) ([]int, error) {
	for _, e := range es {
		if err := fill(ctx, tx.ids, &e.ID); err != nil {
			return nil, err
		}
	}
	at, err := enrollmentColumns.insert(ctx, tx.queries, "enrollments", conflict, es)
	for _, j := range at {
		es[j].counted = es[j].standing()
		tx.countStanding(es[j].counted, 1)
	}
	return at, wrap("insert enrollments", err)
}

// LockEnrollment locks the row until the transaction ends. Fault not_found.enrollment.
func (tx *Tx) LockEnrollment(ctx context.Context, id campaigns.EnrollmentID) (*Enrollment, error) {
	if tx.foreseen != nil {
		if e, ok := once(tx.foreseen.enrollments, id); ok {
			return e, nil
		}
	}
	e, ok, err := one(ctx, tx.run, scanEnrollment, selectEnrollment+` WHERE id = $1`+tx.dialect.forUpdate(), id)
	return found("enrollment", nil, e, ok, err)
}

// LockMemberEnrollments locks and returns the member's enrollments that are not final, by id.
func (tx *Tx) LockMemberEnrollments(ctx context.Context, id campaigns.MemberID) ([]*Enrollment, error) {
	return tx.lockEnrollments(ctx, ` WHERE member_id = $1 AND state IN ('active', 'waiting') ORDER BY id`+tx.dialect.forUpdate(), id)
}

// Absence is a time in which nobody fetched what members did, ended by the start of this process or of whoever fetches: a press does not tell when it was done. The
// zero value: there was none.
type Absence struct {
	Ended     time.Time
	Fetching  bool      // what came meanwhile may still be on its way
	Until     time.Time // what was received before may have been done before Ended
	Unfetched time.Time // since when nobody fetches from chats; zero: somebody does
}

// DueSpot is how far due rows of a campaign have been looked at, in the order of their moments and ids: up to this id at this moment. The zero value: none was.
type DueSpot struct {
	From  time.Time
	After campaigns.EnrollmentID // of the many that may be due at that moment; 0: none of them was looked at
}

// Before reports whether less was looked at.
func (d DueSpot) Before(o DueSpot) bool {
	return cmp.Or(d.From.Compare(o.From), cmp.Compare(d.After, o.After)) < 0
}

// DueLooks is how many due rows one LockDue looks at, at most: it does not walk everybody of whom something waits to be heard, however many they are.
const DueLooks = 5000

// LockDue locks and returns up to limit enrollments of the campaign that are due, the oldest due first, skipping rows that others hold and those before
// the spot: whoever has just asked knows what is left of them. It leaves out those of whose member something waits to be handled that was received
// before they were due: it was first, and may be what was waited for, or end the passage. Of what ran out during the absence, what was received until its Until
// counts as earlier, and while it is Fetching, all waits for time stay. What members with a chat were asked and what ran out since it is Unfetched stays. It looks at no more than DueLooks, and returns the spot from which to go on; nil: nothing is
// due behind those that it has looked at.
func (tx *Tx) LockDue(ctx context.Context, id campaigns.CampaignID, spot DueSpot, now time.Time, away Absence, limit int) (es []*Enrollment, next *DueSpot, err error) {
	var ended, fetching, first int64
	if !away.Ended.IsZero() {
		ended = micros(away.Ended)
	}
	if away.Fetching {
		fetching = ended
	}
	if !spot.From.IsZero() {
		first = micros(spot.From)
	}
	unfetched := int64(math.MaxInt64)
	if !away.Unfetched.IsZero() {
		unfetched = micros(away.Unfetched)
	}
	err = tx.inIndexOrder(ctx, func() (err error) {
		es, err = many(ctx, tx.run, scanEnrollment, tx.dialect.dueOf(), id, micros(now), first, spot.After, DueLooks, fetching, ended, micros(away.Until), limit, unfetched)
		if err != nil || len(es) == limit {
			return wrap("lock due enrollments", err)
		}
		next, err = tx.dueBehind(ctx, id, spot, first, now)
		return err
	})
	slices.SortFunc(es, func(a, b *Enrollment) int { return cmp.Or(a.DueAt.Compare(*b.DueAt), cmp.Compare(a.ID, b.ID)) })
	if err == nil && len(es) == limit && limit > 0 {
		next = &DueSpot{*es[limit-1].DueAt, es[limit-1].ID}
	}
	return es, next, err
}

// dueBehind is the last of the rows that LockDue looks at from this spot; nil: there are no more than those.
func (tx *Tx) dueBehind(ctx context.Context, id campaigns.CampaignID, spot DueSpot, first int64, now time.Time) (*DueSpot, error) {
	var last DueSpot
	_, ok, err := one(ctx, tx.run, func(r rows) (struct{}, error) { return struct{}{}, r.Scan(timeInto{&last.From}, &last.After) },
		tx.dialect.dueWindow("due_at AS seen_due, id AS seen_id")+` LIMIT 1 OFFSET $5`, id, micros(now), first, spot.After, DueLooks-1)
	if err != nil || !ok {
		return nil, wrap("look behind due enrollments", err)
	}
	return &last, nil
}

// dueWindow are the rows that are looked at, in their order: those of campaign $1 that are due by $2, behind the moment $3 and its id $4. Both engines begin in the midst
// of a moment without reading what is before; SQLite does not compare the id that its index ends in as part of a pair.
func (d dialect) dueWindow(read string) string {
	read = "SELECT " + read + " FROM enrollments WHERE campaign_id = $1 AND due_at <= $2 AND "
	return d.either(read+"due_at = $3 AND id > $4 UNION ALL "+read+"due_at > $3", read+"(due_at, id) > ($3, $4)") + " ORDER BY seen_due, seen_id"
}

// dueOf chooses up to $9 of the window's rows that nobody waits to be heard before. PostgreSQL locks each by itself when it was chosen, if it is still due. As a
// join, with statistics of a time when the table was small, it would walk all that are due for each of them (4 s for 1000 of 20,000, measured; now 9 ms).
func (d dialect) dueOf() string {
	const chosen = `id = seen_id AND COALESCE(due_at, -1) BETWEEN $3 AND $2 AND state IN ('active', 'waiting')`
	return `SELECT ` + enrollmentColumns.list("") + ` FROM (` +
		d.dueWindow("id AS seen_id, due_at AS seen_due, member_id AS seen_member, state AS seen_state, wait_kind AS seen_kind") + ` LIMIT $5) AS seen
		JOIN ` + d.either(`enrollments ON `+chosen, `LATERAL (SELECT * FROM enrollments WHERE `+chosen+d.skipLocked()+`) AS e ON TRUE`) + `
		WHERE (seen_due >= $6 OR seen_state = 'active' OR seen_kind = 'delivery')
			AND (seen_due < $10 OR seen_kind <> 'answer' OR NOT EXISTS (SELECT 1 FROM addresses c WHERE c.channel = 'telegram' AND c.member_id = seen_member` + d.perRow() + `))` + heard + `
		ORDER BY seen_due, seen_id LIMIT $9`
}

// heard is true of an enrollment before whose time ($7 and $8: the absence's end and Until) nothing was received of its member that waits. Mostly nothing
// waits at all, which is asked once. Otherwise each row is looked up by itself, and by the actor's name as one value: as a join with the address, PostgreSQL
// walks all that waits for each row, since its statistics never have seen anything wait (9.6 s for 3,200 inputs and 20,000 due, now 0.04).
const heard = `
			AND (NOT EXISTS (SELECT 1 FROM inputs WHERE state = 'stored') OR
				COALESCE((SELECT min(i.received_at) FROM inputs i WHERE i.state = 'stored' AND i.actor = 'member:' || CAST(seen_member AS TEXT)), 9223372036854775807)
					> CASE WHEN seen_due < $7 THEN $8 ELSE seen_due END
				AND COALESCE((SELECT min(i.received_at) FROM inputs i WHERE i.state = 'stored'
					AND i.actor = (SELECT 'telegram:' || a.value FROM addresses a WHERE a.channel = 'telegram' AND a.member_id = seen_member)), 9223372036854775807)
					> CASE WHEN seen_due < $7 THEN $8 ELSE seen_due END)`

// LockNotFinal locks and returns up to limit enrollments of the campaign that are active or waiting, with id after `after`.
func (tx *Tx) LockNotFinal(ctx context.Context, id campaigns.CampaignID, after campaigns.EnrollmentID, limit int) ([]*Enrollment, error) {
	return tx.lockEnrollments(ctx, ` WHERE campaign_id = $1 AND id > $2 AND state IN ('active', 'waiting') ORDER BY id LIMIT $3`+tx.dialect.forUpdate(),
		id, after, limit)
}

func (tx *Tx) lockEnrollments(ctx context.Context, where string, by ...any) ([]*Enrollment, error) {
	es, err := many(ctx, tx.run, scanEnrollment, selectEnrollment+where, by...)
	return es, wrap("lock enrollments", err)
}

// saveColumns are what SaveEnrollments reads of an enrollment, stillColumns of one whose state has not changed.
var (
	stillColumns = enrollmentColumns.only("id", "reason", "step", "visit", "wait_kind", "wait_delivery", "due_at", "data", "rev", "updated_at", "ended_at")
	saveColumns  = append(stillColumns, enrollmentColumns.only("state")...)
)

// SaveEnrollments writes state, reason, step, visit, wait, due, data, updated and ended of rows that this transaction holds, each by compare-and-set
// on Rev, which it raises (in the structs too). An internal error when a row was changed by somebody else: a lock was forgotten.
func (tx *Tx) SaveEnrollments(ctx context.Context, es []*Enrollment) error {
	var still, moved []*Enrollment
	for _, e := range es {
		if e.State == e.counted.state {
			still = append(still, e)
		} else {
			moved = append(moved, e)
		}
	}
	if err := tx.saveEnrollments(ctx, stillColumns, "", still); err != nil {
		return err
	}
	return tx.saveEnrollments(ctx, saveColumns, "state = u.state, ", moved)
}

// saveEnrollments writes rows whose state changed or did not: SQLite rewrites the index of active runs whenever a statement names the state.
func (tx *Tx) saveEnrollments(ctx context.Context, read columns[*Enrollment], state string, es []*Enrollment) error {
	saved, err := read.applyAll(ctx, tx.queries, `UPDATE enrollments SET `+state+`reason = u.reason, step = u.step, visit = u.visit,
		wait_kind = u.wait_kind, wait_delivery = u.wait_delivery, due_at = u.due_at, data = u.data, rev = u.rev + 1,
		updated_at = u.updated_at, ended_at = u.ended_at
		FROM {rows} WHERE enrollments.id = u.id AND enrollments.rev = u.rev`, es)
	if err != nil {
		return wrap("save enrollments", err)
	}
	if saved != len(es) {
		return fmt.Errorf("save enrollments: %d of %d were changed by somebody else", len(es)-saved, len(es))
	}
	for _, e := range es {
		tx.countStanding(e.counted, -1)
		e.Rev, e.counted = e.Rev+1, e.standing()
		tx.countStanding(e.counted, 1)
	}
	return nil
}

// DueCampaigns lists running campaigns that have a due enrollment.
func (q queries) DueCampaigns(ctx context.Context, now time.Time) ([]campaigns.CampaignID, error) {
	ids, err := many(ctx, q.run, value[campaigns.CampaignID], `SELECT c.id FROM `+dueCampaigns+` ORDER BY c.id`, micros(now))
	return ids, wrap("list due campaigns", err)
}

const dueCampaigns = `campaigns c WHERE c.state = 'running' AND EXISTS (SELECT 1 FROM enrollments e WHERE e.campaign_id = c.id AND e.due_at <= $1)`

// NextDue returns the earliest moment after which something becomes due in a running or scheduled campaign: enrollments, schedules, moves, chunks that
// nobody holds and row-claimed deliveries (in the interactive lane, of every campaign). nil: nothing.
func (q queries) NextDue(ctx context.Context) (*time.Time, error) {
	// The channels are named so that planners prefer the due index to all of a campaign's deliveries.
	next, _, err := one(ctx, q.run, func(r rows) (t *time.Time, err error) {
		err = r.Scan(timesInto{&t})
		return t, err
	}, `WITH open AS (SELECT id FROM campaigns WHERE state IN ('running', 'scheduled'))
		SELECT min(at) FROM (
			SELECT (SELECT min(e.due_at) FROM enrollments e WHERE e.campaign_id = open.id AND e.due_at IS NOT NULL) AS at FROM open
			UNION ALL SELECT s.due_at FROM campaign_schedules s JOIN open ON open.id = s.campaign_id WHERE s.done_at IS NULL
			UNION ALL SELECT min(due_at) FROM campaign_moves WHERE due_at IS NOT NULL
			UNION ALL SELECT (SELECT min(k.due_at) FROM chunks k WHERE k.campaign_id = open.id AND k.left_n > 0 AND k.claim_owner IS NULL) FROM open
			UNION ALL SELECT (SELECT min(d.due_at) FROM deliveries d
				WHERE d.campaign_id = open.id AND d.channel IN ('telegram', 'email') AND d.due_at IS NOT NULL AND d.lane = 'bulk' AND d.state = 'pending') FROM open
			UNION ALL SELECT min(d.due_at) FROM deliveries d WHERE d.due_at IS NOT NULL AND d.lane = 'interactive' AND d.state = 'pending'
		) AS dues`)
	return next, wrap("read next due", err)
}

// EnrollmentsByID loads many enrollments in one statement. Unknown ids are absent.
func (q queries) EnrollmentsByID(ctx context.Context, ids []campaigns.EnrollmentID) (map[campaigns.EnrollmentID]*Enrollment, error) {
	out := make(map[campaigns.EnrollmentID]*Enrollment, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	es, err := many(ctx, q.run, scanEnrollment, selectEnrollment+` WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, e := range es {
		out[e.ID] = e
	}
	return out, wrap("read enrollments", err)
}
