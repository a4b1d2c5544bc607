package reports

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// fewAnswers is the number under which a summary shows counts alone: a mean of a handful says more than it knows.
const fewAnswers = 20

// Question sums up the answers to one question. Late answers count like others and are told beside them.
type Question struct {
	Question string                 `json:"question"`
	Step     campaigns.StepID       `json:"step,omitempty"`
	Type     campaigns.QuestionType `json:"type"`
	N        int                    `json:"n" doc:"How many answered"`
	Late     int                    `json:"late,omitempty" doc:"How many of them after the question's time limit"`
	Values   []ValueCount           `json:"values" doc:"Empty for texts and dates"`
	Few      bool                   `json:"few" doc:"Under 20 answers: counts only"`
	Mean     *float64               `json:"mean,omitempty" doc:"Scale, CSAT and number, from 20 answers on"`
	NPS      *NPS                   `json:"nps,omitempty"`
}

// ValueCount counts one answer.
type ValueCount struct {
	Value string `json:"value"`
	Label string `json:"label"`
	N     int    `json:"n"`
}

// NPS is the net promoter score: the share of 9 and 10 less the share of 0 to 6, from -100 to 100. Score needs 20 answers.
type NPS struct {
	N          int      `json:"n"`
	Promoters  int      `json:"promoters"`
	Passives   int      `json:"passives"`
	Detractors int      `json:"detractors"`
	Score      *float64 `json:"score,omitempty"`
}

// asked is a question as the definitions have it.
type asked struct {
	step     campaigns.StepID
	ask      *definition.Ask
	fallback campaigns.Lang
}

func askedQuestions(defs []*definition.Definition) (names []string, by map[string]asked) {
	by = map[string]asked{}
	for _, def := range defs {
		for _, s := range def.Order {
			ask, ok := s.Body.(*definition.Ask)
			if !ok {
				continue
			}
			if _, known := by[ask.SaveAs]; !known {
				names = append(names, ask.SaveAs)
				by[ask.SaveAs] = asked{s.ID, ask, def.Languages[0]}
			}
		}
	}
	return names, by
}

func (r *Reports) questions(ctx context.Context, c *store.Campaign, defs []*definition.Definition, lang string) ([]Question, error) {
	counts, err := r.store.CountAnswers(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	lists, err := r.store.CountChoices(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	names, by := askedQuestions(defs)
	rows := map[string][]store.AnswerCount{}
	for _, a := range counts {
		if _, known := by[a.Question]; !known && rows[a.Question] == nil {
			names = append(names, a.Question)
		}
		rows[a.Question] = append(rows[a.Question], a)
	}
	picked := map[string][]store.AnswerCount{}
	for _, a := range lists {
		picked[a.Question] = append(picked[a.Question], a)
	}
	out := make([]Question, 0, len(names))
	for _, name := range names {
		out = append(out, question(name, by[name], rows[name], picked[name], campaigns.Lang(lang)))
	}
	return out, nil
}

func question(name string, q asked, rows, picked []store.AnswerCount, lang campaigns.Lang) Question {
	out := Question{Question: name, Step: q.step, Values: []ValueCount{}}
	if q.ask != nil {
		out.Type = q.ask.Type
	}
	for _, a := range rows {
		if out.Type == "" {
			out.Type = a.Type
		}
		out.N += a.N
		if a.Late {
			out.Late += a.N
		}
	}
	out.Few = out.N < fewAnswers
	if out.Type == campaigns.Choices {
		rows = picked
	}
	out.Values = values(q, out.Type, rows, lang)
	out.score(rows)
	return out
}

// values counts each answer: first the options in their order, those that nobody chose too, then what else was answered.
func values(q asked, kind campaigns.QuestionType, rows []store.AnswerCount, lang campaigns.Lang) []ValueCount {
	n := map[string]int{}
	var others []string
	for _, a := range rows {
		v, ok := valueOf(a)
		if !ok {
			continue
		}
		if _, seen := n[v]; !seen {
			others = append(others, v)
		}
		n[v] += a.N
	}
	out := []ValueCount{}
	if q.ask != nil && q.ask.Type == kind {
		for _, o := range answers.Options(q.ask, lang, q.fallback) {
			out = append(out, ValueCount{o.Value, o.Label, n[o.Value]})
			delete(n, o.Value)
		}
	}
	sortValues(others)
	for _, v := range others {
		if count, left := n[v]; left {
			out = append(out, ValueCount{v, v, count})
		}
	}
	return out
}

func sortValues(vs []string) {
	slices.SortFunc(vs, func(a, b string) int {
		x, xerr := strconv.ParseFloat(a, 64)
		y, yerr := strconv.ParseFloat(b, 64)
		if xerr == nil && yerr == nil {
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	})
}

func valueOf(a store.AnswerCount) (string, bool) {
	switch {
	case a.Number != nil:
		return strconv.FormatFloat(*a.Number, 'f', -1, 64), true
	case a.Choice != "":
		return a.Choice, true
	}
	return "", false
}

// score adds what is computed from numbers.
func (q *Question) score(rows []store.AnswerCount) {
	switch q.Type {
	case campaigns.NPS:
		q.NPS = nps(rows)
	case campaigns.Scale, campaigns.CSAT, campaigns.Number:
		sum, n := 0.0, 0
		for _, a := range rows {
			if a.Number != nil {
				sum, n = sum+*a.Number*float64(a.N), n+a.N
			}
		}
		if n >= fewAnswers {
			mean := math.Round(sum/float64(n)*100) / 100
			q.Mean = &mean
		}
	}
}

func nps(rows []store.AnswerCount) *NPS {
	s := &NPS{}
	for _, a := range rows {
		if a.Number == nil {
			continue
		}
		s.N += a.N
		switch {
		case *a.Number >= 9:
			s.Promoters += a.N
		case *a.Number >= 7:
			s.Passives += a.N
		default:
			s.Detractors += a.N
		}
	}
	if s.N >= fewAnswers {
		score := math.Round(float64(s.Promoters-s.Detractors) / float64(s.N) * 100)
		s.Score = &score
	}
	return s
}
