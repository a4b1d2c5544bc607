package definition

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Facts is what conditions may look at of one member. It holds personal values: never log it.
type Facts struct {
	Attributes map[string]any // string, float64, bool
	// Answers are those that count: the current value of each name, late ones left out.
	Answers map[string]campaigns.Answer
	// Calls are what other systems answered, by the names of the calls.
	Calls    map[string]map[string]any
	Tags     []string
	Language campaigns.Lang
	// Score is what the passage has gathered, by the names of SubjectScore.
	Score map[string]float64
	// Channels with a usable address.
	Channels map[campaigns.Channel]bool
	// Now is the moment that spans of time are counted back from.
	Now time.Time
	// Past is what was, as far as conditions ask for it (Needs.Past); nil: nothing.
	Past *Past
	// Segments are those that conditions name, and those that these name.
	Segments Segments
}

// Fold makes texts that differ in case alone equal (Unicode full case folding). What SQL compares is stored folded by it.
func Fold(s string) string { return cases.Fold().String(s) }

// Holds answers the condition for one member. An empty All holds, an empty Any does not. A language holds for its regions too: "pt" for
// "pt-BR", not the other way round.
func (c *Condition) Holds(f Facts) bool {
	holds := func(inner Condition) bool { return inner.Holds(f) }
	switch {
	case c.Everyone:
		return true
	case c.All != nil:
		return !slices.ContainsFunc(c.All, func(inner Condition) bool { return !inner.Holds(f) })
	case c.Any != nil:
		return slices.ContainsFunc(c.Any, holds)
	case c.Not != nil:
		return !c.Not.Holds(f)
	}
	return c.subjectHolds(f)
}

func (c *Condition) subjectHolds(f Facts) bool {
	switch c.Subject {
	case SubjectTag:
		return slices.ContainsFunc(f.Tags, func(tag string) bool { return Fold(tag) == Fold(c.Name) })
	case SubjectLanguage:
		have, want := Fold(string(f.Language)), Fold(c.Name)
		return have == want || strings.HasPrefix(have, want+"-")
	case SubjectChannel:
		return f.Channels[campaigns.Channel(c.Name)]
	case SubjectAttribute:
		v := f.Attributes[c.Name]
		return c.compare(v, v != nil)
	case SubjectScore:
		if c.Of != "" {
			return c.compare(float64(f.past().Points[c.Of]), true)
		}
		return c.compare(f.Score[c.Name], true)
	case SubjectAnswer:
		a, ok := f.Answers[c.Name]
		if c.Of != "" {
			a, ok = f.past().Answers[c.Of][c.Name]
		}
		return c.compare(AnswerValue(a), ok)
	case SubjectCall:
		v := CallField(f.Calls, strings.Split(c.Name, "."))
		return c.compare(v, v != nil)
	case SubjectSegment:
		in := f.Segments[campaigns.Key(c.Name)]
		return in != nil && in.Holds(f)
	}
	return c.pastHolds(f)
}

// AnswerValue is what is compared: text for a choice, a text and a date; a number; true or false; a list for choices.
func AnswerValue(a campaigns.Answer) any {
	switch a.Type {
	case campaigns.Choices:
		return a.List
	case campaigns.YesNo:
		return a.Bool
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return a.Number
	}
	return a.Text
}

func (c *Condition) compare(have any, exists bool) bool {
	switch c.Op {
	case OpExists:
		return exists == (c.Value == true)
	case OpIsNot:
		return !exists || !equal(have, c.Value)
	}
	if !exists {
		return false
	}
	switch c.Op {
	case OpIs:
		return equal(have, c.Value)
	case OpIn:
		return slices.ContainsFunc(c.Values, func(v any) bool { return equal(have, v) })
	case OpContains:
		return contains(have, c.Value)
	}
	order, ok := compared(have, c.Value)
	return ok && c.Op.accepts(order)
}

// accepts says whether an order (-1, 0, 1) of the value to the bound is what the comparison asks for.
func (o Op) accepts(order int) bool {
	switch o {
	case OpGreater:
		return order > 0
	case OpLess:
		return order < 0
	case OpAtLeast:
		return order >= 0
	case OpAtMost:
		return order <= 0
	}
	return false
}

// equal compares values of one type. A list equals the value that is all it holds.
func equal(have, want any) bool {
	switch have := have.(type) {
	case []string:
		return len(have) == 1 && equal(have[0], want)
	case bool:
		return have == want
	}
	order, ok := compared(have, want)
	return ok && order == 0
}

func contains(have, want any) bool {
	part, ok := want.(string)
	if !ok {
		return false
	}
	switch have := have.(type) {
	case string:
		return strings.Contains(Fold(have), Fold(part))
	case []string:
		return slices.ContainsFunc(have, func(v string) bool { return Fold(v) == Fold(part) })
	}
	return false
}

// compared orders two numbers, or two texts by the bytes of their folded form.
func compared(have, want any) (order int, ok bool) {
	switch have := have.(type) {
	case float64:
		want, ok := want.(float64)
		return cmp.Compare(have, want), ok
	case string:
		want, ok := want.(string)
		if !ok {
			return 0, false
		}
		return strings.Compare(Fold(have), Fold(want)), true
	}
	return 0, false
}
