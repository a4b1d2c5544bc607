package definition

import (
	"cmp"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/timing"
)

func (r *reader) wait(s *Step, n *node) Body {
	w := &Wait{}
	if n.kind != mappingNode {
		w.For = r.period(n)
		return w
	}
	rec, _ := r.record(n, waitObject)
	rec.with("for", func(n *node) { w.For = r.period(n) })
	rec.with("until", func(n *node) {
		t := r.localTime(n)
		w.Until = &t
	})
	rec.with("on", func(n *node) { w.On = r.weekdays(n) })
	rec.with("date", func(n *node) { w.Date = r.waitDate(s, n, rec) })
	rec.with("event", func(n *node) { w.Event = r.event(n) })
	rec.with("timeout", func(n *node) { r.timeout(s, &w.Timeout, n) })
	r.waitsFor(rec)
	return w
}

// waitsFor reports keys that do not go together, and those that are missing beside others.
func (r *reader) waitsFor(rec *record) {
	switch {
	case rec.get("event") != nil:
		rec.alone("event", "timeout")
		rec.needs("timeout")
	case rec.get("date") != nil:
		rec.alone("date", "until")
	case rec.get("timeout") != nil:
		rec.needs("event")
	case rec.get("on") != nil:
		rec.needs("until")
	case rec.get("for") == nil && rec.get("until") == nil && !rec.misspelt():
		r.out.add(rec.node.place, "missing_one_of", "keys", "for, until, date, event")
	}
}

// alone reports what stands beside the key and is not among the others.
func (rec *record) alone(key string, others ...string) {
	for _, e := range rec.node.entries {
		if _, known := rec.values[e.key]; known && e.key != key && !slices.Contains(others, e.key) {
			rec.r.out.add(e.place, "only_one_of", "key", e.key, "other", key)
		}
	}
}

// needs reports that the key is missing, where no misspelt one seems to be it.
func (rec *record) needs(key string) {
	if rec.get(key) == nil && !rec.misspelt() {
		rec.r.out.add(rec.node.place, "missing_key", "key", key)
	}
}

// weekdays reads days of the week, each once.
func (r *reader) weekdays(n *node) (days []time.Weekday) {
	for _, it := range r.list(n) {
		w := word(r, it, weekdays)
		if i := slices.Index(weekdays, w); i >= 0 {
			day := time.Weekday((i + 1) % len(weekdays)) // Sunday is 0
			if distinct(r, it, days, day, w) {
				days = append(days, day)
			}
		}
	}
	return days
}

// waitDate reads the date that the wait is for. A day alone has no moment: without until a warning says so, unless the event that began the run tells a moment, or the shift has hours.
func (r *reader) waitDate(s *Step, n *node, wait *record) *DateWait {
	d := &DateWait{}
	rec, ok := r.record(n, waitDateObject)
	if !ok {
		return d
	}
	rec.one()
	rec.with("attribute", func(n *node) {
		d.Attribute, _ = r.formed(n, nameForm, maxKey, "name_form")
		r.readsAttribute(n.place, d.Attribute)
	})
	rec.with("event", func(n *node) { d.Brought, _ = r.formed(n, nameForm, maxKey, "name_form") })
	day := wait.get("until") != nil
	rec.with("before", func(n *node) { d.Shift, d.Before = r.shift(n, day), true })
	rec.with("after", func(n *node) { d.Shift = r.shift(n, day) })
	rec.with("missed", func(n *node) { d.Missed = r.target(s, n) })
	if rec.get("before") != nil && rec.get("after") != nil {
		r.out.add(rec.values["after"].place, "only_one_of", "key", "after", "other", "before")
	}
	if at := rec.get("event"); at != nil {
		r.brings(at.place, d.Brought)
		r.dated = cmp.Or(r.dated, at)
	}
	if at := rec.get("attribute"); at != nil && d.Shift.Time == 0 && !day && wait.get("for") == nil && !wait.misspelt() {
		r.out.warn(at.place, "day_without_time", "name", d.Attribute).expect(`until: "10:00"`)
	}
	return d
}

// shift reads how long before or after a date something is; of a day, only whole days.
func (r *reader) shift(n *node, day bool) timing.Period {
	p := r.period(n)
	if day && p.Time != 0 {
		r.out.add(n.place, "whole_days", "value", n.text).expect("3d")
	}
	return p
}

// checkMoved warns where a run waits for a date that its event brought, and the same event about the same thing, with another date, would be passed over.
func (r *reader) checkMoved() {
	e := &r.d.Entry
	if r.dated == nil || e.Key == "" {
		return
	}
	ends := slices.ContainsFunc(r.d.Exit, func(x ExitRule) bool { return x.Event == e.Event })
	if !ends || e.Reentry == ReentryNever {
		r.out.warn(r.dated.place, "date_never_moves", "event", e.Event, "key", e.Key, "field", r.dated.text).expect("exit: [{event: " + e.Event + "}], reentry: each_time")
	}
}
