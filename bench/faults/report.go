//go:build unix

package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report prints the figures of a run.
func (s *Site) report(plan []fault, sums Sums, took time.Duration) {
	s.t.Helper()
	rounds := map[string]int{}
	for _, f := range plan {
		rounds[f.name]++
	}
	c, x := s.tally.counts(), sums.Circle
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nfault\trounds\tmessages that met it")
	for _, name := range slices.Sorted(maps.Keys(rounds)) {
		fmt.Fprintf(w, "%s\t%d\t%d\n", name, rounds[name], c.strikes[name])
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&out, "\n%d members in %.1f s; seed %d, %s\n", len(s.crowd.members), took.Seconds(), s.opt.Seed, s.storage())
	for _, line := range []struct {
		what string
		n    []any
	}{
		{"messages %d: sent %d, refused as they should be %d, unknown %d (of them arrived %d, without a cause %d), lost %d", []any{sums.Rows, sums.Sent, sums.Refused, sums.Unknown, sums.Arrived, sums.Unexplained, sums.Lost}},
		{"duplicates %d (bound %d for %d kills), mails under another Message-ID %d", []any{sums.Duplicates, sums.Bound, c.kills, sums.Renamed}},
		{"updates in %d, stored %d; answers in %d, stored %d, stored again %d", []any{sums.Updates, sums.Inputs, sums.Answers, sums.Answered, sums.Twice}},
		{"circle of %d: calls %d, made %d times; notices %d, told %d times (faults explain %d more); questions that went by mail too %d, answers %d", []any{s.opt.Circle, x.Calls, x.Asked, x.Notices, x.Told, x.Bound, x.Twins, x.Answers}},
		{"over the budget and skipped %d; in by the segment %d; moved into the second version %d; the clock went ahead %d times", []any{x.Skipped, x.Joined, x.Moved, s.leaps}},
	} {
		fmt.Fprintf(&out, line.what+"\n", line.n...)
	}
	s.t.Log(out.String())
}

func (s *Site) storage() string {
	out := "SQLite"
	switch {
	case s.opt.Apart:
		out = fmt.Sprintf("PostgreSQL and Redis, %d processes", len(s.procs))
	case s.disk != nil:
		out += ", a disk that fills by " + s.disk.String()
	}
	if s.opt.Plain {
		out += ", no PIPELINING"
	}
	return out
}
