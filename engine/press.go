package engine

import (
	"context"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// pressed lets the page show the question of the press, where that takes an answer, and returns what is to be ticked on it. Else the page stays where the
// passage stands, ticks nothing, and says why.
func (e *Engine) pressed(ctx context.Context, page *SurveyPage, r *renderJob, row *store.Enrollment, press Press, state campaigns.State) (*Press, error) {
	ask := askOf(r.l.def, press.Step)
	if ask != nil {
		press.Values = slices.DeleteFunc(slices.Clone(press.Values), func(v string) bool { return !hasOption(ask, v) })
	}
	if press.Visit == 0 && r.en.Visits[press.Step] > 1 {
		page.Notice = NoticeOlder
		return nil, nil
	}
	press.Visit = max(press.Visit, 1)
	facts, err := e.pageFacts(ctx, r, row, state)
	if err != nil {
		return nil, err
	}
	switch decide.Taken(r.l.def, r.en, facts, press.Step, press.Visit, e.now()) {
	case decide.TakesFirst:
		return &press, nil
	case decide.TakesFinal:
		page.Notice = NoticeFinal
	case decide.TakesLate:
		page.Notice = NoticeClosed
	case decide.TakesChange:
		return r.changed(page, ask, press), nil
	}
	return nil, nil
}

// changed shows a question of before with the answer that is to take the place of the one that it has. Who asks for no change goes on with what is asked now.
func (r *renderJob) changed(page *SurveyPage, ask *definition.Ask, press Press) *Press {
	was, answered := answerTo(r.en, ask, press.Step)
	same := answered && slices.Equal(press.Values, chosen(was))
	if !press.Again && page.State == PageQuestion && (len(press.Values) == 0 || same) {
		if answered {
			page.Notice = NoticeAnswered
		}
		return nil
	}
	if answered && !press.Again && len(press.Values) == 0 {
		press.Values, press.Typed = chosen(was), typed(was)
	}
	page.State, r.d.Step, r.d.Visit = PageQuestion, press.Step, press.Visit
	return &press
}

// pageFacts is what is to be known to say whether a question takes an answer.
func (e *Engine) pageFacts(ctx context.Context, r *renderJob, row *store.Enrollment, state campaigns.State) (decide.Facts, error) {
	pauses, err := e.Store.Pauses(ctx, row.Campaign)
	if err != nil {
		return decide.Facts{}, err
	}
	return e.facts(r.p, r.l.def.Topic, standingOf(state, pauses), r.c, e.now()), nil
}

// answerTo is the answer that the step's question has.
func answerTo(en decide.Enrollment, ask *definition.Ask, step campaigns.StepID) (campaigns.Answer, bool) {
	a, ok := en.Answers[saveAs(ask, step)]
	return a, ok && en.Asked[step].Answered && a.Type == ask.Type
}

func hasOption(ask *definition.Ask, value string) bool {
	return slices.ContainsFunc(answers.Options(ask, "", ""), func(o answers.Option) bool { return o.Value == value })
}

// typed is an answer as the page's field has it.
func typed(a campaigns.Answer) string {
	switch a.Type {
	case campaigns.Number:
		return strconv.FormatFloat(a.Number, 'f', -1, 64)
	case campaigns.Text, campaigns.Date:
		return a.Text
	}
	return ""
}
