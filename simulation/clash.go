package simulation

import (
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// namedClashes is how many others of the same day are named under a message; the rest is counted.
const namedClashes = 10

// memberDay is a day by a member's own clock.
type memberDay struct {
	person *person
	date   string
}

// coming is a message that came to a member who had done nothing for it.
type coming struct {
	id campaigns.DeliveryID
	thing
	step    campaigns.StepID
	channel campaigns.Channel
}

// thing is what one campaign sends at one moment.
type thing struct {
	campaign campaigns.CampaignID
	at       time.Time // to the minute, in the member's zone
}

// comes notes the message for its day.
func (c *collector) comes(d *store.Delivery, p *person) {
	if d.Lane != campaigns.Bulk || d.Part != 0 {
		return
	}
	at := d.FinalAt.In(p.zone)
	day := memberDay{p, at.Format(time.DateOnly)}
	c.came[day] = append(c.came[day], coming{d.ID, thing{d.Campaign, minute(at)}, d.Step, d.Channel})
}

// clash counts the messages that share their day with something else, and names the others under those whose days are told.
func (c *collector) clash() {
	others := map[campaigns.DeliveryID][]string{}
	for day, same := range c.came {
		things := map[thing]int{}
		for _, m := range same {
			things[m.thing]++
		}
		if len(things) == 1 {
			continue
		}
		for _, m := range same {
			c.totals[m.campaign].Clashes++
			if day.person.told {
				others[m.id] = c.others(m, same, len(same)-things[m.thing])
			}
		}
	}
	for p, items := range c.items {
		for i := range items {
			items[i].Clashes = others[campaigns.DeliveryID(items[i].order)]
			for _, what := range items[i].Clashes {
				c.kept.Add(int64(len(what)))
			}
		}
		c.items[p] = items
	}
}

// others names those of the same day that are something else; there are n.
func (c *collector) others(m coming, same []coming, n int) (out []string) {
	for _, other := range same {
		if other.thing == m.thing {
			continue
		}
		if len(out) == namedClashes {
			return append(out, c.say("simulation.clash_more", map[string]any{"n": n - namedClashes}))
		}
		out = append(out, c.say("simulation.clash", map[string]any{
			"step": string(other.step), "campaign": c.totals[other.campaign].Name, "at": other.at.Format("15:04"), "channel": channelTerm(other.channel),
		}))
	}
	return out
}
