package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Notice is one message to one address of the staff, for one visit of a notify step.
type Notice struct {
	ID         int64
	Campaign   campaigns.CampaignID
	Version    int
	Enrollment campaigns.EnrollmentID
	Member     campaigns.MemberID
	Step       campaigns.StepID
	Visit      int
	Channel    campaigns.Channel // empty: the step named none, and none was set up
	Address    string            // empty: none was set up
	State      NoticeState
	Reason     campaigns.Reason
	Tries      int
	Claim      string
	DueAt      *time.Time // nil: it is over
	Together   int        // how many members the message was about
	CreatedAt  time.Time
	ToldAt     *time.Time
}

// NoticeState is the life cycle of a notice. The SQL CHECK of notices.state repeats this list.
type NoticeState string

const (
	// NoticePending: it is to be told. Left by a message that arrived, by the last try, and by erasure.
	NoticePending NoticeState = "pending"
	// NoticeSent is final.
	NoticeSent NoticeState = "sent"
	// NoticeFailed is final; Reason says why. A person may let it wait again (TellAgain).
	NoticeFailed NoticeState = "failed"
)

// Alike are the notices of one step to one address: very many of them are told together.
type Alike struct {
	Campaign campaigns.CampaignID
	Step     campaigns.StepID
	Channel  campaigns.Channel
	Address  string
}

// Alike is which others may be told with it.
func (n *Notice) Alike() Alike { return Alike{n.Campaign, n.Step, n.Channel, n.Address} }

const alike = `campaign_id = $1 AND step = $2 AND channel = $3 AND address = $4`

func (a Alike) args(more ...any) []any {
	return append([]any{a.Campaign, a.Step, a.Channel, a.Address}, more...)
}

var noticeColumns = columns[*Notice]{
	ints("id", func(n *Notice) int64 { return n.ID }),
	ints("campaign_id", func(n *Notice) campaigns.CampaignID { return n.Campaign }),
	ints("version", func(n *Notice) int { return n.Version }),
	ints("enrollment_id", func(n *Notice) campaigns.EnrollmentID { return n.Enrollment }),
	ints("member_id", func(n *Notice) campaigns.MemberID { return n.Member }),
	texts("step", func(n *Notice) campaigns.StepID { return n.Step }),
	ints("visit", func(n *Notice) int { return n.Visit }),
	texts("channel", func(n *Notice) campaigns.Channel { return n.Channel }),
	texts("address", func(n *Notice) string { return n.Address }),
	texts("state", func(n *Notice) NoticeState { return n.State }),
	texts("reason", func(n *Notice) campaigns.Reason { return n.Reason }),
	ints("tries", func(n *Notice) int { return n.Tries }),
	texts("claim", func(n *Notice) string { return n.Claim }),
	nullTimes("due_at", func(n *Notice) *time.Time { return n.DueAt }),
	ints("together", func(n *Notice) int { return n.Together }),
	times("created_at", func(n *Notice) time.Time { return n.CreatedAt }),
	nullTimes("told_at", func(n *Notice) *time.Time { return n.ToldAt }),
}

func scanNotice(r rows) (*Notice, error) {
	n := &Notice{}
	err := r.Scan(&n.ID, &n.Campaign, &n.Version, &n.Enrollment, &n.Member, &n.Step, &n.Visit, &n.Channel, &n.Address, &n.State, &n.Reason, &n.Tries, &n.Claim,
		timesInto{&n.DueAt}, &n.Together, timeInto{&n.CreatedAt}, timesInto{&n.ToldAt})
	return n, err
}

// InsertNotices writes what is to be told. A visit's again changes nothing.
func (tx *Tx) InsertNotices(ctx context.Context, ns []*Notice) error {
	_, err := noticeColumns.insert(ctx, tx.queries, "notices", "ON CONFLICT (enrollment_id, step, visit, channel, address) DO NOTHING", ns)
	return wrap("insert notices", err)
}

// NoticeFilter narrows a list; empty fields match all.
type NoticeFilter struct {
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
}

// Notices lists by id.
func (q queries) Notices(ctx context.Context, f NoticeFilter, p Page) ([]*Notice, error) {
	w := q.filter("id > ", p.After)
	w.id("member_id = ", int64(f.Member))
	w.id("enrollment_id = ", int64(f.Enrollment))
	ns, err := many(ctx, q.run, scanNotice, w.page(`SELECT `+noticeColumns.list("")+` FROM notices`, p), w.args...)
	return ns, wrap("list notices", err)
}

// DueNotice is the one that waits the longest; nil: none is due.
func (q queries) DueNotice(ctx context.Context, now time.Time) (*Notice, error) {
	n, _, err := one(ctx, q.run, scanNotice, `SELECT `+noticeColumns.list("")+` FROM notices WHERE due_at <= $1 ORDER BY due_at LIMIT 1`, micros(now))
	return n, wrap("find due notice", err)
}

// DueNoticeTo is the one that waits the longest for the address; nil: none is due.
func (q queries) DueNoticeTo(ctx context.Context, ch campaigns.Channel, address string, now time.Time) (*Notice, error) {
	n, _, err := one(ctx, q.run, scanNotice, `SELECT `+noticeColumns.list("")+` FROM notices WHERE channel = $1 AND address = $2 AND due_at <= $3 ORDER BY due_at LIMIT 1`,
		ch, address, micros(now))
	return n, wrap("find due notice", err)
}

// NoticesTold counts those that were told after since, as far as the limit, and says when the last was; nil: none.
func (q queries) NoticesTold(ctx context.Context, a Alike, since time.Time, limit int) (n int, last *time.Time, err error) {
	_, _, err = one(ctx, q.run, func(r rows) (_ struct{}, err error) {
		err = r.Scan(&n, timesInto{&last})
		return
	}, `SELECT count(*), max(told_at) FROM (SELECT told_at FROM notices WHERE `+alike+` AND told_at > $5 ORDER BY told_at DESC LIMIT $6) AS t`, a.args(micros(since), limit)...)
	return n, last, wrap("count notices", err)
}

const dueAlike = `id IN (SELECT id FROM notices WHERE ` + alike + ` AND due_at <= $5 ORDER BY due_at, id LIMIT $6`

// PutOffNotices lets at most limit of those that are due wait until then, and returns how many.
func (tx *Tx) PutOffNotices(ctx context.Context, a Alike, now, until time.Time, limit int) (int, error) {
	n, err := tx.run.exec(ctx, `UPDATE notices SET due_at = $7 WHERE `+dueAlike+tx.dialect.skipLocked()+`)`, a.args(micros(now), limit, micros(until))...)
	return int(n), wrap("put off notices", err)
}

// ClaimNotices takes at most limit of those that are due: nobody else gets them before until.
func (tx *Tx) ClaimNotices(ctx context.Context, a Alike, claim string, now, until time.Time, limit int) ([]*Notice, error) {
	ns, err := many(ctx, tx.run, scanNotice, `UPDATE notices SET claim = $7, due_at = $8, tries = tries + 1 WHERE `+dueAlike+tx.dialect.skipLocked()+`)
		RETURNING `+noticeColumns.list(""), a.args(micros(now), limit, claim, micros(until))...)
	return ns, wrap("claim notices", err)
}

// NoticeOutcome is what became of a claim. With Due it is tried again then; a try that does not count is taken back.
type NoticeOutcome struct {
	State    NoticeState
	Reason   campaigns.Reason
	Due      *time.Time
	Uncount  bool
	Together int
	ToldAt   *time.Time
}

// SettleNotices writes what became of those of these that the claim still holds.
func (tx *Tx) SettleNotices(ctx context.Context, ids []int64, claim string, o NoticeOutcome) error {
	back := 0
	if o.Uncount {
		back = 1
	}
	_, err := tx.run.exec(ctx, `UPDATE notices SET state = $3, reason = $4, due_at = $5, tries = tries - $6, together = $7, told_at = $8, claim = ''
		WHERE claim = $2 AND state = 'pending' AND id`+tx.dialect.among(1), list(tx.dialect, ids), claim, o.State, o.Reason, nullMicros(o.Due), back, o.Together, nullMicros(o.ToldAt))
	return wrap("settle notices", err)
}

// DropNoticesTo ends at most limit of those that wait for an address which is none of the staff's any more, and returns how many.
func (tx *Tx) DropNoticesTo(ctx context.Context, ch campaigns.Channel, address string, reason campaigns.Reason, limit int) (int, error) {
	n, err := tx.run.exec(ctx, `UPDATE notices SET state = 'failed', reason = $3, due_at = NULL, claim = '' WHERE id IN (
		SELECT id FROM notices WHERE channel = $1 AND address = $2 AND due_at IS NOT NULL LIMIT $4`+tx.dialect.skipLocked()+`)`, ch, address, reason, limit)
	return int(n), wrap("drop notices", err)
}
