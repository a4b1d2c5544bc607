package workers_test

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/workers"
)

// recorder is an engine that tells what it was called for. A lane that is held does not return until it is let go.
type recorder struct {
	calls chan string
	hold  chan struct{}
}

func newRecorder() *recorder { return &recorder{calls: make(chan string, 1000)} }

func (r *recorder) HandleActors(_ context.Context, actors []string) error {
	for _, a := range actors {
		r.calls <- "actor " + a
	}
	return nil
}

func (r *recorder) AdvanceDue(context.Context, time.Duration) (bool, error) {
	r.calls <- "due"
	return false, nil
}

func (r *recorder) SendLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, _ time.Duration) (bool, error) {
	r.calls <- "lane " + string(lane) + " " + string(ch)
	if r.hold != nil && lane == campaigns.Bulk {
		select {
		case <-r.hold:
		case <-ctx.Done():
		}
	}
	return false, nil
}

func (r *recorder) Sweep(context.Context) error {
	r.calls <- "sweep"
	return nil
}

// wait returns the next call, or fails.
func (r *recorder) wait(t *testing.T, want string) {
	t.Helper()
	for {
		select {
		case got := <-r.calls:
			if got == want {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("no call for %q", want)
		}
	}
}

// each runs the test on the embedded Redis, and on the real one where KRUZHOK_TEST_REDIS_URL names it.
func each(t *testing.T, fn func(t *testing.T, rdb redis.UniversalClient, flush func())) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		e, err := workers.StartEmbedded()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		rdb := e.Client()
		t.Cleanup(func() { _ = rdb.Close() })
		fn(t, rdb, e.FlushAll)
	})
	t.Run("redis", func(t *testing.T) {
		url := os.Getenv("KRUZHOK_TEST_REDIS_URL")
		if url == "" {
			if os.Getenv("KRUZHOK_REQUIRE_SERVICES") == "1" {
				t.Fatal("KRUZHOK_TEST_REDIS_URL is not set")
			}
			t.Skip("KRUZHOK_TEST_REDIS_URL is not set")
		}
		o, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		o.DB = 9 // apart from what other tests do
		rdb := redis.NewClient(o)
		t.Cleanup(func() { _ = rdb.Close() })
		flush := func() { _ = rdb.FlushDB(context.Background()).Err() }
		flush()
		fn(t, rdb, flush)
	})
}

func start(t *testing.T, rdb redis.UniversalClient, r *recorder) *workers.Queue {
	t.Helper()
	q := workers.NewQueue(rdb)
	w := workers.New(rdb, r, q, []campaigns.Channel{campaigns.Telegram, campaigns.Email}, slog.New(slog.DiscardHandler))
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close(); w.Stop() })
	return q
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWakeUpsReachTheEngine(t *testing.T) {
	each(t, func(t *testing.T, rdb redis.UniversalClient, flush func()) {
		r := newRecorder()
		q := start(t, rdb, r)
		for range 2 { // the same again after Redis forgot everything
			must(t, q.WakeActors(t.Context(), "member:1"))
			r.wait(t, "actor member:1")
			must(t, q.WakeDue(t.Context()))
			r.wait(t, "due")
			must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Email))
			r.wait(t, "lane bulk email")
			must(t, q.WakeLane(t.Context(), campaigns.Interactive, campaigns.Telegram))
			r.wait(t, "lane interactive telegram")
			flush()
		}
	})
}

// TestBulkStandsInNobodysWay: while bulk work on one channel holds its server, members, deciding and the other channel go on.
func TestBulkStandsInNobodysWay(t *testing.T) {
	each(t, func(t *testing.T, rdb redis.UniversalClient, _ func()) {
		r := newRecorder()
		r.hold = make(chan struct{})
		q := start(t, rdb, r)
		t.Cleanup(func() { close(r.hold) })
		must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Telegram))
		r.wait(t, "lane bulk telegram")
		must(t, q.WakeActors(t.Context(), "member:2"))
		r.wait(t, "actor member:2")
		must(t, q.WakeDue(t.Context()))
		r.wait(t, "due")
		must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Email))
		r.wait(t, "lane bulk email")
	})
}

// TestManyWakeUpsAreFew: a burst of wake-ups becomes a few tasks, and the last of them is never dropped: one task comes after it.
func TestManyWakeUpsAreFew(t *testing.T) {
	each(t, func(t *testing.T, rdb redis.UniversalClient, _ func()) {
		r := newRecorder()
		q := start(t, rdb, r)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					_ = q.WakeDue(t.Context())
				}
			})
		}
		wg.Wait()
		r.wait(t, "due")
		r.wait(t, "due") // the one at the window's end
		if n := len(r.calls); n > 20 {
			t.Errorf("400 wake-ups made %d tasks more", n)
		}
	})
}

// TestClosedQueueIsQuiet: nothing is put after the end, not even what was to come at a window's end.
func TestClosedQueueIsQuiet(t *testing.T) {
	each(t, func(t *testing.T, rdb redis.UniversalClient, _ func()) {
		q := workers.NewQueue(rdb)
		must(t, q.WakeDue(t.Context()))
		must(t, q.WakeDue(t.Context()))
		q.Close()
		must(t, q.WakeDue(t.Context()))
	})
}

func TestSweepGoesOnUntilTheEnd(t *testing.T) {
	r := newRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		workers.Sweep(ctx, r, slog.New(slog.DiscardHandler))
	}()
	r.wait(t, "sweep")
	r.wait(t, "sweep")
	cancel()
	<-done
}

// TestEmbeddedKeysExpire: the embedded Redis has no clock of its own; without one, locks and dead servers would stay for ever.
func TestEmbeddedKeysExpire(t *testing.T) {
	e, err := workers.StartEmbedded()
	must(t, err)
	defer e.Close()
	rdb := e.Client()
	defer rdb.Close()
	must(t, rdb.Set(t.Context(), "k", "v", time.Second).Err())
	for end := time.Now().Add(5 * time.Second); rdb.Exists(t.Context(), "k").Val() == 1; {
		if time.Now().After(end) {
			t.Fatal("the key is still there")
		}
	}
}

// TestNobodyThereToWake: while no worker takes wake-ups, they do not pile up, however many processes put them and for how long; afterwards they come again.
func TestNobodyThereToWake(t *testing.T) {
	each(t, func(t *testing.T, rdb redis.UniversalClient, _ func()) {
		waits := func(queue string) int64 {
			n, err := rdb.LLen(t.Context(), "asynq:{"+queue+"}:pending").Result()
			must(t, err)
			return n
		}
		for range 30 { // the first of each process goes at once
			q := workers.NewQueue(rdb)
			must(t, q.WakeDue(t.Context()))
			must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Telegram))
			must(t, q.WakeLane(t.Context(), campaigns.Bulk, campaigns.Email))
			must(t, q.WakeLane(t.Context(), campaigns.Interactive, campaigns.Email))
			q.Close()
		}
		for _, queue := range []string{"due", "bulk-telegram", "bulk-email", "interactive-email"} {
			if n := waits(queue); n == 0 || n > 2 {
				t.Errorf("%d wake-ups wait in %s", n, queue)
			}
		}
		const interactive = "asynq:{interactive}:pending"
		backlog := make([]any, 10_000)
		for i := range backlog {
			backlog[i] = "of others"
		}
		must(t, rdb.RPush(t.Context(), interactive, backlog...).Err())
		q := workers.NewQueue(rdb)
		for range 1100 {
			must(t, q.WakeActors(t.Context(), "member:1"))
		}
		if n := waits("interactive"); n >= 10_500 {
			t.Errorf("%d wake-ups of actors wait", n)
		}
		must(t, rdb.Del(t.Context(), interactive).Err())
		must(t, q.WakeActors(t.Context(), "member:1"))
		if n := waits("interactive"); n != 1 {
			t.Errorf("%d wake-ups after the backlog is gone", n)
		}
	})
}
