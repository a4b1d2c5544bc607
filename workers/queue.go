package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Queue puts wake-ups on Redis. It is the engine's Waker. Wake-ups carry no TaskID and no uniqueness: an archived or completed id would block the next.
type Queue struct {
	client *asynq.Client

	mu   sync.Mutex
	last map[string]time.Time   // when a lane's wake-up was put last
	late map[string]*time.Timer // wake-ups that wait for the end of the window
	done bool
}

// NewQueue makes a Queue on the client.
func NewQueue(rdb redis.UniversalClient) *Queue {
	return &Queue{client: asynq.NewClientFromRedisClient(rdb), last: map[string]time.Time{}, late: map[string]*time.Timer{}}
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

// WakeActor asks for an actor's inputs to be handled.
func (q *Queue) WakeActor(ctx context.Context, actor string) error {
	return q.put(ctx, taskActor, actorTask{actor}, queueInteractive)
}

// WakeDue asks for due enrollments to be decided.
func (q *Queue) WakeDue(ctx context.Context) error {
	return q.sparingly(ctx, "due", func(ctx context.Context) error { return q.put(ctx, taskDue, struct{}{}, queueDue) })
}

// WakeLane asks for a lane's deliveries to be sent.
func (q *Queue) WakeLane(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel) error {
	queue := queueBulk(ch)
	switch {
	case lane == campaigns.Interactive && ch == campaigns.Email:
		queue = queueMail
	case lane == campaigns.Interactive:
		queue = queueInteractive
	}
	return q.sparingly(ctx, "lane:"+string(lane)+":"+string(ch), func(ctx context.Context) error {
		return q.put(ctx, taskLane, laneTask{lane, ch}, queue)
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

func (q *Queue) put(ctx context.Context, kind string, payload any, queue string) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode task: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err = q.client.EnqueueContext(ctx, asynq.NewTask(kind, body), asynq.Queue(queue), asynq.MaxRetry(0), asynq.Timeout(taskLimit))
	if err != nil {
		return fmt.Errorf("enqueue %s: %w", kind, err)
	}
	return nil
}
