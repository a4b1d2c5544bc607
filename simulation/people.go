package simulation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// Address is how a member can be reached on a channel. The address itself is made up: nothing of a real one is needed.
type Address struct {
	Reach      channels.Reach // empty: unknown
	Suppressed string         // why it is on the suppression list; empty: it is not
	// Unconfirmed: nobody has confirmed yet that it is the member's.
	Unconfirmed bool
}

// zones are where invented members live: far enough apart that quiet hours and waits until a local time show.
var zones = []string{"Europe/Berlin", "Europe/Moscow", "Asia/Tbilisi", "America/New_York", "Asia/Vladivostok", "Europe/London"}

var names = map[campaigns.Lang][]string{
	"en": {"Emma", "Ben", "Sam", "Kit", "Alice", "Tom"},
	"ru": {"Аня", "Борис", "Вера", "Миша", "Лена", "Егор"},
}

// invent makes members up: the campaigns' languages in turn, several zones, and as many with one channel as with both.
func invent(plan Plan, defs []*definition.Definition) []Member {
	n := plan.Invented
	langs := cycle(languages(defs), n, plan.Seed, "language")
	homes := cycle(zones, n, plan.Seed, "zone")
	reach := cycle(reaches(defs), n, plan.Seed, "channels")
	does := deal(plan.Mix, n, plan.Seed)
	out := make([]Member, n)
	for i := range out {
		out[i] = Member{
			ID: fmt.Sprintf("m%04d", i+1), FirstName: name(langs[i], i), Language: langs[i], Zone: homes[i], Does: does[i],
			Tags: slices.Clone(plan.Tags), Attributes: maps.Clone(plan.Attributes), Addresses: map[campaigns.Channel]Address{},
		}
		for _, ch := range reach[i] {
			out[i].Addresses[ch] = Address{}
			out[i].Consents = append(out[i].Consents, engine.ConsentInput{Channel: ch, Source: consentSource})
		}
	}
	return out
}

const consentSource = "simulation"

func name(lang campaigns.Lang, i int) string {
	list := names[lang]
	if list == nil {
		list = names["en"]
	}
	return list[i%len(list)]
}

// languages are those of all the campaigns, in their order.
func languages(defs []*definition.Definition) []campaigns.Lang {
	var out []campaigns.Lang
	for _, d := range defs {
		for _, l := range d.Languages {
			if !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// reaches are the ways in which members can be reached: each channel alone, and all of them.
func reaches(defs []*definition.Definition) [][]campaigns.Channel {
	var all []campaigns.Channel
	for _, d := range defs {
		for _, ch := range d.Channels {
			if !slices.Contains(all, ch) {
				all = append(all, ch)
			}
		}
	}
	out := [][]campaigns.Channel{}
	for _, ch := range all {
		out = append(out, []campaigns.Channel{ch})
	}
	if len(all) > 1 {
		out = append(out, all)
	}
	return out
}
