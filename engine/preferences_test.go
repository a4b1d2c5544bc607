package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// settings opens /settings in the chat and returns the message's id.
func (w *world) settings(user int64) int64 {
	w.t.Helper()
	w.say(user, "/settings")
	chat := w.bot.Chat(user)
	m := chat[len(chat)-1]
	if !strings.Contains(m.Text, "What comes to you") {
		w.t.Fatalf("settings: %q", m.Text)
	}
	return m.ID
}

// label reports whether the message has a button with the label.
func (w *world) label(user, message int64, label string) bool {
	for _, m := range w.bot.Chat(user) {
		for _, row := range m.Keyboard {
			for _, b := range row {
				if m.ID == message && b.Text == label {
					return true
				}
			}
		}
	}
	return false
}

func (w *world) presses(user, message int64, label string) {
	w.t.Helper()
	_, err := w.bot.Press(user, message, label)
	must(w.t, err)
	w.settle()
}

// TestSettingsInTheChat: a press changes topics, channels and quiet hours, once however often it comes, and the message shows how things stand.
func TestSettingsInTheChat(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		topics := []string{"news", "challenges"}
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: topics})
		must(t, err)
		id := w.joins(7, "en")
		message := w.settings(7)
		if !w.label(7, message, "✓ news") || !w.label(7, message, "✓ challenges") || !w.label(7, message, "✓ Any hour") || w.label(7, message, "Mail") {
			t.Fatal("the first look is wrong")
		}
		w.presses(7, message, "✓ news")
		if p := w.profile(id); p.Consents.Allows(campaigns.Telegram, "news") || !p.Consents.Allows(campaigns.Telegram, "challenges") || !w.label(7, message, "news") {
			t.Errorf("after turning news off: %v", p.Consents)
		}
		w.presses(7, message, "news")
		if !w.profile(id).Consents.Allows(campaigns.Telegram, "news") || !w.label(7, message, "✓ news") {
			t.Error("news is not on again")
		}
		ledger, err := w.store.ConsentLedger(t.Context(), id)
		must(t, err)
		if last := ledger[len(ledger)-1]; last.Source != "settings" || last.Wording == "" || !last.Given {
			t.Errorf("ledger: %+v", last)
		}
		w.presses(7, message, "22:00–08:00")
		if q := w.profile(id).Quiet; q == nil || q.From.Hour != 22 || q.To.Hour != 8 || !w.label(7, message, "✓ 22:00–08:00") {
			t.Errorf("quiet hours: %v", q)
		}
		w.presses(7, message, "Turn everything off")
		if w.profile(id).StoppedAt == nil || w.label(7, message, "Turn everything off") {
			t.Error("not everything is off")
		}
		w.presses(7, message, "challenges")
		if p := w.profile(id); p.StoppedAt != nil || p.Consents.Allows(campaigns.Telegram, "news") || !p.Consents.Allows(campaigns.Telegram, "challenges") {
			t.Errorf("one topic back: %v", p.Consents)
		}
		w.nothingLost()
	})
}

// TestSettingsOfAChannel: mail off leaves the topics to the chat, and on brings back those that are on.
func TestSettingsOfAChannel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		id := w.joins(7, "en")
		must(t, w.e.JoinMailbox(t.Context(), w.mailbox(7, "anna@example.org")))
		w.settle()
		message := w.settings(7)
		w.presses(7, message, "✓ Mail")
		if p := w.profile(id); p.Consents.Allows(campaigns.Email, "news") || !p.Consents.Allows(campaigns.Telegram, "news") || !w.label(7, message, "Mail") {
			t.Errorf("mail off: %v", p.Consents)
		}
		w.presses(7, message, "Mail")
		if p := w.profile(id); !p.Consents.Allows(campaigns.Email, "news") {
			t.Errorf("mail on: %v", p.Consents)
		}
	})
}

// TestOwnQuietHoursHold: the member's own hours hold a campaign's message to their end, beside the campaign's.
func TestOwnQuietHoursHold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		now := w.clock.now().UTC()
		from, to := timing.LocalTime{Hour: now.Hour()}, timing.LocalTime{Hour: (now.Hour() + 2) % 24}
		m := w.member("u1", func(in *engine.MemberInput) {
			byMail("anna@example.org")(in)
			zone := "UTC"
			in.TimeZone, in.QuietHours = &zone, &engine.QuietInput{From: from.String(), To: to.String()}
		})
		if q := m.Quiet; q == nil || q.From != from || q.To != to {
			t.Fatalf("quiet hours: %v", q)
		}
		w.publish(campaign("hi", "entry: {event: lesson.finished}", sends("s", "Hello")))
		w.event("lesson.finished", "u1")
		w.settle()
		if n := len(w.mails("anna@example.org")); n != 0 {
			t.Fatalf("%d mails in the quiet hours", n)
		}
		w.later(2*time.Hour + time.Minute)
		if n := len(w.mails("anna@example.org")); n != 1 {
			t.Errorf("%d mails after them", n)
		}
		_, err := w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", QuietHours: &engine.QuietInput{From: "25:00", To: "08:00"}})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("a wrong hour: %v", err)
		}
		m, err = w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", QuietHours: &engine.QuietInput{}})
		must(t, err)
		if m.Quiet != nil {
			t.Errorf("not taken away: %v", m.Quiet)
		}
	})
}

// TestOffMeansOff: no topic that the member ever agreed to is left on, named by the community or not; what they were in of it ends.
func TestOffMeansOff(t *testing.T) {
	for _, off := range []string{"✓ Mail", "✓ All topics"} {
		each(t, func(t *testing.T, w *world) {
			_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{}})
			must(t, err)
			id := w.joins(7, "en")
			must(t, w.e.JoinMailbox(t.Context(), w.mailbox(7, "anna@example.org")))
			p := w.profile(id)
			for _, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
					return tx.AppendConsent(t.Context(), p.ID, members.Consent{Channel: ch, Topic: "news", Given: true, Source: "api", At: w.clock.now()})
				}))
			}
			w.settle()
			message := w.settings(7)
			w.presses(7, message, off)
			p = w.profile(id)
			if p.Consents.Allows(campaigns.Email, "news") || p.Consents.Allows(campaigns.Email, "other") {
				t.Errorf("%s: mail is not off: %v", off, p.Consents)
			}
			if chat := p.Consents.Allows(campaigns.Telegram, "news"); chat != (off == "✓ Mail") {
				t.Errorf("%s: the chat's news: %t", off, chat)
			}
			if w.label(7, message, off) {
				t.Errorf("%s is still on the message", off)
			}
		})
	}
}

// TestAPressSaysWhatIsWanted: two messages of /settings, the same press on both: it happens once. And a topic is itself, wherever the list has it by now.
func TestAPressSaysWhatIsWanted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		patch := func(topics ...string) {
			_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: topics})
			must(t, err)
		}
		patch("news", "challenges")
		id := w.joins(7, "en")
		first, second := w.settings(7), w.settings(7)
		w.presses(7, first, "✓ news")
		w.presses(7, second, "✓ news")
		if w.profile(id).Consents.Allows(campaigns.Telegram, "news") {
			t.Error("the second press turned it on again")
		}
		third := w.settings(7)
		patch("challenges", "news")
		w.presses(7, third, "✓ challenges")
		if p := w.profile(id); p.Consents.Allows(campaigns.Telegram, "challenges") || p.Consents.Allows(campaigns.Telegram, "news") {
			t.Errorf("another topic was meant: %v", p.Consents)
		}
		ledger, err := w.store.ConsentLedger(t.Context(), id)
		must(t, err)
		if last := ledger[len(ledger)-1]; last.Source != "settings" || last.Wording == "" || last.Given {
			t.Errorf("ledger: %+v", last)
		}
		before := len(w.events(id))
		w.presses(7, third, "22:00–08:00")
		if len(w.events(id)) == before {
			t.Error("quiet hours leave no event")
		}
	})
}

// TestATopicBringsNoChannelBack: a channel that was turned off comes back by its own button alone.
func TestATopicBringsNoChannelBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		id := w.joins(7, "en")
		must(t, w.e.JoinMailbox(t.Context(), w.mailbox(7, "anna@example.org")))
		w.settle()
		message := w.settings(7)
		w.presses(7, message, "✓ Mail")
		w.presses(7, message, "✓ news")
		w.presses(7, message, "news")
		if c := w.profile(id).Consents; c.Allows(campaigns.Email, "news") || !c.Allows(campaigns.Telegram, "news") || w.label(7, message, "✓ Mail") {
			t.Errorf("after mail was turned off, and a topic off and on: %v", c)
		}
		w.presses(7, message, "Mail")
		w.presses(7, message, "✓ news")
		w.presses(7, message, "news")
		if c := w.profile(id).Consents; !c.Allows(campaigns.Email, "news") || !c.Allows(campaigns.Email, "challenges") {
			t.Errorf("with mail on again: %v", c)
		}
	})
}

// TestStartBringsNoTopicBack: a topic that was turned off in /settings stays off through /stop and /start; where all are off, Start turns all on.
func TestStartBringsNoTopicBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		id := w.joins(7, "en")
		w.presses(7, w.settings(7), "✓ news")
		for _, again := range []string{"/start", "/stop", "/start"} {
			w.say(7, again)
			if w.profile(id).Consents.Allows(campaigns.Telegram, "news") {
				t.Fatalf("%s turned the topic on", again)
			}
		}
		if p := w.profile(id); p.StoppedAt != nil || !p.Consents.Allows(campaigns.Telegram, "challenges") {
			t.Errorf("after all that: %+v", p)
		}
		w.presses(7, w.settings(7), "✓ challenges")
		w.say(7, "/start")
		if c := w.profile(id).Consents; !c.Allows(campaigns.Telegram, "news") || !c.Allows(campaigns.Telegram, "challenges") {
			t.Errorf("with all off, Start means all: %v", c)
		}
	})
}

// TestAllTopicsComeBack: "All topics" off and on again has no topic left behind that settings themselves turned off.
func TestAllTopicsComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{}})
		must(t, err)
		id := w.joins(7, "en")
		chat := "7"
		_, _, err = w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u7", TelegramChatID: &chat, Consents: []engine.ConsentInput{{Channel: campaigns.Telegram, Topic: "news", Source: "form"}}})
		must(t, err)
		message := w.settings(7)
		w.presses(7, message, "✓ All topics")
		w.presses(7, message, "All topics")
		if c := w.profile(id).Consents; !c.Allows(campaigns.Telegram, "news") || !c.Allows(campaigns.Telegram, "anything") {
			t.Errorf("after off and on: %v", c)
		}
	})
}

// TestOneTopicAfterAStop: who stopped and wants one topic gets that one, also by the mailbox that is confirmed later.
func TestOneTopicAfterAStop(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news", "challenges"}})
		must(t, err)
		id := w.joins(7, "en")
		w.imports("external_id,email,telegram_chat_id\nu1,a@example.org,7\n", engine.ImportOptions{ConsentSource: "form"})
		w.settle()
		_, err = w.e.PatchMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u1", Consents: []engine.ConsentInput{{Channel: campaigns.Email, Source: "form"}}})
		must(t, err)
		w.say(7, "/stop")
		w.presses(7, w.settings(7), "news")
		must(t, w.e.JoinMailbox(t.Context(), mailboxLink(t, w.mails("a@example.org")[0])))
		for _, ch := range []campaigns.Channel{campaigns.Telegram, campaigns.Email} {
			if c := w.profile(id).Consents; c.Allows(ch, "challenges") {
				t.Errorf("%s: nobody asked for challenges: %v", ch, c)
			}
		}
	})
}

// TestSettingsOfAnother: a press that was made for another chat changes nothing.
func TestSettingsOfAnother(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.joins(7, "en")
		other := w.joins(8, "en")
		theirs := w.settings(8)
		message := w.settings(7)
		var data string
		for _, m := range w.bot.Chat(7) {
			if m.ID == message {
				data = m.Keyboard[0][0].Data
			}
		}
		before := w.profile(other).Consents
		_, err := w.bot.Forge(8, theirs, data)
		must(t, err)
		w.settle()
		if d := cmp.Diff(before, w.profile(other).Consents); d != "" {
			t.Errorf("consents (-before +after):\n%s", d)
		}
		expectEvent(t, w, other, "button.refused", 1)
	})
}

// TestSettingsListOwnTopics: what somebody else agreed to for the member can be turned off by them, and on again, though the community does not list it.
func TestSettingsListOwnTopics(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{Topics: []string{"news"}})
		must(t, err)
		id := w.joins(7, "en")
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			return tx.AppendConsent(t.Context(), id, members.Consent{Channel: campaigns.Telegram, Topic: "comunity", Given: true, Source: "form", At: w.clock.now()})
		}))
		message := w.settings(7)
		if !w.label(7, message, "✓ news") || !w.label(7, message, "✓ comunity") {
			t.Fatal("a topic of the member's own is not listed")
		}
		w.presses(7, message, "✓ comunity")
		if w.profile(id).Consents.Allows(campaigns.Telegram, "comunity") || !w.profile(id).Consents.Allows(campaigns.Telegram, "news") {
			t.Errorf("after turning it off: %v", w.profile(id).Consents)
		}
		w.presses(7, message, "comunity")
		if !w.profile(id).Consents.Allows(campaigns.Telegram, "comunity") {
			t.Error("it does not come back")
		}
	})
}
