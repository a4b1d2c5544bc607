package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/bench/measure"
)

// growth is what was found with each number of members: a row of a table for each thing, a column for each number.
type growth struct {
	members []int
	names   []string
	cells   map[string][]string
}

func (g *growth) add(name, cell string) {
	if g.cells == nil {
		g.cells = map[string][]string{}
	}
	if !slices.Contains(g.names, name) {
		g.names = append(g.names, name)
	}
	g.cells[name] = append(g.cells[name], cell)
}

// spread adds the median.
func (g *growth) spread(name string, took []time.Duration) {
	g.add(name, fmt.Sprintf("%.1f ms", ms(measure.SpreadOf(took).Median)))
}

// tell prints the table, unless there is but one column.
func (g *growth) tell(w io.Writer, engine string) {
	if len(g.members) < 2 {
		return
	}
	fmt.Fprintf(w, "\n%s\n%-34s", engine, "members")
	for _, n := range g.members {
		fmt.Fprintf(w, " %12d", n)
	}
	for _, name := range g.names {
		fmt.Fprintf(w, "\n%-34s", name)
		for _, c := range g.cells[name] {
			fmt.Fprintf(w, " %12s", c)
		}
	}
	fmt.Fprintln(w)
}

// newcomers is a campaign that is entered by hand, and waits. KEY is a new one each time: a database may be used again.
const newcomers = `{"key": "KEY", "kind": "onboarding", "name": "N", "topic": "news", "languages": ["en"], "channels": ["email"], "entry": {"manual": true},
	"steps": [{"id": "rest", "wait": {"for": "1s"}}, {"id": "long", "wait": {"for": "300d"}}]}`

// enroll measures what it takes to enroll one member, and until the scan for what is due has moved them on, a second later.
func enroll(ctx context.Context, s *measure.Service, members, times int) (took, due []time.Duration, err error) {
	do := func(path, body string) error {
		_, err := s.Do(ctx, http.MethodPost, path, "application/json", []byte(body))
		return err
	}
	key := fmt.Sprintf("newcomers-%d", time.Now().Unix())
	at := "/v1/campaigns/" + key
	if err := do("/v1/campaigns", strings.Replace(newcomers, "KEY", key, 1)); err != nil {
		return nil, nil, err
	}
	if err := do(at+"/publication", ""); err != nil {
		return nil, nil, err
	}
	for i := range times {
		began := time.Now()
		if err := do(at+"/enrollments", fmt.Sprintf(`{"members": ["m-%d"]}`, 1+(i*members)/times)); err != nil {
			return nil, nil, err
		}
		took = append(took, time.Since(began))
		began = time.Now()
		for !moved(ctx, s, at, i+1) {
			if time.Since(began) > 30*time.Second {
				return nil, nil, fmt.Errorf("member %d was not moved on within 30 s", i)
			}
			time.Sleep(2 * time.Millisecond)
		}
		due = append(due, time.Since(began)-time.Second)
	}
	return took, due, nil
}

// moved reports whether so many members wait at the long step.
func moved(ctx context.Context, s *measure.Service, at string, n int) bool {
	page, err := s.Get(ctx, at+"/enrollments?limit=200")
	return err == nil && strings.Count(string(page), `"long"`) >= n
}

// idle measures what the service and its database spend while nobody asks for anything: the ticks, in CPU a second.
func idle(ctx context.Context, w io.Writer, processes func() []measure.Process) (time.Duration, error) {
	const rest = 10
	found, err := measure.Trial{
		Claim: "nothing happens", Unit: "second", Rounds: 1,
		Sides: []measure.Side{{Name: "kruzhok", Processes: processes, Run: func(ctx context.Context, _ int) (int, error) {
			select {
			case <-time.After(rest * time.Second):
			case <-ctx.Done():
			}
			return rest, ctx.Err()
		}}},
	}.Run(ctx, w)
	if err != nil {
		return 0, err
	}
	return found.Turns[0].PerUnit(), nil
}
