// Package explain says conditions in plain words, for people who did not write them. It is pure.
package explain

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// Words say conditions in one language.
type Words struct {
	Lang string
	// Campaign and Segment are what those are called; nil, or an empty answer: by their key.
	Campaign, Segment func(campaigns.Key) string
	// Option is what the button says whose value was stored as an answer to a question of the passage's own campaign; nil, or an empty answer: the value.
	Option func(question, value string) string
}

// About knows what the buttons of the campaign's questions say.
func (w Words) About(d *definition.Definition) Words {
	w.Option = func(question, value string) string {
		for _, s := range d.Questions() {
			ask := s.Ask()
			if ask.SaveAs != question {
				continue
			}
			for _, o := range ask.Options {
				if o.Value == value {
					label, _ := o.Text.In(campaigns.Lang(w.Lang), d.Languages[0])
					return d.InForm(label)
				}
			}
		}
		return ""
	}
	return w
}

// Part is a condition as a list: what it says, and what that consists of.
type Part struct {
	Text  string `json:"text"`
	Parts []Part `json:"parts,omitempty"`
}

func (w Words) say(key string, args map[string]any) string { return locale.T(w.Lang, key, args) }

// Sentence says whom the condition holds: "Members who have the tag “novice” and whose language is Russian."
func (w Words) Sentence(c *definition.Condition) string {
	if everyone(c) {
		return w.say("explain.everyone", nil)
	}
	if c.Not != nil && c.Not.Not == nil {
		if _, ok := w.negated(c.Not); !ok {
			but := w.say("explain.not", map[string]any{"clause": w.clause(c.Not, "explain.not")})
			return w.say("explain.all_but", map[string]any{"clause": but})
		}
	}
	return w.say("explain.sentence", map[string]any{"clause": w.Clause(c)})
}

func everyone(c *definition.Condition) bool { return c.Everyone || c.All != nil && len(c.All) == 0 }

// Clause says it as it goes on after "members".
func (w Words) Clause(c *definition.Condition) string { return w.clause(c, "") }

// Label says it as what stands alone above a way of a branch: "Who have the tag “novice”".
func (w Words) Label(c *definition.Condition) string {
	said := w.Clause(c)
	i := max(0, strings.IndexFunc(said, unicode.IsLetter)) // behind a bracket
	first, n := utf8.DecodeRuneInString(said[i:])
	return said[:i] + string(unicode.ToUpper(first)) + said[i+n:]
}

// clause puts what has several parts in brackets where it is one of several itself that another word joins: that word is inside.
func (w Words) clause(c *definition.Condition, inside string) string {
	switch {
	case len(c.All) > 0:
		return w.joined(c.All, "explain.and", inside)
	case len(c.Any) > 0:
		return w.joined(c.Any, "explain.or", inside)
	case c.Not != nil && c.Not.Not != nil:
		return w.clause(c.Not.Not, inside)
	case c.Not != nil:
		if said, ok := w.negated(c.Not); ok {
			return said
		}
		if each := w.apart(c.Not); each != nil {
			return w.clause(each, inside)
		}
		return w.amongNone(w.clause(c.Not, "explain.not"))
	}
	return w.leaf(c, false)
}

func (w Words) joined(cs []definition.Condition, last, inside string) string {
	parts := make([]string, len(cs))
	for i := range cs {
		within := last
		if len(cs) == 1 {
			within = inside
		}
		parts[i] = w.clause(&cs[i], within)
	}
	n := len(parts)
	if n == 1 {
		return parts[0]
	}
	out := strings.Join(parts[:n-1], w.say("explain.comma", nil)) + w.say(last, nil) + parts[n-1]
	if inside != "" && inside != last {
		return "(" + out + ")"
	}
	return out
}

// Parts says it as a list.
func (w Words) Parts(c *definition.Condition) Part {
	switch {
	case len(c.All) == 1:
		return w.Parts(&c.All[0])
	case len(c.Any) == 1:
		return w.Parts(&c.Any[0])
	case len(c.All) > 1:
		return w.list("explain.all_of", c.All)
	case len(c.Any) > 1:
		return w.list("explain.any_of", c.Any)
	case c.Not != nil && len(c.Not.Any) > 1:
		return w.list("explain.none_of", c.Not.Any)
	case everyone(c):
		return Part{Text: w.say("explain.everyone", nil)}
	}
	return Part{Text: w.Clause(c)}
}

func (w Words) list(key string, cs []definition.Condition) Part {
	p := Part{Text: w.say(key, nil)}
	for i := range cs {
		p.Parts = append(p.Parts, w.Parts(&cs[i]))
	}
	return p
}

func (w Words) amongNone(clause string) string {
	if strings.HasPrefix(clause, "(") {
		return w.say("explain.not_among_several", map[string]any{"clause": clause})
	}
	return w.say("explain.not_among", map[string]any{"clause": clause})
}

// apart is what holds where none of several comparisons does, or not all of them, where each has words for that (De Morgan); nil: not each.
func (w Words) apart(c *definition.Condition) *definition.Condition {
	each := func(cs []definition.Condition) (out []definition.Condition) {
		for i := range cs {
			if _, ok := w.negated(&cs[i]); !ok {
				return nil
			}
			out = append(out, definition.Condition{Not: &cs[i]})
		}
		return out
	}
	if all := each(c.Any); all != nil {
		return &definition.Condition{All: all}
	}
	if some := each(c.All); some != nil {
		return &definition.Condition{Any: some}
	}
	return nil
}

// negated says that a comparison does not hold, where there are words for it.
func (w Words) negated(c *definition.Condition) (string, bool) {
	switch {
	case len(c.All) == 1:
		return w.negated(&c.All[0])
	case len(c.Any) == 1:
		return w.negated(&c.Any[0])
	case c.Subject == "":
		return "", false
	case c.Op == definition.OpExists, c.Op == definition.OpIs, c.Op == definition.OpIsNot:
		return w.leaf(opposite(c), false), true
	case c.Subject != definition.SubjectEvent && (c.Op == definition.OpIn || c.Op == definition.OpContains):
		return w.leaf(c, true), true
	case c.Op == "" && c.Subject != definition.SubjectFirstEvent && c.Subject != definition.SubjectLastEvent:
		return w.leaf(c, true), true
	}
	return "", false
}

// opposite is the comparison that holds where this one does not.
func opposite(c *definition.Condition) *definition.Condition {
	other := *c
	switch c.Op {
	case definition.OpIs:
		other.Op = definition.OpIsNot
	case definition.OpIsNot:
		other.Op = definition.OpIs
	default:
		other.Value = c.Value != true
	}
	return &other
}

// leaf says one comparison; not: that it does not hold, for those without a comparison of values.
func (w Words) leaf(c *definition.Condition, not bool) string {
	key, args := w.subject(c)
	counts := c.Subject == definition.SubjectEvent
	switch {
	case c.Op == definition.OpExists:
		key, not = key+".known", c.Value != true
	case counts && none(c):
		key, not = "explain.event", true
	case counts && some(c):
		key = "explain.event"
	case counts && c.Op != "":
		args["compared"] = w.times(c)
	case c.Op != "":
		args["compared"], not = w.compared(c, not), false
	}
	if not {
		key += ".not"
	}
	return w.say(key, args)
}

// none reports that a count asks for none at all.
func none(c *definition.Condition) bool {
	n, ok := c.Value.(float64)
	return ok && (n == 0 && (c.Op == definition.OpIs || c.Op == definition.OpAtMost) || n == 1 && c.Op == definition.OpLess)
}

// some reports that a count asks for one at least, and for no more.
func some(c *definition.Condition) bool {
	n, ok := c.Value.(float64)
	return ok && (n == 0 && (c.Op == definition.OpIsNot || c.Op == definition.OpGreater) || n == 1 && c.Op == definition.OpAtLeast)
}

// times says how often.
func (w Words) times(c *definition.Condition) string {
	n, _ := c.Value.(float64)
	args := map[string]any{"n": int(n), "value": w.value(c.Value)}
	if last := len(c.Values) - 1; c.Op == definition.OpIn && last >= 0 {
		all := make([]string, len(c.Values))
		for i, v := range c.Values {
			all[i] = w.value(v)
		}
		args["n"], args["value"] = 0, all[last]
		if last > 0 {
			args["value"] = strings.Join(all[:last], w.say("explain.comma", nil)) + w.say("explain.or", nil) + all[last]
		}
	}
	return w.say("explain.times."+string(c.Op), args)
}

// subject is the words for what is looked at, and their values.
func (w Words) subject(c *definition.Condition) (key string, args map[string]any) {
	args = map[string]any{
		"name": c.Name, "span": w.span(c.Span), "campaign": called(w.Campaign, c.Of), "step": string(c.Step),
		"on": w.on(c.On), "was": w.outcome(c.Was),
	}
	key = "explain." + string(c.Subject)
	switch c.Subject {
	case definition.SubjectLanguage:
		args["name"] = locale.Language(w.Lang, c.Name)
	case definition.SubjectChannel:
		args["on"] = w.on(campaigns.Channel(c.Name))
	case definition.SubjectConsent:
		args["name"] = locale.Topic(w.Lang, c.Name)
		if c.On != "" {
			key += "_on"
		}
	case definition.SubjectEvent:
		if c.Op != "" {
			key += "_count"
		}
	case definition.SubjectCall:
		args["call"], args["name"], _ = strings.Cut(c.Name, ".")
	case definition.SubjectAnswer:
		if c.Of != "" {
			key += "_of"
		}
	case definition.SubjectScore:
		if key += "." + c.Name; c.Of != "" {
			key = "explain.score_of"
		}
	case definition.SubjectSegment:
		args["name"] = called(w.Segment, campaigns.Key(c.Name))
	case definition.SubjectMessage:
		args["name"], key = called(w.Campaign, campaigns.Key(c.Name)), "explain.message"
		if c.Step != "" {
			key += "_step"
		}
	case definition.SubjectInside, definition.SubjectEntered, definition.SubjectCompleted, definition.SubjectLeft:
		args["name"] = called(w.Campaign, campaigns.Key(c.Name))
	}
	return key, args
}

// CampaignName is what the campaign is called; its key, where that is not known.
func (w Words) CampaignName(key campaigns.Key) string { return called(w.Campaign, key) }

// SegmentName is what the segment is called; its key, where that is not known.
func (w Words) SegmentName(key campaigns.Key) string { return called(w.Segment, key) }

func called(name func(campaigns.Key) string, key campaigns.Key) string {
	if name != nil && key != "" {
		if said := name(key); said != "" {
			return said
		}
	}
	return string(key)
}

func (w Words) on(ch campaigns.Channel) string {
	if ch == "" {
		return ""
	}
	return w.say("explain.on."+string(ch), nil)
}

func (w Words) outcome(s campaigns.DeliveryState) string {
	if s == "" {
		return ""
	}
	return w.say("explain.was."+string(s), nil)
}

// compared says the comparison; not: that it does not hold, for those that have words for that.
func (w Words) compared(c *definition.Condition, not bool) string {
	op, values := c.Op, c.Values
	if op != definition.OpIn {
		values = []any{c.Value}
	} else if len(values) == 1 {
		op = definition.OpIs
	}
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = w.operand(c, v)
	}
	key := "explain.op." + string(op)
	if _, text := values[0].(string); text && ordered[op] != "" {
		key = "explain.op." + ordered[op]
	}
	if not {
		key += ".not"
	}
	return w.say(key, map[string]any{"value": strings.Join(all, w.say("explain.comma", nil))})
}

// ordered are the words for an order of days and texts, where numbers have others.
var ordered = map[definition.Op]string{
	definition.OpGreater: "after", definition.OpLess: "before", definition.OpAtLeast: "from", definition.OpAtMost: "until",
}

// operand says what a comparison holds against: an answer by the words of its button, a day as a day, a moment as one.
func (w Words) operand(c *definition.Condition, v any) string {
	said, ok := v.(string)
	if !ok {
		return w.value(v)
	}
	if c.Subject == definition.SubjectAnswer && c.Of == "" && w.Option != nil {
		if label := w.Option(c.Name, said); label != "" {
			return w.value(label)
		}
	}
	if c.Op == definition.OpContains {
		return w.value(v)
	}
	if day, err := time.Parse(time.DateOnly, said); err == nil {
		return locale.LongDate(w.Lang, day)
	}
	if at, err := time.Parse(time.RFC3339, said); err == nil {
		return locale.Moment(w.Lang, at)
	}
	return w.value(v)
}

// Answer says what a member answered to a question, as a condition on it does.
func (w Words) Answer(question string, a campaigns.Answer) string {
	return w.known(&definition.Condition{Subject: definition.SubjectAnswer, Name: question}, definition.AnswerValue(a))
}

// Called says what stood in the answer of another system, as a condition on it does.
func (w Words) Called(value any) string {
	return w.known(&definition.Condition{Subject: definition.SubjectCall}, value)
}

func (w Words) known(c *definition.Condition, v any) string {
	list, ok := v.([]string)
	if !ok {
		return w.operand(c, v)
	}
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = w.operand(c, v)
	}
	if len(all) == 0 {
		return w.say("answer.word.none", nil)
	}
	return strings.Join(all, w.say("explain.comma", nil))
}

func (w Words) value(v any) string {
	switch v := v.(type) {
	case float64:
		return locale.Number(w.Lang, v)
	case bool:
		return w.say(fmt.Sprintf("console.bool.%t", v), nil)
	}
	return w.say("explain.text", map[string]any{"value": fmt.Sprint(v)})
}

// span begins with a space: it goes on after what stands before it.
func (w Words) span(s definition.Span) string {
	switch {
	case !s.Within.IsZero():
		return w.within(s.Within)
	case !s.OlderThan.IsZero():
		return w.say("explain.older_than", map[string]any{"span": w.Period(s.OlderThan)})
	}
	return ""
}

// within agrees with the unit of the period, in number and gender: «за последнюю минуту», «за последние 2 дня»; several units are many: «за последние 1 день 2 часа».
func (w Words) within(p timing.Period) string {
	units := unitsOf(p)
	if len(units) == 0 {
		return ""
	}
	if len(units) == 1 && units[0].n == 1 {
		return w.say("explain.within.one."+units[0].name, nil)
	}
	if len(units) > 1 {
		return w.say("explain.within.several", map[string]any{"span": w.Period(p)})
	}
	return w.say("explain.within."+units[0].name, map[string]any{"n": units[0].n, "span": w.Period(p)})
}

// unit is how many days, hours, minutes or seconds there are.
type unit struct {
	name string
	n    int
}

func unitsOf(p timing.Period) (units []unit) {
	for _, u := range []unit{
		{"days", p.Days}, {"hours", int(p.Time / time.Hour)}, {"minutes", int(p.Time % time.Hour / time.Minute)}, {"seconds", int(p.Time % time.Minute / time.Second)},
	} {
		if u.n > 0 {
			units = append(units, u)
		}
	}
	return units
}

// Period says days, hours, minutes and seconds, those that there are.
func (w Words) Period(p timing.Period) string {
	var parts []string
	for _, u := range unitsOf(p) {
		parts = append(parts, w.say("look.span."+u.name, map[string]any{"n": u.n}))
	}
	if len(parts) == 0 {
		return w.say("look.span.moment", nil)
	}
	return strings.Join(parts, " ")
}
