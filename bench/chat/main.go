// Command chat measures a broadcast by Telegram without limits, a row for every delivery, against a loop over tgbotapi that keeps nothing; and what a
// steady thousand a second costs.
//
//	go run ./bench/chat [-on postgres,sqlite] [-members 20000] [-connections 8] [-rounds 5]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	tg "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/bench/sinks/remote"
	"github.com/kruzhok/kruzhok/bench/site"
)

var (
	on          = flag.String("on", "postgres,sqlite", "the databases")
	members     = flag.Int("members", 20_000, "members of the audience")
	connections = flag.Int("connections", 8, "Kruzhok's connections, and the loop's goroutines")
	rounds      = flag.Int("rounds", measure.DefaultRounds, "how many rounds")
	steady      = flag.Int("steady", 1000, "messages a second of the steady turn; 0: none")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println(measure.Machine())
	for _, database := range strings.Split(*on, ",") {
		if err := run(ctx, database, 0); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		if *steady == 0 {
			continue
		}
		if err := run(ctx, database, *steady); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
	}
}

// run is one trial: without limits against the loop, or at a rate alone.
func run(ctx context.Context, database string, rate int) error {
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }()
	sinks, err := remote.Start(ctx, lab)
	if err != nil {
		return err
	}
	settings := []string{"KRUZHOK_TELEGRAM_CONNECTIONS=" + strconv.Itoa(*connections), "KRUZHOK_TELEGRAM_RATE=" + strconv.Itoa(rate)}
	if rate == 0 { // without limits means without that of one message a second and chat, too
		settings = append(settings, "KRUZHOK_TELEGRAM_CHAT_RATE=0", "KRUZHOK_TELEGRAM_GROUP_RATE=0")
	}
	s, err := site.Open(ctx, lab, database, *members, sinks.Bot, settings...)
	if err != nil {
		return err
	}
	ours := measure.Side{
		Name: "kruzhok", Ready: s.Draft, Run: func(ctx context.Context, round int) (int, error) {
			return *members, s.Broadcast(ctx, round, *members, sinks.ChatsTaken)
		},
		Processes: func() []measure.Process { return append(s.Processes(), sinks.Process()) },
	}
	trial := measure.Trial{Unit: "message", Rounds: *rounds}
	if rate > 0 {
		trial.Claim = fmt.Sprintf("a broadcast by Telegram on %s at %d a second: at most 15 %% of a core", database, rate)
		trial.Rounds, trial.Sides = 1, []measure.Side{ours}
	} else {
		trial.Claim = fmt.Sprintf("a broadcast by Telegram to %d members on %s, against a loop over tgbotapi with %d goroutines", *members, database, *connections)
		trial.Goal = map[string]float64{"tgbotapi": 0.5}
		trial.Sides = []measure.Side{ours, {
			Name: "tgbotapi", Run: func(context.Context, int) (int, error) { return *members, loop(sinks.Bot) },
			Processes: func() []measure.Process {
				return []measure.Process{{Name: "loop", PID: os.Getpid()}, sinks.Process()}
			},
		}}
	}
	_, err = trial.Run(ctx, os.Stdout)
	return err
}

// loop sends one text to as many chats, as a program of ten lines would.
func loop(url string) error {
	bot, err := tg.NewBotAPIWithAPIEndpoint(botapi.Token, url+"/bot%s/%s")
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(*members))
	errs := make([]error, *connections)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for n := left.Add(-1); n >= 0 && errs[i] == nil; n = left.Add(-1) {
				m := tg.NewMessage(site.FirstChat+n, "Hello <b>Anna</b>, good to see you!\n\n"+text)
				m.ParseMode = tg.ModeHTML
				m.ReplyMarkup = tg.NewInlineKeyboardMarkup(tg.NewInlineKeyboardRow(tg.NewInlineKeyboardButtonURL("Read on", "https://speaklingua.example/week")))
				_, errs[i] = bot.Send(m)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

const text = "The speaking club meets on Thursday at seven in the evening, the challenge of fourteen days goes on, and there are three new texts to read."
