package engine

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
)

// Commands lists the bot's commands in the order of its menu. Their descriptions are locale keys "bot.command.<name>".
func Commands() []string {
	return []string{"start", "help", "top", "link", "settings", "language", "stop", "privacy", "mydata", "delete"}
}

// consentWording names the version of the words under which /start grants consent: bot.start of the catalogs. Raise it when they change.
const consentWording = "bot.start/1"

func (t *conversation) command(ctx context.Context) error {
	if err := t.tx.EndPrompt(ctx, t.p.ID); err != nil { // any command ends what the bot had asked for
		return err
	}
	switch t.inc.Command {
	case "start":
		return t.start(ctx)
	case "stop":
		return t.stop(ctx)
	case "help", "top", "settings", "language", "privacy", "mydata":
		return t.reply(ctx, t.inc.Command, nil)
	case "cancel":
		return t.reply(ctx, "canceled", nil)
	case "link":
		return t.link(ctx)
	case "delete":
		return t.reply(ctx, "delete_confirm", nil)
	}
	return t.reply(ctx, "unknown_command", nil)
}

// start greets, grants consent for the community's topics, and brings back who had stopped. Old enrollments stay exited.
func (t *conversation) start(ctx context.Context) error {
	switch {
	case t.joined.ok():
		return t.welcomed(ctx)
	case t.joined != joinedNone: // the code does not work; Start does, for somebody new
		if err := t.reply(ctx, string(t.joined), nil); err != nil {
			return err
		}
		if t.refused() {
			return t.record(ctx, "bot.started", "", map[string]any{"source": "link"})
		}
	}
	returned, joins := t.p.StoppedAt != nil, t.joins()
	if err := t.consent(ctx); err != nil {
		return err
	}
	data := map[string]any{}
	if source := strings.TrimPrefix(t.inc.Payload, "s_"); !strings.HasPrefix(source, codePrefix) && payloadShape.MatchString(source) {
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
		more, err := t.e.happened(ctx, t.tx, t.p, happening{event: event, at: t.in.ReceivedAt, own: true, data: data}) // so that a link of its own can lead into a campaign
		if err != nil {
			return err
		}
		t.out.add(more)
	}
	return nil
}

// refused reports whether the member turned something off in the chat: a link that connects is not there to bring it back.
func (t *conversation) refused() bool {
	if t.p.StoppedAt != nil {
		return true
	}
	for key, given := range t.p.Consents {
		if key.Channel == campaigns.Telegram && !given {
			return true
		}
	}
	return false
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
// A topic that was turned off stays so; where nothing at all would come, Start means that all of it should.
func (t *conversation) consent(ctx context.Context) error {
	bare := !slices.ContainsFunc(topics(t.c), func(topic string) bool {
		given, decided := t.p.Consents[members.ConsentKey{Channel: campaigns.Telegram, Topic: topic}]
		return given || !decided
	})
	for _, topic := range topics(t.c) {
		key := members.ConsentKey{Channel: campaigns.Telegram, Topic: topic}
		if given, decided := t.p.Consents[key]; given || decided && !bare {
			continue
		}
		if err := t.tx.AppendConsent(ctx, t.p.ID, members.Consent{Channel: campaigns.Telegram, Topic: topic, Given: true, Source: "start", Wording: consentWording, At: t.now}); err != nil {
			return err
		}
		t.p.Consents[key] = true
	}
	a := t.p.Addresses.On(campaigns.Telegram)
	if a.Suppressed != "" {
		if err := t.tx.LiftSuppression(ctx, campaigns.Telegram, t.e.AddressHash(campaigns.Telegram, a.Value)); err != nil {
			return err
		}
		a.Suppressed = ""
		t.p.Addresses.Set(a)
	}
	if t.p.StoppedAt == nil {
		return nil
	}
	t.p.StoppedAt = nil
	return t.e.everything(ctx, t.tx, t.p, true, "start")
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
