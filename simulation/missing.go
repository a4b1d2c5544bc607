package simulation

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/internal/locale"
)

// missing says what can never come in the play: events that end passages or reach goals and that nobody assumed, dates that are waited for, and messages of campaigns that are not played along.
func (r *Result) missing(plan *Plan, defs []*definition.Definition) (notes []string) {
	note := func(key string, args map[string]any) { notes = append(notes, locale.T(plan.Lang, key, args)) }
	come, led := happenings(plan, defs), ledInto(defs)
	for i, def := range defs {
		c := &r.Campaigns[i]
		if from := led[def.Key]; len(from) > 0 {
			names := make([]string, len(from))
			for i, d := range from {
				names[i] = d.NameIn(campaigns.Lang(plan.Lang))
			}
			note("simulation.note.led", map[string]any{"campaign": c.Name, "others": strings.Join(names, ", ")})
		}
		if events := neverLeaving(def, come); len(events) > 0 {
			note("simulation.note.exits", map[string]any{"campaign": c.Name, "events": strings.Join(events, ", ")})
		}
		if g := def.Goal; g != nil && !slices.ContainsFunc(come, func(h happening) bool { return g.Is(h.event, h.data) }) {
			note("simulation.note.goal", map[string]any{"campaign": c.Name, "event": g.Event})
		}
		for _, name := range slices.Sorted(maps.Keys(c.dateless)) {
			note("simulation.note.no_date", map[string]any{"campaign": c.Name, "n": c.dateless[name], "name": name})
		}
		for _, key := range slices.Sorted(maps.Keys(c.enrolls)) {
			x := c.enrolls[key]
			note("simulation.note.not_played", map[string]any{"campaign": c.Name, "n": x.n, "other": x.name})
		}
	}
	return notes
}

// happening is an event that comes, and what it brings.
type happening struct {
	event string
	data  map[string]any
}

// happenings are the events that come: those that are assumed, and those that let members in.
func happenings(plan *Plan, defs []*definition.Definition) (all []happening) {
	add := func(event string, raw json.RawMessage) {
		var data map[string]any
		_ = json.Unmarshal(raw, &data) // one that brings nothing has none
		all = append(all, happening{event, data})
	}
	for _, e := range plan.Events {
		add(e.Name, e.Data)
	}
	cs := make([]campaign, len(defs))
	for i := range defs {
		cs[i].def = defs[i]
	}
	for _, b := range eventsFor(cs, plan.EventData) {
		add(b.entries[0].Event, b.data)
	}
	return all
}

// neverLeaving are the events of exit rules none of which is met, each once.
func neverLeaving(def *definition.Definition, come []happening) (events []string) {
	met := map[string]bool{}
	for i := range def.Exit {
		rule := &def.Exit[i]
		if slices.ContainsFunc(come, func(h happening) bool { return rule.Is(h.event, h.data) }) {
			met[rule.Event] = true
		}
	}
	for i := range def.Exit {
		if event := def.Exit[i].Event; event != "" && !met[event] && !slices.Contains(events, event) {
			events = append(events, event)
		}
	}
	return events
}

// enrolls counts whom steps of the passage took into campaigns that are not played along.
func (c *collector) enrolls(t *totals, p *person, visits map[campaigns.StepID]int) {
	for _, s := range t.def.Order {
		body, ok := s.Body.(*definition.Enroll)
		if !ok || visits[s.ID] == 0 || c.plays(body.Campaign) {
			continue
		}
		if t.elsewhere[body.Campaign] == nil {
			t.elsewhere[body.Campaign] = map[*person]bool{}
		}
		t.elsewhere[body.Campaign][p] = true
	}
}

// nameOthers looks up what the campaigns are called that are not played along, where they are known.
func (c *collector) nameOthers(ctx context.Context) (err error) {
	for _, t := range c.totals {
		for key := range t.elsewhere {
			if c.called[key], err = c.teller.Campaign(ctx, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stage) plays(key campaigns.Key) bool {
	return slices.ContainsFunc(s.campaigns, func(c campaign) bool { return c.def.Key == key })
}
