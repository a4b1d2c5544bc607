package workers

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// asynq looks at Redis again and again while a queue is empty: fifty times a second, so that a member waits for no more than 20 ms, and each look wakes the whole process. Here whoever puts
// a wake-up rings, on Redis too, and a server whose queue was empty at its last look waits for that. What nobody rang for, as after a lost connection or from a process of an older version,
// is found at the next look by itself.

// bells are rung by name of the queue, on this channel of Redis.
const bells = "kruzhok:bells"

// bell is what one server waits at.
type bell struct {
	rung    chan struct{} // of one: whoever rings while nobody waits is heard at the next wait
	some    atomic.Bool   // the last look found a task: there may be more
	longest time.Duration
	ctx     context.Context // ends with the server
}

func newBell(ctx context.Context, longest time.Duration) *bell {
	b := &bell{rung: make(chan struct{}, 1), longest: longest, ctx: ctx}
	b.some.Store(true) // what lies there from before is looked for at once
	return b
}

func (b *bell) ring() {
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

func (b *bell) wait(ctx context.Context) {
	if b.some.Load() {
		return
	}
	longest := time.NewTimer(b.longest)
	defer longest.Stop()
	select {
	case <-b.rung:
	case <-longest.C:
	case <-ctx.Done():
	case <-b.ctx.Done():
	}
}

func (b *bell) found(cmd *redis.Cmd) *redis.Cmd {
	b.some.Store(cmd.Err() == nil && cmd.Val() != nil)
	return cmd
}

// patient is the client of one asynq server: its looks for a task of the queue wait at the bell.
type patient struct {
	redis.UniversalClient
	pending string
	bell    *bell
}

// looks reports whether a script with these keys takes a task off the queue: asynq's dequeue names the pending list first.
func (p *patient) looks(keys []string) bool { return len(keys) > 0 && keys[0] == p.pending }

// EvalSha is redis.Scripter's.
func (p *patient) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	if !p.looks(keys) {
		return p.UniversalClient.EvalSha(ctx, sha, keys, args...)
	}
	p.bell.wait(ctx)
	return p.bell.found(p.UniversalClient.EvalSha(ctx, sha, keys, args...))
}

// Eval is redis.Scripter's: go-redis falls back to it where Redis has forgotten a script.
func (p *patient) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	cmd := p.UniversalClient.Eval(ctx, script, keys, args...)
	if p.looks(keys) {
		p.bell.found(cmd)
	}
	return cmd
}

// pendingKey is where asynq keeps the wake-ups of a queue that no worker has taken yet.
func pendingKey(queue string) string { return "asynq:{" + queue + "}:pending" }

// hearBells rings the bells of this process for what any process puts on Redis, until the context ends. When it begins to hear, also after a lost connection, it rings all.
func hearBells(ctx context.Context, rdb redis.UniversalClient, bs map[string]*bell) {
	heard := rdb.Subscribe(ctx, bells)
	defer func() { _ = heard.Close() }()
	said := heard.ChannelWithSubscriptions()
	for {
		select {
		case <-ctx.Done():
			return
		case m, ok := <-said:
			switch m := m.(type) {
			case *redis.Subscription:
				for _, b := range bs {
					b.ring()
				}
			case *redis.Message:
				if b := bs[m.Payload]; b != nil {
					b.ring()
				}
			}
			if !ok {
				return
			}
		}
	}
}
