package store

import (
	"context"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
)

// answerGroup is what a campaign's responses are counted by.
type answerGroup struct {
	campaign campaigns.CampaignID
	question string
	kind     campaigns.QuestionType
	choice   string
	numeric  bool
	number   float64
	late     bool
}

func (g answerGroup) counter() counter {
	var number any
	if g.numeric {
		number = g.number
	}
	return by(countAnswers, g.campaign, g.question, g.kind, g.choice, number, g.late)
}

// choiceGroup is what each value of an answer with several is counted by.
type choiceGroup struct {
	campaign campaigns.CampaignID
	question string
	kind     campaigns.QuestionType
	choice   string
	late     bool
}

func (g choiceGroup) counter() counter {
	return by(countChoices, g.campaign, g.question, g.kind, g.choice, g.late)
}

// countAnswer counts a response as it stands (sign 1), or no more (-1).
func (tx *Tx) countAnswer(r *Response, sign int) {
	g := answerGroup{campaign: r.Campaign, question: r.Question, kind: r.Answer.Type, late: r.Answer.Late}
	if number, choice := summary(r.Answer); !r.Erased {
		g.number, g.numeric = number.(float64)
		g.choice, _ = choice.(string)
	}
	tx.count(g, sign)
	if g.kind == campaigns.Choices {
		for _, v := range r.Answer.List {
			tx.count(choiceGroup{r.Campaign, r.Question, g.kind, v, g.late}, sign)
		}
	}
	tx.count(counter{countAnswered, r.Campaign, quarterOf(r.AnsweredAt), keyOf()}, sign)
}

// countAnswerer counts the member who gave the first answer in the campaign, or in a round of it. was is the answer's state before; nil: it is new.
func (tx *Tx) countAnswerer(ctx context.Context, r *Response, was *Response) error {
	inTime, wasInTime := r.Round > 0 && !r.Answer.Late, was != nil && was.Round > 0 && !was.Answer.Late
	if was != nil && inTime == wasInTime {
		return nil
	}
	// The plus keeps planners from walking the whole campaign.
	others, _, err := one(ctx, tx.run, func(r rows) (n [2]int, err error) {
		err = r.Scan(&n[0], &n[1])
		return n, err
	}, `SELECT count(*), count(CASE WHEN round = $4 AND NOT late THEN 1 END) FROM responses WHERE member_id = $1 AND +campaign_id = $2 AND id <> $3`,
		r.Member, r.Campaign, r.ID, r.Round)
	if err != nil {
		return wrap("look for answers", err)
	}
	if was == nil && others[0] == 0 {
		tx.count(by(countAnswerers, r.Campaign, ""), 1)
	}
	if inTime != wasInTime && others[1] == 0 {
		sign := 1
		if wasInTime {
			sign = -1
		}
		tx.count(by(countRounds, r.Campaign, strconv.Itoa(r.Round)), sign)
	}
	return nil
}

// countEntered counts, by language, the members of the written rows (by index) whose first enrollment in the campaign it is.
func (tx *Tx) countEntered(ctx context.Context, es []*Enrollment, written []int) error {
	byCampaign := map[campaigns.CampaignID][]campaigns.EnrollmentID{}
	for _, i := range written {
		byCampaign[es[i].Campaign] = append(byCampaign[es[i].Campaign], es[i].ID)
	}
	for id, ids := range byCampaign {
		ls, err := many(ctx, tx.run, scanLanguage, `SELECT m.language, count(*) FROM enrollments e JOIN members m ON m.id = e.member_id WHERE e.id`+tx.dialect.among(1)+`
			AND NOT EXISTS (SELECT 1 FROM enrollments o WHERE o.member_id = e.member_id AND +o.campaign_id = $2 AND o.id < e.id`+tx.dialect.perRow()+`) GROUP BY m.language`, list(tx.dialect, ids), id)
		if err != nil {
			return wrap("count who entered", err)
		}
		for _, l := range ls {
			tx.count(by(countEntered, id, l.Language), l.N)
		}
	}
	return nil
}

func scanLanguage(r rows) (l LanguageCount, err error) {
	err = r.Scan(&l.Language, &l.N)
	return l, err
}

// countErased notes what erasing the member takes from the counters of answers and of ways.
func (tx *Tx) countErased(ctx context.Context, id campaigns.MemberID) error {
	rs, err := many(ctx, tx.run, scanResponse, `SELECT `+readColumns+` FROM responses WHERE member_id = $1`, id)
	if err != nil {
		return wrap("read answers", err)
	}
	for _, r := range rs {
		tx.countAnswer(r, -1)
		r.Erased, r.Answer = true, campaigns.Answer{Type: r.Answer.Type, Late: r.Answer.Late}
		tx.countAnswer(r, 1)
	}
	es, err := many(ctx, tx.run, scanEnrollment, selectEnrollment+` WHERE member_id = $1 AND state IN ('completed', 'exited')`, id)
	if err != nil {
		return wrap("read enrollments", err)
	}
	for _, e := range es {
		tx.countStanding(e.counted, -1)
		e.Data = []byte("{}")
		tx.countStanding(e.standing(), 1)
	}
	return nil
}
