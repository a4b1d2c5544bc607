package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Switch is one thing that was stopped: everything, a channel, or a campaign. It is stopped until ReleasedAt is set.
type Switch struct {
	Scope      string // 'all', a channel, or 'campaign:ID'
	Reason     SwitchReason
	Figures    json.RawMessage // what tripped it
	TrippedAt  time.Time
	TrippedBy  string // a person, or 'switch': by itself
	ReleasedAt *time.Time
	ReleasedBy string
}

// SwitchReason says why. The SQL CHECK repeats the list.
type SwitchReason string

const (
	SwitchErrors     SwitchReason = "errors"     // too many messages fail
	SwitchComplaints SwitchReason = "complaints" // too many members complain
	SwitchPerson     SwitchReason = "person"     // a person wanted it
)

// Switches lists the last time of each scope, in order of scopes.
func (q queries) Switches(ctx context.Context) ([]Switch, error) {
	ss, err := many(ctx, q.run, func(r rows) (s Switch, err error) {
		err = r.Scan(&s.Scope, &s.Reason, rawInto{&s.Figures}, timeInto{&s.TrippedAt}, &s.TrippedBy, timesInto{&s.ReleasedAt}, &s.ReleasedBy)
		return s, err
	}, `SELECT scope, reason, figures, tripped_at, tripped_by, released_at, released_by FROM switches ORDER BY scope`)
	return ss, wrap("list switches", err)
}

// TripSwitch stops the scope; false when it is stopped already, by an earlier reason that stays.
func (tx *Tx) TripSwitch(ctx context.Context, s Switch) (bool, error) {
	n, err := tx.run.exec(ctx, `INSERT INTO switches (scope, reason, figures, tripped_at, tripped_by, released_by) VALUES ($1, $2, $3, $4, $5, '')
		ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, figures = excluded.figures, tripped_at = excluded.tripped_at,
			tripped_by = excluded.tripped_by, released_at = NULL, released_by = ''
		WHERE switches.released_at IS NOT NULL`, s.Scope, s.Reason, jsonText(s.Figures), micros(s.TrippedAt), s.TrippedBy)
	return n == 1, wrap("trip switch", err)
}

// ReleaseSwitch lets the scope go on; false when it was not stopped.
func (tx *Tx) ReleaseSwitch(ctx context.Context, scope, by string, now time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE switches SET released_at = $3, released_by = $2 WHERE scope = $1 AND released_at IS NULL`, scope, by, micros(now))
	return n == 1, wrap("release switch", err)
}

// Attempts counts what became of attempts within one minute.
type Attempts struct {
	Campaign   campaigns.CampaignID // 0: replies
	Channel    campaigns.Channel
	Minute     time.Time // its beginning
	Ended      int       // sent, failed or unknown
	Failed     int       // of them, failed in a way that counts
	Complaints int
}

// AddAttempts adds to the owner's counts.
func (tx *Tx) AddAttempts(ctx context.Context, owner string, as []Attempts) error {
	for _, a := range as {
		_, err := tx.run.exec(ctx, `INSERT INTO attempts (campaign_id, channel, minute, owner, ended, failed, complaints) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (campaign_id, channel, minute, owner) DO UPDATE SET ended = attempts.ended + excluded.ended,
				failed = attempts.failed + excluded.failed, complaints = attempts.complaints + excluded.complaints`,
			a.Campaign, a.Channel, micros(a.Minute), owner, a.Ended, a.Failed, a.Complaints)
		if err != nil {
			return wrap("count attempts", err)
		}
	}
	return nil
}

// CountAttempts sums the minutes that began at since or later, over all processes.
func (q queries) CountAttempts(ctx context.Context, since time.Time) ([]Attempts, error) {
	as, err := many(ctx, q.run, func(r rows) (a Attempts, err error) {
		err = r.Scan(&a.Campaign, &a.Channel, timeInto{&a.Minute}, &a.Ended, &a.Failed, &a.Complaints)
		return a, err
	}, `SELECT campaign_id, channel, minute, CAST(sum(ended) AS BIGINT), CAST(sum(failed) AS BIGINT), CAST(sum(complaints) AS BIGINT)
		FROM attempts WHERE minute >= $1 GROUP BY campaign_id, channel, minute ORDER BY campaign_id, channel, minute`, micros(since))
	return as, wrap("read attempts", err)
}

// DropAttempts forgets minutes that began before.
func (tx *Tx) DropAttempts(ctx context.Context, before time.Time) error {
	_, err := tx.run.exec(ctx, `DELETE FROM attempts WHERE minute < $1`, micros(before))
	return wrap("drop attempts", err)
}

// LeftSince reports whether the member blocked the bot or stopped everything since.
func (q queries) LeftSince(ctx context.Context, id campaigns.MemberID, since time.Time) (bool, error) {
	_, left, err := one(ctx, q.run, value[string], `SELECT name FROM events
		WHERE member_id = $1 AND at >= $2 AND name IN ('member.blocked_bot', 'member.stopped') LIMIT 1`, id, micros(since))
	return left, wrap("find who left", err)
}
