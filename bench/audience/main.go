// Command audience measures how fast an audience of a million is enrolled in a broadcast, up to messages that are ready to leave, against a bare
// INSERT ... SELECT of the same rows into each of the same tables with their indexes, and on SQLite how long another write waits meanwhile.
//
//	go run ./bench/audience [-members 1000000] [-engine postgres,sqlite] [-rounds 5] [-statements]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/seed"
)

// worker is how this command calls itself: the engine runs in a process of its own, so that its CPU and memory can be told.
const worker = "enroll"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if len(os.Args) == 3 && os.Args[1] == worker {
		err = enroll(ctx, os.Args[2])
	} else {
		err = run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	members := flag.Int("members", 1_000_000, "how many members")
	engines := flag.String("engine", "postgres,sqlite", "which engines")
	rounds := flag.Int("rounds", measure.DefaultRounds, "how often each side has its turn")
	statements := flag.Bool("statements", false, "show which statements cost PostgreSQL most (needs pg_stat_statements)")
	flag.Parse()
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }() // what it says stands in the temporary folder, which is gone
	fmt.Println(measure.Machine())
	missed := false
	for _, engine := range strings.Split(*engines, ",") {
		b := &bench{lab: lab, engine: engine, members: *members, statements: *statements && engine == "postgres"}
		if err := b.open(ctx); err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
		s, err := b.trial(*rounds).Run(ctx, os.Stdout)
		if err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
		if b.statements {
			if err := measure.Statements(ctx, b.db.DB, os.Stdout); err != nil {
				return err
			}
		}
		missed = missed || !s.Met()
	}
	if missed {
		return errors.New("a goal was missed")
	}
	return nil
}

// bench is one engine's database with members and nothing else.
type bench struct {
	lab        *measure.Lab
	engine     string
	members    int
	statements bool // are counted
	url        string
	db         *seed.DB
	postgres   *measure.Postgres
	child      *child
}

func (b *bench) open(ctx context.Context) (err error) {
	if b.engine == "sqlite" {
		b.url, err = b.lab.SQLite()
	} else {
		var settings []string
		if b.statements {
			settings = measure.CountStatements()
		}
		if b.postgres, err = b.lab.Postgres(ctx, settings...); err == nil {
			b.url, err = b.postgres.Database(ctx)
		}
	}
	if err != nil {
		return err
	}
	if err := migrate(ctx, b.url); err != nil {
		return err
	}
	if b.db, err = seed.Open(b.url); err != nil {
		return err
	}
	return b.db.FillMembers(ctx, b.members)
}

func (b *bench) trial(rounds int) measure.Trial {
	return measure.Trial{
		Claim: fmt.Sprintf("An audience of %d is enrolled on %s in at most twice the time of a bare INSERT ... SELECT.", b.members, b.engine),
		Unit:  "member", Rounds: rounds, Goal: map[string]float64{"bare": 0.5},
		Sides: []measure.Side{
			{
				Name: "kruzhok",
				Ready: func(ctx context.Context, _ int) (err error) {
					if err := b.db.ForgetHistory(ctx); err != nil {
						return err
					}
					b.child, err = startChild(ctx, b.lab, b.url)
					return err
				},
				Run:       func(ctx context.Context, _ int) (int, error) { return b.child.run(ctx) },
				Done:      func(ctx context.Context, _ int) error { return b.child.end() },
				Processes: func() []measure.Process { return b.processes(measure.Process{Name: "kruzhok", PID: b.child.pid}) },
			},
			{
				Name:      "bare",
				Ready:     func(ctx context.Context, _ int) error { return b.db.ForgetHistory(ctx) },
				Run:       func(ctx context.Context, _ int) (int, error) { return b.members, b.db.EnrollBare(ctx) },
				Processes: func() []measure.Process { return b.processes(measure.Process{Name: "client", PID: os.Getpid()}) },
			},
		},
	}
}

func (b *bench) processes(one measure.Process) []measure.Process {
	if b.postgres == nil {
		return []measure.Process{one}
	}
	return []measure.Process{one, b.postgres.Process()}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
