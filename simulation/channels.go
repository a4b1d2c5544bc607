package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/store"
)

// arrival is one message that a member got.
type arrival struct {
	id      campaigns.DeliveryID
	at      time.Time
	person  *person
	message *channels.Message // only of those whose days are told
	keys    []string          // what its buttons send
	link    string            // the token of the page that a mail leads to
	row     *store.Delivery   // what it is the message of; see look
}

// sender is a channel that leads to the members of the simulation.
type sender struct {
	s  *stage
	ch campaigns.Channel
}

// Channel implements channels.Sender.
func (c *sender) Channel() campaigns.Channel { return c.ch }

// Dial implements channels.Sender.
func (c *sender) Dial(context.Context) (channels.Conn, error) { return c, nil }

// Close implements channels.Conn.
func (c *sender) Close() error { return nil }

// Send implements channels.Conn.
func (c *sender) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	if err := begin(); err != nil {
		return channels.Receipt{Class: channels.Temporary}
	}
	p := c.s.to[m.To]
	switch {
	case p == nil:
		return channels.Receipt{Class: channels.Broken, Detail: "nobody has this address"}
	case c.ch == campaigns.Telegram && c.s.hasBlocked(p):
		return channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachBlocked, Code: "403"}
	case c.ch == campaigns.Email && p.Does.Name == Bounces:
		return channels.Receipt{Class: channels.AddressDead, Reach: channels.ReachGone, Code: "550 5.1.1"}
	}
	return channels.Receipt{ProviderID: c.s.arrive(p, m)}
}

func (s *stage) hasBlocked(p *person) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return p.blocked
}

// arrive keeps the message for its reader, and returns its id on the channel.
func (s *stage) arrive(p *person, m *channels.Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &arrival{id: m.Delivery, at: s.clock.now(), person: p}
	if p.Does.After > 0 {
		a.link, a.keys = surveyToken(m), keysOf(m)
	}
	if p.told {
		a.message = kept(m)
		s.kept.Add(itemBytes + textBytes(m))
		s.arrived[a.id] = a
	}
	s.unread = append(s.unread, a)
	s.received++
	s.full = s.full || s.received >= s.plan.messages
	return providerID(m.Delivery)
}

// look lets members look at what has arrived since the last time: what each message is of is read for all of them together.
func (s *stage) look(ctx context.Context) error {
	s.mu.Lock() // what was entered a moment ago may still arrive
	unread := s.unread
	s.unread = nil
	s.mu.Unlock()
	ids := make([]campaigns.DeliveryID, len(unread))
	for i, a := range unread {
		ids[i] = a.id
	}
	rows, err := s.store.DeliveriesByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, a := range unread {
		a.row = rows[a.id]
		s.read(a.person, a)
	}
	return nil
}

// keysOf are what the message's buttons send, in their order.
func keysOf(m *channels.Message) (keys []string) {
	for _, row := range m.Keyboard {
		for _, b := range row {
			if b.Data != "" {
				keys = append(keys, b.Data)
			}
		}
	}
	return keys
}

// kept is the message in memory of its own: the next ones are written where it stands.
func kept(m *channels.Message) *channels.Message {
	own := *m
	if m.Mail == nil {
		return &own
	}
	mail := *m.Mail
	mail.HTML, mail.Text = slices.Clone(mail.HTML), slices.Clone(mail.Text)
	own.Mail = &mail
	return &own
}

// providerID is the message's number in its chat: the delivery's is as good as any.
func providerID(id campaigns.DeliveryID) string { return strconv.FormatInt(int64(id), 10) }

// chat is the bot's other side, as far as members' acts need it: an update is an Incoming in JSON.
type chat struct{}

// Decode implements channels.Chat.
func (chat) Decode(raw json.RawMessage) (in channels.Incoming, err error) {
	return in, json.Unmarshal(raw, &in)
}

// Name implements channels.Chat.
func (chat) Name(context.Context) (string, error) { return "simulation_bot", nil }

// Acknowledge implements channels.Chat.
func (chat) Acknowledge(context.Context, string, string) error { return nil }

// Edit implements channels.Chat.
func (chat) Edit(context.Context, string, string, string, [][]channels.Button) error { return nil }

// React implements channels.Chat.
func (chat) React(context.Context, string, string, string) error { return nil }

// Fetch implements channels.Chat: a simulated recording has no content.
func (chat) Fetch(context.Context, string) (io.ReadCloser, channels.Receipt) {
	return nil, channels.Receipt{Class: channels.Refused}
}

// waker sends the mails that a form on a page causes while the page waits for them. Everything else is found when the stage settles.
type waker struct{ s *stage }

// WakeActors implements engine.Waker.
func (waker) WakeActors(context.Context, ...string) error { return nil }

// WakeDue implements engine.Waker.
func (waker) WakeDue(context.Context) error { return nil }

// WakeLane implements engine.Waker.
func (w waker) WakeLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) error {
	if !w.s.acting || lane != campaigns.Interactive || ch != campaigns.Email {
		return nil
	}
	_, err := w.s.engine.SendLane(ctx, lane, ch, laneSlice)
	return err
}

// mailbox reads the addresses that mailAddress makes.
func mailbox(raw string) (value, key string, err error) {
	if !strings.HasSuffix(raw, "@simulation.invalid") {
		return "", "", errors.New("no address of the simulation")
	}
	return raw, raw, nil
}
