package store

import (
	"context"
	"time"
)

// IdempotentResult is a stored answer to a request; Status 0: the first request still runs.
type IdempotentResult struct {
	RequestHash string
	Status      int
	ContentType string
	Body        string
	CreatedAt   time.Time
}

// BeginIdempotent notes that a request with the key runs. It returns what is stored already (nil: this request is the first). Entries older than `since` are replaced.
func (tx *Tx) BeginIdempotent(ctx context.Context, token int64, key, requestHash string, now, since time.Time) (*IdempotentResult, error) {
	n, err := tx.run.exec(ctx, `INSERT INTO idempotency_keys (token_id, key, request_hash, status, content_type, body, created_at)
		VALUES ($1, $2, $3, 0, '', '', $4)
		ON CONFLICT (token_id, key) DO UPDATE SET request_hash = excluded.request_hash, status = 0, content_type = '', body = '', created_at = excluded.created_at
		WHERE idempotency_keys.created_at < $5`, token, key, requestHash, micros(now), micros(since))
	if err != nil || n == 1 {
		return nil, wrap("begin idempotent request", err)
	}
	stored, ok, err := one(ctx, tx.run, func(r rows) (*IdempotentResult, error) {
		i := &IdempotentResult{}
		err := r.Scan(&i.RequestHash, &i.Status, &i.ContentType, &i.Body, timeInto{&i.CreatedAt})
		return i, err
	}, `SELECT request_hash, status, content_type, body, created_at FROM idempotency_keys WHERE token_id = $1 AND key = $2`, token, key)
	if err != nil || !ok {
		return nil, wrap("read idempotent request", err)
	}
	return stored, nil
}

// FinishIdempotent stores the answer; Status 0 removes the entry, so that the request may be tried again.
func (tx *Tx) FinishIdempotent(ctx context.Context, token int64, key string, r IdempotentResult) error {
	if r.Status == 0 {
		_, err := tx.run.exec(ctx, `DELETE FROM idempotency_keys WHERE token_id = $1 AND key = $2`, token, key)
		return wrap("forget idempotent request", err)
	}
	_, err := tx.run.exec(ctx, `UPDATE idempotency_keys SET status = $3, content_type = $4, body = $5 WHERE token_id = $1 AND key = $2`,
		token, key, r.Status, r.ContentType, r.Body)
	return wrap("finish idempotent request", err)
}

// DropIdempotent removes entries older than before.
func (tx *Tx) DropIdempotent(ctx context.Context, before time.Time) error {
	_, err := tx.run.exec(ctx, `DELETE FROM idempotency_keys WHERE created_at < $1`, micros(before))
	return wrap("drop idempotent requests", err)
}
