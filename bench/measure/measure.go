// Package measure compares Kruzhok with its rivals on one machine: the sides take turns in one run, and what is told of a round is its rate, the CPU of each
// process, its peak memory, and how much of the machine others used meanwhile.
//
// It reads /proc and so needs Linux. A claim's command makes a Lab (services and processes in a temporary folder) and runs a Trial.
package measure

import (
	"context"
	"fmt"
	"io"
	"time"
)

// DefaultRounds is how often each side has its turn: enough for a median with its spread.
const DefaultRounds = 5

// Trial is one claim: the first side is ours, the others are its rivals or limits.
type Trial struct {
	Claim  string // what is claimed, as a sentence
	Unit   string // what is counted: "mail", "row"
	Rounds int    // 0: DefaultRounds
	// Goal is the least ratio of our rate to each rival's that the claim wants, by the rival's name; a rival without a goal is there to be seen.
	Goal  map[string]float64
	Sides []Side
}

// Side is one of those that take turns.
type Side struct {
	Name string
	// Ready makes what a round needs, unmeasured; nil: nothing.
	Ready func(ctx context.Context, round int) error
	// Run is what is measured. It returns how many units it did.
	Run func(ctx context.Context, round int) (n int, err error)
	// Done takes down what Ready made, unmeasured; nil: nothing.
	Done func(ctx context.Context, round int) error
	// Processes are those that work for the side; it is asked after Ready.
	Processes func() []Process
}

// Process is one that works for a side.
type Process struct {
	Name string
	PID  int
	// Tree counts all that descend from it too, also what has ended: PostgreSQL's server is a process a connection.
	// Its memory is not told: what the processes share would count in each.
	Tree bool
}

// Turn is what one side did in one round.
type Turn struct {
	Side   string
	Round  int // from 1
	N      int
	Wall   time.Duration
	Usage  []Usage
	Others float64 // share of the machine that processes of neither side used, 0 to 1
}

// Usage is what one process used in a turn.
type Usage struct {
	Process string
	CPU     time.Duration
	Peak    int64 // bytes of resident memory at most; 0: not told
}

// Rate is units a second.
func (t Turn) Rate() float64 { return float64(t.N) / t.Wall.Seconds() }

// PerUnit is the CPU that a unit took in all of the side's processes.
func (t Turn) PerUnit() time.Duration {
	var all time.Duration
	for _, u := range t.Usage {
		all += u.CPU
	}
	return per(all, t.N)
}

func per(d time.Duration, n int) time.Duration {
	if n == 0 {
		return 0
	}
	return d / time.Duration(n)
}

// Run lets the sides take turns, the order turned round each time, and prints each turn to w as it ends and the summary after the last.
func (t Trial) Run(ctx context.Context, w io.Writer) (*Summary, error) {
	rounds := t.Rounds
	if rounds == 0 {
		rounds = DefaultRounds
	}
	fmt.Fprintf(w, "\n%s\n", t.Claim)
	s := &Summary{Trial: t}
	for round := 1; round <= rounds; round++ {
		for i := range t.Sides {
			if round%2 == 0 {
				i = len(t.Sides) - 1 - i
			}
			turn, err := take(ctx, t.Sides[i], round)
			if err != nil {
				return nil, fmt.Errorf("round %d, %s: %w", round, t.Sides[i].Name, err)
			}
			s.Turns = append(s.Turns, turn)
			fmt.Fprintln(w, t.line(turn))
		}
	}
	s.print(w)
	return s, nil
}

func take(ctx context.Context, side Side, round int) (turn Turn, err error) {
	if side.Ready != nil {
		if err := side.Ready(ctx, round); err != nil {
			return turn, fmt.Errorf("make ready: %w", err)
		}
	}
	var watched []Process
	if side.Processes != nil {
		watched = side.Processes()
	}
	before, err := look(watched)
	if err != nil {
		return turn, err
	}
	n, err := side.Run(ctx, round)
	if err != nil {
		return turn, err
	}
	after, err := look(watched)
	if err != nil {
		return turn, err
	}
	turn = between(before, after, watched)
	turn.Side, turn.Round, turn.N = side.Name, round, n
	if side.Done != nil {
		err = side.Done(ctx, round)
	}
	return turn, err
}
