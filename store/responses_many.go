package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// gatherResponse lets the answer wait for others, where nothing has to be looked up for it: it was foreseen whether the member has answered in the campaign
// before. done is false where SaveResponse has to do it.
func (tx *Tx) gatherResponse(ctx context.Context, r *Response) (done bool, err error) {
	if tx.foreseen == nil {
		return false, nil
	}
	before, known := once(tx.foreseen.answered[r.Member], r.Campaign)
	if !known {
		return false, nil
	}
	if err := fill(ctx, tx.ids, &r.ID); err != nil {
		return false, err
	}
	r.Rev = 1
	tx.countAnswer(r, 1)
	if !before {
		tx.count(by(countAnswerers, r.Campaign, ""), 1)
	}
	tx.gathered.answers = append(tx.gathered.answers, r)
	return true, nil
}

// insertResponses writes first answers. One that is a later answer to the same question fails with ErrApart.
func (tx *Tx) insertResponses(ctx context.Context, rs []*Response) error {
	if len(rs) == 0 {
		return nil
	}
	written, err := responseRows.insert(ctx, tx.queries, "responses", `ON CONFLICT (enrollment_id, step, visit) DO NOTHING`, rs)
	if err == nil && len(written) < len(rs) {
		err = ErrApart
	}
	if err != nil {
		return wrap("insert responses", err)
	}
	return tx.countRounds(ctx, rs)
}

// countRounds counts the members who gave the first answer in time in a round, by these answers, one of each member.
func (tx *Tx) countRounds(ctx context.Context, rs []*Response) error {
	round := map[int64]*Response{}
	var ids []int64
	for _, r := range rs {
		if r.Round > 0 && !r.Answer.Late {
			round[r.ID], ids = r, append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	// The plus keeps planners from walking the whole campaign.
	first, err := many(ctx, tx.run, value[int64], `SELECT r.id FROM responses r WHERE r.id`+tx.dialect.among(1)+` AND NOT EXISTS (SELECT 1 FROM responses o
		WHERE o.member_id = r.member_id AND +o.campaign_id = r.campaign_id AND o.round = r.round AND NOT o.late AND o.id <> r.id`+tx.dialect.perRow()+`)`, list(tx.dialect, ids))
	for _, id := range first {
		tx.count(by(countRounds, round[id].Campaign, strconv.Itoa(round[id].Round)), 1)
	}
	return wrap("look for answers", err)
}

var responseRows = columns[*Response]{
	ints("id", func(r *Response) int64 { return r.ID }),
	ints("enrollment_id", func(r *Response) campaigns.EnrollmentID { return r.Enrollment }),
	ints("campaign_id", func(r *Response) campaigns.CampaignID { return r.Campaign }),
	ints("version", func(r *Response) int { return r.Version }),
	ints("member_id", func(r *Response) campaigns.MemberID { return r.Member }),
	texts("question", func(r *Response) string { return r.Question }),
	texts("step", func(r *Response) campaigns.StepID { return r.Step }),
	ints("visit", func(r *Response) int { return r.Visit }),
	texts("answer", func(r *Response) string {
		b, _ := json.Marshal(r.Answer) // one of our own types, which always can be
		return string(b)
	}),
	texts("type", func(r *Response) campaigns.QuestionType { return r.Answer.Type }),
	nullFloats("number", func(r *Response) *float64 {
		if n, _ := summary(r.Answer); n != nil {
			return &r.Answer.Number
		}
		return nil
	}),
	pointers("choice", "text", func(r *Response) *string {
		if _, c := summary(r.Answer); c != nil {
			text := c.(string)
			return &text
		}
		return nil
	}),
	typed("late", "boolean", func(r *Response) bool { return r.Answer.Late }),
	texts("channel", func(r *Response) campaigns.Channel { return r.Answer.Channel }),
	ints("input_id", func(r *Response) campaigns.InputID { return r.Answer.Input }),
	ints("rev", func(r *Response) int64 { return r.Rev }),
	times("answered_at", func(r *Response) time.Time { return r.AnsweredAt }),
	ints("round", func(r *Response) int { return r.Round }),
	pointers("answer_key", "text", func(r *Response) *string { return answerKey(r.Answer) }),
}
