package measure

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []int
		want   Spread[int]
	}{
		{nil, Spread[int]{}},
		{[]int{7}, Spread[int]{7, 7, 7}},
		{[]int{9, 1, 5}, Spread[int]{5, 1, 9}},
		{[]int{4, 1, 3, 2}, Spread[int]{2, 1, 4}},
	} {
		if got := SpreadOf(c.values); got != c.want {
			t.Errorf("SpreadOf(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

// summary has three rounds: ours is 6, 4 and 9 times as fast as the rival's, and somebody else worked in the second.
func summary() *Summary {
	turn := func(side string, round int, wall time.Duration, others float64) Turn {
		return Turn{Side: side, Round: round, N: 1000, Wall: wall, Others: others, Usage: []Usage{
			{Process: side, CPU: wall, Peak: int64(round) << 20}, {Process: "sink", CPU: wall / 2},
		}}
	}
	return &Summary{
		Trial: Trial{Unit: "mail", Sides: []Side{{Name: "kruzhok"}, {Name: "loop"}}, Goal: map[string]float64{"loop": 5}},
		Turns: []Turn{
			turn("kruzhok", 1, time.Second, 0), turn("loop", 1, 6*time.Second, 0.01),
			turn("loop", 2, 8*time.Second, 0.5), turn("kruzhok", 2, 2*time.Second, 0),
			turn("kruzhok", 3, time.Second, 0), turn("loop", 3, 9*time.Second, 0),
		},
	}
}

func TestRatios(t *testing.T) {
	s := summary()
	if got := s.Ratios("loop", false); !slices.Equal(got, []float64{6, 4, 9}) {
		t.Errorf("ratios %v", got)
	}
	if got := s.Ratios("loop", true); !slices.Equal(got, []float64{6, 9}) {
		t.Errorf("ratios of quiet rounds %v", got)
	}
	if !s.Met() {
		t.Error("a median of 6 reaches 5")
	}
	s.Trial.Goal["loop"] = 7
	if s.Met() {
		t.Error("a median of 6 does not reach 7")
	}
}

func TestSummaryWords(t *testing.T) {
	s := summary()
	var out bytes.Buffer
	s.print(&out)
	for _, want := range []string{
		"kruzhok  1000 [500–1000]  1.5 ms [1.5 ms–3.0 ms]    kruzhok 1.0 ms, sink 500.0 µs  kruzhok 3 MB\n",
		"kruzhok / loop: median 6.00 [4.00–9.00] of 3 rounds; of the 2 quiet ones 6.00 [6.00–9.00]; the goal is 5.00: met\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if line := s.Trial.line(s.Turns[2]); !strings.HasSuffix(line, "others 50 %, disturbed") {
		t.Error(line)
	}
}

// TestProcesses adds up a server (10) with a backend (11), whose own child (12) has one too; 20 belongs to nobody.
func TestProcesses(t *testing.T) {
	one, err := parseStat("12 (post gres: (x)) S 11 10 10 0 -1 4194560 9 8 7 6 150 50 30 20 20 0 1 0 77 1 1")
	if err != nil {
		t.Fatal(err)
	}
	if want := (stat{parent: 11, own: 2 * time.Second, reaped: 500 * time.Millisecond}); one != want {
		t.Errorf("parseStat: %+v, want %+v", one, want)
	}
	all := map[int]stat{
		10: {parent: 1, own: time.Second, reaped: 4 * time.Second}, 11: {parent: 10, own: 8 * time.Second}, 12: one, 20: {parent: 1, own: time.Hour},
	}
	if got := sumTree(all, 10); got != 15500*time.Millisecond {
		t.Errorf("the tree used %v", got)
	}
	for _, bad := range []string{"", "12 (x) S 1 2", "12 (x) S a 10 10 0 -1 4194560 9 8 7 6 150 50 30 20 20 0 1 0 77 1 1"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("parseStat(%q) has no error", bad)
		}
	}
}

func TestMachineTime(t *testing.T) {
	busy, whole, err := machineTime("cpu  100 20 30 400 50 6 7 8 0 0\ncpu0 1 2 3\n")
	if err != nil || busy != 171*tick || whole != 621*tick {
		t.Errorf("busy %v of %v, %v", busy, whole, err)
	}
	if _, _, err := machineTime("cpu 1 2"); err == nil {
		t.Error("a short line has no error")
	}
	if got := peakOf("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n"); got != 2<<20 {
		t.Errorf("peak %d", got)
	}
}

func TestTurns(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("measuring reads /proc")
	}
	var order []string
	side := func(name string) Side {
		note := func(what string) func(context.Context, int) error {
			return func(context.Context, int) error { order = append(order, name+" "+what); return nil }
		}
		return Side{
			Name: name, Ready: note("ready"), Done: note("done"),
			Run: func(context.Context, int) (int, error) { order = append(order, name); return 3, nil },
			Processes: func() []Process {
				return []Process{{Name: "self", PID: os.Getpid()}, {Name: "tree", PID: os.Getpid(), Tree: true}}
			},
		}
	}
	var out bytes.Buffer
	s, err := Trial{Claim: "turns are taken", Unit: "thing", Rounds: 2, Sides: []Side{side("a"), side("b")}}.Run(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	want := "a ready,a,a done,b ready,b,b done,b ready,b,b done,a ready,a,a done"
	if got := strings.Join(order, ","); got != want {
		t.Errorf("order %s", got)
	}
	if a := s.Of("a"); len(a) != 2 || a[1].Round != 2 || a[1].N != 3 || a[0].Usage[0].Peak == 0 || a[0].Usage[1].Peak != 0 {
		t.Errorf("turns of a: %+v", a)
	}
}
