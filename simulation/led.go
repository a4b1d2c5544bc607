package simulation

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// ledInto are the campaigns without an entry of their own that steps of others enroll in, with these others, in their order. Nobody is taken into them by hand: who comes there, and when, is
// what the steps make of it. Of several that lead round in a circle, and that nothing else leads into, the first one is entered by hand.
func ledInto(defs []*definition.Definition) map[campaigns.Key][]*definition.Definition {
	led := map[campaigns.Key][]*definition.Definition{}
	for _, to := range defs {
		for _, from := range defs {
			if to.Entry.Manual && from != to && enrollsIn(from, to.Key) {
				led[to.Key] = append(led[to.Key], from)
			}
		}
	}
	reached := map[campaigns.Key]bool{}
	var reach func(from *definition.Definition)
	reach = func(from *definition.Definition) {
		if reached[from.Key] {
			return
		}
		reached[from.Key] = true
		for _, to := range defs {
			if slices.Contains(led[to.Key], from) {
				reach(to)
			}
		}
	}
	for _, d := range defs {
		if len(led[d.Key]) == 0 {
			reach(d)
		}
	}
	for _, d := range defs {
		if !reached[d.Key] {
			delete(led, d.Key)
			reach(d)
		}
	}
	return led
}

func enrollsIn(from *definition.Definition, to campaigns.Key) bool {
	return slices.ContainsFunc(from.Named(), func(u definition.Use) bool { return u.Enrolls() && u.Key == to })
}
