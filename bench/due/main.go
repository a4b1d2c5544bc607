// Command due measures how fast due enrollments go through the engine: a wait is over, the next message's row is written. The rival has the same tables,
// indexes and constraints, and does by bare set-based SQL what the engine does: it claims what is due, moves it, and writes the deliveries. It decides
// nothing and reads no member. Both take turns in one database, a fresh one each round.
//
//	go run ./bench/due [-on sqlite,postgres] [-enrollments 50000] [-rounds 5] [-profile FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strings"

	"github.com/kruzhok/kruzhok/bench/measure"
)

func main() {
	var b bench
	on := flag.String("on", "sqlite,postgres", "the databases")
	flag.IntVar(&b.n, "enrollments", 50_000, "how many become due at once")
	flag.IntVar(&b.bareRows, "bare-rows", 0, "rows in a transaction of the rival (default: as many as the store allows for bulk work)")
	flag.IntVar(&b.rounds, "rounds", measure.DefaultRounds, "how many rounds")
	flag.StringVar(&b.profile, "profile", "", "write a CPU profile of the engine's last turn here")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, strings.Split(*on, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	n, bareRows, rounds int
	profile             string
	pg                  *measure.Postgres // nil: on SQLite
	lab                 *measure.Lab
	now                 *world // of the round
}

func (b *bench) run(ctx context.Context, databases []string) (err error) {
	if b.lab, err = measure.NewLab(); err != nil {
		return err
	}
	defer func() { _ = b.lab.Close() }()
	fmt.Println(measure.Machine())
	for _, database := range databases {
		if b.pg = nil; database == "postgres" {
			if b.pg, err = b.lab.Postgres(ctx); err != nil {
				return err
			}
		}
		trial := measure.Trial{
			Claim: "due enrollments through the engine on " + database + ", against bare set-based SQL",
			Unit:  "enrollment", Rounds: b.rounds, Goal: map[string]float64{"bare SQL": 0.5},
			Sides: []measure.Side{
				{Name: "engine", Ready: b.ready, Run: b.engine, Done: b.done, Processes: b.processes},
				{Name: "bare SQL", Ready: b.ready, Run: b.bare, Done: b.done, Processes: b.processes},
			},
		}
		if _, err := trial.Run(ctx, os.Stdout); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) processes() []measure.Process {
	all := []measure.Process{{Name: "bench", PID: os.Getpid()}}
	if b.pg != nil {
		all = append(all, b.pg.Process())
	}
	return all
}

// ready makes the round's database for the side that comes first.
func (b *bench) ready(ctx context.Context, _ int) (err error) {
	if b.now != nil {
		return nil
	}
	var url string
	if b.pg != nil {
		url, err = b.pg.Database(ctx)
	} else {
		url, err = b.lab.SQLite()
	}
	if err == nil {
		b.now, err = newWorld(ctx, url, b.n)
	}
	return err
}

func (b *bench) engine(ctx context.Context, round int) (int, error) {
	if b.profile != "" && round == b.rounds {
		f, err := os.Create(b.profile)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	return b.n, b.now.advance(ctx)
}

func (b *bench) bare(ctx context.Context, _ int) (int, error) {
	return b.n, b.now.bare(ctx, b.bareRows)
}

// done looks at what was written, and ends the round's database after both.
func (b *bench) done(ctx context.Context, _ int) error {
	if b.now.turns++; b.now.turns < 2 {
		return nil
	}
	err := b.now.check(ctx)
	b.now.close()
	b.now = nil
	return err
}
