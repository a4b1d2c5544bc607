package store

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// Asked is a condition with what it is asked by.
type Asked struct {
	Condition *definition.Condition
	// Segments are those that it names, and those that these name; without circles.
	Segments definition.Segments
	// Fallback is the community's first language: a member without a language has it.
	Fallback campaigns.Lang
	// Now is the moment that spans of time are counted back from.
	Now time.Time
}

// Audience returns up to limit ids, in order, of active members after `after` for whom the condition holds: the SQL evaluator, equal to
// (*definition.Condition).Holds outside of steps. A channel holds when there is an address there with usable reach that is confirmed and not suppressed.
// A condition on an answer or a score of a passage finds none.
func (q queries) Audience(ctx context.Context, a Asked, after campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	return q.AudienceUpTo(ctx, a, after, math.MaxInt64, limit)
}

// AudienceUpTo is Audience of the members up to one: however few are found, no more than those are looked at.
func (q queries) AudienceUpTo(ctx context.Context, a Asked, after, last campaigns.MemberID, limit int) ([]campaigns.MemberID, error) {
	e := q.evaluator(a)
	from, to := e.param(int64(after)), e.param(int64(last))
	holds := e.condition(a.Condition)
	ids, err := many(ctx, q.run, value[campaigns.MemberID],
		`SELECT m.id FROM members m WHERE m.id > `+from+` AND m.id <= `+to+` AND m.state = 'active' AND `+holds+` ORDER BY m.id LIMIT `+e.param(limit), e.args...)
	return ids, wrap("read audience", err)
}

// AudienceUpTo is that of a transaction, whose plans may be kept ones: conditions are of as many shapes as campaigns.
func (tx *Tx) AudienceUpTo(ctx context.Context, a Asked, after, last campaigns.MemberID, limit int) (ids []campaigns.MemberID, err error) {
	err = tx.anew(ctx, func(q queries) error {
		ids, err = q.AudienceUpTo(ctx, a, after, last, limit)
		return err
	})
	return ids, err
}

// CountAudience counts the active members for whom the condition holds.
func (q queries) CountAudience(ctx context.Context, a Asked) (n int, err error) {
	e := q.evaluator(a)
	text := `SELECT count(*) FROM members m WHERE m.state = 'active' AND ` + e.condition(a.Condition)
	err = q.counting(ctx, func(q queries) (err error) {
		n, _, err = one(ctx, q.run, value[int], text, e.args...)
		return err
	})
	return n, wrap("count audience", err)
}

// evaluator turns a condition into SQL over members m. Every value is a parameter.
type evaluator struct {
	dialect  dialect
	fallback campaigns.Lang
	segments definition.Segments
	now      time.Time
	args     []any
}

func (q queries) evaluator(a Asked) *evaluator {
	return &evaluator{dialect: q.dialect, fallback: a.Fallback, segments: a.Segments, now: a.Now}
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
		return `EXISTS (SELECT 1 FROM addresses a WHERE a.member_id = m.id AND a.channel = ` + e.param(c.Name) + ` AND a.reach IN ('unknown', 'ok') AND a.proof <> 'unconfirmed'
			AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.channel = a.channel AND s.value_hash = a.value_hash))`
	case definition.SubjectAttribute:
		return compared(c, func(test string) string { return e.valued(c.Name, test) }, attributeValues{e})
	case definition.SubjectAnswer:
		if c.Of != "" {
			return compared(c, e.answered(c), answerValues{e})
		}
		return truth(c.Op == definition.OpIsNot || c.Op == definition.OpExists && c.Value != true) // members have none outside of campaigns
	case definition.SubjectScore:
		if c.Of != "" {
			return e.score(c)
		}
		return e.numeric(c, func() string { return "0" })
	case definition.SubjectSegment:
		if in := e.segments[campaigns.Key(c.Name)]; in != nil {
			return e.condition(in)
		}
		return "FALSE"
	}
	return e.past(c)
}

// language holds for regions too: "pt" for "pt-BR". Language tags are ASCII, which lower() folds on both engines.
func (e *evaluator) language(want string) string {
	have := "lower(CASE WHEN m.language = '' THEN " + e.text(string(e.fallback)) + " ELSE m.language END)"
	whole, region := e.text(want), e.text(want+"-")
	return "(" + have + " = " + whole + " OR substr(" + have + ", 1, length(" + region + ")) = " + region + ")"
}

// text is a parameter whose type PostgreSQL cannot tell from its place.
func (e *evaluator) text(s string) string { return "CAST(" + e.param(s) + " AS TEXT)" }

// valued holds when the attribute has a value for which test holds.
func (e *evaluator) valued(name, test string) string {
	return `EXISTS (SELECT 1 FROM member_attributes a WHERE a.member_id = m.id AND a.name = ` + e.param(name) + ` AND ` + test + `)`
}

// values are tests of a value that there is, in the row a.
type values interface {
	equal(want any) string
	contains(want any) string
	ordered(sign string, want any) string
}

// compared is the condition's comparison. with makes a condition on members of a test of the value: it holds for those who have one that passes.
func compared(c *definition.Condition, with func(test string) string, v values) string {
	switch c.Op {
	case definition.OpExists:
		if c.Value == true {
			return with("TRUE")
		}
		return "NOT " + with("TRUE")
	case definition.OpIs:
		return with(v.equal(c.Value))
	case definition.OpIsNot:
		return "NOT " + with(v.equal(c.Value))
	case definition.OpIn:
		parts := []string{"FALSE"}
		for _, want := range c.Values {
			parts = append(parts, v.equal(want))
		}
		return with("(" + strings.Join(parts, " OR ") + ")")
	case definition.OpContains:
		return with(v.contains(c.Value))
	}
	if sign, ok := orderings[c.Op]; ok {
		return with(v.ordered(sign, c.Value))
	}
	return "FALSE"
}

var orderings = map[definition.Op]string{
	definition.OpGreater: " > ", definition.OpLess: " < ", definition.OpAtLeast: " >= ", definition.OpAtMost: " <= ",
}

// attributeValues compares attributes by their kind.
type attributeValues struct{ e *evaluator }

func (a attributeValues) equal(want any) string {
	switch want := want.(type) {
	case float64:
		return "(a.kind = 'number' AND a.number = " + a.e.param(want) + ")"
	case string, bool:
		return "(a.kind = '" + kindOf(want) + "' AND a.text_key = " + a.e.param(*textKey(want)) + ")"
	}
	return "FALSE"
}

func (a attributeValues) contains(want any) string {
	part, ok := want.(string)
	if !ok {
		return "FALSE"
	}
	return "(a.kind = 'text' AND " + a.e.dialect.position("a.text_key", a.e.text(definition.Fold(part))) + " > 0)"
}

// ordered compares numbers, or texts by the bytes of their folded form.
func (a attributeValues) ordered(sign string, want any) string {
	switch want := want.(type) {
	case float64:
		return "(a.kind = 'number' AND a.number" + sign + a.e.param(want) + ")"
	case string:
		return "(a.kind = 'text' AND a.text_key" + a.e.dialect.bytewise() + sign + a.e.param(definition.Fold(want)) + ")"
	}
	return "FALSE"
}
