package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Response is one typed answer to one question in one visit of its step.
type Response struct {
	ID         int64
	Enrollment campaigns.EnrollmentID
	Campaign   campaigns.CampaignID
	Version    int
	Member     campaigns.MemberID
	Question   string
	Step       campaigns.StepID
	Visit      int
	Round      int // of the repeat around the step; 0 outside of one
	Answer     campaigns.Answer
	Rev        int64
	AnsweredAt time.Time
	Erased     bool // the member was erased; Answer has its Type only
}

const responseColumns = `id, enrollment_id, campaign_id, version, member_id, question, step, visit, answer, type, number, choice, late, channel, input_id, rev, answered_at, round, answer_key`

// SaveResponse writes the answer, or replaces the value of the one there and keeps that in the history. The same input twice changes nothing.
// ID and Rev of r are set to the row's.
func (tx *Tx) SaveResponse(ctx context.Context, r *Response) error {
	tx.changed(r.Member)
	if tx.gathered != nil {
		if done, err := tx.gatherResponse(ctx, r); done || err != nil {
			return err
		}
	}
	answer, err := json.Marshal(r.Answer)
	if err != nil {
		return wrap("write answer", err)
	}
	old, ok, err := one(ctx, tx.run, scanOldResponse, `SELECT `+readColumns+`, input_id FROM responses WHERE enrollment_id = $1 AND step = $2 AND visit = $3`+
		tx.dialect.forUpdate(), r.Enrollment, r.Step, r.Visit)
	if err != nil {
		return wrap("read response", err)
	}
	if !ok {
		if err := tx.insertResponse(ctx, r, string(answer)); err != nil {
			return err
		}
		tx.countAnswer(r, 1)
		return tx.countAnswerer(ctx, r, nil)
	}
	r.ID, r.Rev = old.ID, old.Rev
	known, err := tx.answeredBy(ctx, old, r.Answer.Input)
	if err != nil || known {
		return err
	}
	if err := tx.replaceResponse(ctx, r, string(answer)); err != nil {
		return err
	}
	now := *old.Response // the row keeps what a later answer does not change
	now.Answer, now.AnsweredAt, now.Erased = r.Answer, r.AnsweredAt, false
	tx.countAnswer(old.Response, -1)
	tx.countAnswer(&now, 1)
	return tx.countAnswerer(ctx, &now, old.Response)
}

type oldResponse struct {
	*Response
	input campaigns.InputID
}

func scanOldResponse(r rows) (o oldResponse, err error) {
	o.Response, err = scanResponseInto(r, &o.input)
	return o, err
}

// answeredBy reports whether the input is the value's or one of the values' before it.
func (tx *Tx) answeredBy(ctx context.Context, old oldResponse, input campaigns.InputID) (bool, error) {
	if input == 0 || input == old.input {
		return input != 0, nil
	}
	_, ok, err := one(ctx, tx.run, value[int64], `SELECT rev FROM response_history WHERE response_id = $1 AND input_id = $2`, old.ID, input)
	return ok, wrap("read response history", err)
}

func (tx *Tx) insertResponse(ctx context.Context, r *Response, answer string) error {
	if err := fill(ctx, tx.ids, &r.ID); err != nil {
		return err
	}
	r.Rev = 1
	number, choice := summary(r.Answer)
	_, err := tx.run.exec(ctx, `INSERT INTO responses (`+responseColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		r.ID, r.Enrollment, r.Campaign, r.Version, r.Member, r.Question, r.Step, r.Visit, answer, r.Answer.Type, number, choice,
		r.Answer.Late, r.Answer.Channel, r.Answer.Input, r.Rev, micros(r.AnsweredAt), r.Round, answerKey(r.Answer))
	return wrap("insert response", err)
}

func (tx *Tx) replaceResponse(ctx context.Context, r *Response, answer string) error {
	if _, err := tx.run.exec(ctx, `INSERT INTO response_history (response_id, rev, answer, input_id, answered_at)
		SELECT id, rev, answer, input_id, answered_at FROM responses WHERE id = $1`, r.ID); err != nil {
		return wrap("keep response", err)
	}
	r.Rev++
	number, choice := summary(r.Answer)
	_, err := tx.run.exec(ctx, `UPDATE responses SET answer = $2, type = $3, number = $4, choice = $5, late = $6, channel = $7, input_id = $8,
		rev = $9, answered_at = $10, answer_key = $11 WHERE id = $1`,
		r.ID, answer, r.Answer.Type, number, choice, r.Answer.Late, r.Answer.Channel, r.Answer.Input, r.Rev, micros(r.AnsweredAt), answerKey(r.Answer))
	return wrap("replace response", err)
}

// summary is what reports group by: a number or a choice, or neither.
func summary(a campaigns.Answer) (number, choice any) {
	switch a.Type {
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return a.Number, nil
	case campaigns.Choice:
		return nil, a.Text
	case campaigns.YesNo:
		return nil, strconv.FormatBool(a.Bool)
	}
	return nil, nil
}

// answerKey is what conditions compare: folded, since SQLite folds ASCII only. Numbers have a column.
func answerKey(a campaigns.Answer) *string {
	key := definition.Fold(a.Text)
	switch a.Type {
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return nil
	case campaigns.YesNo:
		key = strconv.FormatBool(a.Bool)
	case campaigns.Choices:
		key = listKey(a.List)
	}
	return &key
}

// listKey is a list of words as one text, in which each stands in quotation marks that no word can hold.
func listKey(all []string) string {
	folded := make([]string, len(all))
	for i, v := range all {
		folded[i] = definition.Fold(v)
	}
	b, _ := json.Marshal(folded) // texts always can be
	return string(b)
}

// ResponseFilter narrows a list; empty fields match all.
type ResponseFilter struct {
	Campaign campaigns.CampaignID
	Member   campaigns.MemberID
	Question string
}

// Responses lists by id.
func (q queries) Responses(ctx context.Context, f ResponseFilter, p Page) ([]*Response, error) {
	w := q.list(f.Campaign, p)
	var last int64
	if f.Question != "" {
		var err error
		if last, err = q.upTo(ctx, w, "responses", f.Campaign, p); err != nil {
			return nil, wrap("look for responses", err)
		}
		w.word("question = ", f.Question)
	}
	w.id("member_id = ", int64(f.Member))
	rs, err := many(ctx, q.run, scanResponse, w.page(`SELECT `+readColumns+` FROM responses`, p), w.args...)
	p.stopped(last, len(rs))
	return rs, wrap("list responses", err)
}

const readColumns = `id, enrollment_id, campaign_id, version, member_id, question, step, visit, answer, type, late, rev, answered_at, round`

func scanResponse(r rows) (*Response, error) { return scanResponseInto(r) }

// scanResponseInto reads what stands behind the response's columns too.
func scanResponseInto(r rows, behind ...any) (*Response, error) {
	p := &Response{}
	var kind campaigns.QuestionType
	var answer json.RawMessage
	var late bool
	if err := r.Scan(append([]any{
		&p.ID, &p.Enrollment, &p.Campaign, &p.Version, &p.Member, &p.Question, &p.Step, &p.Visit,
		rawInto{&answer},
		&kind, &late, &p.Rev,
		timeInto{&p.AnsweredAt},
		&p.Round,
	}, behind...)...); err != nil {
		return nil, err
	}
	if string(answer) == "{}" {
		p.Erased, p.Answer.Type, p.Answer.Late = true, kind, late
		return p, nil
	}
	return p, json.Unmarshal(answer, &p.Answer)
}
