package simulation

import (
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// loopVisits is how often somebody may come to a step again before that is worth a note.
const loopVisits = 2

// notes are what a look at the numbers alone would miss.
func (r *Result) notes(plan *Plan, defs []*definition.Definition) []string {
	notes, lang := []string{}, plan.Lang
	note := func(key string, args map[string]any) { notes = append(notes, locale.T(lang, key, args)) }
	if !r.Complete {
		note("simulation.note.full", map[string]any{"n": r.Messages, "at": locale.DateTime(lang, r.Until)})
	}
	for _, c := range r.Campaigns {
		if c.Entered == 0 {
			note("simulation.note.nobody", map[string]any{"campaign": c.Name})
		}
		if c.Inside > 0 {
			note("simulation.note.inside", map[string]any{"campaign": c.Name, "n": c.Inside})
		}
		if c.again > loopVisits && c.Inside > 0 {
			note("simulation.note.loop", map[string]any{"campaign": c.Name, "step": string(c.againAt), "n": c.again})
		}
	}
	for i, def := range defs {
		if at := openings(def, plan, r.Until); len(at) > 0 {
			note("simulation.note.opens", map[string]any{"campaign": r.Campaigns[i].Name, "rule": explain.Recurrence(lang, def.Entry.Schedule), "days": strings.Join(at, ", ")})
		}
		if at := pastMoment(def, plan); at != "" {
			note("simulation.note.past", map[string]any{"campaign": r.Campaigns[i].Name, "at": at})
		}
		if def.Entry.Listens() && def.Entry.Who == definition.FutureMembers {
			note("simulation.note.newcomers", map[string]any{"campaign": r.Campaigns[i].Name, "segment": string(def.Entry.Segment)})
		}
		if events := awaited(def, plan.Events); len(events) > 0 {
			note("simulation.note.events", map[string]any{"campaign": r.Campaigns[i].Name, "events": strings.Join(events, ", ")})
		}
	}
	notes = append(notes, r.missing(plan, defs)...)
	for i, def := range defs {
		if said := assumptions(lang, def, plan.Calls); said != "" {
			note("simulation.note.calls", map[string]any{"campaign": r.Campaigns[i].Name, "calls": said})
		}
	}
	for i, def := range defs {
		for _, m := range plan.lost(def) {
			note("simulation.note.media", map[string]any{"campaign": r.Campaigns[i].Name, "step": string(m.Step), "file": m.File})
		}
	}
	segments := plan.conditions()
	if plan.past == nil && slices.ContainsFunc(defs, func(d *definition.Definition) bool { return looksBack(d, segments) }) {
		note("simulation.note.no_past", nil)
	}
	return notes
}

// lost are the media that are not there, where somebody knows.
func (p *Plan) lost(def *definition.Definition) []engine.LostMedia {
	if p.HasMedia == nil {
		return nil
	}
	return engine.Lost(def, p.HasMedia)
}

// shownOpenings bounds how many moments a note names.
const shownOpenings = 12

// openings are the days within the simulated time on which a schedule that recurs takes its audience in.
func openings(def *definition.Definition, plan *Plan, until time.Time) (days []string) {
	s := def.Entry.Schedule
	if s == nil || s.Recurs == nil {
		return nil
	}
	zone := plan.zone
	for at, ok := s.Opens(plan.Start.In(zone)); ok && !at.In(zone).After(until) && len(days) < shownOpenings; at, ok = s.Recurs.After(at) {
		days = append(days, locale.Date(plan.Lang, at.In(time.UTC)))
	}
	return days
}

// longPast is how long before the beginning a moment is worth a note: publishing it asks for a yes then.
const longPast = time.Hour

// pastMoment is the one moment of a schedule that is past when the simulation begins, as it was typed; empty: there is none.
func pastMoment(def *definition.Definition, plan *Plan) string {
	s := def.Entry.Schedule
	if s == nil || s.Recurs != nil {
		return ""
	}
	zone := plan.zone
	if plan.Start.Sub(s.At.In(zone)) <= longPast {
		return ""
	}
	return s.At.String()
}

// awaited are the events that the campaign waits for, each once, but for those that come.
func awaited(def *definition.Definition, come []Event) (events []string) {
	for _, s := range def.Order {
		w, ok := s.Body.(*definition.Wait)
		if ok && w.Event != "" && !slices.Contains(events, w.Event) && !slices.ContainsFunc(come, func(e Event) bool { return e.Name == w.Event }) {
			events = append(events, w.Event)
		}
	}
	return events
}

// looksBack reports a condition on what was, of the steps or of who comes in, other than consents: those a member who is played has.
func looksBack(def *definition.Definition, segments definition.Segments) bool {
	needs := def.NeedsWithin(segments).Past
	if who := def.Entry.Meant(); who != nil {
		needs = slices.Concat(needs, definition.NeedsOf(who, segments).Past)
	}
	return slices.ContainsFunc(needs, func(c *definition.Condition) bool { return c.Subject != definition.SubjectConsent })
}

// conditions are the segments' that conditions of the played campaigns may name.
func (p *Plan) conditions() definition.Segments {
	all := definition.Segments{}
	for _, d := range p.Segments {
		if s, problems := definition.ParseStoredSegment([]byte(d.Source), d.Format); len(problems) == 0 {
			all[s.Key] = &s.Who
		}
	}
	return all.Without()
}
