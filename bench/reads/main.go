// Command reads measures what a page waits for when the database is full: a million members and ten million deliveries. Every list of the API, every page
// of the console, the report, a member's timeline and counts of audiences are asked for over HTTP of a real process, again and again.
//
//	go run ./bench/reads [-members 1000000] [-engine postgres,sqlite] [-times 15] [-database URL]
//
// -database names a database to use instead of a fresh one; it is filled when it has no members, and can be used again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
	"github.com/kruzhok/kruzhok/bench/seed"
)

type options struct {
	members  []int
	engines  []string
	times    int
	database string
}

func main() {
	var o options
	members := flag.String("members", "1000000", "how many members, with commas: several databases one after the other; each member has ten deliveries")
	engines := flag.String("engine", "postgres,sqlite", "which engines")
	flag.IntVar(&o.times, "times", 15, "how often each page is asked for")
	flag.StringVar(&o.database, "database", "", "use this database, and fill it if it has no members")
	flag.Parse()
	o.engines = strings.Split(*engines, ",")
	for n := range strings.SplitSeq(*members, ",") {
		m, err := strconv.Atoi(n)
		if err != nil || m < 1000 {
			fmt.Fprintf(os.Stderr, "bench: -members: %q is no number of members from 1000 on\n", n)
			os.Exit(2)
		}
		o.members = append(o.members, m)
	}
	if o.database != "" && len(o.members) > 1 {
		fmt.Fprintln(os.Stderr, "bench: -members: one number for one -database")
		os.Exit(2)
	}
	if o.database != "" {
		o.engines = []string{strings.SplitN(o.database, ":", 2)[0]}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	lab, err := measure.NewLab()
	if err != nil {
		return err
	}
	defer func() { _ = lab.Close() }() // what it says stands in the temporary folder, which is gone
	fmt.Println(measure.Machine())
	binary, err := lab.Build(ctx, "./cmd/kruzhok")
	if err != nil {
		return err
	}
	for _, engine := range o.engines {
		g := &growth{members: o.members}
		for _, members := range o.members {
			if err := reads(ctx, lab, binary, engine, members, o, g); err != nil {
				return fmt.Errorf("%s, %d members: %w", engine, members, err)
			}
		}
		g.tell(os.Stdout, engine)
	}
	return nil
}

func reads(ctx context.Context, lab *measure.Lab, binary, engine string, members int, o options, g *growth) error {
	url, pg, err := database(ctx, lab, engine, o.database)
	if err != nil {
		return err
	}
	service, err := lab.Service(ctx, binary, url, "")
	if err != nil {
		return err
	}
	db, err := seed.Open(url)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.FillOnce(ctx, members, func(line string) { fmt.Println("  seed", line) }); err != nil {
		return err
	}
	if err := service.Start(ctx, "kruzhok", "serve"); err != nil {
		return err
	}
	defer func() { _ = service.Stop() }()
	began := time.Now()
	if err := db.Counted(ctx); err != nil {
		return err
	}
	fmt.Printf("\n%s, %d members: counters were made in %.1f s\n", engine, members, time.Since(began).Seconds())
	if err := signIn(ctx, service); err != nil {
		return err
	}
	if err := putAudiences(ctx, service); err != nil {
		return err
	}
	if err := measureAll(ctx, service, engine, members, o, g); err != nil {
		return err
	}
	took, due, err := enroll(ctx, service, members, o.times)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		name string
		took []time.Duration
	}{{"enroll one member", took}, {"moved on after it was due", due}} {
		g.spread(x.name, x.took)
		fmt.Printf("%-34s median %7.1f ms\n", x.name, ms(measure.SpreadOf(x.took).Median))
	}
	cpu, err := idle(ctx, os.Stdout, func() []measure.Process {
		if pg == nil {
			return service.Processes()
		}
		return append(service.Processes(), pg.Process())
	})
	if err != nil {
		return err
	}
	g.add("CPU a second, idle", fmt.Sprintf("%.2f ms", ms(cpu)))
	return nil
}

// database makes one; its server is nil where it has none, or none of ours.
func database(ctx context.Context, lab *measure.Lab, engine, given string) (url string, pg *measure.Postgres, err error) {
	switch {
	case given != "":
		return given, nil, nil
	case engine == "sqlite":
		url, err = lab.SQLite()
		return url, nil, err
	}
	if pg, err = lab.Postgres(ctx); err != nil {
		return "", nil, err
	}
	url, err = pg.Database(ctx)
	return url, pg, err
}

func measureAll(ctx context.Context, s *measure.Service, engine string, members int, o options, g *growth) error {
	missed := 0
	for _, p := range pages(members) {
		took, err := p.measure(ctx, s, o.times)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		spread, limit := measure.SpreadOf(took), p.limit(engine)
		verdict := "met"
		if spread.Median > limit {
			verdict, missed = "MISSED", missed+1
		}
		g.spread(p.name, took)
		fmt.Printf("%-34s median %7.1f ms [%.1f–%.1f]  of at most %4d ms: %s\n", p.name, ms(spread.Median), ms(spread.Min), ms(spread.Max), limit.Milliseconds(), verdict)
	}
	fmt.Printf("%d missed\n", missed)
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
