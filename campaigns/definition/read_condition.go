package definition

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// operators are the comparisons, in the order of the grammar.
var operators = []Op{OpIs, OpIsNot, OpIn, OpExists, OpGreater, OpLess, OpAtLeast, OpAtMost, OpContains}

// equality are those that hold one value against others.
var equality = []Op{OpIs, OpIsNot, OpIn}

// answerUse is a condition on an answer, to be held against the question that saves it.
type answerUse struct {
	name   *node
	saved  string // the name by which the answer is known
	op     Op
	opAt   Place
	values []*node
}

// condition reads a condition; answers of the passage itself exist in steps only.
func (r *reader) condition(n *node, inSteps bool) Condition {
	c := Condition{Place: n.place}
	rec, ok := r.record(n, conditionObject)
	if !ok {
		return c
	}
	key := rec.one()
	value := rec.get(key)
	r.besides(&c, rec, key, inSteps)
	switch key {
	case "all":
		c.All = r.conditions(value, inSteps)
	case "any":
		c.Any = r.conditions(value, inSteps)
	case "not":
		inner := r.condition(value, inSteps)
		c.Not = &inner
	case "attribute", "answer", "call", "score":
		r.compared(&c, rec, key, inSteps)
		return c
	case "tag":
		c.Subject = SubjectTag
		c.Name, _ = r.short(value, maxWord)
		r.ownWord(value)
	case "language":
		l, _ := r.language(value)
		c.Subject, c.Name = SubjectLanguage, string(l)
	case "channel":
		c.Subject, c.Name = SubjectChannel, string(word(r, value, knownChannels))
	case "event":
		c.Subject, c.Name = SubjectEvent, r.event(value)
		r.counted(&c, rec)
		return c
	default:
		r.past(&c, rec, key, inSteps)
	}
	r.noComparison(rec, key)
	return c
}

func (r *reader) conditions(n *node, inSteps bool) (list []Condition) {
	for _, it := range r.list(n) {
		list = append(list, r.condition(it, inSteps))
	}
	return list
}

// noComparison refuses comparisons beside what has none.
func (r *reader) noComparison(rec *record, key string) {
	for _, op := range operators {
		if e, ok := rec.values[string(op)]; ok && key != "" {
			r.out.add(e.place, "only_one_of", "key", string(op), "other", key)
		}
	}
}

// compared reads an attribute or an answer with its one comparison.
func (r *reader) compared(c *Condition, rec *record, key string, inSteps bool) {
	c.Subject = Subject(key)
	name := rec.get(key)
	valid := false
	switch key {
	case "score":
		c.Name = word(r, name, scores)
	case "call":
		c.Name = r.calledField(name, inSteps)
	default:
		c.Name, valid = r.formed(name, nameForm, maxKey, "name_form")
	}
	if key == "attribute" && valid {
		r.readsAttribute(name.place, c.Name)
	}
	switch {
	case rec.get("of") != nil:
		if key == "score" && c.Name != "" && c.Name != ScorePoints {
			r.out.add(name.place, "score_of_passage", "name", c.Name).expect(ScorePoints)
		}
		valid = false
	case inSteps:
	case key == "answer":
		r.out.add(rec.values[key].place, "answer_outside_steps")
		valid = false
	case key == "score":
		r.out.add(rec.values[key].place, "score_outside_steps")
	}
	at := r.operator(c, rec)
	if c.Op == "" {
		if !rec.misspelt() {
			r.out.add(rec.node.place, "missing_one_of", "keys", joined(operators))
		}
		return
	}
	values := r.compareWith(c, at.value)
	if key == "attribute" && c.Name == campaigns.FormalityAttribute && slices.Contains(equality, c.Op) {
		for _, n := range values {
			r.checkFormality(n)
		}
	}
	if key == "attribute" && slices.Contains(equality, c.Op) {
		for _, n := range values {
			r.ownWord(n)
		}
	}
	if key != "score" && !valid || key == "attribute" {
		for _, n := range values {
			r.warnOfType(c.Name, c.Op, n)
		}
	}
	if key == "score" {
		if fits := r.comparesNumber(at, values); fits != "" {
			r.out.add(at.place, "comparison_not_for_score", "key", at.key).expect(fits)
		}
	}
	if key == "answer" && valid {
		r.answers = append(r.answers, answerUse{name: name, saved: c.Name, op: c.Op, opAt: at.place, values: values})
	}
}

// dayFirst is a day as it is written by hand in much of the world.
var dayFirst = regexp.MustCompile(`^(\d{1,2})([./])(\d{1,2})[./](\d{4})$`)

// truths are words that look like true or false, and are texts.
var truths = map[string]string{"yes": "true", "on": "true", "y": "true", "да": "true", "no": "false", "off": "false", "n": "false", "нет": "false"}

// warnOfType tells of a value that is of another type than it looks: nothing is known of what an attribute holds, and values of two types are never equal nor in an order.
func (r *reader) warnOfType(name string, op Op, n *node) {
	if n.kind != textNode {
		return
	}
	if slices.Contains(equality, op) {
		if meant := truths[Fold(n.text)]; meant != "" && n.style == plainScalar {
			r.out.warn(n.place, "word_for_truth", "value", n.text, "name", name).meant(meant)
		}
		return
	}
	if op == OpContains {
		return
	}
	if decimal.MatchString(n.text) { // what is a number without the quotes: “inf”, “0x1p4” and “007” are none
		r.out.warn(n.place, "number_in_quotes", "value", n.text, "name", name).meant(n.text)
		return
	}
	if m := dayFirst.FindStringSubmatch(n.text); m != nil {
		p := r.out.warn(n.place, "day_not_in_order", "value", n.text)
		if day, err := time.Parse("2.1.2006", m[1]+"."+m[3]+"."+m[4]); err == nil && m[2] == "." {
			p.meant(strconv.Quote(day.Format(time.DateOnly)))
		} else {
			p.expect(`"2026-12-01"`)
		}
	}
}

// operator is the one comparison that stands there.
func (r *reader) operator(c *Condition, rec *record) (at entry) {
	for _, e := range rec.node.entries {
		switch op := Op(e.key); {
		case !slices.Contains(operators, op):
		case c.Op != "":
			r.out.add(e.place, "only_one_of", "key", e.key, "other", string(c.Op))
		default:
			c.Op, at = op, e
		}
	}
	return at
}

// comparesNumber reads what a number is compared with. Where the comparison is none for a number, it returns those that are.
func (r *reader) comparesNumber(at entry, values []*node) (fits string) {
	op := Op(at.key)
	if op == OpExists || !slices.Contains(numberOperators, op) {
		return joined(slices.DeleteFunc(slices.Clone(numberOperators), func(o Op) bool { return o == OpExists }))
	}
	for _, n := range values {
		if n.kind != numberNode {
			r.number(n)
		}
	}
	return ""
}

// compareWith reads the value of a comparison and returns the nodes of what is compared.
func (r *reader) compareWith(c *Condition, n *node) []*node {
	switch c.Op {
	case OpExists:
		c.Value = r.boolean(n)
		return nil
	case OpIn:
		items := r.list(n)
		for _, it := range items {
			c.Values = append(c.Values, r.value(it))
		}
		return items
	case OpContains:
		s, _ := r.str(n)
		c.Value = s
	case OpGreater, OpLess, OpAtLeast, OpAtMost:
		if n.kind == boolNode {
			r.out.add(n.place, "expected_number")
			return nil
		}
		c.Value = r.value(n)
	default:
		c.Value = r.value(n)
	}
	return []*node{n}
}

// maxExact is the first number behind which not every whole one can be held, as of members' attributes.
const maxExact = 1 << 53

// value reads a text, a number, true or false.
func (r *reader) value(n *node) any {
	v := r.anyValue(n)
	if f, ok := v.(float64); ok && math.Abs(f) >= maxExact && !r.out.stored { // what is kept of members never is such a number
		r.out.add(n.place, "number_too_long").expect(strconv.Quote(n.text))
	}
	return v
}

// anyValue is value for what an event brings: a platform may count as far as it likes.
func (r *reader) anyValue(n *node) any {
	switch n.kind {
	case numberNode:
		v, _ := r.number(n)
		return v
	case boolNode:
		return r.boolean(n)
	case textNode:
		s, _ := r.str(n)
		return s
	}
	r.out.add(n.place, "expected_value")
	return nil
}

// operatorsFor says which comparisons an answer can stand.
var operatorsFor = map[campaigns.QuestionType][]Op{
	campaigns.Choice:  {OpIs, OpIsNot, OpIn, OpExists},
	campaigns.Choices: {OpIs, OpIsNot, OpIn, OpExists, OpContains},
	campaigns.YesNo:   {OpIs, OpIsNot, OpExists},
	campaigns.Scale:   numberOperators,
	campaigns.NPS:     numberOperators,
	campaigns.CSAT:    numberOperators,
	campaigns.Number:  numberOperators,
	campaigns.Text:    {OpIs, OpIsNot, OpIn, OpExists, OpContains},
	campaigns.Date:    numberOperators,

	campaigns.Voice: {OpExists}, campaigns.VideoNote: {OpExists}, campaigns.Photo: {OpExists}, campaigns.File: {OpExists},
}

var numberOperators = []Op{OpIs, OpIsNot, OpIn, OpExists, OpGreater, OpLess, OpAtLeast, OpAtMost}

// checkConditions holds conditions on answers against the questions that save them.
func (r *reader) checkConditions() {
	for _, use := range r.callUses {
		r.checkCalled(use.at, use.path)
	}
	for _, use := range r.answers {
		saved := r.saved[use.saved]
		if saved == nil {
			if !r.maybe(use.saved) {
				r.out.add(use.name.place, "unknown_answer", "name", use.saved).meant(r.out.nearest(use.saved, sortedKeys(r.saved)))
			}
			continue
		}
		if saved.kind == "" {
			continue
		}
		if fits := operatorsFor[saved.kind]; !slices.Contains(fits, use.op) {
			r.out.add(use.opAt, "comparison_not_for_type", "key", string(use.op), "type", string(saved.kind)).expect(joined(fits))
			continue
		}
		for _, n := range use.values {
			r.checkAnswerValue(saved, n)
		}
	}
}

// checkAnswerValue reports a value that no answer of this type can have.
func (r *reader) checkAnswerValue(saved *savedAnswer, n *node) {
	switch saved.kind {
	case campaigns.Choice, campaigns.Choices:
		r.checkOption(saved, n)
	case campaigns.YesNo:
		if n.kind != boolNode {
			r.boolean(n)
		}
	case campaigns.Text:
		if n.kind == numberNode || n.kind == boolNode {
			r.str(n)
		}
	case campaigns.Date:
		if _, err := time.Parse(time.DateOnly, n.text); err != nil {
			r.out.add(n.place, "expected_date", "value", n.text).expect(`"2026-12-01"`)
		}
	default:
		if n.kind != numberNode {
			r.number(n)
		}
	}
}

func (r *reader) checkOption(saved *savedAnswer, n *node) {
	known := slices.ContainsFunc(saved.options, func(o string) bool { return Fold(o) == Fold(n.text) })
	switch {
	case len(saved.options) == 0: // its own problem was reported
	case n.kind == numberNode || n.kind == boolNode:
		r.str(n)
	case n.kind == textNode && !known:
		if saved.looksLike(n.text) || r.maybe(n.text) {
			return // the option itself was reported
		}
		if _, ok := r.out.lookalike(n.place, n.text, saved.options); ok {
			return
		}
		r.out.add(n.place, "unknown_option", "value", n.text).expect(joined(saved.options)).meant(r.out.nearest(n.text, saved.options))
	}
}

// looksLike reports an option that mixes alphabets and looks like the value.
func (s *savedAnswer) looksLike(value string) bool {
	return slices.ContainsFunc(s.options, func(o string) bool {
		i, _ := mixed([]rune(o))
		return i >= 0 && Fold(plainly(o)) == Fold(plainly(value))
	})
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
