package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
	"github.com/kruzhok/kruzhok/store"
)

// limited gives the world's engine rates, in a Redis whose clock is the world's.
func (w *world) limited(r engine.Rates) *miniredis.Miniredis {
	w.t.Helper()
	m := miniredis.RunT(w.t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr()})
	w.t.Cleanup(func() { _ = client.Close() })
	w.e.Rates, w.e.Limiter = r, ratelimit.New(client)
	m.SetTime(w.clock.now())
	w.clock.moved = m.SetTime
	return m
}

// mailed is how many mails each domain has got.
func (w *world) mailed() map[string]int {
	n := map[string]int{}
	for _, rcpt := range w.mail.Mailbox().Recipients() {
		n[rcpt[strings.LastIndex(rcpt, "@")+1:]] += w.mail.Mailbox().Count(rcpt)
	}
	return n
}

// inDomains makes members, taking turns between the domains.
func (w *world) inDomains(n int, domains ...string) (ids []string) {
	w.t.Helper()
	for i := range n {
		id := fmt.Sprint("m", i)
		w.member(id, byMail(id+"@"+domains[i%len(domains)]))
		ids = append(ids, id)
	}
	return ids
}

// TestSlowDomainHoldsNobodyUp: of a chunk with two domains, the limited one gets its mails one after another, each held once; the other gets them at once.
func TestSlowDomainHoldsNobodyUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.limited(engine.Rates{Domains: map[string]float64{"slow.example": 1}})
		key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
		w.enroll(key, w.inDomains(40, "slow.example", "fast.example")...)
		w.settle()
		got := w.mailed()
		if got["fast.example"] != 20 || got["slow.example"] > 3 {
			t.Fatalf("at once: %v", got)
		}
		held, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{State: campaigns.Pending}, store.Page{Limit: 100})
		must(t, err)
		for _, d := range held {
			if d.Reason != campaigns.RateLimited || d.DueAt == nil || d.Attempts != 0 {
				t.Errorf("held: %s, due %v, %d attempts", d.Reason, d.DueAt, d.Attempts)
			}
		}
		first := *held[0].DueAt
		w.until(first.Add(9500 * time.Millisecond))
		if n := w.mailed()["slow.example"]; n < got["slow.example"]+9 || n > got["slow.example"]+11 {
			t.Errorf("%d after ten seconds at one a second", n)
		}
		w.later(time.Minute)
		if n := w.mailed()["slow.example"]; n != 20 {
			t.Errorf("%d of 20 at last", n)
		}
		w.nothingLost()
	})
}

// TestDomainSlowsUsDown: a 421 lets the domain's mails rest and then leave at half of the rate; it counts as no attempt, holds nobody else up, and is known
// after Redis has forgotten everything. A second one halves again; with time the rate comes back.
func TestDomainSlowsUsDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.limited(engine.Rates{Domains: map[string]float64{"slow.example": 4}})
		key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
		ids := w.inDomains(16, "slow.example", "fast.example")
		throttle := sandbox.MailFault{Phase: sandbox.MailAtRcpt, Match: "slow.example", Reply: "421 4.7.28 Too many messages from you", Times: 1}
		w.mail.Fault(throttle)
		w.enroll(key, ids...)
		w.later(time.Second)
		if got := w.mailed(); got["fast.example"] != 8 {
			t.Fatalf("at once: %v", got)
		}
		rate := func() float64 {
			all, err := w.store.Cooldowns(t.Context(), time.Time{})
			must(t, err)
			return all["email:slow.example"].Rate
		}
		if got := rate(); got != 2 {
			t.Errorf("the domain goes on at %v", got)
		}
		m.FlushAll()
		before := w.mailed()["slow.example"]
		w.later(14 * time.Minute)
		if n := w.mailed()["slow.example"]; n != before {
			t.Errorf("%d mails more during the rest", n-before)
		}
		w.mail.Fault(throttle)
		w.later(2 * time.Minute)
		if got := rate(); got != 1 {
			t.Errorf("told twice, it goes on at %v", got)
		}
		w.later(time.Hour)
		if n := w.mailed()["slow.example"]; n != 8 {
			t.Errorf("%d of 8 at last", n)
		}
		ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{State: campaigns.Sent}, store.Page{Limit: 100})
		must(t, err)
		for _, d := range ds {
			if d.Attempts != 1 {
				t.Errorf("%d attempts", d.Attempts)
			}
		}
		w.nothingLost()
	})
}

// TestChatRests: a 429 about one chat keeps that chat waiting, whatever is written to it, and no other.
func TestChatRests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u1", 7, nil)
		w.chatMember("u2", 8, nil)
		key := w.publish(campaign("one", "", sends("one", "The message")))
		other := w.publish(campaign("two", "", sends("two", "Another one")))
		w.bot.Fault("sendMessage", 7, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 30, Times: 1})
		w.enroll(key, "u1")
		w.settle()
		n7, n8 := len(w.chat(7)), len(w.chat(8))
		w.enroll(other, "u1", "u2")
		w.later(20 * time.Second)
		if len(w.chat(7)) != n7 || len(w.chat(8)) != n8+1 {
			t.Errorf("%d messages to the chat that rests, %d to the other", len(w.chat(7))-n7, len(w.chat(8))-n8)
		}
		w.later(time.Minute)
		if got := len(w.chat(7)) - n7; got != 2 {
			t.Errorf("%d of 2 messages at last", got)
		}
		w.nothingLost()
	})
}

// TestChatLimit: more than a burst to one chat goes on at its rate, in order; without a limit Redis is not asked.
func TestChatLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.limited(engine.Rates{Chat: 1, ChatBurst: 2})
		w.chatMember("u1", 7, nil)
		w.later(time.Minute)
		n := len(w.chat(7))
		for i := range 6 {
			w.enroll(w.publish(campaign(fmt.Sprint("c", i), "", sends("s", fmt.Sprint("Message ", i)))), "u1")
		}
		w.settle()
		if got := len(w.chat(7)) - n; got < 2 || got > 3 {
			t.Errorf("%d at once", got)
		}
		w.later(10 * time.Second)
		if got := len(w.chat(7)) - n; got != 6 {
			t.Errorf("%d of 6 at last", got)
		}
		m := w.limited(engine.Rates{})
		m.Close()
		w.enroll(w.publish(campaign("free", "", sends("s", "Free"))), "u1")
		w.settle()
		if got := len(w.chat(7)) - n; got != 7 {
			t.Error("a limit that is off waits for Redis")
		}
	})
}

// broadcastAtRate makes a chunk of messages to n chats, whose bot has so many tokens a second.
func (w *world) broadcastAtRate(n int, rate float64) *miniredis.Miniredis {
	w.t.Helper()
	var ids []string
	for i := range n {
		w.chatMember(fmt.Sprint("u", i), int64(100+i), nil)
		ids = append(ids, fmt.Sprint("u", i))
	}
	key := w.publish(campaign("one", "", sends("one", "The broadcast")))
	w.later(time.Hour) // what comes now is no reply
	m := w.limited(engine.Rates{Bot: rate})
	w.enroll(key, ids...)
	_, err := w.e.AdvanceDue(w.t.Context(), time.Second)
	must(w.t, err)
	return m
}

// TestNoTokenNoClaim: a lane that found no token rests, and its chunk stays as it was.
func TestNoTokenNoClaim(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.broadcastAtRate(12, 0.01) // an unknown bucket has one token
		for range 3 {
			more, err := w.e.SendLane(t.Context(), campaigns.Bulk, campaigns.Telegram, time.Second)
			if err != nil || more {
				t.Fatalf("more %v, %v", more, err)
			}
		}
		ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{State: campaigns.Pending}, store.Page{Limit: 100})
		must(t, err)
		for _, d := range ds {
			if d.Chunk == 0 || d.Reason != "" {
				t.Errorf("left its chunk: %q", d.Reason)
			}
		}
		if len(ds) != 11 {
			t.Errorf("%d wait", len(ds))
		}
	})
}

// TestBulkWaitsForTheRate: where the bot's rate lets no more of a chunk through for a moment, whoever has claimed it waits for the rest of its time instead of
// giving it back, and nothing is sent twice or left out.
func TestBulkWaitsForTheRate(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.broadcastAtRate(30, 20)
		sent := func() (n int) {
			for i := range 30 {
				for _, text := range w.chat(int64(100 + i)) {
					if strings.Contains(text, "The broadcast") {
						n++
					}
				}
			}
			return n
		}
		began, at := time.Now(), w.clock.now()
		stop := make(chan struct{})
		var ticking sync.WaitGroup
		ticking.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
					m.SetTime(at.Add(time.Since(began)))
				}
			}
		})
		once := func() int {
			_, err := w.e.SendLane(t.Context(), campaigns.Bulk, campaigns.Telegram, time.Millisecond) // one claim
			must(t, err)
			return sent()
		}
		if n := once(); n < 6 || n > 25 {
			t.Errorf("%d of 30 with one claim of a second, at 20 a second", n)
		}
		for end := time.Now().Add(20 * time.Second); once() < 30 && time.Now().Before(end); {
			time.Sleep(100 * time.Millisecond)
		}
		close(stop)
		ticking.Wait()
		if n := sent(); n != 30 {
			t.Errorf("%d of 30 at last", n)
		}
		w.nothingLost()
	})
}
