package engine

import (
	"context"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// everything turns all that is not service on or off, with its entry in the ledger.
func (e *Engine) everything(ctx context.Context, tx *store.Tx, p *store.Profile, on bool, source string) error {
	now := e.now()
	p.StoppedAt = nil
	name := "member.returned"
	if !on {
		p.StoppedAt, name = &now, "member.stopped"
	}
	p.UpdatedAt = now
	if err := tx.UpdateMember(ctx, &p.Member); err != nil {
		return err
	}
	for _, ch := range p.Addresses.Channels() {
		if err := tx.AppendConsent(ctx, p.ID, members.Consent{Channel: ch, Topic: members.Everything, Given: on, Source: source, At: now}); err != nil {
			return err
		}
	}
	return tx.AppendEvents(ctx, []store.Event{{At: now, Name: name, Member: p.ID, Data: mustJSON(map[string]any{"source": source})}})
}

// stopEverything ends all that is not transactional, on every channel.
func (e *Engine) stopEverything(ctx context.Context, tx *store.Tx, p *store.Profile, source string) error {
	if p.StoppedAt == nil {
		if err := e.everything(ctx, tx, p, false, source); err != nil {
			return err
		}
	}
	return e.decideAll(ctx, tx, p.ID, &decide.Left{Reason: campaigns.ExitUnsubscribed}, func(l *live) bool { return l.def.Purpose != campaigns.Service })
}

// stopTopic ends one topic: no more of it is sent on any channel, and its campaigns end for the member.
func (e *Engine) stopTopic(ctx context.Context, tx *store.Tx, p *store.Profile, topic, source, wording string) error {
	now, changed := e.now(), false
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		key := members.ConsentKey{Channel: ch, Topic: topic}
		if given, known := p.Consents[key]; known && !given {
			continue
		}
		changed = true
		if err := tx.AppendConsent(ctx, p.ID, members.Consent{Channel: ch, Topic: topic, Given: false, Source: source, Wording: wording, At: now}); err != nil {
			return err
		}
	}
	if changed {
		event := store.Event{At: now, Name: "member.unsubscribed", Member: p.ID, Data: mustJSON(map[string]any{"topic": topic, "source": source})}
		if err := tx.AppendEvents(ctx, []store.Event{event}); err != nil {
			return err
		}
	}
	return e.decideAll(ctx, tx, p.ID, &decide.Left{Reason: campaigns.ExitUnsubscribed}, func(l *live) bool {
		return l.def.Topic == topic && l.def.Purpose != campaigns.Service
	})
}

func (t *conversation) stop(ctx context.Context) error {
	if err := t.e.leftAfter(ctx, t.tx, t.p, t.now); err != nil {
		return err
	}
	if err := t.e.stopEverything(ctx, t.tx, t.p, "stop"); err != nil {
		return err
	}
	return t.reply(ctx, "stop", nil)
}
