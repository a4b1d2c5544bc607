package measure

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// disturbed is the share of the machine in others' hands from which a round is told as disturbed.
const disturbed = 0.1

// Summary is what a trial found.
type Summary struct {
	Trial Trial
	Turns []Turn
}

// Spread is a median between its extremes.
type Spread[T cmp.Ordered] struct{ Median, Min, Max T }

// SpreadOf sorts a copy. Of an even number the lower of the middle two is the median: a value that was measured.
func SpreadOf[T cmp.Ordered](values []T) (s Spread[T]) {
	if len(values) == 0 {
		return s
	}
	v := slices.Sorted(slices.Values(values))
	return Spread[T]{v[(len(v)-1)/2], v[0], v[len(v)-1]}
}

// Of are the side's turns, in order of rounds.
func (s *Summary) Of(side string) []Turn {
	return slices.DeleteFunc(slices.Clone(s.Turns), func(t Turn) bool { return t.Side != side })
}

// Ratios are our rate over the rival's, round by round. Only rounds in which others used little of the machine count when quiet is set.
func (s *Summary) Ratios(rival string, quiet bool) (ratios []float64) {
	theirs := s.Of(rival)
	for i, our := range s.Of(s.Trial.Sides[0].Name) {
		if i < len(theirs) && !(quiet && max(our.Others, theirs[i].Others) > disturbed) {
			ratios = append(ratios, our.Rate()/theirs[i].Rate())
		}
	}
	return ratios
}

// Met reports whether the median ratio reaches every goal.
func (s *Summary) Met() bool {
	for rival, goal := range s.Trial.Goal {
		if SpreadOf(s.Ratios(rival, false)).Median < goal {
			return false
		}
	}
	return true
}

func (t Trial) line(turn Turn) string {
	var b strings.Builder
	fmt.Fprintf(&b, "round %d  %-14s %9d in %7.2f s  %9.0f %ss/s  CPU a %s:", turn.Round, turn.Side, turn.N, turn.Wall.Seconds(), turn.Rate(), t.Unit, t.Unit)
	for _, u := range turn.Usage {
		fmt.Fprintf(&b, " %s %s", u.Process, short(per(u.CPU, turn.N)))
		if u.Peak > 0 {
			fmt.Fprintf(&b, " (%d MB)", u.Peak>>20)
		}
	}
	fmt.Fprintf(&b, "  others %.0f %%", turn.Others*100)
	if turn.Others > disturbed {
		b.WriteString(", disturbed")
	}
	return b.String()
}

// print tells each side, and each ratio with what the claim wants of it.
func (s *Summary) print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "side\t%ss/s\tCPU a %s\tof it\tpeak memory\n", s.Trial.Unit, s.Trial.Unit)
	for _, side := range s.Trial.Sides {
		turns := s.Of(side.Name)
		rate, cpu := SpreadOf(each(turns, Turn.Rate)), SpreadOf(each(turns, Turn.PerUnit))
		fmt.Fprintf(table, "%s\t%.0f [%.0f–%.0f]\t%s [%s–%s]\t%s\t%s\n", side.Name, rate.Median, rate.Min, rate.Max,
			short(cpu.Median), short(cpu.Min), short(cpu.Max), cpuByProcess(turns), peakByProcess(turns))
	}
	_ = table.Flush() // to where the lines above went
	for _, rival := range s.Trial.Sides[1:] {
		all := s.Ratios(rival.Name, false)
		r := SpreadOf(all)
		fmt.Fprintf(w, "%s / %s: median %.2f [%.2f–%.2f] of %d rounds", s.Trial.Sides[0].Name, rival.Name, r.Median, r.Min, r.Max, len(all))
		if quiet := s.Ratios(rival.Name, true); len(quiet) == 0 {
			fmt.Fprint(w, ", none of them quiet")
		} else if q := SpreadOf(quiet); len(quiet) < len(all) {
			fmt.Fprintf(w, "; of the %d quiet ones %.2f [%.2f–%.2f]", len(quiet), q.Median, q.Min, q.Max)
		}
		if goal, ok := s.Trial.Goal[rival.Name]; ok {
			fmt.Fprintf(w, "; the goal is %.2f: %s", goal, verdict(r.Median >= goal))
		}
		fmt.Fprintln(w)
	}
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "MISSED"
}

// cpuByProcess is the median of each process.
func cpuByProcess(turns []Turn) string {
	return byProcess(turns, func(name string, i int) string {
		cpu := SpreadOf(each(turns, func(t Turn) time.Duration { return per(t.Usage[i].CPU, t.N) }))
		return name + " " + short(cpu.Median)
	})
}

// peakByProcess is the most that each process had in any turn.
func peakByProcess(turns []Turn) string {
	return byProcess(turns, func(name string, i int) string {
		peak := SpreadOf(each(turns, func(t Turn) int64 { return t.Usage[i].Peak }))
		if peak.Max == 0 {
			return ""
		}
		return fmt.Sprintf("%s %d MB", name, peak.Max>>20)
	})
}

func byProcess(turns []Turn, words func(name string, i int) string) string {
	var parts []string
	for i, u := range turns[0].Usage {
		if s := words(u.Process, i); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

func each[T, V any](all []T, value func(T) V) []V {
	out := make([]V, len(all))
	for i, x := range all {
		out[i] = value(x)
	}
	return out
}

// short is a duration in the unit that fits it, with one decimal.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
