package engine

import (
	"context"
	"regexp"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// Commands lists the bot's commands in the order of its menu. Their descriptions are locale keys "bot.command.<name>".
func Commands() []string {
	return []string{"start", "help", "language", "stop", "privacy", "mydata", "delete"}
}

// consentWording names the version of the words under which /start grants consent: bot.start of the catalogs. Raise it when they change.
const consentWording = "bot.start/1"

func (t *conversation) command(ctx context.Context) error {
	switch t.inc.Command {
	case "start":
		return t.start(ctx)
	case "stop":
		return t.stop(ctx)
	case "help", "language", "privacy", "mydata":
		return t.reply(ctx, t.inc.Command, nil)
	case "delete":
		return t.reply(ctx, "delete_confirm", nil)
	}
	return t.reply(ctx, "unknown_command", nil)
}

// start greets, grants consent for the community's topics, and brings back who had stopped. Old enrollments stay exited.
func (t *conversation) start(ctx context.Context) error {
	returned, joins := t.p.StoppedAt != nil, t.joins()
	if err := t.consent(ctx); err != nil {
		return err
	}
	data := map[string]any{}
	if source := strings.TrimPrefix(t.inc.Payload, "s_"); payloadShape.MatchString(source) {
		data["source"] = source
	}
	if err := t.record(ctx, "bot.started", "", data); err != nil {
		return err
	}
	name := "start"
	if returned {
		name = "returned"
	}
	if err := t.reply(ctx, name, nil); err != nil {
		return err
	}
	for _, event := range startEvents(joins) {
		more, err := t.e.happened(ctx, t.tx, t.in, t.p, event, map[string]any{})
		if err != nil {
			return err
		}
		t.out.add(more)
	}
	return nil
}

// payloadShape is what a deep link may carry (Bot API "Deep linking"). Anything else was typed by hand, and could be personal.
var payloadShape = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// joins reports whether pressing Start makes the member one: they came by the bot alone, and never agreed to anything here before.
// Members that the platform knows have joined there.
func (t *conversation) joins() bool {
	if t.p.ExternalID != "" {
		return false
	}
	for key := range t.p.Consents {
		if key.Channel == campaigns.Telegram {
			return false
		}
	}
	return true
}

// startEvents are the events that pressing Start stands for: every time bot.started, the first time also member.joined.
func startEvents(joins bool) []string {
	if joins {
		return []string{"member.joined", "bot.started"}
	}
	return []string{"bot.started"}
}

// consent writes the ledger for the community's topics (every topic where none is named), lifts a suppression that an erasure left, and ends a stop.
func (t *conversation) consent(ctx context.Context) error {
	topics := t.c.Topics
	if len(topics) == 0 {
		topics = []string{members.AllTopics}
	}
	for _, topic := range topics {
		key := members.ConsentKey{Channel: campaigns.Telegram, Topic: topic}
		if t.p.Consents[key] {
			continue
		}
		if err := t.tx.AppendConsent(ctx, t.p.ID, members.Consent{Channel: campaigns.Telegram, Topic: topic, Given: true, Source: "start", Wording: consentWording, At: t.now}); err != nil {
			return err
		}
		t.p.Consents[key] = true
	}
	a := t.p.Addresses[campaigns.Telegram]
	if a.Suppressed != "" {
		if err := t.tx.LiftSuppression(ctx, campaigns.Telegram, t.e.AddressHash(campaigns.Telegram, a.Value)); err != nil {
			return err
		}
		a.Suppressed = ""
		t.p.Addresses[campaigns.Telegram] = a
	}
	if t.p.StoppedAt == nil {
		return nil
	}
	t.p.StoppedAt = nil
	return t.e.everything(ctx, t.tx, t.p, true, "start")
}

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
	for ch := range p.Addresses {
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
func (e *Engine) stopTopic(ctx context.Context, tx *store.Tx, p *store.Profile, topic, source string) error {
	now, changed := e.now(), false
	for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
		key := members.ConsentKey{Channel: ch, Topic: topic}
		if given, known := p.Consents[key]; known && !given {
			continue
		}
		changed = true
		if err := tx.AppendConsent(ctx, p.ID, members.Consent{Channel: ch, Topic: topic, Given: false, Source: source, At: now}); err != nil {
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
	if err := t.e.stopEverything(ctx, t.tx, t.p, "stop"); err != nil {
		return err
	}
	return t.reply(ctx, "stop", nil)
}

// speak changes the member's language.
func (t *conversation) speak(ctx context.Context, lang string) error {
	known := false
	for _, l := range locale.Languages() {
		known = known || l == lang
	}
	if !known {
		return t.record(ctx, "button.refused", "", nil)
	}
	if string(t.p.Language) != lang {
		t.p.Language, t.p.UpdatedAt = campaigns.Lang(lang), t.now
		if err := t.tx.UpdateMember(ctx, &t.p.Member); err != nil {
			return err
		}
	}
	return t.reply(ctx, "language_set", nil)
}

// erase removes the member's data when they confirmed. The pressed message tells it: no address is left to send to.
func (t *conversation) erase(ctx context.Context, yes bool) error {
	lang, message, chat := spoken(t.p, t.c), t.inc.Message, t.inc.Chat
	words := "bot.delete_kept"
	if yes {
		words = "bot.deleted"
		if err := t.eraseNow(ctx); err != nil {
			return err
		}
	}
	t.out.edit = func(ctx context.Context) error {
		return t.e.Chat.Edit(ctx, chat, message, text(lang, words, nil), nil)
	}
	return nil
}

// eraseNow erases the member with all that arrived up to this input. What came after it waits for whoever comes back.
func (t *conversation) eraseNow(ctx context.Context) error {
	waiting, err := t.tx.StoredInputs(ctx, t.in.Actor, maxLater)
	if err != nil {
		return err
	}
	if err := t.e.eraseMember(ctx, t.tx, t.p); err != nil {
		return err
	}
	if err := t.tx.ClearInput(ctx, t.in.ID); err != nil {
		return err
	}
	var later []*store.Input
	for _, in := range waiting {
		if in.ID > t.in.ID {
			again := *in
			again.ID, again.Member, again.SourceKey = 0, 0, in.SourceKey+"/after-erasure"
			later = append(later, &again)
		}
	}
	_, err = t.tx.InsertInputs(ctx, later)
	return err
}

// maxLater is how many inputs may wait behind a wish to be erased.
const maxLater = 100

// eraseMember exits, cancels, suppresses and removes, in the transaction that holds the member.
func (e *Engine) eraseMember(ctx context.Context, tx *store.Tx, p *store.Profile) error {
	now := e.now()
	if err := e.decideAll(ctx, tx, p.ID, &decide.Left{Reason: campaigns.ExitErased}, nil); err != nil {
		return err
	}
	if err := tx.CancelPendingOfMember(ctx, p.ID, campaigns.MemberErased, now); err != nil {
		return err
	}
	hashes, err := tx.AddressHashes(ctx, p.ID)
	if err != nil {
		return err
	}
	for ch, hash := range hashes {
		if err := tx.Suppress(ctx, ch, hash, "erased", now); err != nil {
			return err
		}
	}
	if err := tx.EraseMember(ctx, p.ID, now); err != nil {
		return err
	}
	return tx.AppendEvents(ctx, []store.Event{{At: now, Name: "member.erased", Member: p.ID}})
}

// EraseMember removes every personal value of the member. What was sent stays counted, without values.
func (e *Engine) EraseMember(ctx context.Context, p Principal, externalID string) error {
	if err := p.Require(MembersWrite); err != nil {
		return err
	}
	m, err := e.Store.MemberByExternalID(ctx, externalID)
	if err != nil {
		return err
	}
	return e.Store.Write(ctx, func(tx *store.Tx) error {
		profile, err := tx.LockMember(ctx, m.ID)
		if err != nil {
			return err
		}
		return e.eraseMember(ctx, tx, profile)
	})
}
