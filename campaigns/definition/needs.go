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
	Segments         bool                // conditions name segments, whose needs are to be added: see NeedsWithin
	// Past are the conditions on what was, each thing that they ask for once.
	Past []*Condition
}

// Needs looks at every step and condition. A definition with a set step needs all: it changes what stands beside what it names.
func (d *Definition) Needs() Needs { return d.NeedsWithin(nil) }

// NeedsWithin is Needs with what the segments need that conditions name.
func (d *Definition) NeedsWithin(ss Segments) Needs {
	var n Needs
	n.channels(d.Channels...)
	for _, c := range d.conditions() {
		c.LeavesWithin(ss, n.leaf)
	}
	for _, s := range d.Order {
		n.channels(d.ChannelsOf(s)...)
		switch body := s.Body.(type) {
		case *Set:
			n.Attributes, n.Tags = true, true
		case *Wait:
			if body.Date != nil && body.Date.Attribute != "" {
				n.Attributes = true
				n.Dates = append(n.Dates, body.Date.Attribute)
			}
		}
	}
	slices.Sort(n.Channels)
	return n
}

// conditions are those that decisions ask: of the entry, the exits, the goal and the branches.
func (d *Definition) conditions() (cs []*Condition) {
	cs = append(cs, d.Entry.If)
	for i := range d.Exit {
		cs = append(cs, d.Exit[i].If)
	}
	if d.Goal != nil {
		cs = append(cs, d.Goal.If)
	}
	for _, s := range d.Order {
		if b, ok := s.Body.(*Branch); ok {
			for _, arm := range b.Arms {
				cs = append(cs, arm.If)
			}
		}
	}
	return slices.DeleteFunc(cs, func(c *Condition) bool { return c == nil })
}

// NeedsOf is what one condition looks at.
func NeedsOf(c *Condition, ss Segments) (n Needs) {
	c.LeavesWithin(ss, n.leaf)
	return n
}

func (n *Needs) channels(chs ...campaigns.Channel) {
	for _, ch := range chs {
		if !slices.Contains(n.Channels, ch) {
			n.Channels = append(n.Channels, ch)
		}
	}
}

func (n *Needs) leaf(c *Condition) {
	switch c.Subject {
	case SubjectAttribute:
		n.Attributes = true
	case SubjectTag:
		n.Tags = true
	case SubjectChannel:
		n.channels(campaigns.Channel(c.Name))
	case SubjectLanguage, SubjectCall:
	case SubjectSegment:
		n.Segments = true
	case SubjectAnswer, SubjectScore:
		if c.Of != "" {
			n.past(c)
		}
	default:
		n.past(c)
	}
}

func (n *Needs) past(c *Condition) {
	if !slices.ContainsFunc(n.Past, func(had *Condition) bool { return had.asks() == c.asks() }) {
		n.Past = append(n.Past, c)
	}
}

// LooksBack reports a comparison with what was, in any campaign, or with a segment, which may hold one.
func (c *Condition) LooksBack() bool {
	n := NeedsOf(c, nil)
	return n.Segments || len(n.Past) > 0
}

// LooksAtAnswers reports a comparison with an answer, also in the segments that the condition names.
func (c *Condition) LooksAtAnswers(ss Segments) (looks bool) {
	c.LeavesWithin(ss, func(leaf *Condition) { looks = looks || leaf.Subject == SubjectAnswer })
	return looks
}

// asks names what is to be read for the condition: the same for conditions that compare it differently.
func (c *Condition) asks() [3]string {
	switch c.Subject {
	case SubjectEvent, SubjectFirstEvent, SubjectLastEvent:
		return [3]string{"events", c.EventKey()}
	case SubjectInside, SubjectEntered, SubjectCompleted, SubjectLeft:
		return [3]string{"passages", c.Name}
	case SubjectAnswer, SubjectScore:
		return [3]string{string(c.Subject), c.Name, string(c.Of)}
	}
	return [3]string{string(c.Subject), c.Name}
}
