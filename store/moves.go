package store

import (
	"context"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Move is what is to become of those who are in a campaign's versions before Version.
type Move struct {
	Campaign campaigns.CampaignID
	Version  int
	// End: they leave. Otherwise they go on in Version.
	End bool
	// Landings are where those go on who stand at a step; empty: their passage ends.
	Landings map[campaigns.StepID]campaigns.StepID
	// Versions are those that it is about; empty: all before Version.
	Versions []int
	// Last is the enrollment that this round through them has come to, Found how many of it were moved or must be looked at again.
	Last    campaigns.EnrollmentID
	Found   int
	Moved   int        // in all rounds
	DueAt   *time.Time // when to go on; nil: done
	AskedAt time.Time
	AskedBy string
}

const moveColumns = `campaign_id, version, inside, landings, versions, last_enrollment, found, moved_n, due_at, asked_at, asked_by`

const moveEnds, moveMoves = "end", "move"

func scanMove(r rows) (*Move, error) {
	m := &Move{}
	var inside string
	err := r.Scan(&m.Campaign, &m.Version, &inside, jsonInto{&m.Landings}, jsonInto{&m.Versions}, &m.Last, &m.Found, &m.Moved, timesInto{&m.DueAt}, timeInto{&m.AskedAt}, &m.AskedBy)
	m.End = inside == moveEnds
	return m, err
}

// EndMoves ends the campaign's moves that are under way, after the part that one of them may be at.
func (tx *Tx) EndMoves(ctx context.Context, id campaigns.CampaignID) error {
	_, err := tx.run.exec(ctx, `UPDATE campaign_moves SET due_at = NULL WHERE campaign_id = $1 AND due_at IS NOT NULL`, id)
	return wrap("end moves", err)
}

// InsertMove writes the move, due at once.
func (tx *Tx) InsertMove(ctx context.Context, m *Move) error {
	inside := moveMoves
	if m.End {
		inside = moveEnds
	}
	landings := m.Landings
	if landings == nil {
		landings = map[campaigns.StepID]campaigns.StepID{}
	}
	_, err := tx.run.exec(ctx, `INSERT INTO campaign_moves (`+moveColumns+`) VALUES ($1, $2, $3, $4, $7, 0, 0, 0, $5, $5, $6)`,
		m.Campaign, m.Version, inside, toJSON(landings), micros(m.AskedAt), m.AskedBy, toJSON(append([]int{}, m.Versions...)))
	return wrap("insert move", err)
}

// DueMoves lists the moves that are to go on, the oldest first.
func (q queries) DueMoves(ctx context.Context, now time.Time) ([]*Move, error) {
	ms, err := many(ctx, q.run, scanMove, `SELECT `+moveColumns+` FROM `+dueMoves+` ORDER BY due_at, campaign_id, version`, micros(now))
	return ms, wrap("list due moves", err)
}

const dueMoves = `campaign_moves WHERE due_at <= $1`

// Moves lists the campaign's moves, the newest version first.
func (q queries) Moves(ctx context.Context, id campaigns.CampaignID) ([]*Move, error) {
	ms, err := many(ctx, q.run, scanMove, `SELECT `+moveColumns+` FROM campaign_moves WHERE campaign_id = $1 ORDER BY version DESC`, id)
	return ms, wrap("list moves", err)
}

// LockMove locks the move until the transaction ends; nil when it is not due any more, or another worker holds it.
func (tx *Tx) LockMove(ctx context.Context, id campaigns.CampaignID, version int, now time.Time) (*Move, error) {
	m, ok, err := one(ctx, tx.run, scanMove, `SELECT `+moveColumns+` FROM campaign_moves WHERE campaign_id = $1 AND version = $2 AND due_at <= $3`+tx.dialect.skipLocked(),
		id, version, micros(now))
	if err != nil || !ok {
		return nil, wrap("lock move", err)
	}
	return m, nil
}

// SaveMove writes how far the move has come.
func (tx *Tx) SaveMove(ctx context.Context, m *Move) error {
	_, err := tx.run.exec(ctx, `UPDATE campaign_moves SET last_enrollment = $3, found = $4, moved_n = $5, due_at = $6 WHERE campaign_id = $1 AND version = $2`,
		m.Campaign, m.Version, m.Last, m.Found, m.Moved, nullMicros(m.DueAt))
	return wrap("save move", err)
}

// InOlderVersions lists up to limit enrollments, by id after those that the move has come to, that are not over and in one of the versions that it is about.
func (q queries) InOlderVersions(ctx context.Context, m *Move, limit int) ([]campaigns.EnrollmentID, error) {
	about, args := "", []any{m.Campaign, m.Last, m.Version, limit}
	if len(m.Versions) > 0 {
		versions := make([]int64, len(m.Versions))
		for i, v := range m.Versions {
			versions[i] = int64(v)
		}
		about, args = ` AND version`+q.dialect.among(5), append(args, list(q.dialect, versions))
	}
	ids, err := many(ctx, q.run, value[campaigns.EnrollmentID], `SELECT id FROM enrollments WHERE `+q.dialect.ofCampaign()+` AND version < $3`+about+`
		AND state IN ('active', 'waiting') ORDER BY `+q.dialect.campaignOrder()+` LIMIT $4`, args...)
	return ids, wrap("list who is in older versions", err)
}

// LockInOlderVersions locks those of the enrollments that still are, by id, passing over rows that others hold.
func (tx *Tx) LockInOlderVersions(ctx context.Context, ids []campaigns.EnrollmentID, version int) ([]*Enrollment, error) {
	return tx.lockEnrollments(ctx, ` WHERE id`+tx.dialect.among(1)+` AND version < $2 AND state IN ('active', 'waiting') ORDER BY id`+tx.dialect.skipLocked(),
		list(tx.dialect, ids), version)
}

// SetVersion makes the enrollments, which this transaction holds and has saved, passages through their Version that began in Began.
func (tx *Tx) SetVersion(ctx context.Context, es []*Enrollment) error {
	type versions struct{ began, version int }
	of := map[versions][]campaigns.EnrollmentID{}
	for _, e := range es {
		v := versions{e.Began, e.Version}
		of[v] = append(of[v], e.ID)
	}
	for v, ids := range of {
		if _, err := tx.run.exec(ctx, `UPDATE enrollments SET version = $2, began_in = $3 WHERE id`+tx.dialect.among(1), list(tx.dialect, ids), v.version, v.began); err != nil {
			return wrap("set version of enrollments", err)
		}
	}
	return nil
}

// ReviseDeliveries makes deliveries the version's that nobody has begun to send, and returns which those are. As in cancel, chunks are locked first.
func (tx *Tx) ReviseDeliveries(ctx context.Context, ids []campaigns.DeliveryID, version int) ([]campaigns.DeliveryID, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	among := list(tx.dialect, ids)
	free, err := many(ctx, tx.run, value[int64], `SELECT id FROM chunks WHERE claim_owner IS NULL AND id IN (
		SELECT chunk_id FROM deliveries WHERE id`+tx.dialect.among(1)+` AND state = 'pending' AND chunk_id IS NOT NULL) ORDER BY id`+tx.dialect.forUpdate(), among)
	if err != nil {
		return nil, wrap("lock chunks", err)
	}
	revised, err := many(ctx, tx.run, value[campaigns.DeliveryID], `UPDATE deliveries SET version = $2 WHERE id`+tx.dialect.among(1)+`
		AND state = 'pending' AND claim_owner IS NULL AND (chunk_id IS NULL OR chunk_id`+tx.dialect.among(3)+`) RETURNING id`, among, version, list(tx.dialect, free))
	slices.Sort(revised)
	return revised, wrap("revise deliveries", err)
}
