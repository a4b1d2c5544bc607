package definition

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// stepRef is where a step's id was given, and the use that put it in.
type stepRef struct {
	given *node
	scope *scope
}

// gotoUse is a jump: the step that jumps and the place that names the target.
type gotoUse struct {
	from *Step
	node *node
	to   campaigns.StepID
}

// stepUse is where a condition names a step of the campaign itself.
type stepUse struct {
	node *node
	to   campaigns.StepID
}

// stepList reads the steps of the campaign (at least one) or of an arm.
func (r *reader) stepList(n *node, mayBeEmpty bool) []*Step {
	if n.kind == listNode && len(n.items) == 0 && mayBeEmpty {
		return nil
	}
	if n.kind != listNode {
		r.gap(n)
	}
	var steps []*Step
	for _, it := range r.list(n) {
		if s := r.step(it); s != nil {
			steps = append(steps, s)
		}
	}
	return steps
}

func (r *reader) step(n *node) *Step {
	if r.steps++; r.steps == MaxSteps+1 {
		r.out.add(n.place, "too_many_steps", "limit", MaxSteps)
	}
	if r.steps > MaxSteps {
		return nil
	}
	rec, ok := r.record(n, stepObject)
	if !ok {
		r.gap(n)
		return nil
	}
	s := &Step{Place: n.place}
	ref := stepRef{scope: n.scope}
	rec.with("id", func(n *node) {
		if id, ok := r.formed(n, keyForm, maxKey, "step_id_form"); ok {
			s.ID, ref.given = campaigns.StepID(n.scope.id(id)), n
		}
	})
	if n.ordinal != "" {
		s.ID, ref.given = campaigns.StepID(n.scope.id(n.ordinal)), n
	}
	r.stepKeys[s] = ref
	s.Body = r.body(s, rec)
	if n.ordinal == "" && ref.given != nil { // also within a fragment: conditions and texts beside it know an answer by that
		if a := s.Ask(); a != nil && a.SaveAs == "" {
			a.SaveAs = ref.given.text
		}
		if c := s.Call(); c != nil && c.SaveAs == "" {
			c.SaveAs = ref.given.text
		}
	}
	return s
}

// body reads what the step does. A step without a body becomes a Set of nothing, so that the rest can be looked at: the document is refused anyway.
func (r *reader) body(s *Step, rec *record) Body {
	key := rec.one()
	n := rec.get(key)
	switch key {
	case "send":
		return r.send(n)
	case "ask":
		return r.ask(s, n)
	case "wait":
		return r.wait(s, n)
	case "branch":
		return r.branch(n)
	case "split":
		return r.split(n)
	case "set":
		return r.set(n)
	case "award":
		return r.award(n)
	case "notify":
		return r.notify(n)
	case "call":
		return r.call(s, n)
	case "enroll":
		key, _ := r.formed(n, keyForm, maxKey, "key_form")
		return &Enroll{Campaign: campaigns.Key(key), Place: n.place}
	case "repeat":
		return r.repeat(s, n)
	case "use":
		r.gap(rec.node)
		return r.unexpanded(n)
	case "goto":
		return &Goto{To: r.target(s, n)}
	case "end":
		return r.end(n)
	}
	r.gap(rec.node)
	return &Set{}
}

// target reads the id of a step to go to.
func (r *reader) target(s *Step, n *node) campaigns.StepID {
	id, ok := r.str(n)
	if !ok {
		return ""
	}
	to := campaigns.StepID(n.scope.target(id))
	r.gotos = append(r.gotos, gotoUse{from: s, node: n, to: to})
	return to
}

func (r *reader) branch(n *node) Body {
	b := &Branch{}
	var otherwise *node
	for _, it := range r.list(n) {
		rec, ok := r.record(it, armObject)
		if !ok {
			continue
		}
		if otherwise != nil {
			r.out.add(it.place, "after_else", "line", otherwise.place.Line)
		}
		arm := r.arm(rec)
		if rec.get("else") != nil {
			otherwise = it
		}
		b.Arms = append(b.Arms, arm)
	}
	if len(b.Arms) == 1 && otherwise != nil {
		r.out.add(otherwise.place, "else_alone")
	}
	return b
}

func (r *reader) arm(rec *record) (arm Arm) {
	key := rec.one()
	rec.with("if", func(n *node) {
		c := r.condition(n, true)
		arm.If = &c
	})
	rec.with("steps", func(n *node) { arm.Steps = r.stepList(n, true) })
	switch {
	case key == "else" && rec.get("steps") != nil:
		r.out.add(rec.values["steps"].place, "only_one_of", "key", "steps", "other", "else")
	case key == "else":
		arm.Steps = r.stepList(rec.get("else"), true)
	case key == "if" && rec.get("steps") == nil:
		r.out.add(rec.node.place, "missing_key", "key", "steps")
	}
	return arm
}

func (r *reader) end(n *node) Body {
	if n.kind != mappingNode {
		r.yes(n)
		return &End{}
	}
	e := &End{}
	rec, _ := r.record(n, endObject)
	rec.with("reason", func(n *node) { e.Reason, _ = r.short(n, maxTitle) })
	return e
}

func (r *reader) set(n *node) Body {
	s := &Set{}
	rec, ok := r.record(n, setObject)
	if !ok {
		return s
	}
	rec.with("attributes", func(n *node) { s.Attributes = r.attributes(n) })
	rec.with("add_tags", func(n *node) { s.AddTags = r.tags(n, nil) })
	rec.with("remove_tags", func(n *node) { s.RemoveTags = r.tags(n, s.AddTags) })
	rec.with("language", func(n *node) {
		if l, ok := r.language(n); ok {
			s.Language = l
		}
	})
	if len(n.entries) == 0 {
		r.out.add(n.place, "missing_one_of", "keys", strings.Join(setObject.keys(), ", "))
	}
	return s
}

func (r *reader) notify(n *node) Body {
	s := &Notify{}
	rec, ok := r.record(n, notifyObject)
	if !ok {
		return s
	}
	rec.with("text", func(n *node) { s.Text = r.multilingual(n, noticeText) })
	rec.with("to", func(n *node) { s.To = r.channels(n) })
	return s
}

func (r *reader) attributes(n *node) map[string]any {
	if n.kind != mappingNode || len(n.entries) == 0 {
		r.out.add(n.place, "expected_mapping", "example", "{level: a1}").expect("{level: a1}")
		return nil
	}
	values := map[string]any{}
	for _, e := range n.entries {
		if plain := plainly(e.key); plain != e.key && nameForm.MatchString(plain) {
			r.out.foreign(e.place, e.key, plain)
		} else if !nameForm.MatchString(e.key) || len(e.key) > maxKey {
			r.out.add(e.place, "name_form", "value", e.key, "limit", maxKey).meant(reformed(e.key, nameForm, maxKey))
		}
		r.attributesSet = append(r.attributesSet, e.key)
		if e.value.kind == nullNode {
			values[e.key] = nil
			continue
		}
		if e.key == campaigns.FormalityAttribute && !r.out.stored {
			values[e.key] = string(word(r, e.value, formalities))
			continue
		}
		if !strings.Contains(e.value.text, " ") { // a whole sentence is compared with nothing
			r.ownWord(e.value)
		}
		values[e.key] = r.value(e.value)
	}
	return values
}

// tags reads tags that differ in more than case, from each other and from others.
func (r *reader) tags(n *node, others []string) (tags []string) {
	var seen []string
	for _, t := range others {
		seen = append(seen, Fold(t))
	}
	for _, it := range r.list(n) {
		r.ownWord(it)
		if t, ok := r.short(it, maxWord); ok && distinct(r, it, seen, Fold(t), t) {
			seen = append(seen, Fold(t))
			tags = append(tags, t)
		}
	}
	return tags
}

// defaults of questions.
var defaultTimeout = timing.Period{Days: 3}

const defaultRetries = 2
