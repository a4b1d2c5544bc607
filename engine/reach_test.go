package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

var threeSteps = campaign("three", "", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")+waits("w2", "for: 1h")+sends("three", "Three"))

func (w *world) reach(m campaigns.MemberID, ch campaigns.Channel) channels.Reach {
	w.t.Helper()
	ps, err := w.store.Profiles(w.t.Context(), []campaigns.MemberID{m})
	must(w.t, err)
	return ps[m].Addresses.On(ch).Reach
}

// TestChatUnusable: each way in which a chat refuses us is noted on the address, the message goes by mail once, and later ones go there at once.
func TestChatUnusable(t *testing.T) {
	cases := map[string]struct {
		spoil func(w *world)
		reach channels.Reach
		first string
	}{
		"blocked": {func(w *world) { w.bot.Fault("", 7, sandbox.BotFault{Kind: sandbox.BotBlocked}) }, channels.ReachBlocked, "one telegram failed blocked"},
		"not found": {func(w *world) {
			w.bot.Fault("sendMessage", 7, sandbox.BotFault{Kind: sandbox.BotRefused, Description: "Bad Request: chat not found"})
		}, channels.ReachNotStarted, "one telegram failed not_started"},
		"deactivated": {func(w *world) { w.bot.Deactivate(7) }, channels.ReachGone, "one telegram failed gone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("u1", 7, andMail("anna@example.org"))
				key := w.publish(threeSteps)
				c.spoil(w)
				w.enroll(key, "u1")
				w.later(3 * time.Hour)
				w.expectRows(m, c.first, "one email sent", "two email sent", "three email sent")
				if got := w.reach(m, campaigns.Telegram); got != c.reach {
					t.Errorf("the chat is %q", got)
				}
				if n := len(w.mails("anna@example.org")); n != 3 {
					t.Errorf("%d mails", n)
				}
				w.expectStands(key, m, "completed three")
			})
		})
	}
}

// TestBlockAndReturn: a block that Telegram tells of is believed at once; the return revives the chat.
func TestBlockAndReturn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, andMail("anna@example.org"))
		key := w.publish(threeSteps)
		w.enroll(key, "u1")
		w.settle()
		w.bot.Block(7)
		w.later(90 * time.Minute)
		w.bot.Unblock(7)
		w.later(90 * time.Minute)
		w.expectRows(m, "one telegram sent", "two email sent", "three telegram sent")
		got := strings.Join(w.events(m), "\n")
		if !strings.Contains(got, "member.blocked_bot blocked") || !strings.Contains(got, "member.returned") {
			t.Errorf("events:\n%s", got)
		}
	})
}

// TestHeardBeforeABlock: what a member did before an attempt was refused does not hide the refusal, whichever is handled first; what they did after it does.
func TestHeardBeforeABlock(t *testing.T) {
	for name, x := range map[string]struct {
		attempt     time.Duration // when it began; the member's word is received at one minute
		handleFirst bool
		want        channels.Reach
	}{
		"refused since":                {2 * time.Minute, false, channels.ReachBlocked},
		"refused since, written late":  {2 * time.Minute, true, channels.ReachBlocked},
		"refused before":               {0, false, channels.ReachOK},
		"refused before, written late": {0, true, channels.ReachOK},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("u1", 7, nil)
				refused := func(began time.Time) {
					t.Helper()
					must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
						return tx.SetReaches(t.Context(), []store.Reached{{Member: m, Channel: campaigns.Telegram, Address: "7", Reach: channels.ReachBlocked, Began: began}}, w.clock.now())
					}))
				}
				refused(w.clock.now()) // a block that is over
				noon := w.clock.now()
				w.clock.set(noon.Add(time.Minute))
				w.writes(7, "A word")
				w.receive()
				w.clock.set(noon.Add(10 * time.Minute))
				if x.handleFirst {
					w.settle()
				}
				refused(noon.Add(x.attempt))
				w.settle()
				if got := w.reach(m, campaigns.Telegram); got != x.want {
					t.Errorf("the chat is %s, want %s", got, x.want)
				}
			})
		})
	}
}

// TestNowhereToSend: every "no" has its reason, in the answer to the call or in a row.
func TestNowhereToSend(t *testing.T) {
	address := func(edit func(*engine.MemberInput)) func(*engine.MemberInput) { return edit }
	cases := map[string]struct {
		member  func(*engine.MemberInput)
		purpose string
		result  string
		rows    []string
		event   string
	}{
		"no address":               {nil, "marketing", "no_address", nil, "enrollment.refused no_address"},
		"no consent":               {address(func(in *engine.MemberInput) { in.Email = new("anna@example.org") }), "marketing", "enrolled", []string{"one email suppressed no_consent"}, ""},
		"no consent, mail alone":   {address(func(in *engine.MemberInput) { in.Email = new("anna@example.org") }), "marketing\nchannels: [email]", "enrolled", []string{"one email suppressed no_consent"}, ""},
		"service needs no consent": {address(func(in *engine.MemberInput) { in.Email = new("anna@example.org") }), "service", "enrolled", []string{"one email sent"}, ""},
		"consent to another topic": {address(func(in *engine.MemberInput) {
			in.Email = new("anna@example.org")
			in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Topic: "contests", Source: "test"}}
		}), "marketing\nchannels: [email]", "enrolled", []string{"one email suppressed no_consent"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.member("u1", c.member)
				key := w.publish(campaign("one", "purpose: "+c.purpose, sends("one", "One")))
				expectList(t, "enroll", w.enroll(key, "u1", "u1", "stranger"), c.result, c.result, "not_found")
				w.settle()
				w.expectRows(m.ID, c.rows...)
				if got := strings.Join(w.events(m.ID), "\n"); !strings.Contains(got, c.event) {
					t.Errorf("events: %s", got)
				}
				w.nothingLost()
			})
		})
	}
}

// TestConsentWithdrawnMeanwhile: what was planned with consent is not sent without it, bulk or not.
func TestConsentWithdrawnMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		key := w.publish(campaign("mail", "channels: [email]", sends("one", "One")))
		var ids []string
		var ms []campaigns.MemberID
		for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			ms = append(ms, w.member(id, byMail(id+"@example.org")).ID)
			ids = append(ids, id)
		}
		w.enroll(key, ids...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.expectRows(ms[0], "one email pending")
		w.member("a", func(in *engine.MemberInput) {
			in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Source: "test", Given: new(false)}}
		})
		w.member("b", func(in *engine.MemberInput) { in.Email = new("") })
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "c"))
		w.settle()
		w.expectRows(ms[0], "one email suppressed no_consent")
		w.expectRows(ms[1], "one email suppressed no_address")
		w.expectRows(ms[2], "one email canceled enrollment_over")
		w.expectRows(ms[3], "one email sent")
		if n := w.mail.Mailbox().Total(); n != 7 {
			t.Errorf("%d mails", n)
		}
		w.nothingLost()
	})
}

// TestUnsubscribe ends the topic on every channel, once, and nothing of another topic; service mail carries no such link.
func TestUnsubscribe(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, andMail("anna@example.org"))
		mail := w.publish(campaign("mail", "channels: [email]", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")))
		chat := w.publish(campaign("chat", "", waits("w", "for: 1h")+sends("two", "Two")))
		other := w.publish(campaign("other", "topic: contests", waits("w", "for: 1h")+sends("two", "Contest")))
		for _, k := range []campaigns.Key{mail, chat, other} {
			w.enroll(k, "u1")
		}
		w.settle()
		token := leaveToken(t, w.mails("anna@example.org")[0].Header("List-Unsubscribe"))
		for range 2 {
			info, err := w.e.UnsubscribeInfo(t.Context(), token)
			must(t, err)
			if info.Off || info.Topic != "news" {
				t.Fatalf("page before: %+v", info)
			}
		}
		for range 2 {
			must(t, w.e.Unsubscribe(t.Context(), token, false, "one_click"))
		}
		info, err := w.e.UnsubscribeInfo(t.Context(), token)
		must(t, err)
		if !info.Off || info.Everything {
			t.Errorf("page after: %+v", info)
		}
		w.later(2 * time.Hour)
		w.expectStands(mail, m, "exited w unsubscribed")
		w.expectStands(chat, m, "exited w unsubscribed")
		w.expectStands(other, m, "completed two")
		if n := strings.Count(strings.Join(w.events(m), "\n"), "member.unsubscribed"); n != 1 {
			t.Errorf("%d events of one unsubscription", n)
		}
		must(t, w.e.Unsubscribe(t.Context(), token, true, "page"))
		must(t, w.e.Unsubscribe(t.Context(), token, true, "page"))
		if info, err = w.e.UnsubscribeInfo(t.Context(), token); err != nil || !info.Everything {
			t.Errorf("everything off: %+v %v", info, err)
		}
	})
}

// TestMailHeaders of bulk and of service mail.
func TestMailHeaders(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("u1", byMail("anna@example.org"))
		bulk := w.publish(campaign("bulk", "", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")))
		service := w.publish(campaign("serv", "purpose: service", sends("one", "Bill")))
		w.enroll(bulk, "u1")
		w.later(2 * time.Hour)
		w.enroll(service, "u1")
		w.settle()
		mails := w.mails("anna@example.org")
		if len(mails) != 3 {
			t.Fatalf("%d mails", len(mails))
		}
		for _, m := range mails[:2] {
			for header, part := range map[string]string{
				"List-Unsubscribe": "<https://kruzhok.test/u/", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "<community.c.example.org>",
				"Feedback-Id": "bulk:survey:news:kruzhok", "Precedence": "bulk", "Auto-Submitted": "auto-generated", "Reply-To": "@reply.example.org", "From": "news@c.example.org",
			} {
				if got := m.Header(header); !strings.Contains(got, part) {
					t.Errorf("%s: %q", header, got)
				}
			}
		}
		for _, header := range []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Precedence"} {
			if got := mails[2].Header(header); got != "" {
				t.Errorf("service mail: %s: %q", header, got)
			}
		}
		if mails[2].Header("Auto-Submitted") != "auto-generated" || strings.Contains(mails[2].HTML(), "/u/") {
			t.Error("service mail is not marked as such, or offers to unsubscribe")
		}
		for i, m := range mails { // only who agreed is told that they did
			agreed := strings.Contains(m.Text(), "agreed to mail") && strings.Contains(m.HTML(), "agreed to mail")
			served := strings.Contains(m.Text(), "own account") && strings.Contains(m.HTML(), "own account")
			if agreed != (i < 2) || served == (i < 2) {
				t.Errorf("mail %d says why it came in the words of another purpose:\n%s", i, m.Text())
			}
		}
		seen := map[string]bool{}
		for _, m := range mails {
			if !strings.HasPrefix(m.EnvelopeFrom, "b+") || seen[m.EnvelopeFrom] || seen[m.MessageID] || m.MessageID == "" {
				t.Errorf("envelope %q, id %q", m.EnvelopeFrom, m.MessageID)
			}
			seen[m.EnvelopeFrom], seen[m.MessageID] = true, true
		}
	})
}
