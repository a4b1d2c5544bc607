// Command simulate measures how long it takes to see a campaign's days before it begins: the real binary's `campaign simulate`, over the 14-day challenge, with members of
// whom most answer, some never do, and some block the bot, bounce or take their consent back. The goal is a few seconds for 1,000 members and 60 days.
//
//	go run ./bench/simulate [-members 1000] [-days 60] [-rounds 3]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/templates/starters"
)

const (
	starter = "fourteen-days"
	mix     = "answers=60,answers:30m=15,silent=15,blocks:3=4,bounces=3,withdraws:5=3"
)

func main() {
	members := flag.Int("members", 1000, "how many members are made up")
	days := flag.Int("days", 60, "how many days pass")
	rounds := flag.Int("rounds", 3, "how many rounds")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *members, *days, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, members, days, rounds int) (err error) {
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	binary, err := lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return err
	}
	file := filepath.Join(lab.Dir, starter+".yaml")
	source, ok := starters.Source(starter)
	if !ok {
		return fmt.Errorf("there is no starter %s", starter)
	}
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		return err
	}
	fmt.Println(measure.Machine())
	fmt.Printf("%d members, %d days of the starter %s\n", members, days, starter)
	var took []time.Duration
	for n := range rounds {
		r, err := play(ctx, binary, "campaign", "simulate", file, "--members", fmt.Sprint(members), "--days", fmt.Sprint(days), "--mix", mix, "--json")
		if err != nil {
			return err
		}
		fmt.Printf("round %d: %.1f s, %.1f s of CPU; %d messages\n", n+1, r.wall.Seconds(), r.cpu.Seconds(), r.messages)
		took = append(took, r.wall)
	}
	s := measure.SpreadOf(took)
	fmt.Printf("median %.1f s [%.1f–%.1f]\n", s.Median.Seconds(), s.Min.Seconds(), s.Max.Seconds())
	return nil
}

// round is what one simulation took and gave.
type round struct {
	wall, cpu time.Duration
	messages  int
}

// play runs the simulation to its end. One in which nobody was sent anything measures nothing.
func play(ctx context.Context, binary string, args ...string) (r round, err error) {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return r, err
	}
	r.wall, r.cpu = time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	var result struct {
		Messages int  `json:"messages"`
		Complete bool `json:"complete"`
	}
	if err := json.Unmarshal(out, &result); err != nil {
		return r, err
	}
	if r.messages = result.Messages; r.messages == 0 || !result.Complete {
		return r, fmt.Errorf("%d messages, complete: %t", result.Messages, result.Complete)
	}
	return r, nil
}
