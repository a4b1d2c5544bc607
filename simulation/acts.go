package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// act is something that a member does at a time.
type act struct {
	at     time.Time
	person *person
	number int // of the member's own acts: theirs keep their order
	do     func(context.Context) error
}

// acts are those that lie ahead, in their order.
type acts []act

func (a act) compare(b act) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.person.index, b.person.index), cmp.Compare(a.number, b.number))
}

func (a *acts) add(x act) {
	i, _ := slices.BinarySearchFunc(*a, x, act.compare)
	*a = slices.Insert(*a, i, x)
}

func (a acts) next() *time.Time {
	if len(a) == 0 {
		return nil
	}
	return &a[0].at
}

// due takes those out whose time has come.
func (a *acts) due(now time.Time) acts {
	n := 0
	for n < len(*a) && !(*a)[n].at.After(now) {
		n++
	}
	out := slices.Clone((*a)[:n])
	*a = slices.Delete(*a, 0, n)
	return out
}

// will plans one act; nothing is under way.
func (s *stage) will(p *person, at time.Time, do func(context.Context) error) {
	p.counter++
	s.acts.add(act{at, p, p.counter, do})
}

// act lets those act whose time has come, and reports whether there were any.
func (s *stage) act(ctx context.Context) (bool, error) {
	s.acting = true
	defer func() { s.acting = false }()
	some := s.acts.due(s.clock.now())
	for _, a := range some {
		if err := a.do(ctx); err != nil {
			return true, err
		}
	}
	return len(some) > 0, s.handIn(ctx)
}

// planDay plans what the member does on a day of their own: in its middle.
func (s *stage) planDay(p *person) {
	at := s.plan.middle(p.Does.Day)
	switch p.Does.Name {
	case Blocks:
		if _, has := p.Addresses[campaigns.Telegram]; has {
			s.will(p, at, func(ctx context.Context) error { return s.block(ctx, p) })
		}
	case Withdraws:
		s.will(p, at, func(ctx context.Context) error { return s.withdraw(ctx, p) })
	}
}

func (s *stage) block(_ context.Context, p *person) error {
	s.mu.Lock()
	p.blocked = true
	s.mu.Unlock()
	s.told = append(s.told, told{person: p, at: s.clock.now(), kind: ItemBlocked, channel: campaigns.Telegram})
	s.write(p.incoming(channels.IncomingBlocked))
	return nil
}

// withdraw takes the consents for the campaigns' topics back, on every channel.
func (s *stage) withdraw(ctx context.Context, p *person) error {
	if err := s.handIn(ctx); err != nil { // of what was done before it
		return err
	}
	p.gone = true
	in := engine.MemberInput{ExternalID: p.ID}
	for _, c := range s.campaigns {
		for _, ch := range c.def.Channels {
			in.Consents = append(in.Consents, engine.ConsentInput{Channel: ch, Topic: c.def.Topic, Source: consentSource, Given: new(false)})
		}
	}
	s.told = append(s.told, told{person: p, at: s.clock.now(), kind: ItemWithdrew})
	_, err := s.engine.PatchMember(ctx, engine.Operator, in)
	return err
}

func (p *person) incoming(kind channels.IncomingKind) channels.Incoming {
	chat := chatID(p.index)
	return channels.Incoming{Kind: kind, Chat: chat, From: chat, FirstName: p.FirstName, Language: string(p.Language)}
}

func encode(in channels.Incoming) []byte {
	b, err := json.Marshal(in)
	if err != nil { // texts, numbers and times
		panic(err)
	}
	return b
}
