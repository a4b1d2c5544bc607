package engine

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// What a member wants to get: the chat's /settings, one message whose buttons turn topics and channels on and off and choose quiet hours, and which is
// edited in place; and the same as a page behind a mail's footer.

// The wordings name the version of the words under which a press agrees or refuses: bot.settings in the chat, page.settings on the page. Raise one when its
// words change.
const (
	settingsSource      = "settings"
	settingsWording     = "settings/2"
	settingsPageSource  = "settings_page"
	settingsPageWording = "page.settings/2"
)

// quietChoices are the quiet hours that are offered; the first is none.
var quietChoices = []*timing.Window{nil, quiet(21, 9), quiet(22, 8), quiet(23, 7)}

func quiet(from, to int) *timing.Window {
	return &timing.Window{From: timing.LocalTime{Hour: from}, To: timing.LocalTime{Hour: to}}
}

// What a press changes. A topic, channel or "everything" is followed by what is wanted, and its name; quiet hours by their number.
const (
	setTopic   = 't'
	setChannel = 'c'
	setQuiet   = 'q'
	setForm    = 'f' // followed by the form of address
	setAll     = 'x' // everything off

	wantOn, wantOff = "1", "0"
)

// topics are what the community writes about; every topic where it names none.
func topics(c *store.Community) []string {
	if len(c.Topics) == 0 {
		return []string{members.AllTopics}
	}
	return c.Topics
}

// maxOwnTopics bounds those that a member alone has, as a chat shows a hundred buttons at most.
const maxOwnTopics = 30

// offered are what the member can turn on and off: the community's topics, and others that they decided about, which a campaign may still have.
func offered(p *store.Profile, c *store.Community) []string {
	listed := topics(c)
	var own []string
	for key := range p.Consents {
		if key.Topic != members.AllTopics && key.Topic != members.Everything && !slices.Contains(listed, key.Topic) {
			own = append(own, key.Topic)
		}
	}
	slices.Sort(own)
	own = slices.Compact(own)
	return slices.Concat(listed, own[:min(len(own), maxOwnTopics)])
}

// openOn are the channels on which the member may get messages once they agree, in their order.
func openOn(p *store.Profile) (out []campaigns.Channel) {
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if a, ok := p.Addresses.Find(ch); ok && a.Proof != members.Unconfirmed {
			out = append(out, ch)
		}
	}
	return out
}

// decided are all topics about which there is a say on the channel: the community's, every topic, and those that the member ever decided about.
func decided(p *store.Profile, c *store.Community, ch campaigns.Channel) []string {
	out := append([]string{members.AllTopics}, c.Topics...)
	for key := range p.Consents {
		if key.Channel == ch && key.Topic != members.Everything {
			out = append(out, key.Topic)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// topicOn reports whether the topic comes on any channel; every topic: whether any comes.
func topicOn(p *store.Profile, c *store.Community, topic string) bool {
	return slices.ContainsFunc(openOn(p), func(ch campaigns.Channel) bool {
		if topic == members.AllTopics {
			return channelOn(p, c, ch)
		}
		return p.StoppedAt == nil && p.Consents.Allows(ch, topic)
	})
}

func channelOn(p *store.Profile, c *store.Community, ch campaigns.Channel) bool {
	return p.StoppedAt == nil && slices.ContainsFunc(decided(p, c, ch), func(topic string) bool { return p.Consents.Allows(ch, topic) })
}

// channelOff reports whether the member turned the channel off: it comes back by its own button alone.
func channelOff(p *store.Profile, c *store.Community, ch campaigns.Channel) bool {
	given, known := p.Consents[members.ConsentKey{Channel: ch, Topic: members.AllTopics}]
	return known && !given && !channelOn(p, c, ch)
}

// topicMark names a topic in a button, whose data has no room for long ones. The community may list its topics in another order when it is pressed.
func (e *Engine) topicMark(topic string) string {
	return base64.RawURLEncoding.EncodeToString(mac(e.keys.buttons, 9, "topic", topic))
}

// settingsText says what the buttons are about, and by whose clock.
func settingsText(lang campaigns.Lang, p *store.Profile, c *store.Community, now time.Time) string {
	loc := zone(c, p.TimeZone)
	out := text(lang, "bot.settings", nil) + "\n\n" + text(lang, "bot.settings_clock", map[string]any{"time": now.In(loc).Format("15:04"), "city": locale.City(locale.Match(string(lang)), loc.String())})
	if p.StoppedAt != nil {
		out += "\n\n" + text(lang, "bot.settings_stopped", nil)
	}
	return out
}

// Choice is one thing that a member can turn on or off, or choose. It says what is wanted, not that something is to change: pressing twice is pressing once.
type Choice struct {
	Label string
	On    bool
	Arg   string // what a press says to change
}

// Choices are how things stand for a member.
type Choices struct {
	Topics   []Choice
	Channels []Choice // only where there are several
	Quiet    []Choice
	Forms    []Choice // of address; only where texts have both
	Off      *Choice  // everything off; nil where it is
}

func (e *Engine) choices(ctx context.Context, lang campaigns.Lang, p *store.Profile, c *store.Community) (out Choices, err error) {
	turn := func(what rune, on bool, label, name string) Choice {
		want := wantOn
		if on {
			want = wantOff
		}
		return Choice{label, on, string(what) + want + name}
	}
	for _, topic := range offered(p, c) {
		label := locale.Topic(locale.Match(string(lang)), topic)
		if topic == members.AllTopics {
			label = say(lang, "bot.settings_all", nil)
		}
		out.Topics = append(out.Topics, turn(setTopic, topicOn(p, c, topic), label, e.topicMark(topic)))
	}
	if chs := openOn(p); len(chs) > 1 {
		for _, ch := range chs {
			out.Channels = append(out.Channels, turn(setChannel, channelOn(p, c, ch), say(lang, "bot.settings_channel."+string(ch), nil), string(ch)))
		}
	}
	for i, w := range quietChoices {
		label := say(lang, "bot.settings_no_quiet", nil)
		if w != nil {
			label = w.Words()
		}
		out.Quiet = append(out.Quiet, Choice{label, sameWindow(p.Quiet, w), string(setQuiet) + strconv.Itoa(i)})
	}
	both, err := e.choosesForm(ctx, lang)
	if both {
		said, _ := formalityOf(&p.Member)
		for _, f := range campaigns.Formalities() {
			out.Forms = append(out.Forms, Choice{say(lang, "bot.settings_form."+string(f), nil), f == said, string(setForm) + string(f)})
		}
	}
	if p.StoppedAt == nil {
		out.Off = &Choice{say(lang, "bot.settings_off", nil), false, string(setAll)}
	}
	return out, err
}

// settingsKeys are the buttons as things stand.
func (e *Engine) settingsKeys(ctx context.Context, lang campaigns.Lang, chat string, p *store.Profile, c *store.Community) (rows [][]channels.Button, err error) {
	key := func(x Choice) channels.Button {
		label := x.Label
		if x.On {
			label = "✓ " + label
		}
		return channels.Button{Text: label, Data: e.buttonData(chat, button{pressSettings, 0, x.Arg})}
	}
	row := func(xs ...Choice) {
		var keys []channels.Button
		for _, x := range xs {
			keys = append(keys, key(x))
		}
		if len(keys) > 0 {
			rows = append(rows, keys)
		}
	}
	all, err := e.choices(ctx, lang, p, c)
	for _, x := range all.Topics {
		row(x)
	}
	row(all.Channels...)
	for two := range slices.Chunk(all.Quiet, 2) { // more would be cut short on a phone
		row(two...)
	}
	row(all.Forms...)
	if all.Off != nil {
		row(*all.Off)
	}
	return rows, err
}

func sameWindow(a, b *timing.Window) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// set acts on a press in /settings, and shows on its message how things stand.
func (t *conversation) set(ctx context.Context, arg string) error {
	x := &choosing{t.e, t.tx, t.p, t.c, t.now, campaigns.Telegram, settingsSource, settingsWording}
	known, err := x.change(ctx, arg)
	if err != nil {
		return err
	}
	if !known {
		return t.record(ctx, "button.refused", "", nil)
	}
	message, chat, id, c := t.inc.Message, t.inc.Chat, t.p.ID, t.c
	t.marked(func(ctx context.Context) error {
		m, err := t.e.memberView(ctx, id)
		if err != nil {
			return err
		}
		lang := spoken(&m.Profile, c)
		keys, err := t.e.settingsKeys(ctx, lang, chat, &m.Profile, c)
		if err != nil {
			return err
		}
		return t.e.Chat.Edit(ctx, chat, message, settingsText(lang, &m.Profile, c, t.e.now()), keys)
	})
	return nil
}

// choosing is a member's change of what comes to them, in the transaction that holds them.
type choosing struct {
	e               *Engine
	tx              *store.Tx
	p               *store.Profile
	c               *store.Community
	now             time.Time
	here            campaigns.Channel // where the press came from
	source, wording string            // of what is written into the ledger
}

// change reports false for what is no choice: the community has no such topic by now, or the address is gone.
func (t *choosing) change(ctx context.Context, arg string) (known bool, err error) {
	if arg == "" {
		return false, nil
	}
	what, rest := rune(arg[0]), arg[1:]
	name, on := strings.CutPrefix(rest, wantOn)
	if !on {
		name, _ = strings.CutPrefix(rest, wantOff)
	}
	switch what {
	case setTopic:
		all := offered(t.p, t.c)
		i := slices.IndexFunc(all, func(topic string) bool { return t.e.topicMark(topic) == name })
		if i < 0 {
			return false, nil
		}
		return true, t.turnTopic(ctx, all[i], on)
	case setChannel:
		if i := slices.Index(openOn(t.p), campaigns.Channel(name)); i < 0 {
			return false, nil
		}
		return true, t.turnChannel(ctx, campaigns.Channel(name), on)
	case setQuiet:
		i, err := strconv.Atoi(rest)
		if err != nil || i < 0 || i >= len(quietChoices) {
			return false, nil
		}
		return true, t.keepQuiet(ctx, quietChoices[i])
	case setForm:
		f, known := campaigns.FormalityOf(rest)
		if !known {
			return false, nil
		}
		return true, t.keepFormality(ctx, f)
	case setAll:
		return true, t.e.stopEverything(ctx, t.tx, t.p, t.source)
	}
	return false, nil
}

func (t *choosing) keepQuiet(ctx context.Context, w *timing.Window) error {
	if sameWindow(t.p.Quiet, w) {
		return nil
	}
	t.p.Quiet, t.p.UpdatedAt = w, t.now
	if err := t.tx.UpdateMember(ctx, &t.p.Member); err != nil {
		return err
	}
	return t.chose(ctx, map[string]any{"quiet_hours": w})
}

// turnTopic ends the topic on every channel, or agrees to it here and wherever else the member did not turn the channel off. "All topics" are
// those too that they decided about one by one.
func (t *choosing) turnTopic(ctx context.Context, topic string, on bool) error {
	switch {
	case on:
		return t.agreeTo(ctx, []string{topic}, slices.DeleteFunc(openOn(t.p), func(ch campaigns.Channel) bool { return ch != t.here && channelOff(t.p, t.c, ch) }))
	case topic != members.AllTopics:
		return t.e.stopTopic(ctx, t.tx, t.p, topic, t.source, t.wording)
	}
	return t.refuse(ctx, []campaigns.Channel{campaigns.Telegram, campaigns.Email})
}

// turnChannel ends every topic on the channel, or agrees there to those that come on another one, or to all.
func (t *choosing) turnChannel(ctx context.Context, ch campaigns.Channel, on bool) error {
	if !on {
		return t.refuse(ctx, []campaigns.Channel{ch})
	}
	var wanted []string
	for _, topic := range offered(t.p, t.c) {
		if topicOn(t.p, t.c, topic) {
			wanted = append(wanted, topic)
		}
	}
	if len(wanted) == 0 {
		wanted = topics(t.c)
	}
	return t.agreeTo(ctx, wanted, []campaigns.Channel{ch})
}

// refuse ends all topics on the channels. What the member is in ends where nothing of its topic may come any more.
func (t *choosing) refuse(ctx context.Context, chs []campaigns.Channel) error {
	for _, ch := range chs {
		if err := t.consents(ctx, decided(t.p, t.c, ch), ch, false); err != nil {
			return err
		}
	}
	return t.e.decideAll(ctx, t.tx, t.p.ID, &decide.Left{Reason: campaigns.ExitUnsubscribed}, func(l *live) bool {
		return l.def.Purpose != campaigns.Service && !topicOn(t.p, t.c, l.def.Topic)
	})
}

// agreeTo turns topics on. It ends a stop: then they are on, and nothing else that was before, on a mailbox that is not proven yet neither.
func (t *choosing) agreeTo(ctx context.Context, topics []string, chs []campaigns.Channel) error {
	if t.p.StoppedAt != nil {
		if err := t.e.everything(ctx, t.tx, t.p, true, t.source); err != nil {
			return err
		}
		open := openOn(t.p)
		for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
			others := slices.DeleteFunc(decided(t.p, t.c, ch), func(topic string) bool { return !slices.Contains(open, ch) && slices.Contains(topics, topic) })
			if err := t.consents(ctx, others, ch, false); err != nil {
				return err
			}
		}
	}
	for _, ch := range chs {
		wanted := topics
		if slices.Contains(topics, members.AllTopics) {
			wanted = decided(t.p, t.c, ch)
		}
		if err := t.consents(ctx, wanted, ch, true); err != nil {
			return err
		}
	}
	return nil
}

// consents writes the ledger where it changes something, and says so once.
func (t *choosing) consents(ctx context.Context, topics []string, ch campaigns.Channel, given bool) error {
	changed := false
	for _, topic := range topics {
		key := members.ConsentKey{Channel: ch, Topic: topic}
		if had, known := t.p.Consents[key]; known && had == given {
			continue
		}
		c := members.Consent{Channel: ch, Topic: topic, Given: given, Source: t.source, Wording: t.wording, At: t.now}
		if err := t.tx.AppendConsent(ctx, t.p.ID, c); err != nil {
			return err
		}
		t.p.Consents[key], changed = given, true
	}
	if !changed {
		return nil
	}
	return t.chose(ctx, map[string]any{"channel": ch, "topics": topics, "on": given})
}

func (t *choosing) chose(ctx context.Context, data map[string]any) error {
	return t.tx.AppendEvents(ctx, []store.Event{{At: t.now, Name: "member.chose", Member: t.p.ID, Data: mustJSON(data)}})
}
