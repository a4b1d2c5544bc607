package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Queue puts wake-ups on Redis. It is the engine's Waker. Wake-ups carry no TaskID and no uniqueness: an archived or completed id would block the next.
type Queue struct {
	rdb    redis.UniversalClient
	client *asynq.Client
	puts   atomic.Int64 // wake-ups of actors
	full   atomic.Bool  // too many of them waited at the last look

	mu   sync.Mutex
	last map[string]time.Time   // when a lane's wake-up was put last
	late map[string]*time.Timer // wake-ups that wait for the end of the window
	done bool
}

// NewQueue makes a Queue on the client.
func NewQueue(rdb redis.UniversalClient) *Queue {
	return &Queue{rdb: rdb, client: asynq.NewClientFromRedisClient(rdb), last: map[string]time.Time{}, late: map[string]*time.Timer{}}
}

// Close forgets what waits; the sweeps find it.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done = true
	for _, t := range q.late {
		t.Stop()
	}
}

const (
	// maxAlike bounds the wake-ups of one kind that wait on Redis: whoever takes one looks at everything, so another behind it says nothing new.
	// Two, and not one: the first may be of another lane on the same queue.
	maxAlike = 2
	// maxActors bounds those of actors, which each name some. What is left out is found by the sweeps, the longest waiting first.
	maxActors = 2000
	// actorsLook is how many are put between two looks at how many wait.
	actorsLook = 100
)

// WakeActors asks for the actors' inputs to be handled, by one wake-up.
func (q *Queue) WakeActors(ctx context.Context, actors ...string) error {
	if q.puts.Add(1)%actorsLook == 0 || q.full.Load() {
		n, err := q.waiting(ctx, queueInteractive)
		if err != nil {
			return err
		}
		if q.full.Store(n >= maxActors); n >= maxActors {
			return nil
		}
	}
	return q.put(ctx, taskActor, actorTask{Actors: actors}, queueInteractive)
}

// waiting is how many wake-ups of the queue no worker has taken yet. asynq's own way to ask reads far more.
func (q *Queue) waiting(ctx context.Context, queue string) (int64, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putLimit)
	defer cancel()
	n, err := q.rdb.LLen(ctx, pendingKey(queue)).Result()
	if err != nil {
		return 0, fmt.Errorf("look at queue %s: %w", queue, err)
	}
	return n, nil
}

// alike puts a wake-up that is like any other of its queue, unless some wait already.
func (q *Queue) alike(ctx context.Context, kind string, payload any, queue string, most int64) error {
	if n, err := q.waiting(ctx, queue); err != nil || n >= most {
		return err
	}
	return q.put(ctx, kind, payload, queue)
}

// WakeDue asks for due enrollments to be decided.
func (q *Queue) WakeDue(ctx context.Context) error {
	return q.sparingly(ctx, "due", func(ctx context.Context) error { return q.alike(ctx, taskDue, struct{}{}, queueDue, maxAlike) })
}

// WakeLane asks for a lane's deliveries to be sent.
func (q *Queue) WakeLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) error {
	queue, most := queueBulk(ch), int64(maxAlike)
	switch {
	case lane == campaigns.Interactive && ch == campaigns.Email:
		queue = queueMail
	case lane == campaigns.Interactive:
		queue, most = queueInteractive, maxActors
	}
	return q.sparingly(ctx, "lane:"+string(lane)+":"+string(ch), func(ctx context.Context) error {
		return q.alike(ctx, taskLane, laneTask{lane, ch}, queue, most)
	})
}

// window is how long wake-ups of one kind are gathered: the first goes at once, those within the window go as one at its end. None is dropped.
const window = 50 * time.Millisecond

func (q *Queue) sparingly(ctx context.Context, kind string, put func(context.Context) error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	since := time.Since(q.last[kind])
	switch {
	case q.done || q.late[kind] != nil:
		return nil
	case since >= window:
		q.last[kind] = time.Now()
		return put(ctx)
	}
	q.late[kind] = time.AfterFunc(window-since, func() {
		q.mu.Lock()
		delete(q.late, kind)
		q.last[kind] = time.Now()
		done := q.done
		q.mu.Unlock()
		if !done {
			_ = put(context.Background()) // the sweep finds what a lost wake-up leaves
		}
	})
	return nil
}

// putLimit is how long Redis may take.
const putLimit = 2 * time.Second

func (q *Queue) put(ctx context.Context, kind string, payload any, queue string) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode task: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putLimit)
	defer cancel()
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(kind, body), asynq.Queue(queue), asynq.MaxRetry(0), asynq.Timeout(taskLimit))
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	_ = q.rdb.Publish(ctx, bells, queue).Err() // without it, it is found a little later
	return nil
}
