package simulation

import (
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// TestNotesSayWhatIsMissing: where a campaign looks back or waits for what comes from outside, the result says that a simulation has none of it.
func TestNotesSayWhatIsMissing(t *testing.T) {
	const hi = "  - {id: hi, send: {text: {en: Hi}}}\n"
	branch := func(condition string) engine.Draft {
		return written("", "  - {id: b, branch: [{if: "+condition+", steps: [{wait: 1d}]}]}\n"+hi)
	}
	segment := func(who string) engine.Draft {
		return engine.Draft{Source: "key: regulars\nname: Regulars\nwho: " + who + "\n", Format: definition.YAML}
	}
	const noPast = "no past: no events"
	for name, c := range map[string]struct {
		draft    engine.Draft
		events   []Event
		segments []engine.Draft
		says     string
	}{
		"nothing":         {draft: written("", hi)},
		"a tag":           {draft: branch("{tag: vip}")},
		"a consent":       {draft: branch("{consent: news}")},
		"events":          {draft: branch("{event: lesson.done, at_least: 3}"), says: noPast},
		"in the audience": {draft: written(`entry: {schedule: {at: "2026-11-25T10:00", zone: community, audience: {event: lesson.done}}}`, hi), says: noPast},
		"in a segment":    {draft: branch("{segment: regulars}"), segments: []engine.Draft{segment("{event: lesson.done}")}, says: noPast},
		"no look back":    {draft: branch("{segment: regulars}"), segments: []engine.Draft{segment("{tag: vip}")}},
		"recurs":          {draft: written(`entry: {schedule: {at: "2026-11-25T10:00", zone: community, audience: all, every: day, times: 3}}`, hi), says: "“Small” takes its audience in every day at 10:00, 3 times, the community’s time; in the simulated time: 25 November, 26 November, 27 November."},
		"past":            {draft: written(`entry: {schedule: {at: "2025-11-25T10:00", zone: community, audience: all}}`, hi), says: "takes its audience in on 2025-11-25 10:00, which is past"},
		"an exit":         {draft: written("exit: [{event: member.left}, {event: paid, data: {plan: year}}, {if: {tag: vip}}]", hi), says: "“Small” is left on events: member.left, paid."},
		"an exit comes":   {draft: written("exit: [{event: member.left}]", hi), events: []Event{{Name: "member.left", Day: 1}}},
		"other data":      {draft: written("exit: [{event: paid, data: {plan: year}}]", hi), events: []Event{{Name: "paid", Day: 1, Data: []byte(`{"plan":"month"}`)}}, says: "“Small” is left on events: paid."},
		"one of two":      {draft: written("exit: [{event: paid, data: {plan: year}}, {event: paid, data: {plan: month}}]", hi), events: []Event{{Name: "paid", Day: 1, Data: []byte(`{"plan":"month"}`)}}},
		"its data":        {draft: written("exit: [{event: paid, data: {plan: year}}]", hi), events: []Event{{Name: "paid", Day: 1, Data: []byte(`{"plan":"Year"}`)}}},
		"what lets in":    {draft: written("entry: {event: paid, data: {plan: year}, reentry: each_time}\nexit: [{event: paid, data: {plan: year}}]", hi)},
		"a goal":          {draft: written("goal: {event: lesson.booked, within: 2d}", hi), says: "The goal of “Small” is the event lesson.booked."},
		"a goal comes":    {draft: written("goal: {event: lesson.booked, within: 2d}", hi), events: []Event{{Name: "lesson.booked", Day: 2}}},
		"not played":      {draft: written("", "  - {id: e, enroll: elsewhere}\n"+hi), says: "“Small” would enroll 2 members in “elsewhere”, which is not part of this simulation"},
		"waits":           {draft: written("", "  - {id: w, wait: {event: lesson.done, timeout: {after: 1d}}}\n"+hi), says: "“Small” waits for events: lesson.done."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, Plan{Campaigns: []engine.Draft{c.draft}, Segments: c.segments, Events: c.events, Invented: 2, Days: 4, Lang: "en"})
			notes := slices.DeleteFunc(r.Notes, func(n string) bool { return strings.HasPrefix(n, "Nobody entered") })
			if got := strings.Join(notes, "\n"); len(notes) > 1 || !strings.Contains(got, c.says) || c.says == "" && got != "" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestStoriesSayWhoIsTakenElsewhere: a member's days say that a step would take them into a campaign that is not played along, and that it took them where it is.
func TestStoriesSayWhoIsTakenElsewhere(t *testing.T) {
	draft, other := written("", "  - {id: e, enroll: elsewhere}\n  - {id: hi, send: {text: {en: Hi}}}\n"), written("", "  - {id: there, send: {text: {en: There}}}\n")
	other.Source = strings.Replace(other.Source, "key: small", "key: elsewhere", 1)
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 2, Lang: "en"})
	expect(t, lines(r), "2026-11-24 13:00 entered", "2026-11-24 13:00 not_played e", "2026-11-24 13:00 message hi telegram", "2026-11-24 13:00 ended hi")
	named := other
	named.Source = strings.Replace(other.Source, "name: Small", "name: Other one", 1)
	r = run(t, Plan{Campaigns: []engine.Draft{draft}, Others: []engine.Draft{named}, Members: []Member{one(t, "silent")}, Days: 2, Lang: "en"})
	if got := r.Stories[0].Items[1].What + strings.Join(r.Notes, "\n"); strings.Count(got, "“Other one”") != 2 { // by its name, where that is known
		t.Error(got)
	}
	r = run(t, Plan{Campaigns: []engine.Draft{draft, other}, Members: []Member{one(t, "silent")}, Days: 2, Lang: "en"})
	if got := strings.Join(lines(r), "\n"); strings.Contains(got, "not_played") || !strings.Contains(got, "message there") || !strings.Contains(got, "enrolled e") {
		t.Errorf("%s\n%v", got, r.Notes)
	}
}

// TestMediaNotThere: where somebody knows that a file is not there, the simulation says so.
func TestMediaNotThere(t *testing.T) {
	draft := written("", "  - {id: pic, send: {media: {photo: nowhere.jpg}, text: Hi}}\n")
	for said, has := range map[string]func(*channels.Media) bool{
		"": nil, "the file “nowhere.jpg” of the step “pic” is not in the media folder": func(*channels.Media) bool { return false },
	} {
		r := run(t, Plan{Campaigns: []engine.Draft{draft}, Invented: 2, Days: 1, Lang: "en", HasMedia: has})
		if got := strings.Join(r.Notes, "\n"); !strings.Contains(got, said) || said == "" && strings.Contains(got, "media folder") {
			t.Errorf("%q", got)
		}
	}
}
