//go:build unix

package faults

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// kind says how a member can be reached, for as long as the run lasts.
type kind string

const (
	byChat  kind = "chat"    // in Telegram
	byMail  kind = "mail"    // a mailbox
	blocked kind = "blocked" // in Telegram, and has blocked the bot
	refused kind = "refused" // a mailbox whose server refuses our mails
	gone    kind = "gone"    // a mailbox that is no more
	silent  kind = "silent"  // a mailbox, and no consent
)

// member is one of the crowd.
type member struct {
	n       int
	kind    kind
	answers int // how often they press Yes: once, twice or never
}

func (m *member) id() string   { return fmt.Sprintf("m%d", m.n) }
func (m *member) chat() int64  { return int64(1_000_000 + m.n) }
func (m *member) mail() string { return fmt.Sprintf("%s@d%d.example.org", m.id(), m.n%domains) }

// hears: the member gets what opens at a moment.
func (m *member) hears() bool { return m.n%5 == 0 }

func (m *member) inTelegram() bool { return m.kind == byChat || m.kind == blocked }

// domains is how many mail domains the crowd has: one that slows us down rests by itself.
const domains = 7

// crowd is everybody, as the seed made them.
type crowd struct {
	members []*member
	inside  int  // so many of them, from the first on, were enrolled
	bell    bool // the bell was hung up
	byChat  map[int64]*member
	byMail  map[string]*member
}

func newCrowd(seed uint64, n int) *crowd {
	rnd := rand.New(rand.NewPCG(seed, 1))
	c := &crowd{byChat: map[int64]*member{}, byMail: map[string]*member{}}
	for i := range n {
		m := &member{n: i, kind: draw(rnd)}
		if m.kind == byChat && rnd.IntN(3) == 0 {
			m.answers = 1 + rnd.IntN(2)
		}
		c.members = append(c.members, m)
		if m.inTelegram() {
			c.byChat[m.chat()] = m
		} else {
			c.byMail[m.mail()] = m
		}
	}
	return c
}

func draw(rnd *rand.Rand) kind {
	switch n := rnd.IntN(100); {
	case n < 3:
		return blocked
	case n < 6:
		return refused
	case n < 8:
		return gone
	case n < 11:
		return silent
	case n < 55:
		return byChat
	}
	return byMail
}

// line is the member as the API takes them.
func (m *member) line() []byte {
	v := map[string]any{"external_id": m.id(), "first_name": "M" + m.id()[1:], "language": "en"}
	if m.hears() {
		v["tags"] = []string{"bell"}
	}
	channel := "email"
	if m.inTelegram() {
		channel, v["telegram_chat_id"] = "telegram", m.chat()
	} else {
		v["email"] = m.mail()
	}
	if m.kind != silent {
		v["consents"] = []map[string]any{{"channel": channel, "source": "test"}}
	}
	b, _ := json.Marshal(v) // such values always encode
	return append(b, '\n')
}

// campaign is not held by the circle's budget. It sends two messages to everybody, the second a question, and a third to who has answered it.
const campaign = `
key: fire
kind: broadcast
name: Fire
priority: high
topic: news
languages: [en]
channels: [telegram, email]
entry: {manual: true, reentry: never}
steps:
  - id: news
    send: {text: {en: "news for {{ member.first_name }}"}, expires: 20d}
  - id: going
    ask: {type: yes_no, text: {en: "going, {{ member.first_name }}?"}, timeout: {after: 60d}, expires: 20d}
  - id: thanks
    send: {text: {en: "thanks, {{ member.first_name }}"}, expires: 20d}
`

// bell opens by itself, once, at a moment in UTC. Two schedulers look for it.
const bell = `
key: bell
kind: broadcast
name: Bell
priority: high
topic: news
languages: [en]
channels: [telegram, email]
entry: {schedule: {at: "%s", zone: community, audience: {tag: bell}}}
steps:
  - id: bell
    send: {text: {en: "ding, {{ member.first_name }}"}, expires: 20d}
`

// fate is what must become of one message.
type fate struct {
	arrives bool
	reason  string // of one that must not
}

// fates are what must become of the member's messages, by step. This is the ledger of what should have been sent: it follows from the seed alone, and from
// how far the run came.
func (c *crowd) fates(m *member) map[string]fate {
	f := map[string]fate{}
	step := func(name string) { f[name] = m.fate() }
	if m.n < c.inside {
		step("news")
		step("going")
		if m.answers > 0 || !m.fate().arrives { // who cannot be asked is not waited for
			step("thanks")
		}
	}
	if c.bell && m.hears() {
		step("bell")
	}
	return f
}

// fate is what must become of every message to the member.
func (m *member) fate() fate {
	switch m.kind {
	case blocked:
		return fate{reason: "blocked"}
	case refused:
		return fate{reason: "rejected"}
	case gone:
		return fate{reason: "gone"}
	case silent:
		return fate{reason: "no_consent"}
	}
	return fate{arrives: true}
}

// marker is how the step's text begins in the member's chat.
func (m *member) marker(step string) string {
	name := "M" + m.id()[1:]
	return map[string]string{"news": "news for " + name, "going": "going, " + name + "?", "thanks": "thanks, " + name, "bell": "ding, " + name}[step]
}
