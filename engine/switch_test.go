package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
	"github.com/kruzhok/kruzhok/store"
)

var someLimits = engine.SwitchLimits{Errors: 5, Complaints: 0.1, Blocks: 2, Minimum: 20}

// switchOf finds the switch of a scope; nil: it was never tripped.
func (w *world) switchOf(scope string) *engine.Switch {
	w.t.Helper()
	all, err := w.e.Switches(w.t.Context(), engine.Operator)
	must(w.t, err)
	for _, s := range all {
		if s.Scope == scope {
			return &s
		}
	}
	return nil
}

// logged counts the events of a name.
func (w *world) logged(name string) (n int) {
	w.t.Helper()
	all, err := w.store.Events(w.t.Context(), store.EventFilter{}, store.Page{Limit: 10_000})
	must(w.t, err)
	for _, x := range all {
		if x.Name == name {
			n++
		}
	}
	return n
}

// TestSwitchTripsByErrors: a campaign whose mails are refused is stopped by itself, says why, waits for a person, and then goes on.
func TestSwitchTripsByErrors(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.SwitchLimits = someLimits
		ids := w.crowd(60)
		key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
		refuses := w.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "554 5.7.1 Spam"})
		w.enroll(key, ids[:40]...)
		w.settle()
		must(t, w.e.WatchSwitches(t.Context()))
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		if c.State != campaigns.Paused || c.StateBy != engine.SwitchItself {
			t.Fatalf("%s by %q", c.State, c.StateBy)
		}
		s := w.switchOf("campaign")
		if !s.On() || s.Campaign.Key != key || s.Reason != store.SwitchErrors || s.Figures.N != 40 || s.Figures.Of != 40 || s.Figures.Limit != 5 || s.TrippedBy != engine.SwitchItself {
			t.Errorf("%+v, %+v", s, s.Figures)
		}
		if n := w.logged("switch.tripped"); n != 1 {
			t.Errorf("%d events", n)
		}
		refuses()
		w.enroll(key, ids[40:]...)
		w.later(time.Hour)
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Errorf("%d mails while it is stopped", n)
		}
		must(t, second(w.e.Resume(t.Context(), engine.Principal{Name: "Olga", Scopes: []engine.Scope{engine.CampaignsWrite}}, key)))
		w.settle()
		must(t, w.e.WatchSwitches(t.Context()))
		if s := w.switchOf("campaign"); s.On() || s.ReleasedBy != "Olga" || w.logged("switch.released") != 1 {
			t.Errorf("after the release: %+v", s)
		}
		if n := w.mail.Mailbox().Total(); n != 20 {
			t.Errorf("%d of 20 mails after it", n)
		}
		w.nothingLost()
	})
}

// TestSwitchTripsByStumbling: a campaign over whose messages our own code stumbles is stopped as one that is refused.
func TestSwitchTripsByStumbling(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.SwitchLimits = someLimits
		ids := w.crowd(40)
		key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
		w.e.Senders[campaigns.Email] = stumblingSender{w.e.Senders[campaigns.Email]}
		w.enroll(key, ids...)
		w.settle()
		must(t, w.e.WatchSwitches(t.Context()))
		if s := w.switchOf("campaign"); s == nil || !s.On() || s.Reason != store.SwitchErrors || s.Figures.N != 40 {
			t.Errorf("%+v", s)
		}
	})
}

// stumblingSender panics at every message.
type stumblingSender struct{ channels.Sender }

func (s stumblingSender) Dial(ctx context.Context) (channels.Conn, error) {
	c, err := s.Sender.Dial(ctx)
	return stumblingConn{c}, err
}

type stumblingConn struct{ channels.Conn }

func (stumblingConn) Send(context.Context, *channels.Message, func() error) channels.Receipt {
	panic("stumbled")
}

// TestOneWhoLeavesOften: a member who blocks the bot and comes back, again and again, is one complaint.
func TestOneWhoLeavesOften(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.SwitchLimits = someLimits
		var ids []string
		for i := range 30 {
			w.chatMember(fmt.Sprint("u", i), int64(100+i), nil)
			ids = append(ids, fmt.Sprint("u", i))
		}
		key := w.publish(campaign("news", "", sends("s", "Hello")))
		w.enroll(key, ids...)
		w.settle()
		for range 4 {
			w.bot.Block(100)
			w.settle()
			w.bot.Unblock(100)
			w.settle()
		}
		for range 4 {
			w.say(101, "/stop")
			w.say(101, "/start")
		}
		must(t, w.e.WatchSwitches(t.Context()))
		if s := w.switchOf("campaign"); s != nil {
			t.Errorf("two members stop a campaign: %+v %+v", s, s.Figures)
		}
		w.bot.Block(102)
		w.settle()
		must(t, w.e.WatchSwitches(t.Context()))
		if s := w.switchOf("campaign"); s == nil || s.Figures.N != 3 {
			t.Errorf("three members do not: %+v", s)
		}
	})
}

// TestJudgedAfterTheDatabaseWasAway: figures that could not be judged when they came are judged as soon as they can be.
func TestJudgedAfterTheDatabaseWasAway(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.SwitchLimits = someLimits
		var ids []string
		for i := range 20 {
			w.chatMember(fmt.Sprint("u", i), int64(100+i), nil)
			ids = append(ids, fmt.Sprint("u", i))
		}
		w.enroll(w.publish(campaign("news", "", sends("s", "Hello"))), ids...)
		w.settle()
		for i := range 3 {
			w.bot.Block(int64(100 + i))
		}
		w.settle()
		away, cancel := context.WithCancel(t.Context())
		cancel()
		if err := w.e.WatchSwitches(away); err == nil {
			t.Fatal("it was not away")
		}
		must(t, w.e.WatchSwitches(t.Context()))
		if s := w.switchOf("campaign"); s == nil || !s.On() {
			t.Errorf("%+v", s)
		}
	})
}

// TestWhatDoesNotTrip: failures that say nothing about what we send, and too few of the others.
func TestWhatDoesNotTrip(t *testing.T) {
	for name, f := range map[string]sandbox.MailFault{
		"temporary":  {Phase: sandbox.MailAtRcpt, Reply: "451 4.3.0 Later"},
		"slowed":     {Phase: sandbox.MailAtRcpt, Reply: "421 4.7.0 Slow down"},
		"five of 40": {Phase: sandbox.MailAtDot, Reply: "554 5.7.1 Spam", Times: 5},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.e.SwitchLimits = someLimits
				key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
				w.mail.Fault(f)
				w.enroll(key, w.crowd(40)...)
				w.settle()
				must(t, w.e.WatchSwitches(t.Context()))
				if c, err := w.store.CampaignByKey(t.Context(), key); err != nil || c.State != campaigns.Running {
					t.Errorf("%s, %v", c.State, err)
				}
			})
		})
	}
}

// TestSwitchTripsByBlocks: members who leave right after a message complain with their feet; those who leave later do not.
func TestSwitchTripsByBlocks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.e.SwitchLimits = someLimits
		var ids []string
		for i := range 30 {
			w.chatMember(fmt.Sprint("u", i), int64(100+i), nil)
			ids = append(ids, fmt.Sprint("u", i))
		}
		key := w.publish(campaign("news", "", sends("s", "Hello")+waits("w", "for: 3d")+sends("z", "Later")))
		w.enroll(key, ids...)
		w.settle()
		state := func() campaigns.State {
			must(t, w.e.WatchSwitches(t.Context()))
			c, err := w.store.CampaignByKey(t.Context(), key)
			must(t, err)
			return c.State
		}
		w.say(100, "/stop")
		w.say(100, "/stop") // the same member
		w.bot.Block(101)
		w.settle()
		if got := state(); got != campaigns.Running {
			t.Fatalf("%s after two", got)
		}
		w.later(2 * time.Hour)
		w.bot.Block(102) // for another reason, as far as anybody can tell
		w.settle()
		if got := state(); got != campaigns.Running {
			t.Fatalf("%s after one that left later", got)
		}
		other := w.publish(campaign("more", "", sends("s", "More")))
		w.enroll(other, ids[10:]...)
		w.settle()
		for i := range 3 {
			w.bot.Block(int64(110 + i))
		}
		w.settle()
		if got := state(); got != campaigns.Running {
			t.Errorf("the other campaign is %s", got)
		}
		if s := w.switchOf("campaign"); s == nil || s.Campaign.Key != other || s.Reason != store.SwitchComplaints || s.Figures.N != 3 || s.Figures.Of != 20 {
			t.Errorf("%+v", s)
		}
	})
}

// TestPersonStopsAChannel: nothing of it is sent by any process, whatever the lane; what waits stays pending, and goes out once when it is released.
func TestPersonStopsAChannel(t *testing.T) {
	for _, scope := range []string{"all", "telegram"} {
		t.Run(scope, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.chatMember("u1", 7, nil)
				w.member("u2", byMail("bela@example.org"))
				key := w.publish(campaign("one", "", sends("one", "The message")))
				other := w.engine("worker-2")
				must(t, w.e.Trip(t.Context(), engine.Operator, scope))
				must(t, w.e.Trip(t.Context(), engine.Operator, scope))
				n := len(w.chat(7))
				w.enroll(key, "u1", "u2")
				w.say(7, "/help")
				w.later(10 * time.Minute)
				for _, lane := range []campaigns.Lane{campaigns.Interactive, campaigns.Bulk} {
					if _, err := other.SendLane(t.Context(), lane, campaigns.Telegram, time.Second); err != nil {
						t.Fatal(err)
					}
				}
				mails := len(w.mails("bela@example.org"))
				if got := len(w.chat(7)) - n; got != 0 || (mails == 0) != (scope == "all") {
					t.Errorf("%d messages, %d mails while stopped", got, mails)
				}
				w.nothingLost()
				must(t, w.e.Release(t.Context(), engine.Operator, scope))
				w.later(time.Minute)
				got := strings.Join(w.since(7, n), "\n")
				if strings.Count(got, "The message") != 1 || len(w.since(7, n)) != 2 || len(w.mails("bela@example.org")) != 1 {
					t.Errorf("after the release: %q, %d mails", got, len(w.mails("bela@example.org")))
				}
				if a, b := w.logged("switch.tripped"), w.logged("switch.released"); a != 1 || b != 1 {
					t.Errorf("%d and %d events", a, b)
				}
				if s := w.switchOf(scope); s.On() || s.TrippedBy != "operator" || s.ReleasedBy != "operator" || s.Figures != nil {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestSwitchRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		reader := engine.Principal{Name: "reader", Scopes: []engine.Scope{engine.CampaignsRead}}
		for _, do := range []error{w.e.Trip(t.Context(), reader, "all"), w.e.Release(t.Context(), reader, "all"), second(w.e.Switches(t.Context(), engine.Principal{}))} {
			if !fault.Is(do, fault.Forbidden) {
				t.Errorf("%v", do)
			}
		}
		if err := w.e.Trip(t.Context(), engine.Operator, "campaign:1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%v", err)
		}
	})
}
