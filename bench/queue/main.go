// Command queue measures what the queue costs a message of a broadcast: how many wake-ups a broadcast puts on Redis, and what one costs from the client to
// the handler. The rival is the way that is usual with asynq: a task for each message.
//
//	go run ./bench/queue [-members 20000] [-rounds 5]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sinks/remote"
	"github.com/kruzhok/kruzhok/bench/site"
)

var (
	members = flag.Int("members", 20_000, "members of the audience, and tasks of the rival")
	rounds  = flag.Int("rounds", measure.DefaultRounds, "how many rounds")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	site  *site.Site
	sinks *remote.Sinks
	rdb   *redis.Client
	// of each round: tasks a message, and the CPU of a task in this process and in Redis
	tasks []float64
}

func run(ctx context.Context) error {
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }()
	sinks, err := remote.Start(ctx, lab)
	if err != nil {
		return err
	}
	b := &bench{sinks: sinks}
	if b.site, err = site.Open(ctx, lab, "postgres", *members, sinks.Bot, "KRUZHOK_TELEGRAM_CONNECTIONS=8"); err != nil {
		return err
	}
	o, err := redis.ParseURL(b.site.Redis.URL)
	if err != nil {
		return err
	}
	b.rdb = redis.NewClient(o)
	defer b.rdb.Close()
	fmt.Println(measure.Machine())
	trial := measure.Trial{
		Claim: "the wake-ups of a broadcast, against a task for each message", Unit: "message", Rounds: *rounds,
		Sides: []measure.Side{
			{Name: "kruzhok", Ready: b.site.Draft, Run: b.broadcast, Processes: func() []measure.Process { return []measure.Process{b.site.Redis.Process()} }},
			{Name: "asynq", Run: b.taskEach, Processes: func() []measure.Process {
				return []measure.Process{{Name: "bench", PID: os.Getpid()}, b.site.Redis.Process()}
			}},
		},
	}
	s, err := trial.Run(ctx, os.Stdout)
	if err != nil {
		return err
	}
	hops := make([]time.Duration, 0, *rounds)
	for _, t := range s.Of("asynq") {
		hops = append(hops, t.PerUnit())
	}
	slices.Sort(hops)
	tasks := measure.SpreadOf(b.tasks)
	hop := hops[(len(hops)-1)/2]
	fmt.Printf("a task costs %s of CPU in client, server and Redis; a broadcast puts %.4f [%.4f–%.4f] tasks a message: %s a message; the goal is 3 µs\n",
		hop.Round(time.Microsecond), tasks.Median, tasks.Min, tasks.Max, time.Duration(tasks.Median*float64(hop)).Round(10*time.Nanosecond))
	return nil
}

// broadcast sends one, and counts the tasks that asynq has handled for it.
func (b *bench) broadcast(ctx context.Context, round int) (int, error) {
	before, err := b.processed(ctx)
	if err != nil {
		return 0, err
	}
	if err := b.site.Broadcast(ctx, round, *members, b.sinks.ChatsTaken); err != nil {
		return 0, err
	}
	after, err := b.processed(ctx)
	b.tasks = append(b.tasks, float64(after-before)/float64(*members))
	return *members, err
}

// processed is how many tasks were handled since the start, over all queues.
func (b *bench) processed(ctx context.Context) (sum int64, err error) {
	keys, err := b.rdb.Keys(ctx, "asynq:{*}:processed").Result()
	for _, k := range keys {
		v, gerr := b.rdb.Get(ctx, k).Result()
		if gerr != nil {
			return 0, gerr
		}
		n, perr := strconv.ParseInt(v, 10, 64)
		if perr != nil {
			return 0, perr
		}
		if !strings.Contains(k, "{"+rival+"}") {
			sum += n
		}
	}
	return sum, err
}

// rival is the queue of tasks with one message each.
const rival = "each"

// taskEach puts a task for each message and waits until all were handled.
func (b *bench) taskEach(ctx context.Context, _ int) (int, error) {
	var done sync.WaitGroup
	done.Add(*members)
	server := asynq.NewServerFromRedisClient(b.rdb, asynq.Config{Queues: map[string]int{rival: 1}, Concurrency: 8, TaskCheckInterval: 20 * time.Millisecond, LogLevel: asynq.FatalLevel})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		done.Done()
		return nil
	})); err != nil {
		return 0, err
	}
	defer server.Shutdown()
	client := asynq.NewClientFromRedisClient(b.rdb)
	for n := range *members {
		task := asynq.NewTask("send", []byte(`{"delivery":`+strconv.Itoa(n)+`}`))
		if _, err := client.EnqueueContext(ctx, task, asynq.Queue(rival), asynq.MaxRetry(0)); err != nil {
			return 0, err
		}
	}
	done.Wait()
	return *members, nil
}
