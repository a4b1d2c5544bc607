package definition

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Needs names the facts about a member that decisions by the definition look at, besides language, zone and what the member did last. The store loads
// no others where it loads many members.
type Needs struct {
	Attributes, Tags bool
	Dates            []string            // attributes whose day is waited for
	Channels         []campaigns.Channel // on which there may be an address, sorted
}

// Needs looks at every step and condition. A definition with a set step needs all: it changes what stands beside what it names.
func (d *Definition) Needs() Needs {
	var n Needs
	n.channels(d.Channels...)
	for i := range d.Exit {
		n.condition(d.Exit[i].If)
	}
	for _, s := range d.Order {
		n.channels(d.ChannelsOf(s)...)
		switch body := s.Body.(type) {
		case *Set:
			n.Attributes, n.Tags = true, true
		case *Wait:
			if body.Date != nil {
				n.Attributes = true
				n.Dates = append(n.Dates, body.Date.Attribute)
			}
		case *Branch:
			for _, arm := range body.Arms {
				n.condition(arm.If)
			}
		}
	}
	slices.Sort(n.Channels)
	return n
}

func (n *Needs) channels(chs ...campaigns.Channel) {
	for _, ch := range chs {
		if !slices.Contains(n.Channels, ch) {
			n.Channels = append(n.Channels, ch)
		}
	}
}

func (n *Needs) condition(c *Condition) {
	if c == nil {
		return
	}
	switch c.Subject {
	case SubjectAttribute:
		n.Attributes = true
	case SubjectTag:
		n.Tags = true
	case SubjectChannel:
		n.channels(campaigns.Channel(c.Name))
	}
	for _, inner := range slices.Concat(c.All, c.Any) {
		n.condition(&inner)
	}
	n.condition(c.Not)
}
