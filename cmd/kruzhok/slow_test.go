package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// held is longer than any of these tests: the other side keeps its answer until it is let go.
const held = 10 * time.Minute

// slowRun is a service with members in Telegram (even) and with mail (odd), and a campaign that all of them are to get.
func slowRun(t *testing.T, n int) *slowSite {
	k := newSlowSite(t, storetest.SQLiteURL(t))
	k.spawn("serve")
	k.waitFor(time.Minute, "the API", func() bool { return k.api.Do(t.Context(), "GET", "/readyz", nil, nil) == nil })
	k.members(n)
	k.must(k.api.Do(t.Context(), "POST", "/v1/campaigns", []byte(slowCampaign), nil))
	k.must(k.api.Do(t.Context(), "POST", "/v1/campaigns/slow/publication", nil, nil))
	return k
}

// TestSlowMailServerSlowsNobodyElse: while the mail server holds every answer, a broadcast over Telegram comes to its end, and a mail that a
// member waits for is not stuck behind the bulk ones.
func TestSlowMailServerSlowsNobodyElse(t *testing.T) {
	t.Parallel()
	const n = 120
	k := slowRun(t, n)
	for _, phase := range []sandbox.MailPhase{sandbox.MailAtRcpt, sandbox.MailAtDot} {
		k.mail.Fault(sandbox.MailFault{Phase: phase, Match: "@example.org", Delay: held})
	}
	k.enroll(n)
	texts := func(prefix string) int {
		got := 0
		for i := 0; i < n; i += 2 {
			if strings.Contains(fmt.Sprint(k.chatTexts(chatOf(i))), prefix) {
				got++
			}
		}
		return got
	}
	k.waitFor(2*time.Minute, "the broadcast over Telegram", func() bool { return texts("News for") == n/2 && texts("Are you going") == n/2 })
	_, err := k.bot.Say(chatOf(0), "/link own@waits.example")
	k.must(err)
	own := func() int { return k.mail.Mailbox().Count("own@waits.example") }
	k.waitFor(time.Minute, "the mail that somebody waits for", func() bool { return own() == 1 })
	if got := k.mail.Mailbox().Total() - own(); got != 0 {
		t.Fatalf("%d bulk mails arrived: the server was not slow, and nothing is shown", got)
	}
}

// TestSlowMailHoldsNoAnswer: mails that members wait for, more than there are workers and connections, hang in the mail server; a press in a chat is
// answered all the same.
func TestSlowMailHoldsNoAnswer(t *testing.T) {
	t.Parallel()
	const n = 80
	k := slowRun(t, n)
	k.enroll(n)
	k.waitFor(2*time.Minute, "the broadcast", func() bool { return k.mail.Mailbox().Total() == n && k.settled() })
	k.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAtDot, Delay: held})
	for i := 2; i < n; i += 2 {
		_, err := k.bot.Say(chatOf(i), fmt.Sprintf("/link other%d@example.org", i))
		k.must(err)
	}
	k.waitFor(time.Minute, "the wishes", func() bool { return k.bot.Pending() == 0 })
	k.pressYes(0)
	c, err := k.store.CampaignByKey(t.Context(), "slow")
	k.must(err)
	k.waitFor(time.Minute, "the answer", func() bool { return k.responses(c.ID) == 1 })
	if got := k.mail.Mailbox().Total(); got != n {
		t.Fatalf("%d mails more: the server was not slow, and nothing is shown", got-n)
	}
}

// TestHangingBotSlowsNoMail: while the Bot API answers nothing, mail goes out.
func TestHangingBotSlowsNoMail(t *testing.T) {
	t.Parallel()
	const n = 120
	k := slowRun(t, n)
	k.bot.Fault("send", 0, sandbox.BotFault{Kind: sandbox.BotHang})
	before := k.bot.Accepted()
	k.enroll(n)
	k.waitFor(2*time.Minute, "every mail", func() bool { return k.mail.Mailbox().Total() == n })
	if got := k.bot.Accepted() - before; got != 0 {
		t.Fatalf("%d messages arrived: the bot did not hang, and nothing is shown", got)
	}
}

func (k *slowSite) chatTexts(chat int64) (texts []string) {
	for _, m := range k.bot.Chat(chat) {
		texts = append(texts, m.Text)
	}
	return texts
}
