package decide_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// TestExitOfAKey: an event that names a key ends the run with that key alone; one that names none ends each; one with other data ends none.
func TestExitOfAKey(t *testing.T) {
	for name, c := range map[string]struct {
		key  string
		in   decide.Happened
		ends bool
	}{
		"its own":            {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": "a-1", "kind": "trial"}}, true},
		"its own number":     {"17", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": 17.0, "kind": "Trial"}}, true},
		"another's":          {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": "a-2", "kind": "trial"}}, false},
		"a key that is none": {"", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": "a-1", "kind": "trial"}}, false},
		"without a key":      {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"kind": "trial"}}, true},
		"a null":             {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": nil, "kind": "trial"}}, false},
		"an empty key":       {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": "", "kind": "trial"}}, false},
		"none for none":      {"", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": nil, "kind": "trial"}}, false},
		"other data":         {"a-1", decide.Happened{Event: "booking.canceled", Data: map[string]any{"id": "a-1", "kind": "group"}}, false},
		"no data":            {"a-1", decide.Happened{Event: "booking.canceled"}, false},
		"another event":      {"a-1", decide.Happened{Event: "booking.moved", Data: map[string]any{"id": "a-1", "kind": "trial"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, `
key: test
kind: reminder
name: Test
topic: news
languages: [en]
channels: [telegram]
entry: {event: booking.made, key: id}
exit: [{event: booking.canceled, data: {kind: [trial, first]}}]
steps: [{id: a, wait: 1d}]
`)
			s.e.Key = c.key
			s.decide(&decide.Start{})
			s.decide(&c.in)
			if got := s.e.State == campaigns.EnrollmentExited; got != c.ends {
				t.Errorf("ends %t, state %s", got, s.e.State)
			}
		})
	}
}
