package simulation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
)

// passed is one passage of a member whose days are told.
type passed struct {
	*store.Enrollment
	totals *totals
	visits map[campaigns.StepID]int
}

// pass keeps the passage, to be told with its reasons.
func (c *collector) pass(p *person, e *store.Enrollment, t *totals, en decide.Enrollment) {
	c.passages[p] = append(c.passages[p], passed{e, t, en.Visits})
}

// reasons adds to the stories what left no row of its own: which way was taken and why, why a message went by its channel, what was given, changed and told. The sentences of
// decisions are those of "why" beside the live service.
func (c *collector) reasons(ctx context.Context) error {
	explained := reports.New(c.store, nil)
	for p, passages := range c.passages {
		items := c.items[p]
		slices.SortStableFunc(items, Item.compare)
		byCampaign := map[campaigns.Key]*reports.Why{}
		for _, x := range passages {
			if err := cmp.Or(ctx.Err(), c.fits()); err != nil {
				return err
			}
			key := x.totals.Key
			if byCampaign[key] == nil {
				why, err := explained.WhyOf(ctx, engine.Operator, key, p.id, c.lang)
				if err != nil {
					return err
				}
				byCampaign[key] = why
			}
			items = c.explain(p, items, x, chainOf(byCampaign[key], x.ID))
		}
		c.items[p] = items
	}
	return nil
}

// chainOf are the lines of the passage; of somebody's eleventh passage and those before there are none.
func chainOf(w *reports.Why, id campaigns.EnrollmentID) []reports.WhyLine {
	for _, r := range w.Runs {
		if r.Enrollment == fmt.Sprint(id) {
			return r.Chain
		}
	}
	return nil
}

func (c *collector) explain(p *person, items []Item, x passed, chain []reports.WhyLine) []Item {
	lines := map[campaigns.StepID][]reports.WhyLine{}
	var calls []reports.WhyLine
	for _, l := range chain {
		switch l.Kind {
		case reports.WhyDecision:
			lines[l.Step] = append(lines[l.Step], l)
		case reports.WhyChannel:
			x.byChannel(items, l)
		case reports.WhyCall:
			calls = append(calls, l)
		}
	}
	for _, l := range calls { // they have moments of their own, by which all else finds its place
		items = x.called(items, p, c, l)
	}
	for _, s := range x.totals.def.Order {
		if x.visits[s.ID] == 0 {
			continue
		}
		if it, ok := c.did(x, s); ok {
			items = x.insert(items, p, c, it, time.Time{})
		}
		for _, l := range lines[s.ID] {
			at := time.Time{}
			if l.At != nil {
				at = *l.At
			}
			items = x.insert(items, p, c, Item{Kind: ItemDecided, Step: s.ID, Reason: string(l.Why), What: l.What}, at)
		}
	}
	return items
}

// byChannel adds to the step's message why it came this way, where that was not the first one.
func (x passed) byChannel(items []Item, l reports.WhyLine) {
	for i := range items {
		it := &items[i]
		if it.Kind == ItemMessage && x.has(it) && it.Step == l.Step && l.Why != "" && l.At != nil && minute(*l.At).Equal(it.At) {
			it.What += " " + l.What
		}
	}
}

// has reports whether the item is of the passage.
func (x passed) has(it *Item) bool {
	return it.Campaign == x.totals.Key && !it.At.Before(minute(x.EnteredAt)) && (x.EndedAt == nil || !it.At.After(*x.EndedAt))
}

// did is what an award, a set or a notice to the staff has done, or an enroll into a campaign that is not played along.
func (c *collector) did(x passed, s *definition.Step) (it Item, ok bool) {
	args := map[string]any{"step": string(s.ID)}
	switch body := s.Body.(type) {
	case *definition.Award:
		it.Kind, args["points"] = ItemAwarded, body.Points
	case *definition.Set:
		it.Kind, args["what"] = ItemSet, reports.Changes(body)
	case *definition.Notify:
		it.Kind = ItemNotified
	case *definition.Enroll:
		if c.plays(body.Campaign) {
			return it, false
		}
		it.Kind, args["other"] = ItemNotPlayed, c.called[body.Campaign]
	default:
		return it, false
	}
	it.Step, it.What = s.ID, c.say("simulation.item."+string(it.Kind), args)
	if n := x.visits[s.ID]; n > 1 {
		it.What += " " + c.say("simulation.item.times", map[string]any{"n": n})
	}
	return it, true
}

// called puts what came of a call at its moment, before what later steps did then.
func (x passed) called(items []Item, p *person, c *collector, l reports.WhyLine) []Item {
	it := Item{At: minute(*l.At), Kind: ItemCalled, Campaign: x.totals.Key, Step: l.Step, Reason: string(l.Why), What: l.What}
	order := x.totals.order
	it.order = lastOrder
	i := slices.IndexFunc(items, func(other Item) bool {
		later := other.Kind == ItemEnded || order[other.Step] > order[it.Step]
		return other.At.After(it.At) || other.At.Equal(it.At) && x.has(&other) && later
	})
	if i < 0 {
		i = len(items)
	} else if items[i].At.Equal(it.At) {
		it.order = items[i].order
	}
	c.kept.Add(itemBytes + int64(len(it.What)))
	it.Local, it.Day = it.At.In(p.zone).Format(localForm), c.plan.dayOf(it.At)
	return slices.Insert(items, i, it)
}

// insert puts the item before the first one of the passage that its step comes before in the document, not earlier than at; where there is none, at the passage's end.
func (x passed) insert(items []Item, p *person, c *collector, it Item, at time.Time) []Item {
	order := x.totals.order
	own, last := order[it.Step], -1
	for i := range items {
		other := &items[i]
		if !x.has(other) {
			continue
		}
		last = i
		if other.Kind == ItemEntered || other.At.Before(minute(at)) {
			continue
		}
		if other.Kind == ItemEnded || order[other.Step] > own {
			return x.put(items, i, p, c, it, other)
		}
	}
	if last < 0 {
		return items
	}
	return x.put(items, last+1, p, c, it, &items[last])
}

// put puts the item at the place, at the moment of its neighbour.
func (x passed) put(items []Item, i int, p *person, c *collector, it Item, neighbour *Item) []Item {
	c.kept.Add(itemBytes + int64(len(it.What)))
	it.At, it.order, it.Campaign = neighbour.At, neighbour.order, x.totals.Key
	it.Local, it.Day = it.At.In(p.zone).Format(localForm), c.plan.dayOf(it.At)
	return slices.Insert(items, i, it)
}

// compare is the order in which items are told.
func (it Item) compare(other Item) int {
	return cmp.Or(it.At.Compare(other.At), cmp.Compare(it.order, other.order))
}
