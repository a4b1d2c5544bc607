package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/journal"
	"github.com/kruzhok/kruzhok/store"
)

// dyingSender passes messages on until a chosen one, at which its process dies at the chosen point: from then on it does nothing and never returns,
// as a killed one does.
type dyingSender struct {
	channels.Sender
	left  atomic.Int64 // messages before the death
	point string
	died  chan struct{}
	hang  chan struct{}
}

func (s *dyingSender) Dial(ctx context.Context) (channels.Conn, error) {
	c, err := s.Sender.Dial(ctx)
	return &dyingConn{c, s}, err
}

type dyingConn struct {
	channels.Conn
	s *dyingSender
}

func (c *dyingConn) die() {
	select {
	case c.s.died <- struct{}{}:
	default:
	}
	<-c.s.hang
	panic("killed")
}

func (c *dyingConn) Send(ctx context.Context, m *channels.Message, begin func() error) channels.Receipt {
	n := c.s.left.Add(-1)
	if n < -1 {
		c.die() // the process is dead: no other connection goes on
	}
	if n >= 0 {
		return c.Conn.Send(ctx, m, begin)
	}
	switch c.s.point {
	case "before begin":
		c.die()
	case "after begin":
		return c.Conn.Send(ctx, m, func() error {
			_ = begin()
			c.die()
			return nil
		})
	}
	_ = c.Conn.Send(ctx, m, begin)
	c.die() // "before result"
	return channels.Receipt{}
}

// mortal makes an engine of a process that will die; kill ends it, as the system does: its journal's lock goes, nothing else happens.
func (w *world) mortal(owner, point string, after int64) (*engine.Engine, *dyingSender, func()) {
	w.t.Helper()
	j, err := journal.Open(w.dir, owner)
	must(w.t, err)
	s := &dyingSender{Sender: w.e.Senders[campaigns.Email], point: point, died: make(chan struct{}, 1), hang: make(chan struct{})}
	s.left.Store(after)
	o := w.e.Options
	o.Owner, o.Journal, o.Senders = owner, j, map[campaigns.Channel]channels.Sender{campaigns.Email: s}
	o.Connections = map[campaigns.Channel]int{campaigns.Email: 1}
	o.BulkRunners = 1 // a second one would go on claiming when the first is dead
	e, err := engine.New(o)
	must(w.t, err)
	return e, s, func() { must(w.t, j.Close()) }
}

// TestCrash: a worker dies at a point of its work; another replays its journal. Nothing is lost; at most the one message in flight is not known about.
func TestCrash(t *testing.T) {
	cases := map[string]struct{ unknown, arrived int }{
		"before begin":  {0, 20},
		"after begin":   {1, 19},
		"before result": {1, 20},
	}
	for point, want := range cases {
		for _, bulk := range []int{20, 5} { // a chunk, and row by row
			t.Run(fmt.Sprintf("%s of %d", point, bulk), func(t *testing.T) {
				each(t, func(t *testing.T, w *world) {
					ids := w.crowd(bulk)
					key := w.publish(campaign("crash", "channels: [email]", sends("one", "One")))
					w.enroll(key, ids...)
					_, err := w.e.AdvanceDue(t.Context(), time.Second)
					must(t, err)
					e, s, kill := w.mortal("worker-2", point, 3)
					gone := make(chan struct{})
					go func() {
						defer close(gone)
						_, _ = e.SendLane(context.WithoutCancel(t.Context()), campaigns.Bulk, campaigns.Email, time.Minute)
					}()
					<-s.died
					kill() // its goroutine hangs for ever, as far as anybody can tell
					sum, err := w.e.Recover(t.Context(), w.dir)
					must(t, err)
					if sum.Unknown != want.unknown {
						t.Errorf("recovered: %+v", sum)
					}
					w.settle()
					missing := 20 - want.arrived
					if n, who := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); n != bulk-missing || who != n {
						t.Errorf("%d mails to %d members", n, who)
					}
					if n := w.count(key, campaigns.EnrollmentCompleted); n != bulk {
						t.Errorf("%d of %d enrollments went on", n, bulk)
					}
					w.nothingLost()
				})
			})
		}
	}
}

// TestCrashBeforeCommit: results that only the journal knows are written from it: a sent message is not sent again, a refused one not either.
func TestCrashBeforeCommit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(4)
		key := w.publish(campaign("crash", "channels: [email]", sends("one", "One")))
		w.enroll(key, ids...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		var ds []*store.Delivery
		now := w.clock.now()
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) (err error) {
			ds, err = tx.ClaimDue(t.Context(), campaigns.Bulk, campaigns.Email, "worker-2", now, now.Add(time.Minute), 10)
			return err
		}))
		if len(ds) != 4 {
			t.Fatalf("%d claimed", len(ds))
		}
		j, err := journal.Open(w.dir, "worker-2")
		must(t, err)
		lane, err := j.Lane()
		must(t, err)
		for i, r := range []journal.Record{{Outcome: journal.Sent, Provider: 77, At: now}, {Outcome: journal.Failed, Reason: 3, At: now}, {Outcome: journal.Deferred, Reason: 1, At: now.Add(time.Minute)}} {
			must(t, lane.Begin(int64(ds[i].ID)))
			must(t, lane.Result(int64(ds[i].ID), r))
		}
		must(t, lane.Begin(999_999_999)) // of another life: no row of ours
		must(t, j.Close())
		_, err = w.e.Recover(t.Context(), w.dir)
		must(t, err)
		var got []string
		for _, d := range ds {
			d, err := w.store.Delivery(t.Context(), d.ID)
			must(t, err)
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s", d.State, d.Reason)))
		}
		expectList(t, "after the replay", got, "sent", "failed rejected", "pending temporary", "pending")
		w.later(time.Hour)
		if n := w.mail.Mailbox().Total(); n != 2 {
			t.Errorf("%d mails", n)
		}
		if n := w.count(key, campaigns.EnrollmentCompleted); n != 4 {
			t.Errorf("%d completed", n)
		}
		again, err := w.e.Recover(t.Context(), w.dir)
		if err != nil || again != (engine.Recovered{}) {
			t.Errorf("replayed twice: %+v %v", again, err)
		}
	})
}

// TestClaimsWithoutJournal: what an owner held who never came back and left no journal here is unknown when its claim has run out, not before.
func TestClaimsWithoutJournal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(30)
		key := w.publish(campaign("gone", "channels: [email]", sends("one", "One")))
		w.enroll(key, ids[:3]...)
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		w.enroll(key, ids[3:]...)
		_, err = w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
		now := w.clock.now()
		must(t, w.store.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.ClaimDue(t.Context(), campaigns.Bulk, campaigns.Email, "gone", now, now.Add(time.Minute), 10); err != nil {
				return err
			}
			_, err := tx.ClaimChunk(t.Context(), campaigns.Email, "gone", now, now.Add(time.Minute))
			return err
		}))
		w.clock.set(now.Add(80 * time.Second))
		n, err := w.e.ExpireClaims(t.Context())
		if err != nil || n != 0 {
			t.Fatalf("too early: %d %v", n, err)
		}
		w.clock.set(now.Add(100 * time.Second))
		young, err := engine.New(w.e.Options)
		must(t, err)
		young.Began() // the clock may have been moved before
		if n, err = young.ExpireClaims(t.Context()); err != nil || n != 0 {
			t.Errorf("by a process that has just begun: %d %v", n, err)
		}
		n, err = w.e.ExpireClaims(t.Context())
		if err != nil || n != 30 {
			t.Errorf("expired: %d %v", n, err)
		}
		w.settle()
		if n := w.mail.Mailbox().Total(); n != 0 {
			t.Errorf("%d mails", n)
		}
		if n := w.count(key, campaigns.EnrollmentCompleted); n != 30 {
			t.Errorf("%d completed", n)
		}
	})
}
