package definition

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/meant"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// EventName reports whether events can be called so: whatever a campaign may name can be reported, and nothing else.
func EventName(s string) bool { return len(s) <= maxEvent && eventForm.MatchString(s) }

func (r *reader) event(n *node) string {
	s, ok := r.formed(n, eventForm, maxEvent, "event_form")
	if ok {
		r.doubtEvent(n.place, s)
	}
	return s
}

func (r *reader) entry(n *node) {
	rec, ok := r.record(n, entryObject)
	if !ok {
		return
	}
	e := &r.d.Entry
	switch rec.one() {
	case "event":
		e.Event = r.event(rec.get("event"))
	case "manual":
		e.Manual = r.yes(rec.get("manual"))
	case "schedule":
		e.Schedule = r.schedule(rec.get("schedule"))
	case "segment":
		e.Segment = r.used(SubjectSegment, rec.get("segment"), false)
	}
	r.segmentEntry(rec, e)
	r.eventEntry(rec, e)
	e.Reentry = ReentryNever
	if e.Schedule != nil && e.Schedule.Recurs != nil {
		e.Reentry = ReentryEachTime
	}
	rec.with("reentry", func(n *node) { e.Reentry = word(r, n, reentries) })
	rec.with("after", func(n *node) { e.After = r.period(n) })
	after, given := rec.values["after"]
	switch {
	case given && (e.Reentry == ReentryNever || e.Reentry == ReentryEachTime):
		r.out.add(after.place, "after_without_reentry")
	case !given && e.Reentry == ReentryAfter:
		r.out.add(rec.get("reentry").place, "reentry_without_after")
	}
}

func (r *reader) schedule(n *node) *Schedule {
	rec, ok := r.record(n, scheduleObject)
	if !ok {
		return nil
	}
	s := &Schedule{}
	rec.with("at", func(n *node) { s.At = r.dateTime(n) })
	rec.with("zone", func(n *node) { s.Zone = r.scheduleZone(n) })
	rec.with("audience", func(n *node) { s.Audience = r.audience(n) })
	if rec.get("at") != nil && s.At != (timing.LocalDateTime{}) {
		s.Recurs = r.recurrence(rec, s.At)
	}
	return s
}

// scheduleZone reads whose clock counts. A time zone by its name is the community's, and stands in its settings.
func (r *reader) scheduleZone(n *node) ScheduleZone {
	if n.kind != textNode || r.out.nearest(n.text, names(scheduleZones)) != "" || r.out.crowded() {
		return word(r, n, scheduleZones)
	}
	if _, err := timing.Zone(n.text); err != nil && meant.Zone(n.text) == "" {
		return word(r, n, scheduleZones)
	}
	r.out.add(n.place, "schedule_zone", "value", n.text).meant(string(CommunityZone))
	return CommunityZone
}

// audience reads "all" or a condition.
func (r *reader) audience(n *node) Condition {
	switch {
	case n.kind == textNode && n.text == "all":
		return Condition{Everyone: true, Place: n.place}
	case n.kind == textNode:
		r.out.add(n.place, "unknown_audience", "value", n.text).expect("all, {tag: vip}").meant(r.out.nearest(n.text, []string{"all"}))
		return Condition{}
	}
	return r.condition(n, false)
}

func (r *reader) exit(n *node) {
	for _, it := range r.list(n) {
		rec, ok := r.record(it, exitObject)
		if !ok {
			continue
		}
		rule := ExitRule{Happening: r.happening(rec)}
		rec.with("if", func(n *node) {
			c := r.condition(n, true)
			rule.If = &c
		})
		if r.wholeRule(rec) && r.newRule(it, rule) {
			r.d.Exit = append(r.d.Exit, rule)
		}
	}
}

// wholeRule reports a rule that says nothing, or only what an event must have brought that it does not name.
func (r *reader) wholeRule(rec *record) bool {
	data, hasData := rec.values["data"]
	switch {
	case rec.get("event") != nil:
		return true
	case hasData:
		r.out.add(data.place, "data_without_event")
	case rec.get("if") != nil:
		return true
	case !rec.misspelt():
		r.out.add(rec.node.place, "missing_one_of", "keys", joined(exitObject.anyOf))
	}
	return false
}

// maxCompared is among how many rules one is looked for again: nobody writes more by hand.
const maxCompared = 200

// newRule reports a rule that stands there already.
func (r *reader) newRule(at *node, rule ExitRule) bool {
	if slices.ContainsFunc(r.d.Exit[:min(len(r.d.Exit), maxCompared)], func(other ExitRule) bool { return reflect.DeepEqual(rule, other) }) {
		r.out.add(at.place, "duplicate_value", "value", cmp.Or(rule.Event, "if"))
		return false
	}
	return true
}

// happening reads an event and what it must have brought.
func (r *reader) happening(rec *record) (h Happening) {
	rec.with("event", func(n *node) { h.Event = r.event(n) })
	rec.with("data", func(n *node) { h.Data = r.eventData(n) })
	return h
}

func (r *reader) eventData(n *node) (fields []DataField) {
	if n.kind != mappingNode || len(n.entries) == 0 {
		r.out.add(n.place, "expected_mapping", "example", "{kind: trial}").expect("{kind: trial}")
		return nil
	}
	for _, e := range n.entries {
		if !nameForm.MatchString(e.key) || len(e.key) > maxKey {
			r.out.add(e.place, "name_form", "value", e.key, "limit", maxKey).meant(reformed(e.key, nameForm, maxKey))
		}
		f := DataField{Name: e.key}
		values := []*node{e.value}
		if e.value.kind == listNode {
			values = r.list(e.value)
		}
		for _, v := range values {
			f.Values = append(f.Values, r.anyValue(v))
		}
		fields = append(fields, f)
	}
	return fields
}

// eventEntry reads what may stand beside an event.
func (r *reader) eventEntry(rec *record, e *Entry) {
	for _, key := range []string{"data", "if", "key"} {
		if at, ok := rec.values[key]; ok && rec.get("event") == nil {
			r.out.add(at.place, "belongs_to_event", "key", key)
		}
	}
	rec.with("data", func(n *node) { e.Data = r.eventData(n) })
	rec.with("if", func(n *node) {
		c := r.condition(n, false)
		e.If = &c
	})
	rec.with("key", func(n *node) { e.Key, _ = r.formed(n, nameForm, maxKey, "name_form") })
}

// segmentEntry reads which members of a segment come in: taking in everybody who is there must never be somebody's oversight.
func (r *reader) segmentEntry(rec *record, e *Entry) {
	at, given := rec.values["who"]
	switch {
	case given && rec.get("segment") == nil:
		r.out.add(at.place, "who_without_segment")
	case !given && rec.get("segment") != nil && !rec.misspelt():
		r.out.add(rec.node.place, "missing_key", "key", "who").expect(joined(segmentWho))
	}
	rec.with("who", func(n *node) { e.Who = word(r, n, segmentWho) })
}
