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
	cs, err := many(ctx, q.run, func(r rows) (c Count, err error) {
		err = r.Scan(&c.Version, &c.State, &c.Reason, &c.Step, &c.Wait, &c.N)
		return c, err
	}, `SELECT version, state, reason, at_step, wait, count(*) FROM (
			SELECT version, state, reason, CASE WHEN state IN ('active', 'waiting') THEN step ELSE '' END AS at_step,
				CASE WHEN state IN ('active', 'waiting') THEN wait_kind ELSE '' END AS wait
			FROM enrollments WHERE campaign_id = $1) AS e
		GROUP BY version, state, reason, at_step, wait ORDER BY version, state, reason, at_step, wait`, id)
	return cs, wrap("count enrollments", err)
}

// CountDeliveries groups a campaign's deliveries by step, channel, state and reason.
func (q queries) CountDeliveries(ctx context.Context, id campaigns.CampaignID) ([]Count, error) {
	cs, err := many(ctx, q.run, func(r rows) (c Count, err error) {
		err = r.Scan(&c.Step, &c.Channel, &c.State, &c.Reason, &c.N)
		return c, err
	}, `SELECT step, channel, state, reason, count(*) FROM deliveries WHERE campaign_id = $1
		GROUP BY step, channel, state, reason ORDER BY step, channel, state, reason`, id)
	return cs, wrap("count deliveries", err)
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
	cs, err := many(ctx, q.run, func(r rows) (c AnswerCount, err error) {
		err = r.Scan(&c.Question, &c.Type, orEmpty(&c.Choice), &c.Number, &c.Late, &c.N)
		return c, err
	}, `SELECT question, type, choice, number, late, count(*) FROM responses WHERE campaign_id = $1
		GROUP BY question, type, choice, number, late ORDER BY question, type, choice, number, late`, id)
	return cs, wrap("count answers", err)
}

// CountChoices counts each value of the campaign's answers to questions with several answers.
func (q queries) CountChoices(ctx context.Context, id campaigns.CampaignID) ([]AnswerCount, error) {
	each := q.dialect.either(
		`json_each(r.answer, '$.list') AS o`,
		`LATERAL jsonb_array_elements_text(r.answer::jsonb -> 'list') AS o (value)`)
	cs, err := many(ctx, q.run, func(r rows) (c AnswerCount, err error) {
		err = r.Scan(&c.Question, &c.Type, &c.Choice, &c.Late, &c.N)
		return c, err
	}, `SELECT r.question, r.type, o.value, r.late, count(*) FROM responses r CROSS JOIN `+each+`
		WHERE r.campaign_id = $1 AND r.type = 'choices'
		GROUP BY r.question, r.type, o.value, r.late ORDER BY r.question, r.type, o.value, r.late`, id)
	return cs, wrap("count choices", err)
}

// Backlog is what waits, for metrics and readiness.
type Backlog struct {
	StoredInputs, DeadInputs, PendingDeliveries, OpenChunks int
}

// Backlog counts what waits.
func (q queries) Backlog(ctx context.Context) (Backlog, error) {
	b, _, err := one(ctx, q.run, func(r rows) (b Backlog, err error) {
		err = r.Scan(&b.StoredInputs, &b.DeadInputs, &b.PendingDeliveries, &b.OpenChunks)
		return b, err
	}, `SELECT (SELECT count(*) FROM inputs WHERE state = 'stored'),
		(SELECT count(*) FROM inputs WHERE state = 'dead'),
		(SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL AND lane = 'interactive' AND state = 'pending')
			+ (SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL AND lane = 'bulk' AND state = 'pending')
			+ (SELECT CAST(COALESCE(sum(left_n), 0) AS BIGINT) FROM chunks WHERE left_n > 0),
		(SELECT count(*) FROM chunks WHERE left_n > 0)`)
	return b, wrap("count backlog", err)
}
