package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// TestEndWhileHeld: what a worker holds while its campaign ends is canceled when the worker gives it back.
func TestEndWhileHeld(t *testing.T) {
	for name, n := range map[string]int{"a chunk": 20, "row by row": 3} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				ids := w.crowd(n)
				key := w.publish(campaign("ends", "channels: [email]", sends("one", "One")))
				w.enroll(key, ids...)
				_, err := w.e.AdvanceDue(t.Context(), time.Second)
				must(t, err)
				now := w.clock.now()
				var chunk *store.Chunk
				var rows []*store.Delivery
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) (err error) {
					if chunk, err = tx.ClaimChunk(t.Context(), campaigns.Email, "other", now, now.Add(time.Minute)); err != nil {
						return err
					}
					rows, err = tx.ClaimDue(t.Context(), campaigns.Bulk, campaigns.Email, "other", now, now.Add(time.Minute), 10)
					return err
				}))
				if (chunk == nil) != (n < 8) || len(rows) != n%20 {
					t.Fatalf("claimed: %v, %d rows", chunk, len(rows))
				}
				must(t, second(w.e.End(t.Context(), engine.Operator, key)))
				must(t, second(w.e.Archive(t.Context(), engine.Operator, key))) // at once: it is looked at all the same
				must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
					if chunk != nil {
						return tx.ReleaseChunk(t.Context(), chunk.ID, "other")
					}
					var held []campaigns.DeliveryID
					for _, d := range rows {
						held = append(held, d.ID)
					}
					return tx.ReleaseDeliveries(t.Context(), held, "other", now)
				}))
				w.later(48 * time.Hour)
				w.nothingLost()
				if n := w.mail.Mailbox().Total(); n != 0 {
					t.Errorf("%d mails", n)
				}
				ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{State: campaigns.Canceled}, store.Page{})
				must(t, err)
				if len(ds) != n {
					t.Errorf("%d of %d canceled", len(ds), n)
				}
			})
		})
	}
}

// TestEndWhileAMemberIsHeld: whom another transaction holds while their campaign ends, which leaves them out where its steps change members, exits at the next look, and not
// when ended campaigns are looked at again.
func TestEndWhileAMemberIsHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Postgres(t)) // SQLite has one writer
	held, free := w.member("held", byMail("held@example.org")), w.member("free", byMail("free@example.org"))
	key := w.publish(campaign("ends", "", waits("w", "for: 2d")+"  - {id: b, set: {add_tags: [guest]}}\n"))
	w.enroll(key, "held", "free")
	w.settle()
	must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.LockMember(t.Context(), held.ID); err != nil {
			return err
		}
		return second(w.e.End(t.Context(), engine.Operator, key))
	}))
	w.expectStands(key, held.ID, "waiting w time")
	if e := w.enrollment(key, free.ID); e.State != campaigns.EnrollmentExited {
		t.Errorf("who is held by nobody is %s", e.State)
	}
	must(t, second(w.e.SweepEnded(t.Context())))
	if e := w.enrollment(key, held.ID); e.State != campaigns.EnrollmentExited || e.Reason != campaigns.ExitEnded {
		t.Errorf("who was held is %s %s", e.State, e.Reason)
	}
}

// TestWrittenRightAfterDelete: what stands in line behind a wish to be erased is handled once.
func TestWrittenRightAfterDelete(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.chatMember("u1", 7, nil)
		w.say(7, "/delete")
		n := len(w.chat(7))
		w.press(7, "Remove my data for good")
		w.bot.Start(sandbox.BotUser{ID: 7, FirstName: "Newname", LanguageCode: "en"}, "")
		w.settle()
		greeted := 0
		for _, text := range w.since(7, n) {
			if strings.Contains(text, "By pressing Start") {
				greeted++
			}
		}
		if greeted != 1 {
			t.Errorf("greeted %d times: %q", greeted, w.since(7, n))
		}
	})
}

// slowSender waits before each message begins, as a mail server does that thinks about RCPT.
type slowSender struct {
	channels.Sender
	before func()
}

func (s *slowSender) Dial(ctx context.Context) (channels.Conn, error) {
	c, err := s.Sender.Dial(ctx)
	return &slowConn{c, s}, err
}

type slowConn struct {
	channels.Conn
	s *slowSender
}

func (c *slowConn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	return c.Conn.Send(ctx, m, func() error {
		c.s.before()
		return begin()
	})
}

// slowMail lets every mail of the world's engine begin after `before`.
func (w *world) slowMail(before func()) {
	w.e.Senders[campaigns.Email] = &slowSender{w.e.Senders[campaigns.Email], before}
}

// TestUnsubscribedWhileTheServerThinks: a member who leaves while the mail server takes its time gets nothing; others do.
func TestUnsubscribedWhileTheServerThinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		leaves := w.member("u1", byMail("anna@example.org"))
		stays := w.member("u2", byMail("bela@example.org"))
		var once sync.Once
		w.slowMail(func() {
			once.Do(func() {
				w.member("u1", func(in *engine.MemberInput) {
					in.Consents = []engine.ConsentInput{{Channel: campaigns.Email, Source: "form", Given: new(false)}}
				})
				<-time.After(2100 * time.Millisecond)
			})
		})
		key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
		w.enroll(key, "u1", "u2")
		w.later(time.Minute)
		if a, b := len(w.mails("anna@example.org")), len(w.mails("bela@example.org")); a != 0 || b != 1 {
			t.Errorf("%d mails to who left, %d to who stays", a, b)
		}
		w.expectRows(leaves.ID, "s email suppressed no_consent")
		w.expectRows(stays.ID, "s email sent")
	})
}

// busySender is busy with something else before it says anything to the server.
type busySender struct {
	channels.Sender
	before func()
}

func (s *busySender) Dial(ctx context.Context) (channels.Conn, error) {
	c, err := s.Sender.Dial(ctx)
	return &busyConn{c, s}, err
}

type busyConn struct {
	channels.Conn
	s *busySender
}

func (c *busyConn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	c.s.before()
	return c.Conn.Send(ctx, m, begin)
}

// TestAnOldAddressTellsNothingOfTheNew: a member gives another address while the server thinks about the old one, which it does not know; the new one gets the next mail.
func TestAnOldAddressTellsNothingOfTheNew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		var once sync.Once
		w.e.Senders[campaigns.Email] = &busySender{w.e.Senders[campaigns.Email], func() { once.Do(func() { w.member("u1", byMail("anna@example.net")) }) }}
		w.mail.Fault(sandbox.MailFault{Phase: sandbox.MailAtRcpt, Match: "anna@example.org", Reply: "550 5.1.1 No such user"})
		w.enroll(w.publish(campaign("news", "channels: [email]", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two"))), "u1")
		w.later(2 * time.Hour)
		w.expectRows(m.ID, "one email failed gone", "two email sent")
	})
}

// TestClaimsOfTheSlow: nobody takes away what a worker holds as long as its task may run.
func TestClaimsOfTheSlow(t *testing.T) {
	for name, n := range map[string]int{"a chunk": 20, "row by row": 3} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				var once sync.Once
				w.slowMail(func() {
					once.Do(func() {
						w.clock.set(w.clock.now().Add(2 * time.Minute))
						n, err := w.e.ExpireClaims(context.Background())
						if n != 0 || err != nil {
							t.Errorf("%d claims ran out: %v", n, err)
						}
					})
				})
				ids := w.crowd(n)
				key := w.publish(campaign("slow", "channels: [email]", sends("one", "One")))
				w.enroll(key, ids...)
				w.later(time.Hour)
				if got := w.mail.Mailbox().Total(); got != n {
					t.Errorf("%d of %d mails", got, n)
				}
			})
		})
	}
}

// TestBrowserGone: a member who closes the page while the next message is on its way gets it all the same, and we know it.
func TestBrowserGone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("form", "channels: [email]", asks("q", "text", "")+sends("thanks", "Thanks")))
		w.enroll(key, "u1")
		w.settle()
		token := w.surveyToken(w.mails("anna@example.org")[0])
		page := w.page(token)
		ctx, leave := context.WithCancel(t.Context())
		w.slowMail(leave)
		_, _ = w.e.AnswerSurvey(ctx, token, engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: page.Nonce, Text: "typed"})
		w.later(time.Hour)
		w.expectRows(m.ID, "q email sent", "thanks email sent")
	})
}

// TestResumeWithMembersInside: a pause between two versions, the newer of which waits for its moment, does not keep the members of the older one waiting.
func TestResumeWithMembersInside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.member("u1", byMail("anna@example.org"))
		key := w.publish(campaign("both", "", sends("one", "One")+waits("w", "for: 1h")+sends("two", "Two")))
		w.enroll(key, "u1")
		w.settle()
		next := broadcast("both", "2026-12-25T10:00", "community", "all")
		must(t, second(w.e.PutDraft(t.Context(), engine.Operator, key, 0, engine.Draft{Source: next, Format: "yaml"})))
		must(t, second(w.e.Publish(t.Context(), engine.Operator, key)))
		must(t, second(w.e.Pause(t.Context(), engine.Operator, key)))
		must(t, second(w.e.Resume(t.Context(), engine.Operator, key)))
		w.later(2 * time.Hour)
		w.expectRows(m.ID, "one email sent", "two email sent")
	})
}

// TestWrittenBeforeTheQuestion: what a member writes while a question could not be delivered yet is no answer to it.
func TestWrittenBeforeTheQuestion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.chatMember("u1", 7, nil)
		key := w.publish(campaign("slowed", "", asks("q1", "text", "")))
		w.bot.Fault("sendMessage", 7, sandbox.BotFault{Kind: sandbox.BotRateLimited, RetryAfter: 60, Times: 1})
		w.enroll(key, "u1")
		w.settle()
		w.expectRows(m, "q1 telegram pending rate_limited")
		w.say(7, "When is the next lesson?")
		w.later(2 * time.Minute)
		w.expectRows(m, "q1 telegram sent")
		w.expectStands(key, m, "waiting q1 answer")
		w.say(7, "My answer")
		if got := w.answersOf(m)["q1"].Text; got != "My answer" {
			t.Errorf("answered %q", got)
		}
	})
}
