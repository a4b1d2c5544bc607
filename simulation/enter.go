package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
)

// enter does what lets members into each campaign: a person's hand, an event, or nothing where a schedule or a step of another campaign does. In the order of the campaigns.
func (s *stage) enter(ctx context.Context) error {
	led := ledInto(s.defs())
	brings := eventsFor(s.campaigns, s.plan.EventData)
	for i := range s.campaigns {
		c := &s.campaigns[i]
		var err error
		switch {
		case led[c.def.Key] != nil:
		case c.def.Entry.Manual:
			err = s.enterByHand(ctx, c)
		case c.def.Entry.Event != "":
			if at := slices.IndexFunc(brings, func(b *bringing) bool { return b.entries[0] == &c.def.Entry }); at >= 0 {
				err = s.bring(ctx, at+1, brings[at])
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) enterByHand(ctx context.Context, c *campaign) error {
	ids := make([]string, len(s.people))
	for i, p := range s.people {
		ids[i] = p.ID
	}
	results, err := s.engine.Enroll(ctx, engine.Operator, c.def.Key, ids)
	for i, r := range results {
		if r.Result != engine.Enrolled && r.Result != engine.Unaddressed { // the event of that is counted
			s.told = append(s.told, told{person: s.people[i], at: s.clock.now(), campaign: c.id, kind: ItemRefused, reason: string(r.Result)})
		}
	}
	return err
}

// bring lets the event happen to everybody.
func (s *stage) bring(ctx context.Context, n int, b *bringing) error {
	ins := make([]engine.EventInput, len(s.people))
	for i, p := range s.people {
		ins[i] = engine.EventInput{ID: fmt.Sprintf("entry-%d-%s", n, p.ID), Event: b.entries[0].Event, Member: p.ID, At: s.clock.now(), Data: b.data}
	}
	results, err := s.engine.StoreEvents(ctx, engine.Operator, ins)
	for _, r := range results {
		err = errors.Join(err, r.Err)
	}
	return err
}

// bringing is an event that several campaigns take members in by, and what it brings.
type bringing struct {
	entries []*definition.Entry
	assumed map[string]any
	data    json.RawMessage
}

// eventsFor are the events that let members into all the campaigns. One is for all that it can be for, as it is outside; a second one of the same name comes
// only where what campaigns want of its data contradicts. What is assumed to be told beside that is told by each.
func eventsFor(cs []campaign, assumed map[string]any) (all []*bringing) {
	for i := range cs {
		entry := &cs[i].def.Entry
		if entry.Event == "" {
			continue
		}
		if !slices.ContainsFunc(all, func(b *bringing) bool { return b.take(entry) }) {
			b := &bringing{assumed: assumed}
			b.take(entry)
			all = append(all, b)
		}
	}
	return all
}

// take adds the entry, unless the event cannot be for it and for those that it is for already.
func (b *bringing) take(entry *definition.Entry) bool {
	entries := append(slices.Clone(b.entries), entry)
	data := map[string]any{}
	maps.Copy(data, b.assumed)
	for _, e := range entries {
		if key, _ := e.RunKey(data); e.Key != "" && key == "" { // else it is assumed what the run is about
			data[e.Key] = "simulated-1"
		}
	}
	for _, e := range entries {
		for _, f := range e.Data {
			data[f.Name] = valueFor(f, entries)
		}
	}
	alone := len(entries) == 1 // whatever it wants: nothing else can be brought
	if !alone && slices.ContainsFunc(entries, func(e *definition.Entry) bool { return !lets(e, entry.Event, data) }) {
		return false
	}
	b.entries, b.data = entries, encodeData(data)
	return true
}

// valueFor is the first of the field's values that every entry takes which wants something of the field.
func valueFor(f definition.DataField, entries []*definition.Entry) any {
	for _, v := range f.Values {
		if !slices.ContainsFunc(entries, func(e *definition.Entry) bool {
			i := slices.IndexFunc(e.Data, func(other definition.DataField) bool { return other.Name == f.Name })
			return i >= 0 && !(&definition.Happening{Event: e.Event, Data: e.Data[i : i+1]}).Is(e.Event, map[string]any{f.Name: v})
		}) {
			return v
		}
	}
	return f.Values[0]
}

// lets reports whether the event lets members in.
func lets(e *definition.Entry, event string, data map[string]any) bool {
	if !e.Is(event, data) {
		return false
	}
	key, _ := e.RunKey(data)
	return e.Key == "" || key != ""
}

func encodeData(data map[string]any) json.RawMessage {
	if len(data) == 0 {
		return nil
	}
	b, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("encode an event's data: %v", err)) // words, numbers and truths always can be
	}
	return b
}
