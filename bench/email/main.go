// Command email measures the claim of the broadcast: personalised mail to everybody, with a durable row for each, against a loop over go-mail that has
// nothing to do but to send ready-made messages.
//
//	go run ./bench/email [-members 100000] [-rounds 5] [-store postgres|sqlite] [-pipelining=false] [-workers 0]
//
// Kruzhok's time runs from the publication to the last outcome and the last passage that is over; the loop's from its first mail to its last answer.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
	"github.com/kruzhok/kruzhok/bench/sinks/remote"
)

var (
	members     = flag.Int("members", 100_000, "how many get a mail")
	rounds      = flag.Int("rounds", measure.DefaultRounds, "turns of each side")
	engine      = flag.String("store", "postgres", "postgres (with a Redis server) or sqlite (with the embedded Redis)")
	pipelining  = flag.Bool("pipelining", true, "the mail server offers PIPELINING")
	connections = flag.Int("connections", 8, "Kruzhok's connections to the mail server; the loop has 10")
	workers     = flag.Int("workers", 0, "how many processes do the work, beside one that serves and schedules; 0: one process for all")
	statements  = flag.Bool("statements", false, "show which statements cost PostgreSQL most (needs pg_stat_statements)")
	latency     = flag.Duration("latency", 0, "how long the mail server takes for each packet of answers")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench/email:", err)
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
	b := &bench{lab: lab}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	goal := 5.0
	switch {
	case !*pipelining:
		goal = 2
	case *engine == "sqlite":
		goal = 4
	}
	trial := measure.Trial{
		Claim: fmt.Sprintf("A broadcast to %d members by mail on %s, PIPELINING %t, against a loop over go-mail", *members, *engine, *pipelining),
		Unit:  "mail", Rounds: *rounds, Goal: map[string]float64{"go-mail": goal},
		Sides: []measure.Side{
			{Name: "kruzhok", Ready: b.draft, Run: b.broadcast, Processes: b.processes},
			{Name: "go-mail", Ready: b.reset, Run: b.loop, Processes: func() []measure.Process {
				return []measure.Process{{Name: "loop", PID: os.Getpid()}, b.sink.Process()}
			}},
		},
	}
	s, err := trial.Run(ctx, os.Stdout)
	if err == nil && *statements {
		err = measure.Statements(ctx, b.db.sql, os.Stdout)
	}
	if err == nil && !s.Met() {
		return fmt.Errorf("the goal is missed")
	}
	return err
}

// bench is what all rounds share.
type bench struct {
	lab     *measure.Lab
	sink    *remote.Sinks
	pg      *measure.Postgres
	redis   *measure.Redis
	service *measure.Service
	db      *database
	letters []letter
}

func (b *bench) prepare(ctx context.Context) (err error) {
	extensions := smtp.Usual()
	if !*pipelining {
		extensions = slices.DeleteFunc(extensions, func(e string) bool { return e == "PIPELINING" })
	}
	if b.sink, err = remote.Start(ctx, b.lab, "-extensions", strings.Join(extensions, ","), "-latency", latency.String()); err != nil {
		return err
	}
	url, redisURL := "", ""
	if *engine == "postgres" {
		var settings []string
		if *statements {
			settings = measure.CountStatements()
		}
		if b.pg, err = b.lab.Postgres(ctx, settings...); err != nil {
			return err
		}
		if b.redis, err = b.lab.Redis(ctx); err != nil {
			return err
		}
		redisURL = b.redis.URL
		url, err = b.pg.Database(ctx)
	} else {
		url, err = b.lab.SQLite()
	}
	if err != nil {
		return err
	}
	binary, err := b.lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return err
	}
	b.service, err = b.lab.Service(ctx, binary, url, redisURL,
		"KRUZHOK_SMTP_URL="+b.sink.Mail, "KRUZHOK_MAIL_FROM=Speaklingua <news@c.example.org>",
		"KRUZHOK_SMTP_CONNECTIONS="+strconv.Itoa(*connections), "KRUZHOK_PUBLIC_URL=https://c.example.org")
	if err != nil {
		return err
	}
	if b.db, err = openDatabase(ctx, url, *members); err != nil {
		return err
	}
	serve := []string{"serve"}
	if *workers > 0 {
		serve = append(serve, "--roles=api,scheduler,inbound")
	}
	if err := b.service.Start(ctx, "kruzhok", serve...); err != nil {
		return err
	}
	for n := range *workers {
		if err := b.service.Start(ctx, fmt.Sprint("worker-", n+1), "worker"); err != nil {
			return err
		}
	}
	return b.readyLetters()
}

func (b *bench) processes() []measure.Process {
	all := b.service.Processes()
	if b.pg != nil {
		all = append(all, b.pg.Process(), b.redis.Process())
	}
	return append(all, b.sink.Process())
}

func (b *bench) reset(ctx context.Context, _ int) error { return b.sink.Reset(ctx) }

// draft keeps the round's campaign, ready to publish.
func (b *bench) draft(ctx context.Context, round int) error {
	if err := b.sink.Reset(ctx); err != nil {
		return err
	}
	_, err := b.service.Do(ctx, http.MethodPost, "/v1/campaigns", "application/yaml", []byte(strings.Replace(campaign, "ROUND", strconv.Itoa(round), 1)))
	return err
}

// broadcast publishes it and waits until everything is over.
func (b *bench) broadcast(ctx context.Context, round int) (int, error) {
	answer, err := b.service.Do(ctx, http.MethodPost, fmt.Sprintf("/v1/campaigns/news-%d/publication", round), "application/json", []byte(`{"schedule_past":"accept"}`))
	if err != nil {
		return 0, fmt.Errorf("publish: %w: %s", err, answer)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		t, err := b.sink.Totals(ctx)
		if err != nil {
			return 0, err
		}
		if t.Mail.Different >= int64(*members) {
			return *members, b.over(ctx, round)
		}
		if time.Since(began) > 10*time.Minute {
			return 0, fmt.Errorf("%d of %d mails after ten minutes", t.Mail.Different, *members)
		}
	}
}

// over waits until each delivery has its outcome and each passage is over, and holds the count against the audience.
func (b *bench) over(ctx context.Context, round int) error {
	for ; ; time.Sleep(5 * time.Millisecond) {
		c, err := b.db.count(ctx, fmt.Sprintf("news-%d", round))
		if err != nil || c.open == 0 && c.sent == *members {
			return err
		}
		if c.open == 0 {
			return fmt.Errorf("%d sent of %d", c.sent, *members)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

const campaign = `
key: news-ROUND
kind: broadcast
name: This week
topic: news
languages: [en, ru]
channels: [email]
entry: {schedule: {at: "2026-01-01 10:00", zone: community, audience: all}}
steps:
  - id: news
    send:
      subject: {en: "Your week, {{ member.first_name }}", ru: "Твоя неделя, {{ member.first_name }}"}
      text:
        en: |
          Hello **{{ member.first_name | default: "there" }}**, good to see you!

          The speaking club meets on Thursday at seven in the evening, the challenge of fourteen days goes on, and there are three new texts to read.

          - The club: bring a photo and tell its story.
          - The challenge: day after day a question and a voice message.
          - The texts: about tea, about trains, about the sea.

          See you in the circle.
        ru: |
          Привет, **{{ member.first_name | default: "друг" }}**, рады видеть тебя!

          Разговорный клуб встречается в четверг в семь вечера, а испытание на четырнадцать дней идёт дальше.

          - Клуб: принеси фотографию и расскажи её историю.
          - Испытание: каждый день вопрос и голосовое сообщение.

          До встречи в кругу.
      buttons: [{text: {en: Read on, ru: Читать дальше}, url: "https://speaklingua.example/week?m={{ member.external_id }}"}]
`
