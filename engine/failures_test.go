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
	"github.com/kruzhok/kruzhok/store"
)

func (w *world) delivery(m campaigns.MemberID) *store.Delivery {
	w.t.Helper()
	ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{Member: m}, store.Page{Limit: 1000})
	must(w.t, err)
	for _, d := range ds {
		if d.Kind == store.StepDelivery {
			return d
		}
	}
	w.t.Fatal("no delivery")
	return nil
}

var twoSends = campaign("two", "", sends("one", "One")+sends("two", "Two"))

// TestTelegramFails: each failure of the Bot API, and what becomes of the message and of the enrollment.
func TestTelegramFails(t *testing.T) {
	cases := map[string]struct {
		fault    sandbox.BotFault
		at       string // where the first delivery stands at once
		attempts int
		after    time.Duration
		rows     []string
		sends    int
	}{
		"429":             {sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 7, Times: 1}, "pending rate_limited", 0, 8 * time.Second, []string{"one telegram sent", "two telegram sent"}, 2},
		"500":             {sandbox.BotFault{Kind: sandbox.BotServerError, Times: 1}, "unknown outcome_unknown", 1, 0, []string{"one telegram unknown outcome_unknown", "two telegram sent"}, 1},
		"502 but arrived": {sandbox.BotFault{Kind: sandbox.BotGarbage, Accepted: true, Times: 1}, "unknown outcome_unknown", 1, 0, []string{"one telegram unknown outcome_unknown", "two telegram sent"}, 2},
		"cut after it":    {sandbox.BotFault{Kind: sandbox.BotClose, Accepted: true, Times: 1}, "unknown outcome_unknown", 1, 0, []string{"one telegram unknown outcome_unknown", "two telegram sent"}, 2},
		"refused":         {sandbox.BotFault{Kind: sandbox.BotRefused, Description: "Bad Request: something new", Times: 1}, "failed rejected", 1, 0, []string{"one telegram failed rejected", "two telegram sent"}, 1},
		"401":             {sandbox.BotFault{Kind: sandbox.BotRefused, Code: 401, Description: "Unauthorized", Times: 1}, "pending temporary", 0, time.Minute, []string{"one telegram sent", "two telegram sent"}, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.chatMember("u1", 7, nil)
				key := w.publish(twoSends)
				before := len(w.bot.Journal())
				w.bot.Fault("sendMessage", 7, c.fault)
				w.enroll(key, "u1")
				w.settle()
				d := w.delivery(m)
				if got := string(d.State) + " " + string(d.Reason); got != c.at || d.Attempts != c.attempts {
					t.Errorf("at once: %s, %d attempts", got, d.Attempts)
				}
				w.later(c.after)
				w.expectRows(m, c.rows...)
				w.expectStands(key, m, "completed two")
				if n := len(w.bot.Journal()) - before; n != c.sends {
					t.Errorf("%d messages arrived", n)
				}
				w.nothingLost()
			})
		})
	}
}

// TestMediaNotThere: a file that is not in the media folder is told before anybody is to get it; a message that fails by it says so, and can be sent again.
func TestMediaNotThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("one", "", strings.Replace(sends("one", "One"), "send: {", "send: {media: {photo: nowhere.jpg}, ", 1)))
		pub, err := w.e.Publication(t.Context(), engine.Operator, key)
		must(t, err)
		if len(pub.Lost) != 1 || pub.Lost[0] != (engine.LostMedia{Step: "one", File: "nowhere.jpg"}) {
			t.Errorf("published with %+v", pub.Lost)
		}
		w.enroll(key, "u1")
		w.settle()
		w.expectRows(m, "one telegram failed media_missing")
		if d := w.delivery(m); d.Detail != "nowhere.jpg" {
			t.Errorf("the row does not name the file: %q", d.Detail)
		}
		failed, err := w.store.CountFailed(t.Context())
		must(t, err)
		if len(failed) != 1 || failed[0].Reason != campaigns.MediaMissing {
			t.Errorf("to be sent again: %+v", failed)
		}
	})
}

// TestChannelRests: when the token is revoked, or two chats are slowed down, nothing is tried until the rest is over, and nothing is lost.
func TestChannelRests(t *testing.T) {
	for name, fault := range map[string]sandbox.BotFault{
		"401": {Kind: sandbox.BotRefused, Code: 401, Description: "Unauthorized"},
		"429": {Kind: sandbox.BotRateLimited, RetryAfter: 20},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				var ids []string
				for i := range 12 {
					w.chatMember(fmt.Sprint("u", i), int64(100+i), nil)
					ids = append(ids, fmt.Sprint("u", i))
				}
				key := w.publish(campaign("one", "", sends("one", "The broadcast")))
				w.bot.Fault("sendMessage", 0, fault)
				w.enroll(key, ids...)
				w.settle()
				ends, err := w.store.Cooldowns(t.Context(), w.clock.now())
				must(t, err)
				if _, ok := ends["telegram"]; !ok {
					t.Fatal("the channel does not rest")
				}
				w.say(100, "/help") // a reply waits too
				n := len(w.chat(100))
				w.bot.ClearFaults()
				w.settle()
				if len(w.chat(100)) != n {
					t.Error("sent during the rest")
				}
				w.later(10 * time.Minute)
				if got := w.count(key, campaigns.EnrollmentCompleted); got != 12 {
					t.Errorf("%d completed", got)
				}
				for i := range 12 {
					if got := strings.Count(strings.Join(w.chat(int64(100+i)), "\n"), "The broadcast"); got != 1 {
						t.Errorf("chat %d got it %d times", i, got)
					}
				}
				w.nothingLost()
			})
		})
	}
}

// TestMailFails: each moment at which an SMTP server can fail.
func TestMailFails(t *testing.T) {
	cases := map[string]struct {
		fault sandbox.MailFault
		first string
		later string
		mails int
	}{
		"450 greylisted":      {sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "450 4.7.1 Greylisted", Times: 1}, "pending temporary", "sent", 2},
		"421 at connect":      {sandbox.MailFault{Phase: sandbox.MailAtMail, Reply: "421 4.3.2 Going down", Times: 1}, "", "sent", 2},
		"550 no such user":    {sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "550 5.1.1 No such user", Times: 1}, "failed gone", "failed gone", 0},
		"554 refused":         {sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "554 5.7.1 Spam", Times: 1}, "failed rejected", "failed rejected", 1},
		"cut in the body":     {sandbox.MailFault{Phase: sandbox.MailInBody, Cut: true, Times: 1}, "", "", -1},
		"cut after the dot":   {sandbox.MailFault{Phase: sandbox.MailAfterDot, Cut: true, Times: 1}, "unknown outcome_unknown", "unknown outcome_unknown", 2},
		"452 after the dot":   {sandbox.MailFault{Phase: sandbox.MailAtDot, Reply: "452 4.2.2 Full", Times: 1}, "pending temporary", "sent", 2},
		"451 in place of 354": {sandbox.MailFault{Phase: sandbox.MailAtData, Reply: "451 4.3.0 Later", Times: 1}, "pending temporary", "sent", 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				m := w.member("u1", byMail("anna@example.org"))
				key := w.publish(twoSends)
				w.mail.Fault(c.fault)
				w.enroll(key, "u1")
				w.settle()
				d := w.delivery(m.ID)
				if got := strings.TrimSpace(string(d.State) + " " + string(d.Reason)); c.first != "" && got != c.first {
					t.Errorf("at once: %s", got)
				}
				w.later(20 * time.Hour)
				d = w.delivery(m.ID)
				if got := strings.TrimSpace(string(d.State) + " " + string(d.Reason)); c.later != "" && got != c.later || !d.State.Final() {
					t.Errorf("at last: %s", got)
				}
				if en := w.enrollment(key, m.ID); !en.State.Final() {
					t.Errorf("the enrollment does not go on: %s", w.stands(key, m.ID))
				}
				if n := len(w.mails("anna@example.org")); c.mails >= 0 && n != c.mails {
					t.Errorf("%d mails", n)
				}
				w.nothingLost()
			})
		})
	}
}

// TestMessageIDOnRetry: every attempt of a mail carries the same Message-ID and the same date.
func TestMessageIDOnRetry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("one", "", sends("one", "One")))
		w.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAfterDot, Reply: "451 4.3.0 Say it again", Times: 2})
		w.enroll(key, "u1")
		w.later(5 * time.Hour)
		w.expectRows(m.ID, "one email sent")
		mails := w.mails("anna@example.org")
		if len(mails) != 3 {
			t.Fatalf("%d mails", len(mails))
		}
		for _, other := range mails[1:] {
			if other.MessageID != mails[0].MessageID || other.Header("Date") != mails[0].Header("Date") || other.EnvelopeFrom != mails[0].EnvelopeFrom {
				t.Errorf("a retry differs: %s %s", other.MessageID, other.Header("Date"))
			}
		}
	})
}

// TestAttemptsUsedUp: a server that says "later" until the last attempt: the next channel takes over, or the enrollment goes on.
func TestAttemptsUsedUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, andMail("anna@example.org"))
		key := w.publish(campaign("both", "channels: [email, telegram]", "  - id: one\n    send: {text: "+both("One")+", expires: 7d}\n"+sends("two", "Two")))
		w.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Reply: "451 4.3.0 Later", Times: 8})
		w.enroll(key, "u1")
		w.later(72 * time.Hour)
		w.expectRows(m, "one email failed attempts_used_up", "one telegram sent", "two email sent")
		if d := w.delivery(m); d.Attempts != 8 {
			t.Errorf("%d attempts", d.Attempts)
		}
	})
}

// TestBrokenMarkup: what Telegram cannot parse arrives without its markup; what cannot be made into a message fails, and the enrollment goes on.
func TestBrokenMarkup(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("media", "", "  - id: one\n    send: {text: "+both("One")+", media: {photo: missing.jpg}}\n"+sends("two", "Two")))
		w.enroll(key, "u1")
		w.settle()
		if rows := w.rows(m); len(rows) != 2 || !strings.HasPrefix(rows[0], "one telegram failed") || rows[1] != "two telegram sent" {
			t.Errorf("rows: %q", rows)
		}
		must(t, second(w.e.Member(t.Context(), engine.Operator, "u1")))
		w.expectStands(key, m, "completed two")
	})
}

// poisonConn panics at the mails of one member, before or after they began.
type poisonConn struct {
	channels.Conn
	at     string
	after  bool
	broken bool
}

func (c *poisonConn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	if m.To == c.at || c.broken { // a connection over which it stumbled is good for nothing
		c.broken = true
		if c.after {
			_ = begin()
		}
		panic("poisoned by " + c.at)
	}
	return c.Conn.Send(ctx, m, begin)
}

type poisonSender struct {
	channels.Sender
	conn poisonConn
}

func (s *poisonSender) Dial(ctx context.Context) (channels.Conn, error) {
	c, err := s.Sender.Dial(ctx)
	return &poisonConn{Conn: c, at: s.conn.at, after: s.conn.after}, err
}

// TestPoisonedMessage: a message over which a channel's code stumbles ends alone; the others, on a new connection, arrive, and nothing is sent twice.
func TestPoisonedMessage(t *testing.T) {
	for name, after := range map[string]bool{"one email failed stumbled": false, "one email unknown outcome_unknown": true} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.e.Senders[campaigns.Email] = &poisonSender{w.e.Senders[campaigns.Email], poisonConn{at: "bela@example.org", after: after}}
				w.member("u1", byMail("anna@example.org"))
				poisoned := w.member("u2", byMail("bela@example.org"))
				w.member("u3", byMail("carl@example.org"))
				key := w.publish(campaign("c", "", sends("one", "One")))
				w.enroll(key, "u1", "u2", "u3")
				w.settle()
				w.later(10 * time.Minute)
				w.settle()
				w.expectRows(poisoned.ID, name)
				for address, want := range map[string]int{"anna@example.org": 1, "bela@example.org": 0, "carl@example.org": 1} {
					if got := len(w.mails(address)); got != want {
						t.Errorf("%s has %d mails, want %d", address, got, want)
					}
				}
				w.expectStands(key, poisoned.ID, "completed one")
			})
		})
	}
}

// TestPoisonUpdates: what cannot be read is dead at the first look, and stands in nobody's way, nor in its own member's.
func TestPoisonUpdates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.joins(7, "en")
		must(t, w.e.StoreUpdates(t.Context(), []engine.RawUpdate{
			{Raw: []byte(`{"no":"update`)},
			{Raw: []byte("\xff\xfe\x00")},
			{ID: 900001, HasID: true, Raw: []byte(`{"update_id":900001,"message":{"message_id":1}}`)},
			{ID: 900002, HasID: true, Raw: []byte(`{"update_id":900002,"message":{"message_id":5,"date":1,"chat":{"id":7,"type":"private"},"from":{"id":7,"first_name":"A\u0000B"},"text":"hel\u0000lo"}}`)},
			{ID: 900003, HasID: true, Raw: []byte(`{"update_id":900003,"message":{"message_id":6,"date":1,"chat":{"id":-7,"type":"group"},"from":{"id":9,"first_name":"Groupie"},"text":"hello"}}`)},
			{ID: 900004, HasID: true, Raw: []byte(`{"update_id":900004,"poll":{"id":"1"}}`)},
		}))
		must(t, w.e.StoreUpdates(t.Context(), []engine.RawUpdate{{Raw: []byte(`{"no":"update`)}, {ID: 900004, HasID: true, Raw: []byte(`{"update_id":900004,"poll":{"id":"1"}}`)}}))
		found, err := w.e.SweepActors(t.Context(), -time.Hour, 100)
		must(t, err)
		for _, a := range found {
			must(t, w.e.HandleActor(t.Context(), a))
		}
		backlog, err := w.store.Backlog(t.Context())
		must(t, err)
		if backlog.StoredInputs != 0 || backlog.DeadInputs != 3 {
			t.Errorf("after one look: %+v", backlog)
		}
		w.say(7, "/help")
		w.expectLast(7, "/start")
		actors, err := w.e.SweepActors(t.Context(), -time.Hour, 100)
		must(t, err)
		if len(actors) != 0 {
			t.Errorf("still waiting: %v", actors)
		}
	})
}

// TestPoisonEnrollment: an enrollment that cannot be decided rests with an event; all others go on.
func TestPoisonEnrollment(t *testing.T) {
	eachDumped(t, func(t *testing.T, w *world, _ func() string) {
		ids := w.crowd(20)
		key := w.publish(campaign("poison", "", waits("w", "for: 1h")+sends("one", "One")))
		other := w.publish(campaign("other", "", sends("one", "One")))
		w.enroll(key, ids...)
		w.settle()
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		es, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Campaign: c.ID}, store.Page{})
		must(t, err)
		bad := es[3]
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			row, err := tx.LockEnrollment(t.Context(), bad.ID)
			if err != nil {
				return err
			}
			row.Data = []byte(`{"visits": "no map"}`)
			return tx.SaveEnrollments(t.Context(), []*store.Enrollment{row})
		}))
		w.enroll(other, ids...)
		w.later(90 * time.Minute)
		if n := w.count(key, campaigns.EnrollmentCompleted); n != 19 {
			t.Errorf("%d of 19 went on", n)
		}
		if n := w.count(other, campaigns.EnrollmentCompleted); n != 20 {
			t.Errorf("%d of 20 in the other campaign", n)
		}
		if got := strings.Join(w.events(bad.Member), "\n"); !strings.Contains(got, "enrollment.stuck") {
			t.Errorf("events: %s", got)
		}
	})
}
