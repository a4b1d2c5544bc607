package engine

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// The chat's /settings: one message whose buttons turn topics and channels on and off and choose quiet hours. It is edited in place.

// settingsWording names the version of the words under which a press agrees to a topic: bot.settings. Raise it when they change.
const settingsWording = "settings/1"

// quietChoices are the quiet hours that are offered; the first is none.
var quietChoices = []*timing.Window{nil, quiet(21, 9), quiet(22, 8), quiet(23, 7)}

func quiet(from, to int) *timing.Window {
	return &timing.Window{From: timing.LocalTime{Hour: from}, To: timing.LocalTime{Hour: to}}
}

// What a press changes, before the number of the topic, channel or choice.
const (
	setTopic   = "t"
	setChannel = "c"
	setQuiet   = "q"
	setNothing = "x" // everything off
)

// topics are what the community writes about; every topic where it names none.
func topics(c *store.Community) []string {
	if len(c.Topics) == 0 {
		return []string{members.AllTopics}
	}
	return c.Topics
}

// openOn are the channels on which the member may get messages once they agree, in their order.
func openOn(p *store.Profile) (out []campaigns.Channel) {
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		if a, ok := p.Addresses[ch]; ok && a.Proof != members.Unconfirmed {
			out = append(out, ch)
		}
	}
	return out
}

func topicOn(p *store.Profile, topic string) bool {
	for _, ch := range openOn(p) {
		if p.StoppedAt == nil && p.Consents.Allows(ch, topic) {
			return true
		}
	}
	return false
}

func channelOn(p *store.Profile, c *store.Community, ch campaigns.Channel) bool {
	for _, topic := range topics(c) {
		if p.StoppedAt == nil && p.Consents.Allows(ch, topic) {
			return true
		}
	}
	return false
}

// settingsText says what the buttons are about, and by whose clock.
func settingsText(lang campaigns.Lang, p *store.Profile, c *store.Community, now time.Time) string {
	loc := zone(c, p.TimeZone)
	out := text(lang, "bot.settings", nil) + "\n\n" + text(lang, "bot.settings_clock", map[string]any{"time": now.In(loc).Format("15:04"), "zone": loc.String()})
	if p.StoppedAt != nil {
		out += "\n\n" + text(lang, "bot.settings_stopped", nil)
	}
	return out
}

// settingsKeys are the buttons as things stand.
func (e *Engine) settingsKeys(lang campaigns.Lang, chat string, p *store.Profile, c *store.Community) (rows [][]channels.Button) {
	key := func(on bool, label, arg string) channels.Button {
		if on {
			label = "✓ " + label
		}
		return channels.Button{Text: label, Data: e.buttonData(chat, button{pressSettings, 0, arg})}
	}
	for i, topic := range topics(c) {
		label := topic
		if topic == members.AllTopics {
			label = say(lang, "bot.settings_all", nil)
		}
		rows = append(rows, []channels.Button{key(topicOn(p, topic), label, setTopic+strconv.Itoa(i))})
	}
	if chs := openOn(p); len(chs) > 1 {
		var row []channels.Button
		for _, ch := range chs {
			row = append(row, key(channelOn(p, c, ch), say(lang, "bot.settings_channel."+string(ch), nil), setChannel+string(ch)))
		}
		rows = append(rows, row)
	}
	var row []channels.Button
	for i, w := range quietChoices {
		label := say(lang, "bot.settings_no_quiet", nil)
		if w != nil {
			label = strconv.Itoa(w.From.Hour) + "–" + strconv.Itoa(w.To.Hour)
		}
		row = append(row, key(same(p.Quiet, w), label, setQuiet+strconv.Itoa(i)))
	}
	rows = append(rows, row)
	if p.StoppedAt == nil {
		rows = append(rows, []channels.Button{key(false, say(lang, "bot.settings_off", nil), setNothing)})
	}
	return rows
}

func same(a, b *timing.Window) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// set acts on a press in /settings, and shows on its message how things stand. Pressing what stands so already is pressing once.
func (t *conversation) set(ctx context.Context, arg string) error {
	if arg == "" {
		return t.record(ctx, "button.refused", "", nil)
	}
	ok, err := t.change(ctx, arg[:1], arg[1:])
	if err != nil {
		return err
	}
	if !ok {
		return t.record(ctx, "button.refused", "", nil)
	}
	message, chat, id, c := t.inc.Message, t.inc.Chat, t.p.ID, t.c
	t.out.edit = func(ctx context.Context) error {
		m, err := t.e.memberView(ctx, id)
		if err != nil {
			return err
		}
		lang := spoken(&m.Profile, c)
		return t.e.Chat.Edit(ctx, chat, message, settingsText(lang, &m.Profile, c, t.e.now()), t.e.settingsKeys(lang, chat, &m.Profile, c))
	}
	return nil
}

// change reports false for what is no choice: the community's topics are others by now, or the address is gone.
func (t *conversation) change(ctx context.Context, what, which string) (bool, error) {
	switch what {
	case setTopic:
		i, err := strconv.Atoi(which)
		if err != nil || i < 0 || i >= len(topics(t.c)) {
			return false, nil
		}
		return true, t.turnTopic(ctx, topics(t.c)[i])
	case setChannel:
		for _, ch := range openOn(t.p) {
			if string(ch) == which {
				return true, t.turnChannel(ctx, ch)
			}
		}
		return false, nil
	case setQuiet:
		i, err := strconv.Atoi(which)
		if err != nil || i < 0 || i >= len(quietChoices) {
			return false, nil
		}
		t.p.Quiet, t.p.UpdatedAt = quietChoices[i], t.now
		return true, t.tx.UpdateMember(ctx, &t.p.Member)
	case setNothing:
		return true, t.e.stopEverything(ctx, t.tx, t.p, "settings")
	}
	return false, nil
}

// turnTopic ends the topic on every channel, or agrees to it on those that are on.
func (t *conversation) turnTopic(ctx context.Context, topic string) error {
	if topicOn(t.p, topic) {
		return t.e.stopTopic(ctx, t.tx, t.p, topic, "settings")
	}
	if err := t.comeBack(ctx); err != nil {
		return err
	}
	return t.agreeTo(ctx, []string{topic}, openOn(t.p))
}

// turnChannel ends every topic on the channel, or agrees there to those that are on elsewhere, or to all.
func (t *conversation) turnChannel(ctx context.Context, ch campaigns.Channel) error {
	if channelOn(t.p, t.c, ch) {
		return t.consents(ctx, append([]string{members.AllTopics}, t.c.Topics...), []campaigns.Channel{ch}, false)
	}
	if err := t.comeBack(ctx); err != nil {
		return err
	}
	var wanted []string
	for _, topic := range topics(t.c) {
		if topicOn(t.p, topic) {
			wanted = append(wanted, topic)
		}
	}
	if len(wanted) == 0 {
		wanted = topics(t.c)
	}
	return t.agreeTo(ctx, wanted, []campaigns.Channel{ch})
}

// comeBack ends a stop: what is turned on now is on, and nothing else that was before.
func (t *conversation) comeBack(ctx context.Context) error {
	if t.p.StoppedAt == nil {
		return nil
	}
	if err := t.e.everything(ctx, t.tx, t.p, true, "settings"); err != nil {
		return err
	}
	return t.consents(ctx, append([]string{members.AllTopics}, t.c.Topics...), openOn(t.p), false)
}

func (t *conversation) agreeTo(ctx context.Context, topics []string, chs []campaigns.Channel) error {
	return t.consents(ctx, topics, chs, true)
}

// consents writes the ledger where it changes something.
func (t *conversation) consents(ctx context.Context, topics []string, chs []campaigns.Channel, given bool) error {
	for _, ch := range chs {
		for _, topic := range topics {
			key := members.ConsentKey{Channel: ch, Topic: topic}
			if had, known := t.p.Consents[key]; known && had == given {
				continue
			}
			c := members.Consent{Channel: ch, Topic: topic, Given: given, Source: "settings", Wording: settingsWording, At: t.now}
			if err := t.tx.AppendConsent(ctx, t.p.ID, c); err != nil {
				return err
			}
			t.p.Consents[key] = given
		}
	}
	data := map[string]any{"topics": strings.Join(topics, ", "), "on": given}
	return t.record(ctx, "member.chose", "", data)
}
