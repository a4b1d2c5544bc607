package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

func (r *reader) ask(s *Step, n *node) Body {
	a := &Ask{Timeout: Timeout{After: defaultTimeout}, Retries: defaultRetries}
	rec, ok := r.record(n, askObject)
	if !ok {
		return a
	}
	rec.with("type", func(n *node) { a.Type = word(r, n, questionTypes) })
	rec.with("subject", func(n *node) { a.Subject = r.multilingual(n, subjectText) })
	rec.with("text", func(n *node) { a.Text = r.multilingual(n, askText) })
	r.options(a, rec)
	r.accept(a, rec)
	r.bounds(a, rec)
	r.length(a, rec)
	rec.with("save_as", func(n *node) { a.SaveAs, _ = r.formed(n, nameForm, maxKey, "name_form") })
	rec.with("timeout", func(n *node) { r.timeout(s, &a.Timeout, n) })
	rec.with("retries", func(n *node) { a.Retries, _ = r.whole(n, 0, maxRetries) })
	rec.with("final", func(n *node) { a.Final = r.boolean(n) })
	rec.with("channels", func(n *node) { a.Channels = r.channels(n) })
	rec.with("expires", func(n *node) { a.Expires = r.period(n) })
	rec.with("late", func(n *node) { a.Late = r.late(n) })
	rec.with("escalate", func(n *node) { a.Escalate = r.ownEscalate(n) })
	return a
}

func (r *reader) timeout(s *Step, t *Timeout, n *node) {
	rec, ok := r.record(n, timeoutObject)
	if !ok {
		return
	}
	rec.with("after", func(n *node) { t.After = r.period(n) })
	rec.with("goto", func(n *node) { t.Goto = r.target(s, n) })
}

// notFor reports a key that this type of question does not have.
func (r *reader) notFor(a *Ask, rec *record, key string) {
	if e, ok := rec.values[key]; ok && a.Type != "" {
		r.out.add(e.place, "key_not_for_type", "key", key, "type", string(a.Type))
	}
}

func (r *reader) options(a *Ask, rec *record) {
	list := rec.get("options")
	if a.Type != campaigns.Choice && a.Type != campaigns.Choices {
		r.notFor(a, rec, "options")
		return
	}
	if list == nil {
		rec.needs("options")
		return
	}
	items := r.list(list)
	switch {
	case len(items) > maxOptions:
		r.out.add(items[maxOptions].place, "too_many_items", "limit", maxOptions)
	case len(items) == 1:
		r.out.add(list.place, "too_few_items", "limit", minOptions)
	}
	var values []string
	for _, it := range items {
		if o, at, ok := r.option(it); ok && distinct(r, at, values, Fold(o.Value), o.Value) {
			values = append(values, Fold(o.Value))
			a.Options = append(a.Options, o)
		}
	}
}

func (r *reader) option(n *node) (o Option, value *node, ok bool) {
	rec, ok := r.record(n, optionObject)
	if !ok {
		r.unread(n)
		return o, nil, false
	}
	rec.with("text", func(n *node) { o.Text = r.multilingual(n, optionText) })
	if value = rec.get("value"); value == nil {
		r.unread(n)
		return o, nil, false
	}
	o.Value, ok = r.short(value, maxWord)
	r.ownWord(value)
	return o, value, ok
}

// bounds reads min and max, or fills in what the type says.
func (r *reader) bounds(a *Ask, rec *record) {
	switch a.Type {
	case campaigns.Scale:
		r.scale(a, rec)
	case campaigns.Voice, campaigns.VideoNote:
		r.seconds(a, rec)
	case campaigns.Number:
		rec.with("min", func(n *node) { a.Min = r.bound(n) })
		rec.with("max", func(n *node) { a.Max = r.bound(n) })
		if a.Min != nil && a.Max != nil && *a.Min >= *a.Max {
			r.out.add(rec.get("max").place, "max_not_above_min")
		}
	default:
		r.notFor(a, rec, "min")
		r.notFor(a, rec, "max")
		fixed := map[campaigns.QuestionType][2]float64{campaigns.NPS: {0, 10}, campaigns.CSAT: {1, 5}}
		if b, ok := fixed[a.Type]; ok {
			a.Min, a.Max = &b[0], &b[1]
		}
	}
}

func (r *reader) bound(n *node) *float64 {
	if v, ok := r.number(n); ok {
		return &v
	}
	return nil
}

// scale reads the ends of a row of buttons, all of them whole numbers from 0 to 10.
func (r *reader) scale(a *Ask, rec *record) {
	low, high, ok := 1, 5, true
	for _, end := range []struct {
		key string
		to  *int
	}{{"min", &low}, {"max", &high}} {
		rec.with(end.key, func(n *node) {
			v, good := r.whole(n, 0, maxScale-1)
			*end.to, ok = v, ok && good
		})
	}
	if ok && low >= high {
		at := rec.values["max"].place
		if rec.get("max") == nil {
			at = rec.values["min"].place
		}
		r.out.add(at, "max_not_above_min")
	}
	lowest, highest := float64(low), float64(high)
	a.Min, a.Max = &lowest, &highest
}

func (r *reader) length(a *Ask, rec *record) {
	if a.Type != campaigns.Text {
		r.notFor(a, rec, "max_length")
		return
	}
	a.MaxLength = maxAnswer
	rec.with("max_length", func(n *node) { a.MaxLength, _ = r.whole(n, 1, maxAnswer) })
}

// savedAnswer is what conditions and texts can know about an answer.
type savedAnswer struct {
	kind    campaigns.QuestionType // empty: not known
	options []string
}

// savedAnswers gathers the names under which the campaign's questions are saved. Several questions may save the same name (one for each
// arm, say), when they are of one type.
func savedAnswers(d *Definition, out *sink) map[string]*savedAnswer {
	saved := map[string]*savedAnswer{}
	for _, s := range d.Order {
		a, ok := s.Body.(*Ask)
		if !ok {
			continue
		}
		name := s.SavesAs()
		if saved[name] == nil {
			saved[name] = &savedAnswer{kind: a.Type}
		}
		if a.Type == "" { // told of; nothing follows from it
			saved[name].kind = ""
		}
		if saved[name].kind != a.Type && saved[name].kind != "" {
			out.add(s.Place, "answer_type", "name", name, "type", string(a.Type), "other", string(saved[name].kind))
		}
		for _, o := range a.Options {
			if !slices.Contains(saved[name].options, o.Value) {
				saved[name].options = append(saved[name].options, o.Value)
			}
		}
	}
	return saved
}
