package simulation

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/store"
)

// waitEvents is how the names of events begin that tell how a wait ended, or why there was none; what it was follows.
const waitEvents = "wait."

// waited takes over how a wait for an event ended, or why the member did not wait until a date.
func (c *collector) waited(it *Item, e store.Event, t *totals, p *person) {
	it.Kind, it.Reason, it.order = ItemWaited, strings.TrimPrefix(e.Name, waitEvents), e.ID
	for _, other := range c.items[p] { // before what followed from it: rows are numbered in another order
		if other.Campaign == t.Key && other.At.Equal(minute(e.At)) && other.Kind != ItemEnded && t.order[other.Step] > t.order[e.Step] {
			it.order = min(it.order, other.order-1)
		}
	}
}

// lacks counts the member among those without the date that the step waits for.
func (t *totals) lacks(s *definition.Step, p *person) {
	w, ok := s.Body.(*definition.Wait)
	if !ok || w.Date == nil {
		return
	}
	name := w.Date.Name()
	if t.dateless[name] == nil {
		t.dateless[name] = map[*person]bool{}
	}
	t.dateless[name][p] = true
}
