// Command interactive measures what a member who answers waits for the next question while a broadcast to everybody runs: from the moment at which the
// Bot API has the answer to the moment at which it has the question, with all that lies between (polling, storing, deciding, a rate token, sending).
//
//	go run ./bench/interactive [-members 100000] [-bot 25] [-answers 5] [-for 30s] [-store postgres|sqlite]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/kruzhok/kruzhok/bench/crowd"
	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
)

var (
	members  = flag.Int("members", 100_000, "how many get the broadcast")
	talkers  = flag.Int("talkers", 200, "how many of them answer questions")
	bot      = flag.Float64("bot", 25, "messages a second of the whole bot; 0: unlimited")
	answers  = flag.Float64("answers", 5, "answers a second")
	duration = flag.Duration("for", 30*time.Second, "how long")
	engine   = flag.String("store", "postgres", "postgres (with a Redis server and a worker of its own) or sqlite (one process)")
	goal     = flag.Duration("goal", 300*time.Millisecond, "what 99 of 100 may wait at most")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench/interactive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }()
	fmt.Println(measure.Machine())
	t := newTalk()
	if t.sink, err = botapi.Listen(botapi.Config{Taken: t.taken}); err != nil {
		return err
	}
	defer func() { _ = t.sink.Close() }()
	service, err := begin(ctx, lab, t.sink.URL())
	if err != nil {
		return err
	}
	if err := t.enroll(ctx, service); err != nil {
		return err
	}
	if _, err := service.Do(ctx, "POST", "/v1/campaigns", "application/yaml", []byte(broadcast)); err != nil {
		return err
	}
	if _, err := service.Do(ctx, "POST", "/v1/campaigns/news/publication", "application/json", []byte(`{"schedule_past":"accept"}`)); err != nil {
		return err
	}
	waits, sent, err := t.hold(ctx, *answers, *duration)
	if err != nil {
		return err
	}
	return report(waits, sent)
}

// begin starts the service with its members.
func begin(ctx context.Context, lab *measure.Lab, botURL string) (*measure.Service, error) {
	url, err := lab.SQLite()
	redisURL := ""
	if *engine == "postgres" {
		pg, perr := lab.Postgres(ctx)
		if perr != nil {
			return nil, perr
		}
		redis, rerr := lab.Redis(ctx)
		if rerr != nil {
			return nil, rerr
		}
		redisURL = redis.URL
		url, err = pg.Database(ctx)
	}
	if err != nil {
		return nil, err
	}
	binary, err := lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return nil, err
	}
	service, err := lab.Service(ctx, binary, url, redisURL, "KRUZHOK_TELEGRAM_TOKEN="+botapi.Token, "KRUZHOK_TELEGRAM_API_URL="+botURL,
		"KRUZHOK_TELEGRAM_RATE="+strconv.FormatFloat(*bot, 'f', -1, 64), "KRUZHOK_SWITCH_BLOCKS=0")
	if err != nil {
		return nil, err
	}
	db, err := crowd.Open(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	if err := db.Members(ctx, *members); err != nil {
		return nil, err
	}
	if *engine == "sqlite" {
		return service, service.Start(ctx, "kruzhok", "serve")
	}
	if err := service.Start(ctx, "kruzhok", "serve", "--roles=api,scheduler,inbound"); err != nil {
		return nil, err
	}
	return service, service.Start(ctx, "worker", "worker")
}

func report(waits []time.Duration, sent int64) error {
	if len(waits) == 0 {
		return fmt.Errorf("no answer had its question")
	}
	at := func(share float64) time.Duration {
		return waits[int(share*float64(len(waits)-1))].Round(time.Millisecond)
	}
	fmt.Printf("%s, bot %v/s, %v answers/s while a broadcast to %d runs (%.0f of it a second)\n", *engine, *bot, *answers, *members, float64(sent)/duration.Seconds())
	fmt.Printf("answer to next question: median %s, p99 %s, longest %s, of %d; the goal is p99 ≤ %s\n", at(0.5), at(0.99), at(1), len(waits), *goal)
	if at(0.99) > *goal {
		return fmt.Errorf("the goal is missed")
	}
	return nil
}

const broadcast = `
key: news
kind: broadcast
name: This week
topic: news
languages: [en]
channels: [telegram]
entry: {schedule: {at: "2026-01-01 10:00", zone: community, audience: all}}
steps:
  - id: news
    send: {text: {en: "News of the week. Dear {{ member.first_name }}, the club meets on Thursday."}}
`
