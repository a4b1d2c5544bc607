package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Message is something that a member wrote and no question waited for.
type Message struct {
	ID       int64
	Member   campaigns.MemberID
	Channel  campaigns.Channel
	Input    campaigns.InputID
	Kind     string
	Text     string
	State    string // "open" or "closed"
	At       time.Time
	ClosedAt *time.Time
	ClosedBy string
}

const messageColumns = `id, member_id, channel, input_id, kind, text, state, at, closed_at, closed_by`

func scanMessage(r rows) (*Message, error) {
	m := &Message{}
	err := r.Scan(&m.ID, &m.Member, &m.Channel, &m.Input, &m.Kind, &m.Text, &m.State, timeInto{&m.At}, timesInto{&m.ClosedAt}, &m.ClosedBy)
	return m, err
}

// InsertMessage keeps a message for a coordinator (ID 0 is filled in, State empty is open); the same input twice is kept once.
func (tx *Tx) InsertMessage(ctx context.Context, m *Message) error {
	if m.State == "" {
		m.State = "open"
	}
	if err := fill(ctx, tx.ids, &m.ID); err != nil {
		return err
	}
	_, err := tx.run.exec(ctx, `INSERT INTO messages (`+messageColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (input_id) DO NOTHING`,
		m.ID, m.Member, m.Channel, m.Input, m.Kind, m.Text, m.State, micros(m.At), nullMicros(m.ClosedAt), m.ClosedBy)
	return wrap("insert message", err)
}

// Messages lists messages by id; state and member empty: all.
func (q queries) Messages(ctx context.Context, state string, member campaigns.MemberID, p Page) ([]*Message, error) {
	f := q.filter("id > ", p.After)
	f.word("state = ", state)
	f.id("member_id = ", int64(member))
	ms, err := many(ctx, q.run, scanMessage, f.page(`SELECT `+messageColumns+` FROM messages`, p), f.args...)
	return ms, wrap("list messages", err)
}

// CloseMessage marks a message as dealt with; one that is closed already stays as it is. Fault not_found.message.
func (tx *Tx) CloseMessage(ctx context.Context, id int64, by string, now time.Time) (*Message, error) {
	if _, err := tx.run.exec(ctx, `UPDATE messages SET state = 'closed', closed_at = $2, closed_by = $3 WHERE id = $1 AND state = 'open'`,
		id, micros(now), by); err != nil {
		return nil, wrap("close message", err)
	}
	m, ok, err := one(ctx, tx.run, scanMessage, `SELECT `+messageColumns+` FROM messages WHERE id = $1`, id)
	return found("message", nil, m, ok, err)
}

// Selection returns what is ticked in a question with several answers.
func (q queries) Selection(ctx context.Context, e campaigns.EnrollmentID, step campaigns.StepID, visit int) ([]string, error) {
	options, _, err := one(ctx, q.run, func(r rows) (options []string, err error) {
		err = r.Scan(jsonInto{&options})
		return options, err
	}, `SELECT options FROM selections WHERE enrollment_id = $1 AND step = $2 AND visit = $3`, e, step, visit)
	return options, wrap("read selection", err)
}

// PutSelection replaces it; nil removes it.
func (tx *Tx) PutSelection(ctx context.Context, e campaigns.EnrollmentID, step campaigns.StepID, visit int, options []string) error {
	if options == nil {
		_, err := tx.run.exec(ctx, `DELETE FROM selections WHERE enrollment_id = $1 AND step = $2 AND visit = $3`, e, step, visit)
		return wrap("remove selection", err)
	}
	_, err := tx.run.exec(ctx, `INSERT INTO selections (enrollment_id, step, visit, options) VALUES ($1, $2, $3, $4)
		ON CONFLICT (enrollment_id, step, visit) DO UPDATE SET options = excluded.options`, e, step, visit, toJSON(options))
	return wrap("write selection", err)
}
