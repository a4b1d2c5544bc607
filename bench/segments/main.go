// Command segments measures what it costs that a campaign listens to a segment of a million members: the count, the first round, which lists them, a round
// that finds nobody, one that finds some, and one member's own change; and how long another write waits meanwhile.
//
//	go run ./bench/segments [-members 1000000] [-engine postgres,sqlite] [-times 3]
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
	"github.com/kruzhok/kruzhok/bench/seed"
	"github.com/kruzhok/kruzhok/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	members := flag.Int("members", 1_000_000, "how many members")
	engines := flag.String("engine", "postgres,sqlite", "which engines")
	times := flag.Int("times", 3, "how often each thing is done")
	flag.Parse()
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }() // what it says stands in the temporary folder, which is gone
	fmt.Println(measure.Machine())
	for _, engine := range strings.Split(*engines, ",") {
		db, s, err := fill(ctx, lab, engine, *members)
		if err != nil {
			return fmt.Errorf("%s: %w", engine, err)
		}
		for _, x := range segments {
			fmt.Printf("%s, %d members, %s: %s\n", engine, *members, x.key, x.who)
			b := &bench{db: db, store: s, segment: x, times: *times, now: time.Now()}
			if err := b.run(ctx); err != nil {
				return fmt.Errorf("%s, %s: %w", engine, x.key, err)
			}
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	peak, err := measure.Peak(os.Getpid())
	fmt.Printf("peak memory of all of it: %d MB\n", peak>>20)
	return err
}

// fill makes a database with members, and an event of each third of them, up to sixty days old.
func fill(ctx context.Context, lab *measure.Lab, engine string, members int) (*seed.DB, *store.Store, error) {
	url, err := lab.SQLite()
	if engine != "sqlite" {
		var pg *measure.Postgres
		if pg, err = lab.Postgres(ctx); err == nil {
			url, err = pg.Database(ctx)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		return nil, nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, nil, err
	}
	db, err := seed.Open(url)
	if err != nil {
		return nil, nil, err
	}
	if err := db.FillMembers(ctx, members); err != nil {
		return nil, nil, err
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf(`INSERT INTO events (id, at, name, member_id, step, reason, data)
		SELECT id + 4000000000000, %d - ((id / 3) %% 60) * 86400000000, 'event.received', id, '', '', '{"event":"lesson.done"}' FROM members WHERE id %% 3 = 0`, time.Now().UnixMicro()))
	if err != nil {
		return nil, nil, err
	}
	analyse := "ANALYZE"
	if db.Postgres {
		analyse = "VACUUM ANALYZE"
	}
	_, err = db.ExecContext(ctx, analyse)
	return db, s, err
}

// took says the times of one thing: the median, the least and the most.
func took(what string, all []time.Duration, more string) {
	slices.Sort(all)
	fmt.Printf("  %-34s %8.0f ms [%.0f–%.0f] %s\n", what, ms(all[len(all)/2]), ms(all[0]), ms(all[len(all)-1]), more)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
