package workers

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// counted counts the looks for tasks of one queue.
type counted struct {
	redis.UniversalClient
	looks atomic.Int64
}

func (c *counted) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	if keys[0] == pendingKey(queueDue) && len(keys) == 4 { // asynq.dequeue's
		c.looks.Add(1)
	}
	return c.UniversalClient.EvalSha(ctx, sha, keys, args...)
}

// dues is an engine that tells when it decides.
type dues struct{ called chan struct{} }

func (d dues) HandleActors(context.Context, []string) error { return nil }
func (d dues) Sweep(context.Context) error                  { return nil }

func (d dues) AdvanceDue(context.Context, time.Duration) (bool, error) {
	d.called <- struct{}{}
	return false, nil
}

func (d dues) SendLane(context.Context, campaigns.Lane, campaigns.Channel, time.Duration) (bool, error) {
	return false, nil
}

// TestBell: whoever found nothing waits until it rings, for so long at most, or until the server ends; a ring of before is heard, and after a find nobody waits.
func TestBell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		b := newBell(ctx, time.Minute)
		waits := func() *atomic.Bool {
			over := new(atomic.Bool)
			go func() {
				b.wait(t.Context())
				over.Store(true)
			}()
			synctest.Wait()
			return over
		}
		is := func(over *atomic.Bool, want bool, what string) {
			t.Helper()
			if synctest.Wait(); over.Load() != want {
				t.Errorf("%s: over is %v", what, !want)
			}
		}
		is(waits(), true, "at the start")
		b.found(redis.NewCmdResult("task", nil))
		is(waits(), true, "after a find")
		b.found(redis.NewCmdResult(nil, redis.Nil))
		w := waits()
		is(w, false, "after an empty look")
		b.ring()
		is(w, true, "rung")
		b.ring()
		b.ring()
		is(waits(), true, "rung before")
		w = waits()
		is(w, false, "rings of before are one")
		time.Sleep(time.Minute) // the bubble's clock
		is(w, true, "after the longest time")
		b.found(redis.NewCmdResult(nil, errors.New("connection refused")))
		w = waits()
		is(w, false, "after a look that failed")
		end()
		is(w, true, "at the end")
	})
}

// TestAnEmptyQueueIsLookedAtWhenItRings: a server whose queue is empty looks again when somebody rings, and not over and over; what lay there before is found, and so is
// what nobody rang for, in its time.
func TestAnEmptyQueueIsLookedAtWhenItRings(t *testing.T) {
	e, err := StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	rdb := &counted{UniversalClient: e.Client()}
	t.Cleanup(func() { _ = rdb.Close() })
	q := NewQueue(rdb)
	t.Cleanup(q.Close)
	engine := dues{make(chan struct{})}
	begin := func(longest time.Duration) *Workers {
		w := New(rdb, engine, q, nil, slog.New(slog.DiscardHandler))
		for _, b := range w.bells {
			b.longest = longest
		}
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		return w
	}
	put := func() {
		t.Helper()
		if err := q.put(t.Context(), taskDue, struct{}{}, queueDue); err != nil {
			t.Fatal(err)
		}
	}
	decides := func() {
		t.Helper()
		select {
		case <-engine.called:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody looked")
		}
	}

	put() // nobody hears it
	w := begin(time.Hour)
	decides()
	before := rdb.looks.Load()
	const times = 5
	for range times {
		for w.bells[queueDue].some.Load() { // until a look has found nothing
			runtime.Gosched()
		}
		put()
		decides()
	}
	w.Stop()
	// Each ring is a look that finds something, and one that finds nothing. The beginning rings too.
	if n := rdb.looks.Load() - before; n > 2*times+3 {
		t.Errorf("%d looks for %d wake-ups", n, times)
	}

	w = begin(time.Millisecond)
	defer w.Stop()
	if _, err := q.client.Enqueue(asynq.NewTask(taskDue, []byte("{}")), asynq.Queue(queueDue)); err != nil { // as a process of an older version does
		t.Fatal(err)
	}
	decides()
}
