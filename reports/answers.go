package reports

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// LatestAnswers lists the newest answers to a question, the newest first, before the id where one is given. Scope responses:read; names need members:read.
func (r *Reports) LatestAnswers(ctx context.Context, p engine.Principal, key campaigns.Key, question string, before int64, limit int) ([]AnswerRow, error) {
	c, err := r.campaign(ctx, p, engine.ResponsesRead, key)
	if err != nil {
		return nil, err
	}
	rows, err := r.store.LatestResponses(ctx, store.ResponseFilter{Campaign: c.ID, Question: question}, before, limit)
	if err != nil {
		return nil, err
	}
	return r.answerRows(ctx, p, rows)
}

// answerRows adds files, and names where the principal may read them.
func (r *Reports) answerRows(ctx context.Context, p engine.Principal, rows []*store.Response) ([]AnswerRow, error) {
	out := make([]AnswerRow, len(rows))
	var files []campaigns.MediaID
	var ids []campaigns.MemberID
	for i, x := range rows {
		out[i].Response = x
		ids = append(ids, x.Member)
		if x.Answer.Media != nil {
			files = append(files, x.Answer.Media.ID)
		}
	}
	media, err := r.store.MediaByID(ctx, files)
	if err != nil {
		return nil, err
	}
	for i, x := range rows {
		if x.Answer.Media != nil {
			out[i].Media = media[x.Answer.Media.ID]
		}
	}
	if len(ids) == 0 || p.Require(engine.MembersRead) != nil {
		return out, nil
	}
	profiles, err := r.store.Profiles(ctx, ids)
	for i := range out {
		if m := profiles[out[i].Member]; m != nil {
			out[i].Name = nameOf(m)
		}
	}
	return out, err
}
