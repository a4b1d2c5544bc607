package store

import (
	"context"
	"time"
)

// Token is a bearer token; only its hash is kept.
type Token struct {
	ID         int64
	Name       string
	Hash       string
	Scopes     []string
	CreatedAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

const tokenColumns = `id, name, hash, scopes, created_at, last_used_at, revoked_at`

func scanToken(r rows) (*Token, error) {
	t := &Token{}
	err := r.Scan(&t.ID, &t.Name, &t.Hash, jsonInto{&t.Scopes}, timeInto{&t.CreatedAt}, timesInto{&t.LastUsedAt}, timesInto{&t.RevokedAt})
	return t, err
}

// InsertToken writes a token; ID 0 is filled in.
func (tx *Tx) InsertToken(ctx context.Context, t *Token) error {
	if err := fill(ctx, tx.ids, &t.ID); err != nil {
		return err
	}
	_, err := tx.run.exec(ctx, `INSERT INTO tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		t.ID, t.Name, t.Hash, toJSON(t.Scopes), micros(t.CreatedAt), nullMicros(t.LastUsedAt), nullMicros(t.RevokedAt))
	return wrap("insert token", err)
}

// TokenByHash returns the token that is not revoked. Fault not_found.token.
func (q queries) TokenByHash(ctx context.Context, hash string) (*Token, error) {
	t, ok, err := one(ctx, q.run, scanToken, `SELECT `+tokenColumns+` FROM tokens WHERE hash = $1 AND revoked_at IS NULL`, hash)
	return found("token", nil, t, ok, err)
}

// Tokens lists tokens by id.
func (q queries) Tokens(ctx context.Context) ([]*Token, error) {
	ts, err := many(ctx, q.run, scanToken, `SELECT `+tokenColumns+` FROM tokens ORDER BY id`)
	return ts, wrap("list tokens", err)
}

// TouchToken notes that the token was used. Callers do so once a minute at most: it is a write.
func (tx *Tx) TouchToken(ctx context.Context, id int64, now time.Time) error {
	_, err := tx.run.exec(ctx, `UPDATE tokens SET last_used_at = $2 WHERE id = $1`, id, micros(now))
	return wrap("touch token", err)
}

// RevokeToken ends a token; one that ended already keeps its time. Fault not_found.token.
func (tx *Tx) RevokeToken(ctx context.Context, id int64, now time.Time) error {
	n, err := tx.run.exec(ctx, `UPDATE tokens SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1`, id, micros(now))
	if err == nil && n == 0 {
		return notFound("token", nil)
	}
	return wrap("revoke token", err)
}
