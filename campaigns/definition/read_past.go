package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// besidesOf are the keys that narrow a subject, comparisons left out. Beside any other they are refused.
var besidesOf = map[string][]string{
	"answer":      {"of"},
	"score":       {"of"},
	"consent":     {"on"},
	"event":       {"within", "older_than"},
	"first_event": {"within", "older_than"},
	"last_event":  {"within", "older_than"},
	"entered":     {"within", "older_than"},
	"completed":   {"within", "older_than"},
	"left":        {"within", "older_than"},
	"message_of":  {"step", "was", "within", "older_than"},
}

var narrowing = []string{"of", "on", "step", "was", "within", "older_than"}

// besides reads the keys that narrow what is looked at.
func (r *reader) besides(c *Condition, rec *record, key string, inSteps bool) {
	for _, e := range rec.node.entries {
		if _, known := rec.values[e.key]; known && key != "" && slices.Contains(narrowing, e.key) && !slices.Contains(besidesOf[key], e.key) {
			r.out.add(e.place, "not_beside", "key", e.key, "other", key)
			return
		}
	}
	rec.with("of", func(n *node) { c.Of = r.used(Subject(key), n, inSteps) })
	rec.with("on", func(n *node) { c.On = word(r, n, knownChannels) })
	rec.with("step", func(n *node) {
		s, _ := r.formed(n, stepForm, maxStepID, "step_form")
		c.Step = campaigns.StepID(s)
	})
	rec.with("was", func(n *node) { c.Was = word(r, n, outcomes) })
	rec.with("within", func(n *node) { c.Span.Within = r.period(n) })
	rec.with("older_than", func(n *node) { c.Span.OlderThan = r.period(n) })
	if older, ok := rec.values["older_than"]; ok && rec.get("within") != nil {
		r.out.add(older.place, "only_one_of", "key", "older_than", "other", "within")
	}
}

// used reads the key of a campaign or a segment.
func (r *reader) used(subject Subject, n *node, inSteps bool) campaigns.Key {
	s, ok := r.formed(n, keyForm, maxKey, "key_form")
	if ok {
		r.uses = append(r.uses, Use{Subject: subject, Key: campaigns.Key(s), Place: n.place, inSteps: inSteps})
	}
	return campaigns.Key(s)
}

// past reads what looks at what was, and has no comparison.
func (r *reader) past(c *Condition, rec *record, key string, inSteps bool) {
	c.Subject = Subject(key)
	value := rec.get(key)
	switch c.Subject {
	case SubjectConsent:
		c.Name, _ = r.formed(value, topicForm, maxKey, "topic_form")
		r.mention(MentionTopic, c.Name, value.place)
	case SubjectFirstEvent, SubjectLastEvent:
		c.Name = r.event(value)
		if rec.get("within") == nil && rec.get("older_than") == nil && !rec.misspelt() {
			r.out.add(rec.node.place, "missing_one_of", "keys", "within, older_than")
		}
	case SubjectMessage:
		c.Name = string(r.used(c.Subject, value, inSteps))
		r.ownStep(c, rec.get("step"))
		if rec.get("was") == nil && !rec.misspelt() {
			r.out.add(rec.node.place, "missing_key", "key", "was").expect(joined(outcomes))
		}
	case SubjectInside, SubjectEntered, SubjectCompleted, SubjectLeft, SubjectSegment:
		c.Name = string(r.used(c.Subject, value, inSteps))
	}
}

// ownStep reads the step of a message of this very campaign: fragments know it by a shorter id, and whether it is there can be told.
func (r *reader) ownStep(c *Condition, n *node) {
	if n == nil || c.Step == "" || c.Name == "" || c.Name != string(r.d.Key) {
		return
	}
	c.Step = campaigns.StepID(n.scope.target(string(c.Step)))
	r.ownSteps = append(r.ownSteps, stepUse{node: n, to: c.Step})
}

// counted reads how often an event is to have happened.
func (r *reader) counted(c *Condition, rec *record) {
	at := r.operator(c, rec)
	if c.Op == "" {
		return
	}
	if fits := r.comparesNumber(at, r.compareWith(c, at.value)); fits != "" {
		r.out.add(at.place, "comparison_not_for_count", "key", at.key).expect(fits)
	}
}

// ownRefused are subjects that say nothing of the campaign whose step asks: whoever comes to it is inside, with answers and a score of the passage's own.
var ownRefused = []Subject{SubjectInside, SubjectEntered, SubjectAnswer, SubjectScore}

// checkOwn reports conditions in steps that ask about the campaign itself as about another, and those that ask about a step it lacks.
func (r *reader) checkOwn() {
	for _, u := range r.ownSteps {
		if r.d.byID[u.to] == nil && !r.maybe(string(u.to)) {
			r.out.add(u.node.place, "unknown_own_step", "id", string(u.to)).meant(r.meantStep(string(u.to), r.stepIDs()))
		}
	}
	for _, u := range r.uses {
		if u.inSteps && u.Key == r.d.Key && slices.Contains(ownRefused, u.Subject) {
			r.out.add(u.Place, "own_campaign", "key", string(u.Subject))
		}
	}
}

func settleUses(text *source, uses []Use) {
	for i := range uses {
		uses[i].Place = text.settle(uses[i].Place)
	}
}
