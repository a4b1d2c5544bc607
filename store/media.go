package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Media is a file that a member sent: where to fetch it, and where its content is kept.
type Media struct {
	ID        campaigns.MediaID
	Member    campaigns.MemberID
	Input     campaigns.InputID // 0: uploaded, content first
	Channel   campaigns.Channel
	Kind      campaigns.MediaKind
	FileID    string // the provider's
	Name      string // as the member's device called it
	MIME      string // as the content says
	Size      int64
	Seconds   int
	SHA256    string // hex; names the content
	State     MediaState
	Reason    string
	Tries     int
	DueAt     *time.Time
	CreatedAt time.Time
	StoredAt  *time.Time
}

// MediaState is the life cycle of a file. The SQL CHECK of media.state repeats this list.
type MediaState string

const (
	// MediaPending: its content is to be fetched. Left by a fetch that worked, or that can never work.
	MediaPending MediaState = "pending"
	// MediaStored: the content is in the blob folder. Left by erasure.
	MediaStored MediaState = "stored"
	// MediaFailed: the content cannot be had; Reason says why. Left by erasure.
	MediaFailed MediaState = "failed"
	// MediaErased is final.
	MediaErased MediaState = "erased"
)

const mediaColumns = `id, member_id, input_id, channel, kind, file_id, name, mime, size, seconds, sha256, state, reason, tries, due_at, created_at, stored_at`

func scanMedia(r rows) (*Media, error) {
	m := &Media{}
	err := r.Scan(&m.ID, &m.Member, orZero(&m.Input), &m.Channel, &m.Kind, &m.FileID, &m.Name, &m.MIME, &m.Size, &m.Seconds, &m.SHA256, &m.State, &m.Reason,
		&m.Tries, timesInto{&m.DueAt}, timeInto{&m.CreatedAt}, timesInto{&m.StoredAt})
	return m, err
}

// InsertMedia writes the row of a file.
func (tx *Tx) InsertMedia(ctx context.Context, m *Media) error {
	if tx.gathered != nil {
		tx.gathered.media = append(tx.gathered.media, m)
		return nil
	}
	return tx.insertMedia(ctx, []*Media{m})
}

func (tx *Tx) insertMedia(ctx context.Context, ms []*Media) error {
	_, err := mediaRows.insert(ctx, tx.queries, "media", "", ms)
	return wrap("insert media", err)
}

var mediaRows = columns[*Media]{
	ints("id", func(m *Media) campaigns.MediaID { return m.ID }),
	ints("member_id", func(m *Media) campaigns.MemberID { return m.Member }),
	nullInts("input_id", func(m *Media) campaigns.InputID { return m.Input }),
	texts("channel", func(m *Media) campaigns.Channel { return m.Channel }),
	texts("kind", func(m *Media) campaigns.MediaKind { return m.Kind }),
	texts("file_id", func(m *Media) string { return m.FileID }),
	texts("name", func(m *Media) string { return m.Name }),
	texts("mime", func(m *Media) string { return m.MIME }),
	ints("size", func(m *Media) int64 { return m.Size }),
	ints("seconds", func(m *Media) int { return m.Seconds }),
	texts("sha256", func(m *Media) string { return m.SHA256 }),
	texts("state", func(m *Media) MediaState { return m.State }),
	texts("reason", func(m *Media) string { return m.Reason }),
	ints("tries", func(m *Media) int { return m.Tries }),
	nullTimes("due_at", func(m *Media) *time.Time { return m.DueAt }),
	times("created_at", func(m *Media) time.Time { return m.CreatedAt }),
	nullTimes("stored_at", func(m *Media) *time.Time { return m.StoredAt }),
}

// Media returns the file's row. Fault not_found.media.
func (q queries) Media(ctx context.Context, id campaigns.MediaID) (*Media, error) {
	m, ok, err := one(ctx, q.run, scanMedia, `SELECT `+mediaColumns+` FROM media WHERE id = $1`, id)
	return found("media", nil, m, ok, err)
}

// MediaByID reads many; unknown ones are absent.
func (q queries) MediaByID(ctx context.Context, ids []campaigns.MediaID) (map[campaigns.MediaID]*Media, error) {
	out := make(map[campaigns.MediaID]*Media, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	ms, err := many(ctx, q.run, scanMedia, `SELECT `+mediaColumns+` FROM media WHERE id`+q.dialect.among(1), list(q.dialect, ids))
	for _, m := range ms {
		out[m.ID] = m
	}
	return out, wrap("read media", err)
}

// MediaList lists files by id; member 0: everybody's.
func (q queries) MediaList(ctx context.Context, member campaigns.MemberID, p Page) ([]*Media, error) {
	f := q.filter("id > ", p.After)
	f.id("member_id = ", int64(member))
	ms, err := many(ctx, q.run, scanMedia, f.page(`SELECT `+mediaColumns+` FROM media`, p), f.args...)
	return ms, wrap("list media", err)
}

// ClaimMedia takes files that are to be fetched, the longest due first: nobody else gets them before until.
func (tx *Tx) ClaimMedia(ctx context.Context, now, until time.Time, limit int) ([]*Media, error) {
	ms, err := many(ctx, tx.run, scanMedia, `UPDATE media SET due_at = $2, tries = tries + 1 WHERE id IN (
		SELECT id FROM media WHERE due_at <= $1 ORDER BY due_at LIMIT $3`+tx.dialect.skipLocked()+`) RETURNING `+mediaColumns, micros(now), micros(until), limit)
	return ms, wrap("claim media", err)
}

// StoreMedia notes that the content is kept; false when the file is no longer waited for (its member was erased).
func (tx *Tx) StoreMedia(ctx context.Context, id campaigns.MediaID, sha256, mime string, size int64, seconds int, now time.Time) (bool, error) {
	n, err := tx.run.exec(ctx, `UPDATE media SET state = 'stored', sha256 = $2, mime = $3, size = $4, seconds = CASE WHEN seconds = 0 THEN $5 ELSE seconds END,
		due_at = NULL, reason = '', stored_at = $6 WHERE id = $1 AND state = 'pending'`, id, sha256, mime, size, seconds, micros(now))
	return n == 1, wrap("store media", err)
}

// FailMedia notes that a fetch did not work: it is tried again at due, or never when due is nil.
func (tx *Tx) FailMedia(ctx context.Context, id campaigns.MediaID, reason string, due *time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE media SET reason = $2, due_at = $3, state = CASE WHEN $4 THEN 'failed' ELSE state END WHERE id = $1 AND state = 'pending'`,
		id, reason, nullMicros(due), due == nil)
	return wrap("fail media", err)
}

// MemberBlobs lists the contents that the member's files name and no other member's do.
func (q queries) MemberBlobs(ctx context.Context, id campaigns.MemberID) ([]string, error) {
	hs, err := many(ctx, q.run, value[string], `SELECT DISTINCT sha256 FROM media AS m WHERE member_id = $1 AND sha256 <> ''
		AND NOT EXISTS (SELECT 1 FROM media AS o WHERE o.sha256 = m.sha256 AND o.member_id <> m.member_id)`, id)
	return hs, wrap("list blobs", err)
}

// BlobUsed reports whether a file's row names the content.
func (q queries) BlobUsed(ctx context.Context, sha256 string) (bool, error) {
	_, ok, err := one(ctx, q.run, value[int], `SELECT 1 FROM media WHERE sha256 = $1 LIMIT 1`, sha256)
	return ok, wrap("look for a blob", err)
}

// MediaOfInputs lists files by the input that brought them.
func (q queries) MediaOfInputs(ctx context.Context, ids []campaigns.InputID) (map[campaigns.InputID]*Media, error) {
	out := make(map[campaigns.InputID]*Media, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	ms, err := many(ctx, q.run, scanMedia, `SELECT `+mediaColumns+` FROM media WHERE input_id`+q.dialect.among(1), list(q.dialect, ids))
	for _, m := range ms {
		out[m.Input] = m
	}
	return out, wrap("read media", err)
}
