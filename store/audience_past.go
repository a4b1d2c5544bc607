package store

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/members"
)

// past is the conditions on what was, over members m.
func (e *evaluator) past(c *definition.Condition) string {
	switch c.Subject {
	case definition.SubjectConsent:
		return e.consent(c)
	case definition.SubjectEvent:
		return e.events(c)
	case definition.SubjectFirstEvent:
		return e.extremeEvent("min", c)
	case definition.SubjectLastEvent:
		return e.extremeEvent("max", c)
	case definition.SubjectInside:
		return e.passage(c, "p.state IN ('active', 'waiting')")
	case definition.SubjectEntered:
		return e.passage(c, "TRUE"+e.span("p.entered_at", c.Span))
	case definition.SubjectCompleted:
		return e.passage(c, "p.state = 'completed'"+e.span("p.ended_at", c.Span))
	case definition.SubjectLeft:
		return e.passage(c, "p.state = 'exited'"+e.span("p.ended_at", c.Span))
	case definition.SubjectMessage:
		return e.message(c)
	}
	return "FALSE"
}

// span narrows a time; without a span any will do.
func (e *evaluator) span(column string, s definition.Span) string {
	from, to := s.Bounds(e.now)
	out := ""
	if !from.IsZero() {
		out += " AND " + column + " >= " + e.param(micros(from))
	}
	if !to.IsZero() {
		out += " AND " + column + " < " + e.param(micros(to))
	}
	return out
}

// consent is what the ledger adds up to: the topic's own entry counts before the one for all topics.
func (e *evaluator) consent(c *definition.Condition) string {
	on := ""
	if c.On != "" {
		on = " AND c.channel = " + e.param(c.On)
	}
	topic := e.param(c.Name)
	return `EXISTS (SELECT 1 FROM subscriptions c WHERE c.member_id = m.id AND c.given` + on + ` AND (c.topic = ` + topic + ` OR c.topic = ` + e.param(members.AllTopics) + ` AND NOT EXISTS (
		SELECT 1 FROM subscriptions o WHERE o.member_id = c.member_id AND o.channel = c.channel AND o.topic = ` + topic + `)))`
}

// received are the events of one name that were reported about the member.
func (e *evaluator) received(what, name string) string {
	return `SELECT ` + what + ` FROM events v WHERE v.member_id = m.id AND v.name = 'event.received' AND ` + e.dialect.eventName("v.") + ` = ` + e.param(name)
}

func (e *evaluator) events(c *definition.Condition) string {
	if c.Op == "" {
		return "EXISTS (" + e.received("1", c.Name) + e.span("v.at", c.Span) + ")"
	}
	return e.numeric(c, func() string { return "(" + e.received("count(*)", c.Name) + e.span("v.at", c.Span) + ")" })
}

func (e *evaluator) extremeEvent(which string, c *definition.Condition) string {
	moment := "(" + e.received(which+"(v.at)", c.Name) + ")"
	return "(" + moment + " IS NOT NULL" + e.span(moment, c.Span) + ")"
}

// numeric compares a number that every member has. have writes it: PostgreSQL refuses parameters that stand nowhere.
func (e *evaluator) numeric(c *definition.Condition, have func() string) string {
	equal := func(v any) string {
		if n, ok := v.(float64); ok {
			return have() + " = " + e.float(n)
		}
		return "FALSE"
	}
	switch c.Op {
	case definition.OpExists:
		return truth(c.Value == true)
	case definition.OpIs:
		return equal(c.Value)
	case definition.OpIsNot:
		return "NOT " + equal(c.Value)
	case definition.OpIn:
		parts := []string{"FALSE"}
		for _, v := range c.Values {
			parts = append(parts, equal(v))
		}
		return "(" + strings.Join(parts, " OR ") + ")"
	}
	n, ok := c.Value.(float64)
	sign, orders := orderings[c.Op]
	if !ok || !orders {
		return "FALSE"
	}
	return have() + sign + e.float(n)
}

// float is a parameter that a whole number is compared with.
func (e *evaluator) float(n float64) string { return "CAST(" + e.param(n) + " AS DOUBLE PRECISION)" }

func (e *evaluator) passage(c *definition.Condition, holds string) string {
	return `EXISTS (SELECT 1 FROM enrollments p WHERE p.member_id = m.id AND p.campaign_id = ` + campaignID(e.param(c.Name)) + ` AND ` + holds + `)`
}

// message looks by the member's passages: the campaign's deliveries of one passage stand together in an index.
func (e *evaluator) message(c *definition.Condition) string {
	step := ""
	if c.Step != "" {
		step = " AND d.step = " + e.param(c.Step)
	}
	return `EXISTS (SELECT 1 FROM enrollments p JOIN deliveries d ON d.enrollment_id = p.id WHERE p.member_id = m.id AND p.campaign_id = ` + campaignID(e.param(c.Name)) +
		step + ` AND d.state = ` + e.param(c.Was) + ` AND d.final_at IS NOT NULL` + e.span("d.final_at", c.Span) + `)`
}

// score is what the member has gathered in the campaign; nothing is 0.
func (e *evaluator) score(c *definition.Condition) string {
	return e.numeric(c, func() string {
		return `COALESCE((SELECT s.total FROM scores s WHERE s.member_id = m.id AND s.campaign_id = ` + campaignID(e.param(string(c.Of))) + `), 0)`
	})
}

// answered holds when there is an answer in time, and test holds for the last one.
func (e *evaluator) answered(c *definition.Condition) func(test string) string {
	return func(test string) string {
		return `EXISTS (SELECT 1 FROM responses a WHERE a.id = (SELECT r.id FROM responses r WHERE r.member_id = m.id AND r.campaign_id = ` + campaignID(e.param(string(c.Of))) +
			` AND r.question = ` + e.param(c.Name) + ` AND NOT r.late AND r.answer <> '{}' ORDER BY r.answered_at DESC, r.id DESC LIMIT 1) AND ` + test + `)`
	}
}

// Kinds of answers, as they are compared.
const (
	numberTypes = `('scale', 'nps', 'csat', 'number')`
	otherTypes  = `('scale', 'nps', 'csat', 'number', 'yes_no', 'choices')`
)

// answerValues compares answers by their type.
type answerValues struct{ e *evaluator }

func (v answerValues) equal(want any) string {
	switch want := want.(type) {
	case float64:
		return "(a.type IN " + numberTypes + " AND a.number = " + v.e.param(want) + ")"
	case bool:
		return "(a.type = 'yes_no' AND a.answer_key = " + v.e.param(*textKey(want)) + ")"
	case string:
		return "(a.answer_key = CASE WHEN a.type = 'choices' THEN " + v.e.text(listKey([]string{want})) + " WHEN a.type NOT IN " + otherTypes + " THEN " + v.e.text(definition.Fold(want)) + " END)"
	}
	return "FALSE"
}

func (v answerValues) contains(want any) string {
	part, ok := want.(string)
	if !ok {
		return "FALSE"
	}
	whole := strings.TrimSuffix(strings.TrimPrefix(listKey([]string{part}), "["), "]")
	return "(CASE WHEN a.type = 'choices' THEN " + v.e.dialect.position("a.answer_key", v.e.text(whole)) +
		" WHEN a.type NOT IN " + otherTypes + " THEN " + v.e.dialect.position("a.answer_key", v.e.text(definition.Fold(part))) + " ELSE 0 END > 0)"
}

func (v answerValues) ordered(sign string, want any) string {
	switch want := want.(type) {
	case float64:
		return "(a.type IN " + numberTypes + " AND a.number" + sign + v.e.param(want) + ")"
	case string:
		return "(a.type NOT IN " + otherTypes + " AND a.answer_key" + v.e.dialect.bytewise() + sign + v.e.param(definition.Fold(want)) + ")"
	}
	return "FALSE"
}
