// Command answers measures how long a member waits in a chat: from the answer's update to the next question, through the real binary, with no limits.
// Our side of the Bot API plays the members. First at a steady rate, where the wait counts; then many answer at once again and again, where the
// number of answers a second does. Before, some answer whom nobody counts: a service that has just started opens its connections and plans its statements.
//
//	go run ./bench/answers [-on sqlite,postgres] [-how typed|pressed|spoken] [-rate 300] [-members 3000] [-seconds 20] [-crowd 400] [-rounds 3] [-statements]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
)

func main() {
	var b bench
	on := flag.String("on", "sqlite,postgres", "the databases")
	how := flag.String("how", "typed", "how members answer: "+kindNames())
	flag.IntVar(&b.rate, "rate", 300, "answers a second, where the wait is measured; 0: leave that out")
	flag.IntVar(&b.members, "members", 3000, "how many members answer")
	flag.IntVar(&b.seconds, "seconds", 20, "how long a turn lasts")
	flag.IntVar(&b.crowd, "crowd", 400, "how many answer at once, where the number is measured")
	flag.IntVar(&b.rounds, "rounds", 3, "how many rounds")
	flag.BoolVar(&b.statements, "statements", false, "show which statements cost PostgreSQL most (needs pg_stat_statements)")
	flag.Parse()
	if b.kind = kinds[*how]; b.kind == nil {
		fmt.Fprintln(os.Stderr, "bench: -how is one of "+kindNames())
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, strings.Split(*on, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	kind                                  *answerKind
	rate, members, seconds, crowd, rounds int
	statements                            bool
}

func (b *bench) run(ctx context.Context, databases []string) error {
	fmt.Println(measure.Machine())
	for _, database := range databases {
		if err := b.on(ctx, database); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	return nil
}

func (b *bench) on(ctx context.Context, database string) error {
	s, err := open(ctx, database, b.kind, b.members, b.statements)
	if err != nil {
		return err
	}
	defer s.close()
	span := time.Duration(b.seconds) * time.Second
	fmt.Printf("\n%s: %s to get warm\n", database, span/4)
	if _, err := s.paced(ctx, max(b.rate, 100), span/4); err != nil {
		return err
	}
	if err := told(s)(ctx, 0); err != nil {
		return err
	}
	paced := measure.Trial{
		Claim: fmt.Sprintf("%d answers a second on %s: the next question within 100 ms at p99", b.rate, database), Unit: "answer", Rounds: b.rounds,
		Sides: []measure.Side{{Name: "kruzhok", Processes: s.watched, Run: func(ctx context.Context, _ int) (int, error) { return s.paced(ctx, b.rate, span) }, Done: told(s)}},
	}
	if b.rate > 0 {
		if _, err := paced.Run(ctx, os.Stdout); err != nil {
			return err
		}
	}
	crowd := measure.Trial{
		Claim: fmt.Sprintf("%d members who answer at once again on %s: at least 2,000 answers a second on PostgreSQL", b.crowd, database), Unit: "answer", Rounds: b.rounds,
		Sides: []measure.Side{{Name: "kruzhok", Processes: s.watched, Run: func(ctx context.Context, _ int) (int, error) { return s.crowded(ctx, b.crowd, span) }, Done: told(s)}},
	}
	if _, err = crowd.Run(ctx, os.Stdout); err == nil && b.statements && database == "postgres" {
		err = s.statements(ctx, os.Stdout)
	}
	return err
}

// told prints how long the turn's members waited.
func told(s *site) func(context.Context, int) error {
	return func(context.Context, int) error {
		w := s.waits()
		slices.Sort(w)
		at := func(p float64) time.Duration {
			return w[min(int(p*float64(len(w))), len(w)-1)].Round(100 * time.Microsecond)
		}
		if len(w) > 0 {
			fmt.Printf("         waits: p50 %s  p90 %s  p99 %s  max %s\n", at(0.5), at(0.9), at(0.99), w[len(w)-1].Round(100*time.Microsecond))
		}
		return nil
	}
}
