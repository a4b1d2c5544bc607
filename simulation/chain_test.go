package simulation

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

// TestEnrollInASimulation: a campaign that is played is entered; one that is not played is left out, and stops nothing.
func TestEnrollInASimulation(t *testing.T) {
	first := written("", "  - {id: on, enroll: second}\n  - {id: off, enroll: elsewhere}\n  - {id: w, wait: 1d}\n")
	second := written(`entry: {event: never.happens}`, "  - {id: hi, send: {text: {en: Hi}}}\n")
	second.Source = strings.Replace(second.Source, "key: small", "key: second", 1)
	r := run(t, Plan{Campaigns: []engine.Draft{first, second}, Members: []Member{one(t, "silent")}, Days: 3})
	for _, c := range r.Campaigns {
		if c.Entered != 1 || c.Completed != 1 {
			t.Errorf("%s: %+v", c.Key, c)
		}
	}
}
