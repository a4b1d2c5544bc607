package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Prompt is what the bot waits for from a member outside of campaigns.
type Prompt struct {
	Member    campaigns.MemberID
	Kind      string
	At        time.Time
	ExpiresAt time.Time
}

// Prompt returns what the bot waits for at now, or nil.
func (q queries) Prompt(ctx context.Context, id campaigns.MemberID, now time.Time) (*Prompt, error) {
	if q.foreseen != nil {
		if p, ok := once(q.foreseen.prompts, id); ok {
			return p, nil
		}
	}
	p, _, err := one(ctx, q.run, scanPrompt, selectPrompt+` WHERE member_id = $1 AND expires_at > $2`, id, micros(now))
	return p, wrap("read prompt", err)
}

const selectPrompt = `SELECT member_id, kind, at, expires_at FROM chat_prompts`

func scanPrompt(r rows) (*Prompt, error) {
	p := &Prompt{}
	err := r.Scan(&p.Member, &p.Kind, timeInto{&p.At}, timeInto{&p.ExpiresAt})
	return p, err
}

// PutPrompt makes this what the bot waits for from the member.
func (tx *Tx) PutPrompt(ctx context.Context, p Prompt) error {
	_, err := tx.run.exec(ctx, `INSERT INTO chat_prompts (member_id, kind, at, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (member_id) DO UPDATE SET kind = excluded.kind, at = excluded.at, expires_at = excluded.expires_at`,
		p.Member, p.Kind, micros(p.At), micros(p.ExpiresAt))
	return wrap("write prompt", err)
}

// EndPrompt ends what the bot waited for from the member.
func (tx *Tx) EndPrompt(ctx context.Context, id campaigns.MemberID) error {
	_, err := tx.run.exec(ctx, `DELETE FROM chat_prompts WHERE member_id = $1`, id)
	return wrap("end prompt", err)
}
