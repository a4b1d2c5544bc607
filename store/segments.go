package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Segment is a saved condition: its document as typed.
type Segment struct {
	Key                  campaigns.Key
	Name                 string // the first that the document says
	Source, Format       string
	Rev                  int64
	CreatedAt, UpdatedAt time.Time
	UpdatedBy            string
}

// SegmentMark tells one state of a segment from all others.
type SegmentMark struct {
	Key     campaigns.Key
	Rev     int64
	Created time.Time
}

const segmentColumns = `key, name, source, format, rev, created_at, updated_at, updated_by`

func scanSegment(r rows) (*Segment, error) {
	s := &Segment{}
	return s, r.Scan(&s.Key, &s.Name, &s.Source, &s.Format, &s.Rev, timeInto{&s.CreatedAt}, timeInto{&s.UpdatedAt}, &s.UpdatedBy)
}

// Segments lists all, by key.
func (q queries) Segments(ctx context.Context) ([]*Segment, error) {
	ss, err := many(ctx, q.run, scanSegment, `SELECT `+segmentColumns+` FROM segments ORDER BY key`)
	return ss, wrap("list segments", err)
}

// SegmentMarks lists the marks of all, by key.
func (q queries) SegmentMarks(ctx context.Context) ([]SegmentMark, error) {
	ms, err := many(ctx, q.run, func(r rows) (m SegmentMark, err error) {
		err = r.Scan(&m.Key, &m.Rev, timeInto{&m.Created})
		return m, err
	}, `SELECT key, rev, created_at FROM segments ORDER BY key`)
	return ms, wrap("list segments", err)
}

// Segment returns the segment. Fault not_found.segment.
func (q queries) Segment(ctx context.Context, key campaigns.Key) (*Segment, error) {
	s, ok, err := one(ctx, q.run, scanSegment, `SELECT `+segmentColumns+` FROM segments WHERE key = $1`, key)
	return found("segment", args{"key": string(key)}, s, ok, err)
}

// LockSegments locks all until the transaction ends: what names one, and what changes one, are written one after another.
func (tx *Tx) LockSegments(ctx context.Context) error {
	_, err := many(ctx, tx.run, value[string], `SELECT key FROM segments ORDER BY key`+tx.dialect.forUpdate())
	return wrap("lock segments", err)
}

// InsertSegment writes a new one. Fault conflict.segment when the key is taken.
func (tx *Tx) InsertSegment(ctx context.Context, s *Segment) error {
	n, err := tx.run.exec(ctx, `INSERT INTO segments (`+segmentColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING`,
		s.Key, s.Name, s.Source, s.Format, s.Rev, micros(s.CreatedAt), micros(s.UpdatedAt), s.UpdatedBy)
	if err == nil && n == 0 {
		return conflict("segment", args{"key": string(s.Key)})
	}
	return wrap("insert segment", err)
}

// UpdateSegment replaces the document while the revision is still rev. Fault conflict.segment_changed.
func (tx *Tx) UpdateSegment(ctx context.Context, s *Segment, rev int64) error {
	n, err := tx.run.exec(ctx, `UPDATE segments SET name = $2, source = $3, format = $4, rev = rev + 1, updated_at = $5, updated_by = $6 WHERE key = $1 AND rev = $7`,
		s.Key, s.Name, s.Source, s.Format, micros(s.UpdatedAt), s.UpdatedBy, rev)
	if err == nil && n == 0 {
		return conflict("segment_changed", nil)
	}
	return wrap("update segment", err)
}

// DeleteSegment removes it.
func (tx *Tx) DeleteSegment(ctx context.Context, key campaigns.Key) error {
	_, err := tx.run.exec(ctx, `DELETE FROM segments WHERE key = $1`, key)
	return wrap("delete segment", err)
}
