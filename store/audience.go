package store

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Audience returns up to limit ids, in order, of active members after `after` for whom the condition holds: the SQL evaluator,
// equal to (*definition.Condition).Holds for everyone, all, any, not, attribute, tag, language, channel. fallback is the community's first language
// (a member without a language has it). A channel holds when there is an address there with usable reach that is not suppressed.
// A condition on an answer finds none.
func (q queries) Audience(ctx context.Context, c *definition.Condition, fallback campaigns.Lang, after campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	return q.AudienceUpTo(ctx, c, fallback, after, math.MaxInt64, limit)
}

// AudienceUpTo is Audience of the members up to one: however few are found, no more than those are looked at.
func (q queries) AudienceUpTo(ctx context.Context, c *definition.Condition, fallback campaigns.Lang, after, last campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	e := evaluator{dialect: q.dialect, fallback: fallback}
	from, to := e.param(int64(after)), e.param(int64(last))
	holds := e.condition(c)
	ids, err := many(ctx, q.run, value[campaigns.MemberID],
		`SELECT m.id FROM members m WHERE m.id > `+from+` AND m.id <= `+to+` AND m.state = 'active' AND `+holds+` ORDER BY m.id LIMIT `+e.param(limit), e.args...)
	return ids, wrap("read audience", err)
}

// CountAudience counts the active members for whom the condition holds.
func (q queries) CountAudience(ctx context.Context, c *definition.Condition, fallback campaigns.Lang) (int, error) {
	e := evaluator{dialect: q.dialect, fallback: fallback}
	n, _, err := one(ctx, q.run, value[int], `SELECT count(*) FROM members m WHERE m.state = 'active' AND `+e.condition(c), e.args...)
	return n, wrap("count audience", err)
}

// evaluator turns a condition into SQL over members m. Every value is a parameter.
type evaluator struct {
	dialect  dialect
	fallback campaigns.Lang
	args     []any
}

func (e *evaluator) param(v any) string {
	e.args = append(e.args, v)
	return "$" + strconv.Itoa(len(e.args))
}

func truth(b bool) string {
	if b {
		return "TRUE"
	}
	return "FALSE"
}

func (e *evaluator) condition(c *definition.Condition) string {
	switch {
	case c.Everyone:
		return "TRUE"
	case c.All != nil:
		return e.joined(c.All, " AND ", "TRUE")
	case c.Any != nil:
		return e.joined(c.Any, " OR ", "FALSE")
	case c.Not != nil:
		return "NOT " + e.condition(c.Not)
	}
	return e.subject(c)
}

func (e *evaluator) joined(cs []definition.Condition, by, none string) string {
	if len(cs) == 0 {
		return none
	}
	parts := make([]string, len(cs))
	for i := range cs {
		parts[i] = e.condition(&cs[i])
	}
	return "(" + strings.Join(parts, by) + ")"
}

func (e *evaluator) subject(c *definition.Condition) string {
	switch c.Subject {
	case definition.SubjectTag:
		return `EXISTS (SELECT 1 FROM member_tags t WHERE t.member_id = m.id AND t.tag_key = ` + e.param(definition.Fold(c.Name)) + `)`
	case definition.SubjectLanguage:
		return e.language(definition.Fold(c.Name))
	case definition.SubjectChannel:
		return `EXISTS (SELECT 1 FROM addresses a WHERE a.member_id = m.id AND a.channel = ` + e.param(c.Name) + ` AND a.reach IN ('unknown', 'ok')
			AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash))`
	case definition.SubjectAttribute:
		return e.attribute(c)
	case definition.SubjectAnswer: // members have none outside of campaigns
		return truth(c.Op == definition.OpIsNot || c.Op == definition.OpExists && c.Value != true)
	}
	return "FALSE"
}

// language holds for regions too: "pt" for "pt-BR". Language tags are ASCII, which lower() folds on both engines.
func (e *evaluator) language(want string) string {
	have := "lower(CASE WHEN m.language = '' THEN " + e.text(string(e.fallback)) + " ELSE m.language END)"
	whole, region := e.text(want), e.text(want+"-")
	return "(" + have + " = " + whole + " OR substr(" + have + ", 1, length(" + region + ")) = " + region + ")"
}

// text is a parameter whose type PostgreSQL cannot tell from its place.
func (e *evaluator) text(s string) string { return "CAST(" + e.param(s) + " AS TEXT)" }

func (e *evaluator) attribute(c *definition.Condition) string {
	switch c.Op {
	case definition.OpExists:
		if c.Value == true {
			return e.valued(c.Name, "TRUE")
		}
		return "NOT " + e.valued(c.Name, "TRUE")
	case definition.OpIs:
		return e.valued(c.Name, e.equal(c.Value))
	case definition.OpIsNot:
		return "NOT " + e.valued(c.Name, e.equal(c.Value))
	case definition.OpIn:
		parts := []string{"FALSE"}
		for _, v := range c.Values {
			parts = append(parts, e.equal(v))
		}
		return e.valued(c.Name, "("+strings.Join(parts, " OR ")+")")
	case definition.OpContains:
		return e.valued(c.Name, e.contains(c.Value))
	}
	return e.valued(c.Name, e.ordered(c.Op, c.Value))
}

// valued holds when the attribute has a value for which test holds.
func (e *evaluator) valued(name, test string) string {
	return `EXISTS (SELECT 1 FROM member_attributes a WHERE a.member_id = m.id AND a.name = ` + e.param(name) + ` AND ` + test + `)`
}

func (e *evaluator) equal(v any) string {
	switch v := v.(type) {
	case float64:
		return "(a.kind = 'number' AND a.number = " + e.param(v) + ")"
	case string, bool:
		return "(a.kind = '" + kindOf(v) + "' AND a.text_key = " + e.param(*textKey(v)) + ")"
	}
	return "FALSE"
}

func (e *evaluator) contains(v any) string {
	part, ok := v.(string)
	if !ok {
		return "FALSE"
	}
	return "(a.kind = 'text' AND " + e.dialect.position("a.text_key", e.text(definition.Fold(part))) + " > 0)"
}

var orderings = map[definition.Op]string{
	definition.OpGreater: " > ", definition.OpLess: " < ", definition.OpAtLeast: " >= ", definition.OpAtMost: " <= ",
}

// ordered compares numbers, or texts by the bytes of their folded form.
func (e *evaluator) ordered(op definition.Op, v any) string {
	sign, ok := orderings[op]
	if !ok {
		return "FALSE"
	}
	switch v := v.(type) {
	case float64:
		return "(a.kind = 'number' AND a.number" + sign + e.param(v) + ")"
	case string:
		return "(a.kind = 'text' AND a.text_key" + e.dialect.bytewise() + sign + e.param(definition.Fold(v)) + ")"
	}
	return "FALSE"
}
