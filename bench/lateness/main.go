// Command lateness measures how late steps begin: with a great many passages that wait, of which some become due each second; and with very many due in one
// second, in campaigns of three priorities. A step begins when its message's row is written; it is late again by what passes until its mail was taken.
//
//	go run ./bench/lateness [-waiting 1000000] [-each 200] [-for 30s] [-burst 100000] [-store postgres|sqlite]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/kruzhok/kruzhok/bench/crowd"
	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
)

var (
	waiting  = flag.Int("waiting", 1_000_000, "passages that wait")
	each     = flag.Int("each", 200, "of them become due each second")
	duration = flag.Duration("for", 30*time.Second, "for so long")
	burst    = flag.Int("burst", 100_000, "of them become due in one second after that")
	engine   = flag.String("store", "postgres", "postgres (with a Redis server and a worker of its own) or sqlite (one process)")
	goal     = flag.Duration("goal", time.Second, "how late 99 of 100 may begin at most")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench/lateness:", err)
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
	sink, err := smtp.Listen(smtp.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = sink.Close() }()
	w := &waits{}
	if err := w.open(ctx, lab, sink.URL()); err != nil {
		return err
	}
	defer func() { _ = w.db.Close() }()
	fmt.Printf("%s, %d passages wait\n", *engine, *waiting)
	steady, err := w.steady(ctx)
	if err != nil {
		return err
	}
	return w.burst(ctx, steady)
}

// open starts the service and puts everybody before a wait that ends tomorrow.
func (w *waits) open(ctx context.Context, lab *measure.Lab, mail string) error {
	url, err := lab.SQLite()
	redisURL := ""
	if *engine == "postgres" {
		pg, perr := lab.Postgres(ctx)
		if perr != nil {
			return perr
		}
		redis, rerr := lab.Redis(ctx)
		if rerr != nil {
			return rerr
		}
		redisURL = redis.URL
		url, err = pg.Database(ctx)
	}
	if err != nil {
		return err
	}
	binary, err := lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return err
	}
	service, err := lab.Service(ctx, binary, url, redisURL, "KRUZHOK_SMTP_URL="+mail, "KRUZHOK_MAIL_FROM=Speaklingua <news@c.example.org>", "KRUZHOK_SMTP_CONNECTIONS=8")
	if err != nil {
		return err
	}
	if w.db, err = crowd.Open(url); err != nil {
		return err
	}
	if err := w.db.Members(ctx, *waiting+1); err != nil {
		return err
	}
	if err := w.start(ctx, service); err != nil {
		return err
	}
	return w.seed(ctx, service)
}

func (w *waits) start(ctx context.Context, service *measure.Service) error {
	if *engine == "sqlite" {
		return service.Start(ctx, "kruzhok", "serve")
	}
	if err := service.Start(ctx, "kruzhok", "serve", "--roles=api,scheduler,inbound"); err != nil {
		return err
	}
	return service.Start(ctx, "worker", "worker")
}
