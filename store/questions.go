package store

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// QuestionSlot is the one open typed question of a chat.
type QuestionSlot struct {
	Member     campaigns.MemberID
	Enrollment campaigns.EnrollmentID
	Step       campaigns.StepID
	Visit      int
	Delivery   campaigns.DeliveryID
	OpenedAt   time.Time
}

// QuestionSlot returns the open question of the member's chat, or nil.
func (q queries) QuestionSlot(ctx context.Context, id campaigns.MemberID) (*QuestionSlot, error) {
	if q.foreseen != nil {
		if s, ok := once(q.foreseen.slots, id); ok {
			return s, nil
		}
	}
	s, _, err := one(ctx, q.run, scanSlot, selectSlot+` WHERE member_id = $1`, id)
	return s, wrap("read open question", err)
}

const selectSlot = `SELECT member_id, enrollment_id, step, visit, delivery_id, opened_at FROM open_questions`

func scanSlot(r rows) (*QuestionSlot, error) {
	s := &QuestionSlot{}
	err := r.Scan(&s.Member, &s.Enrollment, &s.Step, &s.Visit, &s.Delivery, timeInto{&s.OpenedAt})
	return s, err
}

// TakeQuestionSlot makes this the open typed question of the member's chat. ok is true when it was free, is held by the same question already, or its
// holder is over (enrollment final, not standing at that step any more, or its campaign paused).
func (tx *Tx) TakeQuestionSlot(ctx context.Context, s QuestionSlot) (ok bool, err error) {
	n, err := tx.run.exec(ctx, `INSERT INTO open_questions (member_id, enrollment_id, step, visit, delivery_id, opened_at) VALUES ($1, $2, $3, $4, $5, $6) `+tx.dialect.takeSlot(),
		s.Member, s.Enrollment, s.Step, s.Visit, s.Delivery, micros(s.OpenedAt))
	return n == 1, wrap("take question slot", err)
}

// takeSlot takes a slot that was not free, where it may. Without perRow, PostgreSQL reads all enrollments to look one up among them.
func (d dialect) takeSlot() string {
	return `ON CONFLICT (member_id) DO UPDATE SET enrollment_id = excluded.enrollment_id, step = excluded.step, visit = excluded.visit,
			delivery_id = excluded.delivery_id, opened_at = excluded.opened_at
		WHERE (open_questions.enrollment_id = excluded.enrollment_id AND open_questions.step = excluded.step AND open_questions.visit = excluded.visit)
			OR NOT EXISTS (SELECT 1 FROM enrollments e JOIN campaigns c ON c.id = e.campaign_id
				WHERE e.id = open_questions.enrollment_id AND e.state IN ('active', 'waiting')
				AND e.step = open_questions.step AND e.visit = open_questions.visit AND c.state <> 'paused'` + d.perRow() + `)`
}

const freeSlot = `DELETE FROM open_questions WHERE member_id = $1 AND enrollment_id = $2`

// FreeQuestionSlot frees the slot when this enrollment holds it, and makes due what waited for it (deliveries of the member put off with reason question_open).
func (tx *Tx) FreeQuestionSlot(ctx context.Context, member campaigns.MemberID, enrollment campaigns.EnrollmentID, now time.Time) error {
	if tx.gathered != nil {
		tx.gathered.freed = append(tx.gathered.freed, freed{member, enrollment, now})
		return nil
	}
	n, err := tx.run.exec(ctx, freeSlot, member, enrollment)
	return tx.slotFreed(ctx, member, n, now, err)
}

// FreeDeliverySlot is FreeQuestionSlot for a question that did not come out: it frees the slot only when this delivery holds it. The same
// enrollment may have asked its next question meanwhile.
func (tx *Tx) FreeDeliverySlot(ctx context.Context, member campaigns.MemberID, delivery campaigns.DeliveryID, now time.Time) error {
	n, err := tx.run.exec(ctx, `DELETE FROM open_questions WHERE member_id = $1 AND delivery_id = $2`, member, delivery)
	return tx.slotFreed(ctx, member, n, now, err)
}

// slotFreed wakes what waited for the slot, where one was freed.
func (tx *Tx) slotFreed(ctx context.Context, member campaigns.MemberID, n int64, now time.Time, err error) error {
	if err != nil || n == 0 {
		return wrap("free question slot", err)
	}
	_, err = tx.run.exec(ctx, `UPDATE deliveries SET due_at = $2 WHERE member_id = $1 AND state = 'pending' AND reason = 'question_open' AND due_at > $2`,
		member, micros(now))
	return wrap("wake what waited for question slot", err)
}
