package store

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
)

// DeadCount counts the inputs of one source that could not be handled.
type DeadCount struct {
	Source string
	N      int
}

// maxCounted bounds a count: more than that is "very many" to whoever reads it.
const maxCounted = 10_000

// CountDead counts the oldest dead inputs by source.
func (q queries) CountDead(ctx context.Context) ([]DeadCount, error) {
	cs, err := many(ctx, q.run, func(r rows) (c DeadCount, err error) {
		err = r.Scan(&c.Source, &c.N)
		return c, err
	}, `SELECT source, count(*) FROM (SELECT source FROM inputs WHERE state = 'dead' ORDER BY id LIMIT $1) AS i GROUP BY source ORDER BY source`, maxCounted)
	return cs, wrap("count dead inputs", err)
}

// Revived is an input that waits again.
type Revived struct {
	ID    campaigns.InputID
	Actor string
}

// ReviveInputs makes the source's dead inputs after the id wait again, at most limit of them, as if they had never been tried; by no order.
func (tx *Tx) ReviveInputs(ctx context.Context, source string, after campaigns.InputID, limit int) ([]Revived, error) {
	rs, err := many(ctx, tx.run, func(r rows) (v Revived, err error) {
		err = r.Scan(&v.ID, &v.Actor)
		return v, err
	}, `UPDATE inputs SET state = 'stored', tries = 0, error = '', handled_at = NULL WHERE state = 'dead' AND id IN (
		SELECT id FROM inputs WHERE state = 'dead' AND source = $1 AND id > $2 ORDER BY id LIMIT $3) RETURNING id, actor`, source, after, limit)
	return rs, wrap("revive inputs", err)
}

// MembersByChat finds the members whose Telegram chats these are. Chats that are nobody's are absent.
func (q queries) MembersByChat(ctx context.Context, chats []string) (map[string]campaigns.MemberID, error) {
	out := map[string]campaigns.MemberID{}
	if len(chats) == 0 {
		return out, nil
	}
	_, err := many(ctx, q.run, func(r rows) (_ struct{}, err error) {
		var chat string
		var id campaigns.MemberID
		if err = r.Scan(&chat, &id); err == nil {
			out[chat] = id
		}
		return
	}, `SELECT value_key, member_id FROM addresses WHERE channel = 'telegram' AND value_key`+q.dialect.among(1), list(q.dialect, chats))
	return out, wrap("find members by chat", err)
}
