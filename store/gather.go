package store

import (
	"context"
	"errors"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// ErrApart is the error of a transaction over many inputs when one of them needs a transaction of its own.
var ErrApart = errors.New("one of many needs a transaction of its own")

// gathered are small writes of many, which wait so that they can be written set by set: until the next statement that is not one of them, or the commit.
type gathered struct {
	runner
	tx       *Tx
	touched  []touch
	media    []*Media
	answers  []*Response
	freed    []freed
	finished []finish
}

type touch struct {
	member campaigns.MemberID
	at     time.Time
}

type freed struct {
	member     campaigns.MemberID
	enrollment campaigns.EnrollmentID
	at         time.Time
}

type finish struct {
	input  campaigns.InputID
	member campaigns.MemberID
	at     time.Time
}

// Gather lets TouchMember, InsertMedia, SaveResponse, FreeQuestionSlot and FinishInput wait for each other until the transaction runs any other statement or commits.
// An input that is finished elsewhere, or a response that is there, then fails the transaction with ErrApart.
func (tx *Tx) Gather() {
	if tx.gathered == nil {
		tx.gathered = &gathered{runner: tx.run, tx: tx}
		tx.run = tx.gathered
	}
}

func (g *gathered) exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := g.write(ctx); err != nil {
		return 0, err
	}
	return g.runner.exec(ctx, text, args...)
}

func (g *gathered) query(ctx context.Context, text string, args ...any) (rows, error) {
	if err := g.write(ctx); err != nil {
		return nil, err
	}
	return g.runner.query(ctx, text, args...)
}

// write writes what waits. Its own statements find nothing that waits.
func (g *gathered) write(ctx context.Context) error {
	touched, media, answers, freed, finished := g.touched, g.media, g.answers, g.freed, g.finished
	g.touched, g.media, g.answers, g.freed, g.finished = nil, nil, nil, nil, nil
	if len(touched) > 0 {
		if _, err := touchColumns.applyAll(ctx, g.tx.queries, `UPDATE members SET last_act_at = u.at
			FROM {rows} WHERE members.id = u.id AND (members.last_act_at IS NULL OR members.last_act_at < u.at)`, newest(touched)); err != nil {
			return wrap("touch members", err)
		}
	}
	if err := g.tx.insertMedia(ctx, media); err != nil {
		return err
	}
	if err := g.tx.insertResponses(ctx, answers); err != nil {
		return err
	}
	if err := g.tx.freeQuestionSlots(ctx, freed); err != nil {
		return err
	}
	return g.tx.finishInputs(ctx, finished)
}

// newest leaves the last act of each member: of two rows for one, a statement over many takes whichever it likes.
func newest(ts []touch) []touch {
	at := make(map[campaigns.MemberID]int, len(ts))
	some := ts[:0:0]
	for _, t := range ts {
		i, twice := at[t.member]
		switch {
		case !twice:
			at[t.member] = len(some)
			some = append(some, t)
		case some[i].at.Before(t.at):
			some[i] = t
		}
	}
	return some
}

var touchColumns = columns[touch]{
	ints("id", func(t touch) campaigns.MemberID { return t.member }),
	times("at", func(t touch) time.Time { return t.at }),
}

var freedColumns = columns[freed]{
	ints("member_id", func(f freed) campaigns.MemberID { return f.member }),
	ints("enrollment_id", func(f freed) campaigns.EnrollmentID { return f.enrollment }),
}

func (tx *Tx) freeQuestionSlots(ctx context.Context, fs []freed) error {
	if !tx.dialect.postgres || len(fs) == 1 {
		for _, f := range fs {
			n, err := tx.run.exec(ctx, freeSlot, f.member, f.enrollment)
			if err := tx.slotFreed(ctx, f.member, n, f.at, err); err != nil {
				return err
			}
		}
		return nil
	}
	if len(fs) == 0 {
		return nil
	}
	ids, err := many(ctx, tx.run, value[campaigns.MemberID], freedColumns.statement(tx.queries, `DELETE FROM open_questions USING {rows}
		WHERE open_questions.member_id = u.member_id AND open_questions.enrollment_id = u.enrollment_id RETURNING open_questions.member_id`, nil),
		freedColumns.arrays(nil, fs)...)
	if err != nil || len(ids) == 0 {
		return wrap("free question slots", err)
	}
	_, err = tx.run.exec(ctx, `UPDATE deliveries SET due_at = $2 WHERE member_id`+tx.dialect.among(1)+` AND state = 'pending' AND reason = 'question_open' AND due_at > $2`,
		list(tx.dialect, ids), micros(fs[0].at))
	return wrap("wake what waited for question slots", err)
}

var finishColumns = columns[finish]{
	ints("id", func(f finish) campaigns.InputID { return f.input }),
	nullInts("member_id", func(f finish) campaigns.MemberID { return f.member }),
	times("at", func(f finish) time.Time { return f.at }),
}

// finishInputs moves stored inputs to done; ErrApart when one of them is no longer stored. The state is asked for in words that no partial index knows: see
// waiting.
func (tx *Tx) finishInputs(ctx context.Context, fs []finish) error {
	if len(fs) == 0 {
		return nil
	}
	n, err := finishColumns.applyAll(ctx, tx.queries, `UPDATE inputs SET state = 'done', handled_at = u.at, member_id = COALESCE(u.member_id, inputs.member_id)
		FROM {rows} WHERE inputs.id = u.id AND COALESCE(inputs.state, '') = 'stored'`, fs)
	if err == nil && n < len(fs) {
		err = ErrApart
	}
	return wrap("finish inputs", err)
}

// TakeQuestionSlots is TakeQuestionSlot for one question of each of many members; it returns which of them (by index) have the slot now.
func (tx *Tx) TakeQuestionSlots(ctx context.Context, slots []QuestionSlot) ([]int, error) {
	if len(slots) == 0 {
		return nil, nil
	}
	if !tx.dialect.postgres || len(slots) == 1 {
		var at []int
		for i, s := range slots {
			ok, err := tx.TakeQuestionSlot(ctx, s)
			if err != nil {
				return nil, err
			}
			if ok {
				at = append(at, i)
			}
		}
		return at, nil
	}
	taken, err := many(ctx, tx.run, value[int64], slotColumns.statement(tx.queries, `INSERT INTO open_questions (`+slotColumns.list("")+`)
		SELECT `+slotColumns.list("u.")+` FROM {rows} `+tx.dialect.takeSlot()+` RETURNING member_id`, nil), slotColumns.arrays(nil, slots)...)
	return slotColumns.with(slots, taken), wrap("take question slots", err)
}

// KeepQuestionSlots lets slots stay that were to be freed by what was gathered, for the next question of the same enrollment; it returns those that would have
// been freed. Who does not get the slot by TakeQuestionSlots then must free it.
func (tx *Tx) KeepQuestionSlots(slots []QuestionSlot) (kept []QuestionSlot) {
	if tx.gathered == nil {
		return nil
	}
	next := map[campaigns.MemberID]QuestionSlot{}
	for _, s := range slots {
		next[s.Member] = s
	}
	var rest []freed
	for _, f := range tx.gathered.freed {
		if s, ok := next[f.member]; ok && s.Enrollment == f.enrollment {
			kept = append(kept, s)
		} else {
			rest = append(rest, f)
		}
	}
	tx.gathered.freed = rest
	return kept
}

var slotColumns = columns[QuestionSlot]{
	ints("member_id", func(s QuestionSlot) campaigns.MemberID { return s.Member }),
	ints("enrollment_id", func(s QuestionSlot) campaigns.EnrollmentID { return s.Enrollment }),
	texts("step", func(s QuestionSlot) campaigns.StepID { return s.Step }),
	ints("visit", func(s QuestionSlot) int { return s.Visit }),
	ints("delivery_id", func(s QuestionSlot) campaigns.DeliveryID { return s.Delivery }),
	times("opened_at", func(s QuestionSlot) time.Time { return s.OpenedAt }),
}
