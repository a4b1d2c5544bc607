package simulation

import (
	"flag"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenStories is how many members' days a golden file tells.
const goldenStories = 12

// asBefore compares what becomes of everybody with the golden file: what is decided must not change because deciding became faster.
func asBefore(t *testing.T, name string, r *Result) {
	t.Helper()
	file, got := filepath.Join("testdata", name+".golden"), golden(r)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Fatalf("another result than before; where that is meant, write it anew with -update\n%s:%d\nbefore: %s\nnow:    %s", file, i+1, was[i], is[i])
		}
	}
	if len(was) != len(is) {
		t.Errorf("%s: %d lines, %d before", file, len(is), len(was))
	}
}

// golden is the result in short lines: the sums of each step, and what happens to some members, a line for each moment.
func golden(r *Result) string {
	var b strings.Builder
	for _, c := range r.Campaigns {
		fmt.Fprintf(&b, "%s: %d members, %d messages; entered %d, passages %d, completed %d, clashes %d%s%s\n",
			c.Key, r.Members, r.Messages, c.Entered, c.Passages, c.Completed, c.Clashes, because(", not entered", c.NotEntered), because(", left", c.Exited))
		for _, s := range c.Steps {
			fmt.Fprintf(&b, "  %s: entered %d%s%s\n", s.Step, s.Entered, counted(&s), because(", not sent", s.NotSent))
		}
	}
	for i := range r.Stories {
		goldenStory(&b, &r.Stories[i])
	}
	return b.String()
}

// counted are the step's numbers that are not 0.
func counted(s *StepTotals) (out string) {
	for _, ch := range slices.Sorted(maps.Keys(s.Sent)) {
		out += fmt.Sprintf(", %s %d", ch, s.Sent[ch])
	}
	add := func(word string, n int) {
		if n > 0 {
			out += fmt.Sprintf(", %s %d", word, n)
		}
	}
	add("held", s.Held)
	add("answered", s.Answered)
	add("timed out", s.TimedOut)
	add("inside", s.Inside)
	for _, a := range s.Arms {
		add("arm "+a.Name, a.Entered)
	}
	return out
}

func because(word string, list []ReasonTotal) string {
	if len(list) == 0 {
		return ""
	}
	why := make([]string, len(list))
	for i, r := range list {
		why[i] = fmt.Sprint(r.Reason, " ", r.N)
	}
	return word + " (" + strings.Join(why, ", ") + ")"
}

// goldenStory tells the member's days. What they read is one checksum: who reads something else than before is seen, and a text may be long.
func goldenStory(b *strings.Builder, s *Story) {
	read := crc32.NewIEEE()
	var lines strings.Builder
	at := ""
	for _, it := range s.Items {
		fmt.Fprintln(read, it.Subject, it.Text, it.Buttons)
		if it.Local != at {
			at = it.Local
			fmt.Fprintf(&lines, "\n  %s", at[len("2006-"):])
		} else {
			lines.WriteString(";")
		}
		lines.WriteString(goldenItem(it))
	}
	fmt.Fprintf(b, "%s, %s, %s, %v, %s, reads %08x%s\n", s.Member, s.Language, s.Zone, s.Channels, s.Does, read.Sum32(), lines.String())
}

func goldenItem(it Item) (out string) {
	words := []any{it.Kind, it.Step, it.Channel, it.Language, it.Reason}
	if it.Value != nil {
		words = append(words, "=", it.Value)
	}
	if it.Held != nil {
		words = append(words, "held for", it.Held.Reason, "until", it.Held.Until.Format("01-02 15:04 MST"))
	}
	for _, w := range words {
		if text := fmt.Sprint(w); text != "" {
			out += " " + text
		}
	}
	return out
}
