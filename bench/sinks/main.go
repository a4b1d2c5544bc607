// Command sinks serves a mail server and a Bot API that take everything, as a process of its own, so that their processor time is measured apart.
//
//	go run ./bench/sinks [-smtp ADDR] [-botapi ADDR] [-control ADDR] [-extensions PIPELINING,8BITMIME,…] [-latency 2ms]
//
// It prints where it listens, one name=address a line, and what it has taken on SIGUSR1, at its end, and as JSON at /totals of the control address;
// POST /reset there forgets everything.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/kruzhok/kruzhok/bench/sink"
	"github.com/kruzhok/kruzhok/bench/sink/botapi"
	"github.com/kruzhok/kruzhok/bench/sink/smtp"
)

func main() {
	var mail smtp.Config
	var bot botapi.Config
	flag.StringVar(&mail.Addr, "smtp", "127.0.0.1:0", "address of the mail server")
	flag.StringVar(&bot.Addr, "botapi", "127.0.0.1:0", "address of the Bot API")
	control := flag.String("control", "127.0.0.1:0", "address of the totals")
	extensions := flag.String("extensions", strings.Join(smtp.Usual(), ","), "what the mail server offers")
	latency := flag.Duration("latency", 0, "before each packet of answers")
	flag.Parse()
	mail.Extensions, mail.Latency, bot.Latency = strings.Split(*extensions, ","), *latency, *latency
	if err := run(mail, bot, *control); err != nil {
		fmt.Fprintln(os.Stderr, "sinks:", err)
		os.Exit(1)
	}
}

// sinks are both servers.
type sinks struct {
	mail *smtp.Server
	bot  *botapi.Server
}

func run(mail smtp.Config, bot botapi.Config, control string) (err error) {
	var s sinks
	if s.mail, err = smtp.Listen(mail); err != nil {
		return err
	}
	defer s.mail.Close()
	if s.bot, err = botapi.Listen(bot); err != nil {
		return err
	}
	defer s.bot.Close()
	l, err := net.Listen("tcp", control)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.control(), ReadHeaderTimeout: 10 * time.Second}
	defer server.Close()
	go func() { _ = server.Serve(l) }() // ends with Close
	fmt.Printf("smtp=%s\nbotapi=%s\ncontrol=http://%s\n", s.mail.URL(), s.bot.URL(), l.Addr())
	s.wait()
	return nil
}

// wait prints the totals on each SIGUSR1 and at the end.
func (s *sinks) wait() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	out := json.NewEncoder(os.Stdout)
	for {
		select {
		case <-asked:
			_ = out.Encode(s.totals())
		case <-ctx.Done():
			_ = out.Encode(s.totals())
			return
		}
	}
}

// totals is what was taken since the start or the last reset, and what the process has cost since its start.
type totals struct {
	Mail       sink.Totals `json:"mail"`
	Chat       sink.Totals `json:"chat"`
	Sessions   int64       `json:"smtp_sessions"`
	Breaches   int64       `json:"smtp_breaches"`
	CPUSeconds float64     `json:"cpu_seconds"`
}

func (s *sinks) totals() totals {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used) // cannot fail for oneself
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	return totals{s.mail.Ledger.Totals(), s.bot.Ledger.Totals(), s.mail.Sessions(), s.mail.Breaches(), cpu.Seconds()}
}

func (s *sinks) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /totals", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.totals())
	})
	mux.HandleFunc("POST /reset", func(http.ResponseWriter, *http.Request) {
		s.mail.Ledger.Reset()
		s.bot.Ledger.Reset()
	})
	return mux
}
