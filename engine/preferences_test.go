package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
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
		w.presses(7, message, "22–8")
		if q := w.profile(id).Quiet; q == nil || q.From.Hour != 22 || q.To.Hour != 8 || !w.label(7, message, "✓ 22–8") {
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
