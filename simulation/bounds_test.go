package simulation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// endless writes points each hour, and a message where it is said.
func endless(steps string) engine.Draft {
	return written("", "  - {id: a, award: {points: 1}}\n"+steps+"  - {id: w, wait: {for: 1h}}\n  - goto: a\n")
}

// TestTooLargeEnds: a simulation whose database is full, or that keeps too much beside it, ends with an error that names the remedy, on one stage and on several.
func TestTooLargeEnds(t *testing.T) {
	talks := endless("  - {id: b, send: {text: {en: " + strings.Repeat("Again ", 100) + "}}}\n")
	for name, plan := range map[string]Plan{
		"its database":   {Campaigns: []engine.Draft{endless("")}, Invented: 200, database: 1 << 20},
		"several stages": {Campaigns: []engine.Draft{endless("")}, Invented: 4 * leastPart, Parts: 2, database: 2 << 20},
		"members":        {Campaigns: []engine.Draft{endless("")}, Invented: 1000, Attributes: map[string]any{"long": strings.Repeat("x", 2000)}, database: 1500 << 10},
		"its stories":    {Campaigns: []engine.Draft{talks}, Invented: 2, kept: 100_000},
		"what is told":   {Campaigns: []engine.Draft{endless("")}, Invented: 5, Days: 1, kept: 2 * itemBytes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan.Start, plan.Dir = start, t.TempDir()
			_, err := Run(t.Context(), plan)
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			for lang, remedy := range map[string]string{"en": "fewer members or fewer days", "ru": "меньше участников или дней"} {
				if said := fault.Message(err, lang); !strings.Contains(said, remedy) || strings.Contains(said, "{") {
					t.Error(said)
				}
			}
		})
	}
}

// TestManyClashesAreCounted: who gets a message each hour is told of some of the others of the day, and how many more there are.
func TestManyClashesAreCounted(t *testing.T) {
	r := run(t, Plan{Campaigns: []engine.Draft{endless("  - {id: b, send: {text: {en: Again}}}\n")}, Members: []Member{one(t, "silent")}, Days: 3})
	of := map[string]int{}
	for _, it := range r.Stories[0].Items {
		if it.Kind == ItemMessage {
			of[it.Local[:len("2006-01-02")]]++
		}
	}
	for _, it := range r.Stories[0].Items {
		more := of[it.Local[:len("2006-01-02")]] - 1 - namedClashes
		if it.Kind == ItemMessage && (len(it.Clashes) != namedClashes+1 && more > 0 || more > 0 && it.Clashes[namedClashes] != fmt.Sprintf("and %d more messages", more)) {
			t.Fatalf("%s: %d more, %q", it.Local, more, it.Clashes)
		}
	}
	if of["2026-11-25"] != 24 || r.Campaigns[0].Clashes != r.Messages {
		t.Errorf("%v, %d of %d", of, r.Campaigns[0].Clashes, r.Messages)
	}
}
