package simulation

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// entering is a campaign of the key with the entry.
func entering(key, entry string) engine.Draft {
	d := written("entry: {event: lesson.done"+entry+"}", "  - {id: hi, send: {text: {en: Hi}}}\n")
	d.Source = strings.Replace(d.Source, "key: small", "key: "+key, 1)
	return d
}

// TestCampaignsShareAnEvent: several campaigns that are entered by the same event get everybody, whatever they want of its data, and each once.
func TestCampaignsShareAnEvent(t *testing.T) {
	for name, drafts := range map[string][]engine.Draft{
		"the same":        {entering("a", ""), entering("b", "")},
		"one wants data":  {entering("a", ""), entering("b", ", data: {level: a1}")},
		"other fields":    {entering("a", ", data: {place: club}"), entering("b", ", data: {level: a1}, key: lesson")},
		"a common value":  {entering("a", ", data: {level: [a1, a2]}"), entering("b", ", data: {level: [b1, A2]}")},
		"a contradiction": {entering("a", ", data: {level: a1}"), entering("b", ", data: {level: b1}"), entering("c", ", data: {level: [b1, b2]}")},
		"key and data":    {entering("a", ", key: lesson, reentry: each_time"), entering("b", ", data: {lesson: l-1}, reentry: each_time"), entering("c", ", key: lesson")},
		"no key":          {entering("a", ", key: lesson"), entering("b", `, data: {lesson: "first of all"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, Plan{Campaigns: drafts, Invented: 3, Days: 3})
			for _, c := range r.Campaigns {
				if c.Entered != 3 || c.Completed != 3 || c.Steps[0].Entered != 3 || sentBy(c.Steps[0]) != 3 || len(c.NotEntered) > 0 {
					t.Errorf("%s: %+v", c.Key, c)
				}
			}
		})
	}
}

// TestNothingIsLeftOfASchedule: it is not said that it opens after the simulated time.
func TestNothingIsLeftOfASchedule(t *testing.T) {
	over := written(`entry: {schedule: {at: "2020-03-02T10:00", zone: community, audience: all, every: week, times: 2}}`, "  - {id: hi, send: {text: {en: Hi}}}\n")
	r := run(t, Plan{Campaigns: []engine.Draft{over}, Invented: 2, Days: 1})
	if why := r.Campaigns[0].NotEntered; len(why) != 1 || why[0].Reason != "over" || why[0].N != 2 {
		t.Errorf("%+v", why)
	}
}

// TestTheAssumedRunIsTheOne: what a run is about can be assumed, so that an event about the same ends it.
func TestTheAssumedRunIsTheOne(t *testing.T) {
	draft := written("entry: {event: lesson.booked, key: lesson, reentry: each_time}\nexit: [{event: lesson.canceled}]", "  - {id: w, wait: {for: 9d}}\n  - {id: hi, send: {text: {en: Hi}}}\n")
	canceled := Event{Name: "lesson.canceled", Day: 3, Data: []byte(`{"lesson": "l-1"}`)}
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 20, Events: []Event{canceled}, EventData: map[string]any{"lesson": "l-1"}})
	if c := r.Campaigns[0]; total(c.Exited) != 1 || c.Completed != 0 {
		t.Errorf("%+v", c)
	}
	r = run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 20, Events: []Event{canceled}, EventData: map[string]any{"lesson": "no id"}})
	if c := r.Campaigns[0]; c.Entered != 1 || c.Completed != 1 {
		t.Errorf("what is no id was taken: %+v", c)
	}
}

// TestWhoHasNoAddressCountsOnce: a member whom a hand does not get in is one who did not enter.
func TestWhoHasNoAddressCountsOnce(t *testing.T) {
	m := one(t, "silent")
	m.Addresses = map[campaigns.Channel]Address{}
	r := run(t, Plan{Campaigns: []engine.Draft{written("", "  - {id: hi, send: {text: {en: Hi}}}\n")}, Members: []Member{m}, Days: 2})
	if why := because("", r.Campaigns[0].NotEntered); why != " (no_address 1)" || len(r.Stories[0].Items) != 1 {
		t.Errorf("%s %v", why, lines(r))
	}
}

func sentBy(s StepTotals) (n int) {
	for _, sent := range s.Sent {
		n += sent
	}
	return n
}
