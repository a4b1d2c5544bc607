package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels/sandbox"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// forgetful loses some wake-ups, and passes the others on.
type forgetful struct {
	actors chan []string
	work   chan func(*engine.Engine) error
}

func (f *forgetful) lost() bool { return rand.IntN(10) < 3 }

func (f *forgetful) WakeActors(_ context.Context, actors ...string) error {
	if !f.lost() {
		select {
		case f.actors <- actors:
		default: // full: lost too
		}
	}
	return nil
}

func (f *forgetful) put(fn func(*engine.Engine) error) error {
	if !f.lost() {
		select {
		case f.work <- fn:
		default:
		}
	}
	return nil
}

func (f *forgetful) WakeDue(ctx context.Context) error {
	return f.put(func(e *engine.Engine) error {
		_, err := e.AdvanceDue(ctx, 200*time.Millisecond)
		return err
	})
}

func (f *forgetful) WakeLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) error {
	return f.put(func(e *engine.Engine) error {
		_, err := e.SendLane(ctx, lane, ch, 200*time.Millisecond)
		return err
	})
}

// TestManyAtOnce: two processes, wake-ups that get lost, members who start and answer while a broadcast goes out: every message once, every answer once.
func TestManyAtOnce(t *testing.T) {
	run := func(n int, s func(testing.TB) *store.Store) func(*testing.T) {
		return func(t *testing.T) { manyAtOnce(t, newWorld(t, s(t)), n) }
	}
	t.Run("sqlite", run(crowdSize(60), storetest.SQLite))
	t.Run("postgres", run(crowdSize(250), storetest.Postgres))
}

// crowdSize is how many members play: KRUZHOK_TEST_MEMBERS, or usual.
func crowdSize(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("KRUZHOK_TEST_MEMBERS")); err == nil {
		return n
	}
	return usual
}

func manyAtOnce(t *testing.T, w *world, n int) {
	w.publish(campaign("talk", "entry: {event: member.joined}", sends("hi", "Hi")+asks("fruit", "choice", twoOptions)+sends("bye", "Bye, {{ answers.fruit }}")))
	for i := range n {
		w.bot.Start(sandbox.BotUser{ID: int64(1000 + i), FirstName: "Name", LanguageCode: "en"}, "")
	}
	w.clock.run()
	began := time.Now()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	var workers sync.WaitGroup
	w.work(ctx, &workers)
	var members sync.WaitGroup
	for i := range n {
		members.Go(func() { w.answers(ctx, int64(1000+i), i%2) })
	}
	members.Wait()
	talked := time.Since(began)
	w.publish(broadcast("news", "2026-11-24T10:00", "community", "{channel: telegram}"))
	for i := range n {
		must(t, w.bot.WaitFor(ctx, int64(1000+i), func(ms []sandbox.BotMessage) bool { return len(ms) >= 5 }))
	}
	w.rests(ctx)
	stop()
	workers.Wait()
	w.ledger(n)
	t.Logf("%d members in %s: %.0f answers/s, %.0f messages/s; broadcast and rest %s",
		n, talked.Round(time.Millisecond), float64(n)/talked.Seconds(), float64(4*n)/talked.Seconds(), (time.Since(began) - talked).Round(time.Millisecond))
}

// work runs two processes: each handles actors by four goroutines and everything else by two; one takes updates in, one sweeps.
func (w *world) work(ctx context.Context, wg *sync.WaitGroup) {
	f := &forgetful{actors: make(chan []string, 5000), work: make(chan func(*engine.Engine) error, 100)}
	try := func(err error) {
		if err != nil && ctx.Err() == nil {
			w.t.Errorf("a worker failed: %v", err)
		}
	}
	for i, e := range []*engine.Engine{w.engineWith("worker-a", f), w.engineWith("worker-b", f)} {
		for range 4 {
			wg.Go(func() {
				for {
					select {
					case a := <-f.actors:
						try(e.HandleActors(ctx, a))
					case <-ctx.Done():
						return
					}
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				for {
					select {
					case fn := <-f.work:
						try(fn(e))
					case <-ctx.Done():
						return
					}
				}
			})
		}
		if i == 0 {
			w.e = e
			wg.Go(func() { w.every(ctx, 10*time.Millisecond, func() { w.receive() }) })
			wg.Go(func() { w.every(ctx, 100*time.Millisecond, func() { try(e.Sweep(ctx)) }) })
		}
	}
}

func (w *world) every(ctx context.Context, d time.Duration, fn func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fn()
		case <-ctx.Done():
			return
		}
	}
}

// answers waits for the question, presses a button twice, and waits for the goodbye.
func (w *world) answers(ctx context.Context, user int64, option int) {
	var asked sandbox.BotMessage
	err := w.bot.WaitFor(ctx, user, func(ms []sandbox.BotMessage) bool {
		for _, m := range ms {
			if len(m.Keyboard) > 0 {
				asked = m
			}
		}
		return asked.ID != 0
	})
	for range 2 {
		if err == nil {
			_, err = w.bot.Press(user, asked.ID, slices.Concat(asked.Keyboard...)[option].Data)
		}
	}
	if err == nil {
		err = w.bot.WaitFor(ctx, user, func(ms []sandbox.BotMessage) bool { return len(ms) >= 4 })
	}
	if err != nil {
		w.t.Errorf("member %d: %v", user, err)
	}
}

// rests waits until the engine has nothing left to do.
func (w *world) rests(ctx context.Context) {
	w.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		idle, err := w.e.Idle(ctx)
		must(w.t, err)
		if idle && w.bot.Pending() == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatal("the engine does not come to rest")
		}
	}
}

// ledger compares what arrived with the rows: each message once and in its order, each row final, each answer once.
func (w *world) ledger(n int) {
	w.t.Helper()
	arrived := map[string]bool{}
	for _, c := range w.bot.Journal() {
		arrived[fmt.Sprint(c.MessageID)] = true
	}
	rows, sent := 0, 0
	for page := (store.Page{Limit: 1000}); ; {
		ds, err := w.store.Deliveries(w.t.Context(), store.DeliveryFilter{}, page)
		must(w.t, err)
		for _, d := range ds {
			rows++
			page.After = int64(d.ID)
			if d.State != campaigns.Sent {
				w.t.Errorf("delivery %d of %s is %s %s", d.ID, d.Step, d.State, d.Reason)
				continue
			}
			sent++
			if !arrived[d.ProviderID] {
				w.t.Errorf("delivery %d is sent, and nothing arrived", d.ID)
			}
			delete(arrived, d.ProviderID)
		}
		if len(ds) < page.Limit {
			break
		}
	}
	if len(arrived) > 0 || rows != 5*n {
		w.t.Errorf("%d messages arrived without a row; %d rows, %d sent, want %d", len(arrived), rows, sent, 5*n)
	}
	rs, err := w.store.Responses(w.t.Context(), store.ResponseFilter{}, store.Page{Limit: 10 * n})
	must(w.t, err)
	if len(rs) != n {
		w.t.Errorf("%d answers of %d", len(rs), n)
	}
	for i := range n {
		for j, want := range []string{"Hello", "Hi", "fruit?", "Bye, ", "News"} {
			if c := w.chat(int64(1000 + i)); len(c) != 5 || len(c[j]) < len(want) || c[j][:len(want)] != want {
				w.t.Fatalf("chat %d: %q", i, c)
			}
		}
	}
}
