package store

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Count is one line of a grouped count; unused fields are empty.
type Count struct {
	Version int
	State   string
	Reason  string
	Step    string
	Visit   int
	Channel string
	Wait    string
	N       int
}

// CountEnrollments groups a campaign's enrollments by version, state, reason and, for those inside, step and wait kind.
func (q queries) CountEnrollments(ctx context.Context, id campaigns.CampaignID) ([]Count, error) {
	panic("")
}

// CountDeliveries groups a campaign's deliveries by step, channel, state and reason.
func (q queries) CountDeliveries(ctx context.Context, id campaigns.CampaignID) ([]Count, error) {
	panic("")
}

// AnswerCount is one line of a question's summary.
type AnswerCount struct {
	Question string
	Type     campaigns.QuestionType
	Choice   string   // choice, yes_no
	Number   *float64 // scale, nps, csat, number
	Late     bool
	N        int
}

// CountAnswers groups a campaign's responses by question, type, choice and number. Texts, dates and lists are counted without their values.
func (q queries) CountAnswers(ctx context.Context, id campaigns.CampaignID) ([]AnswerCount, error) {
	panic("")
}

// CountChoices counts each value of the campaign's answers to questions with several answers.
func (q queries) CountChoices(ctx context.Context, id campaigns.CampaignID) ([]AnswerCount, error) {
	panic("")
}

// Backlog is what waits, for metrics and readiness.
type Backlog struct {
	StoredInputs, DeadInputs, PendingDeliveries, OpenChunks int
}

// Backlog counts what waits.
func (q queries) Backlog(ctx context.Context) (Backlog, error) { panic("") }
