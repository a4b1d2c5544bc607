// Package workers is the conveyor: asynq servers on Redis that carry wake-ups to the engine, and the sweeps that make up for lost ones.
// It holds no rule of the product: a handler decodes, calls the engine once, and logs.
//
// Interactive work, deciding and each channel's bulk have servers of their own: a busy asynq server cannot be overtaken, since it takes a slot before it dequeues.
package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Engine is what the handlers call.
type Engine interface {
	HandleActors(ctx context.Context, actors []string) error
	AdvanceDue(ctx context.Context, slice time.Duration) (more bool, err error)
	SendLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, slice time.Duration) (more bool, err error)
	Sweep(ctx context.Context) error
}

// Kinds of tasks.
const (
	taskActor = "actor"
	taskDue   = "due"
	taskLane  = "lane"
)

// queues: interactive work, deciding, and a channel's bulk.
const (
	queueInteractive = "interactive"
	queueDue         = "due"
)

func queueBulk(ch campaigns.Channel) string { return "bulk-" + string(ch) }

// queueMail is for mails that members wait for: a mail server that thinks for a minute must not keep what they write waiting.
const queueMail = "interactive-email"

type actorTask struct {
	Actors []string `json:"actors"`
	Actor  string   `json:"actor,omitempty"` // of a process of an older version
}

type laneTask struct {
	Lane    campaigns.Lane    `json:"lane"`
	Channel campaigns.Channel `json:"channel"`
}

const (
	// slice is how long one task works before it makes room for another.
	slice = 2 * time.Second
	// taskLimit ends a task that hangs.
	taskLimit = 2 * time.Minute
	// interactiveLook and bulkLook are how often an idle server looks at Redis though nobody rang.
	interactiveLook = 250 * time.Millisecond
	bulkLook        = time.Second
	// beat is asynq's own pause between an empty look and the next, which waits at the bell.
	beat = 4 * time.Millisecond
)

// interactiveHandlers is how many wake-ups for what members wrote are under way at once. The engine handles together what they name; most wait until it is sent.
const interactiveHandlers = 64

// Workers runs the asynq servers of one process.
type Workers struct {
	engine  Engine
	queue   *Queue
	log     *slog.Logger
	rdb     redis.UniversalClient
	bells   map[string]*bell
	servers []*asynq.Server
	ctx     context.Context // ends when no more tasks are taken
	end     context.CancelFunc
}

// New makes the servers for the channels; Start runs them.
func New(rdb redis.UniversalClient, e Engine, q *Queue, chans []campaigns.Channel, log *slog.Logger) *Workers {
	w := &Workers{engine: e, queue: q, log: log, rdb: rdb, bells: map[string]*bell{}}
	w.ctx, w.end = context.WithCancel(context.Background())
	add := func(queue string, concurrency int, look time.Duration) {
		w.bells[queue] = newBell(w.ctx, look)
		w.servers = append(w.servers, asynq.NewServerFromRedisClient(&patient{rdb, pendingKey(queue), w.bells[queue]}, asynq.Config{
			Queues: map[string]int{queue: 1}, Concurrency: concurrency, TaskCheckInterval: beat, ShutdownTimeout: 15 * time.Second,
			Logger: quiet{log}, LogLevel: asynq.WarnLevel, DelayedTaskCheckInterval: time.Minute, JanitorInterval: time.Minute,
		}))
	}
	add(queueInteractive, interactiveHandlers, interactiveLook)
	add(queueMail, 4, interactiveLook)
	add(queueDue, 1, bulkLook)
	for _, ch := range chans {
		add(queueBulk(ch), 1, bulkLook)
	}
	return w
}

// Start begins to work; Stop ends it.
func (w *Workers) Start() error {
	mux := asynq.NewServeMux()
	mux.HandleFunc(taskActor, w.handleActor)
	mux.HandleFunc(taskDue, w.handleDue)
	mux.HandleFunc(taskLane, w.handleLane)
	for i, s := range w.servers {
		if err := s.Start(mux); err != nil {
			w.stop(w.servers[:i])
			return fmt.Errorf("start workers: %w", err)
		}
	}
	go hearBells(w.ctx, w.rdb, w.bells) // it may take its time to end where Redis is away
	return nil
}

// Stop takes no more tasks and waits for those that run.
func (w *Workers) Stop() { w.stop(w.servers) }

func (w *Workers) stop(servers []*asynq.Server) {
	w.end()
	var wg sync.WaitGroup
	for _, s := range servers {
		wg.Go(s.Shutdown)
	}
	wg.Wait()
}

// The handlers return nil whatever happens: a retry is a row in SQL, and a task that failed would stay in Redis.

func (w *Workers) handleActor(ctx context.Context, t *asynq.Task) error {
	var p actorTask
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		w.log.Error("task not read", "kind", taskActor, "error", err)
		return nil
	}
	if p.Actor != "" {
		p.Actors = append(p.Actors, p.Actor)
	}
	if err := w.engine.HandleActors(ctx, p.Actors); err != nil {
		w.log.Warn("inputs not handled; the sweep tries again", "error", err)
	}
	return nil
}

func (w *Workers) handleDue(ctx context.Context, _ *asynq.Task) error {
	more, err := w.engine.AdvanceDue(ctx, slice)
	if err != nil {
		w.log.Warn("due enrollments not decided; the sweep tries again", "error", err)
	}
	if more && err == nil {
		w.again(w.queue.WakeDue(ctx))
	}
	return nil
}

func (w *Workers) handleLane(ctx context.Context, t *asynq.Task) error {
	var p laneTask
	if err := json.Unmarshal(t.Payload(), &p); err != nil {
		w.log.Error("task not read", "kind", taskLane, "error", err)
		return nil
	}
	more, err := w.engine.SendLane(ctx, p.Lane, p.Channel, slice)
	if err != nil {
		w.log.Warn("deliveries not sent; the sweep tries again", "channel", p.Channel, "error", err)
	}
	if more && err == nil {
		w.again(w.queue.WakeLane(ctx, p.Lane, p.Channel))
	}
	return nil
}

func (w *Workers) again(err error) {
	if err != nil {
		w.log.Warn("wake-up lost", "error", err)
	}
}

// quiet passes asynq's warnings on.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(...any)      {}
func (q quiet) Info(...any)       {}
func (q quiet) Warn(args ...any)  { q.log.Warn("asynq", "message", fmt.Sprint(args...)) }
func (q quiet) Error(args ...any) { q.log.Warn("asynq", "message", fmt.Sprint(args...)) }
func (q quiet) Fatal(args ...any) { q.log.Error("asynq", "message", fmt.Sprint(args...)) }
