package engine_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestStoppedInTheMiddle: a broadcast that leaves by chunks is stopped by another process, by a pause or a switch. What was handed to a connection
// leaves, nothing else does; when it goes on, everybody gets it once.
func TestStoppedInTheMiddle(t *testing.T) {
	type turn func(*engine.Engine, campaigns.Key) error
	ways := map[string]struct{ stop, goOn turn }{
		"pause": {
			func(e *engine.Engine, key campaigns.Key) error {
				return second(e.Pause(context.Background(), engine.Operator, key))
			},
			func(e *engine.Engine, key campaigns.Key) error {
				return second(e.Resume(context.Background(), engine.Operator, key))
			},
		},
		"switch": {
			func(e *engine.Engine, _ campaigns.Key) error {
				return e.Trip(context.Background(), engine.Operator, "email")
			},
			func(e *engine.Engine, _ campaigns.Key) error {
				return e.Release(context.Background(), engine.Operator, "email")
			},
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				const n = 600
				ids := w.crowd(n)
				other := w.engine("worker-2")
				var begun atomic.Int64
				var once sync.Once
				key := w.publish(campaign("news", "channels: [email]", sends("s", "Hello")))
				w.slowMail(func() {
					if begun.Add(1) < 100 {
						return
					}
					once.Do(func() { // the others that begin now wait for this one
						if err := way.stop(other, key); err != nil {
							t.Error(err)
						}
						<-time.After(time.Second) // what this process knew of the campaign is too old now
					})
				})
				w.enroll(key, ids...)
				w.settle()
				stopped := w.mail.Mailbox().Total()
				if stopped < 100 || stopped > 100+2*4 { // four lines, each with one on its way and one handed out
					t.Errorf("%d mails left although it was stopped after 100", stopped)
				}
				w.later(time.Hour)
				if got := w.mail.Mailbox().Total(); got != stopped {
					t.Errorf("%d mails more while it stood", got-stopped)
				}
				must(t, way.goOn(other, key))
				<-time.After(time.Second)
				w.settle()
				if total, to := w.mail.Mailbox().Total(), len(w.mail.Mailbox().Recipients()); total != n || to != n {
					t.Errorf("%d mails to %d of %d members", total, to, n)
				}
				w.nothingLost()
			})
		})
	}
}

// TestDueTogetherGoByPriority: of what is due at the same moment, service goes first and broadcasts last, whether row by row or by chunks.
func TestDueTogetherGoByPriority(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.crowd(20)
		until := waits("w", "for: 48h")
		w.publish(campaign("broadcast", `entry: {schedule: {at: "2026-11-24T12:00", zone: community, audience: all}}`+"\nchannels: [email]", until+sends("s", "Broadcast")))
		few := w.publish(campaign("few", "channels: [email]", until+sends("s", "Few")))
		normal := w.publish(campaign("normal", "channels: [email]", until+sends("s", "Normal")))
		service := w.publish(campaign("service", "purpose: service\nchannels: [email]", until+sends("s", "Service")))
		w.enroll(few, ids[:3]...)
		for _, key := range []campaigns.Key{normal, service} {
			w.enroll(key, ids...)
		}
		w.settle()
		w.clock.set(w.clock.now().Add(49 * time.Hour))
		_, err := w.e.AdvanceDue(t.Context(), time.Minute)
		must(t, err)
		all, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{State: campaigns.Pending}, store.Page{Limit: 1000})
		must(t, err)
		if !slices.IsSortedFunc(all, func(a, b *store.Delivery) int { return a.Priority - b.Priority }) { // they come by id, as they were written
			t.Error("decided in another order")
		}
		var order []int
		for {
			got := w.claimNext()
			if len(got) == 0 {
				break
			}
			order = append(order, got...)
		}
		if len(order) != 63 || !slices.IsSorted(order) || order[0] != 3 || order[62] != 7 {
			t.Errorf("claimed by priority: %v", order)
		}
	})
}

// claimNext claims as workers do, and returns the priorities of what was claimed.
func (w *world) claimNext() (out []int) {
	w.t.Helper()
	ctx := w.t.Context()
	must(w.t, w.store.Write(ctx, func(tx *store.Tx) error {
		now := w.clock.now()
		rows, err := tx.ClaimDue(ctx, campaigns.Bulk, campaigns.Email, "other", now, now.Add(time.Minute), 10)
		for _, d := range rows {
			out = append(out, d.Priority)
		}
		if err != nil || len(rows) > 0 {
			return err
		}
		c, err := tx.ClaimChunk(ctx, campaigns.Email, "other", now, now.Add(time.Minute))
		if c != nil {
			out = slices.Repeat([]int{c.Priority}, c.Left)
		}
		return err
	}))
	return out
}
