package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// Pause is one pause of a campaign; To is nil while it lasts.
type Pause struct {
	From time.Time
	To   *time.Time
	By   string
}

// Schedule is an entry by schedule and how far it has come.
type Schedule struct {
	Campaign   campaigns.CampaignID
	Version    int
	DueAt      time.Time
	LastMember campaigns.MemberID
	DoneAt     *time.Time
	// Opens is, of a schedule that recurs, what clocks show at the moment that is due; nil: it is for one moment.
	Opens *timing.LocalDateTime
	// Missed is the latest of its moments that was held back and is not opened any more; nil: there is none.
	Missed *timing.LocalDateTime
	// Opened is the latest of its moments that is over, because it was opened or missed: none up to it opens again. nil: there is none.
	Opened *timing.LocalDateTime
}

// LooksAgain reports whether the moment was opened, and those are looked for once more who were passed over then and whose own clock does not show it yet.
func (s *Schedule) LooksAgain() bool {
	return s.DoneAt == nil && s.Opens != nil && s.Opened != nil && *s.Opens == *s.Opened
}

// TookNobody reports whether an audience that is taken in once is through, and nobody has come into the campaign since.
func (q queries) TookNobody(ctx context.Context, s *Schedule) (bool, error) {
	if s == nil || s.Opens != nil || s.DoneAt == nil || s.DoneAt.Before(s.DueAt) {
		return false, nil
	}
	some, err := q.enteredSince(ctx, s.Campaign, s.DueAt)
	return !some && err == nil, err
}

// OpenPause begins a pause, unless one is open.
func (tx *Tx) OpenPause(ctx context.Context, id campaigns.CampaignID, by string, now time.Time) error {
	_, err := tx.run.exec(ctx, `INSERT INTO campaign_pauses (campaign_id, from_at, paused_by)
		SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT)
		WHERE NOT EXISTS (SELECT 1 FROM campaign_pauses WHERE campaign_id = $1 AND (to_at IS NULL OR from_at = $2))`, id, micros(now), by)
	return wrap("open pause", err)
}

// ClosePause ends the open pause, if any.
func (tx *Tx) ClosePause(ctx context.Context, id campaigns.CampaignID, now time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE campaign_pauses SET to_at = $2 WHERE campaign_id = $1 AND to_at IS NULL`, id, micros(now))
	return wrap("close pause", err)
}

// Pauses lists a campaign's pauses in order.
func (q queries) Pauses(ctx context.Context, id campaigns.CampaignID) ([]Pause, error) {
	ps, err := many(ctx, q.run, func(r rows) (p Pause, err error) {
		err = r.Scan(timeInto{&p.From}, timesInto{&p.To}, &p.By)
		return p, err
	}, `SELECT from_at, to_at, paused_by FROM campaign_pauses WHERE campaign_id = $1 ORDER BY from_at`, id)
	return ps, wrap("list pauses", err)
}

const scheduleColumns = `s.campaign_id, s.version, s.due_at, s.last_member, s.done_at, s.opens, s.missed, s.opened`

func scanSchedule(r rows) (s Schedule, err error) {
	var opens, missed, opened string
	err = r.Scan(&s.Campaign, &s.Version, timeInto{&s.DueAt}, &s.LastMember, timesInto{&s.DoneAt}, &opens, &missed, &opened)
	for into, text := range map[**timing.LocalDateTime]string{&s.Opens: opens, &s.Missed: missed, &s.Opened: opened} {
		if err == nil {
			*into, err = shown(text)
		}
	}
	return s, err
}

// shown reads what clocks show; nil for an empty text.
func shown(text string) (*timing.LocalDateTime, error) {
	if text == "" {
		return nil, nil
	}
	at, err := timing.ParseLocalDateTime(text)
	return &at, err
}

// shownText is what shown reads.
func shownText(at *timing.LocalDateTime) string {
	if at == nil {
		return ""
	}
	return at.String()
}

// PutSchedule writes (or replaces) the campaign's schedule.
func (tx *Tx) PutSchedule(ctx context.Context, s Schedule) error {
	_, err := tx.run.exec(ctx, `INSERT INTO campaign_schedules (campaign_id, version, due_at, last_member, done_at, opens, missed, opened) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (campaign_id) DO UPDATE SET version = excluded.version, due_at = excluded.due_at,
			last_member = excluded.last_member, done_at = excluded.done_at, opens = excluded.opens, missed = excluded.missed,
			opened = excluded.opened`,
		s.Campaign, s.Version, micros(s.DueAt), s.LastMember, nullMicros(s.DoneAt), shownText(s.Opens), shownText(s.Missed), shownText(s.Opened))
	return wrap("write schedule", err)
}

// DueSchedules lists schedules that are due and not done, of running or scheduled campaigns, the oldest due first.
func (q queries) DueSchedules(ctx context.Context, now time.Time) ([]Schedule, error) {
	ss, err := many(ctx, q.run, scanSchedule, `SELECT `+scheduleColumns+` FROM `+dueSchedules+` ORDER BY s.due_at, s.campaign_id`, micros(now))
	return ss, wrap("list due schedules", err)
}

const dueSchedules = `campaign_schedules s JOIN campaigns c ON c.id = s.campaign_id WHERE c.state IN ('running', 'scheduled') AND s.done_at IS NULL AND s.due_at <= $1`

// Schedule returns the campaign's schedule, or nil.
func (q queries) Schedule(ctx context.Context, id campaigns.CampaignID) (*Schedule, error) {
	return q.schedule(ctx, id, "")
}

// LockSchedule locks the campaign's schedule row until the transaction ends; nil when there is none or another worker holds it.
func (tx *Tx) LockSchedule(ctx context.Context, id campaigns.CampaignID) (*Schedule, error) {
	return tx.schedule(ctx, id, tx.dialect.skipLocked())
}

// HoldSchedule is LockSchedule that waits for who holds the row.
func (tx *Tx) HoldSchedule(ctx context.Context, id campaigns.CampaignID) (*Schedule, error) {
	return tx.schedule(ctx, id, tx.dialect.forUpdate())
}

func (q queries) schedule(ctx context.Context, id campaigns.CampaignID, lock string) (*Schedule, error) {
	s, ok, err := one(ctx, q.run, scanSchedule, `SELECT `+scheduleColumns+` FROM campaign_schedules s WHERE s.campaign_id = $1`+lock, id)
	if err != nil || !ok {
		return nil, wrap("read schedule", err)
	}
	return &s, nil
}

// HoldUnopened locks all schedules of which nobody of the next audience is taken in yet, and waits for who holds them.
func (tx *Tx) HoldUnopened(ctx context.Context) ([]Schedule, error) {
	ss, err := many(ctx, tx.run, scanSchedule, `SELECT `+scheduleColumns+` FROM campaign_schedules s
		WHERE s.done_at IS NULL AND s.last_member = 0 ORDER BY s.campaign_id`+tx.dialect.forUpdate())
	return ss, wrap("list schedules that are not opened", err)
}

// IsBehind reports whether passages of the campaign are due, or messages of the bulk lane that came due before a moment wait or are on their way.
func (tx *Tx) IsBehind(ctx context.Context, id campaigns.CampaignID, before, now time.Time) (bool, error) {
	// The channels are named so that planners prefer the due index to all of a campaign's deliveries.
	n, _, err := one(ctx, tx.run, value[int64], `SELECT CASE WHEN
			EXISTS (SELECT 1 FROM enrollments e WHERE e.campaign_id = $1 AND e.due_at <= $3 AND e.state IN ('active', 'waiting'))
			OR EXISTS (SELECT 1 FROM chunks k WHERE k.campaign_id = $1 AND k.left_n > 0 AND k.due_at < $2)
			OR EXISTS (SELECT 1 FROM deliveries d
				WHERE d.lane = 'bulk' AND d.campaign_id = $1 AND d.channel IN ('telegram', 'email') AND d.due_at < $2 AND d.state = 'pending')
		THEN 1 ELSE 0 END`, id, micros(before), micros(now))
	return n > 0, wrap("look for what is behind", err)
}

// MoveSchedule notes how far the audience was enrolled, and doneAt when it is through.
func (tx *Tx) MoveSchedule(ctx context.Context, id campaigns.CampaignID, last campaigns.MemberID, doneAt *time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE campaign_schedules SET last_member = $2, done_at = $3 WHERE campaign_id = $1`, id, last, nullMicros(doneAt))
	return wrap("move schedule", err)
}
