package simulation

import (
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store"
)

// localForm is how a member's own time is written beside the exact one.
const localForm = "2006-01-02 15:04"

// minute is how exactly times are told. On a machine that is very slow, the engine's guards in real time put a message off by a second of the simulation's.
func minute(at time.Time) time.Time { return at.Truncate(time.Minute) }

func (c *collector) add(p *person, items ...Item) {
	for _, it := range items {
		it.At = minute(it.At)
		it.Local, it.Day = it.At.In(p.zone).Format(localForm), c.plan.dayOf(it.At)
		c.kept.Add(itemBytes + int64(len(it.What)))
		c.items[p] = append(c.items[p], it)
	}
}

func (c *collector) say(key string, args map[string]any) string { return locale.T(c.lang, key, args) }

// why is the reason's sentence, or nothing.
func (c *collector) why(prefix, reason string) string {
	if reason == "" || !locale.Has(prefix+reason) {
		return ""
	}
	return " " + c.say(prefix+reason, nil)
}

// plain is an item that a sentence tells whole.
func (c *collector) plain(at time.Time, kind ItemKind, t *totals, step campaigns.StepID, order int64) Item {
	return Item{
		At: at, Kind: kind, Campaign: t.Key, Step: step, order: order,
		What: c.say("simulation.item."+string(kind), map[string]any{"campaign": t.Name, "step": string(step)}),
	}
}

// silence takes over what became of a message after which nothing was heard for a while, or whose channel was lost.
func (it *Item) silence(e store.Event) { // before the message that follows from it
	var data struct {
		To   campaigns.Channel `json:"to"`
		Lost string            `json:"lost"`
	}
	_ = json.Unmarshal(e.Data, &data) // written by the decider
	it.Kind = ItemNotEscalated
	if e.Reason == "" {
		it.Kind, it.Channel, it.Reason = ItemEscalated, data.To, data.Lost
	}
}

// enrollEvents is how the names of events begin that tell what came of a step which enrolls; the result follows.
const enrollEvents = "enroll."

// enrolled takes over what came of a step that enrolls in a campaign which is played along, before what that campaign does. That another one is not played along is told elsewhere.
func (c *collector) enrolled(it *Item, e store.Event, p *person) (played bool) {
	var data struct {
		Name campaigns.Key `json:"name"`
	}
	_ = json.Unmarshal(e.Data, &data) // written by the engine
	if !c.plays(data.Name) {
		return false
	}
	it.Kind, it.order = ItemEnrolled, e.ID
	if result := engine.EntryResult(strings.TrimPrefix(e.Name, enrollEvents)); result != engine.Enrolled {
		it.Reason = string(result)
		return true
	}
	for _, other := range c.items[p] {
		if other.Kind == ItemEntered && other.Campaign == data.Name && other.At.Equal(minute(e.At)) && other.order < e.ID {
			it.order = other.order - 1
		}
	}
	return true
}

func (c *collector) deliveryItem(d *store.Delivery, t *totals) Item {
	kind, at := ItemNotSent, d.CreatedAt
	switch {
	case d.State == campaigns.Sent:
		kind = ItemMessage
	case !d.State.Final():
		kind, at = ItemWaiting, c.clock.now()
	}
	if d.FinalAt != nil {
		at = *d.FinalAt
	}
	it := Item{At: at, Kind: kind, Campaign: t.Key, Step: d.Step, Channel: d.Channel, Reason: string(d.Reason), order: int64(d.ID)}
	it.What = c.say("simulation.item."+string(kind), map[string]any{"step": string(d.Step), "channel": channelTerm(d.Channel)}) + c.why("reason.", it.Reason)
	if a := c.arrived[d.ID]; a != nil {
		it.read(a)
	}
	p := c.member[d.Member]
	if h, ok := c.held[d.ID]; ok {
		until := minTime(h.until, at)
		it.Held = &Held{From: minute(d.CreatedAt), Until: minute(until), Reason: h.reason}
		it.Held.What = c.say("simulation.held", map[string]any{
			"from": locale.DateTime(c.lang, d.CreatedAt.In(p.zone)), "until": locale.DateTime(c.lang, until.In(p.zone)),
		}) + c.why("reason.", string(h.reason))
	}
	return it
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func channelTerm(ch campaigns.Channel) locale.Term { return locale.Term("channel." + string(ch)) }

// read takes over what the member reads.
func (it *Item) read(a *arrival) {
	m := a.message
	it.Language, it.Text = m.Lang, chatText(m.HTML)
	if m.Mail != nil {
		it.Subject, it.Text = m.Mail.Subject, pageLink.ReplaceAllString(string(m.Mail.Text), publicURL+"/$1/…")
	}
	for _, row := range m.Keyboard {
		for _, b := range row {
			it.Buttons = append(it.Buttons, b.Text)
		}
	}
}

var (
	markup   = regexp.MustCompile(`<[^>]*>`)
	pageLink = regexp.MustCompile(regexp.QuoteMeta(publicURL) + `/([a-z-]+)/[A-Za-z0-9_.~%-]+`)
)

// chatText is Telegram HTML as it is read: its tags are few and hold no ">" (channels.Message).
func chatText(src string) string {
	return strings.TrimSpace(html.UnescapeString(markup.ReplaceAllString(src, "")))
}

// reply is what the system said to what a member did.
func (c *collector) reply(d *store.Delivery, p *person) {
	if p == nil || !p.told || d.State != campaigns.Sent {
		return
	}
	it := Item{At: *d.FinalAt, Kind: ItemReply, Channel: d.Channel, order: int64(d.ID)}
	it.What = c.say("simulation.item.reply", map[string]any{"channel": channelTerm(d.Channel)})
	if a := c.arrived[d.ID]; a != nil {
		it.read(a)
	}
	c.add(p, it)
}

func (c *collector) enrollmentItems(p *person, e *store.Enrollment, t *totals) {
	c.add(p, c.plain(e.EnteredAt, ItemEntered, t, "", int64(e.ID)))
	if e.EndedAt == nil {
		return
	}
	it := c.plain(*e.EndedAt, ItemEnded, t, e.Step, lastOrder)
	it.Reason = string(e.Reason)
	if e.State == campaigns.EnrollmentExited {
		it.What = c.say("simulation.item.exited", map[string]any{"campaign": t.Name}) + c.why("reason.", it.Reason)
	}
	c.add(p, it)
}

// lastOrder is that of the end, behind everything that has the same time.
const lastOrder = int64(1) << 62

func (c *collector) responseItem(r *store.Response, t *totals) Item {
	it := c.plain(r.AnsweredAt, ItemAnswer, t, r.Step, r.ID)
	it.Channel = r.Answer.Channel
	if r.Answer.Media == nil {
		it.Value = reports.Value(r.Answer)
	} else {
		it.Value = string(r.Answer.Media.Kind)
	}
	if r.Answer.Late {
		it.What = c.say("simulation.item.late", map[string]any{"step": string(r.Step)})
	}
	return it
}

// toldItem takes over what no row tells.
func (c *collector) toldItem(x told) {
	it := Item{At: x.at, Kind: x.kind, Channel: x.channel, Reason: x.reason}
	args := map[string]any{}
	if t := c.totals[x.campaign]; t != nil {
		it.Campaign, args["campaign"] = t.Key, t.Name
		if x.kind == ItemRefused {
			t.notEntered[x.reason]++
		}
	}
	if !x.person.told {
		return
	}
	it.What = c.say("simulation.item."+string(x.kind), args) + c.why("simulation.refused.", x.reason)
	c.add(x.person, it)
}

func (c *collector) story(p *person) Story {
	items := c.items[p]
	slices.SortStableFunc(items, Item.compare)
	s := Story{index: p.index, Member: p.ID, Name: members.Shown(strings.TrimSpace(p.FirstName + " " + p.LastName)), Language: p.Language, Zone: p.zone.String(), Channels: []campaigns.Channel{}, Does: p.Does.String(), Items: items}
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if _, has := p.Addresses[ch]; has {
			s.Channels = append(s.Channels, ch)
		}
	}
	return s
}
