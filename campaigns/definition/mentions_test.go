package definition

import (
	"fmt"
	"strings"
	"testing"
)

// siteDoubts are what is doubted of a campaign and a segment that nearly name what the settings know.
func siteDoubts(t *testing.T) []Problem {
	t.Helper()
	known := map[MentionKind][]string{MentionTopic: {"newsletter", "events"}, MentionEndpoint: {"placement", "shop"}}
	d, problems := Parse([]byte(strings.TrimSuffix(with("topic", "topic: newslettr"), tail)+`steps:
  - call: {endpoint: placment}
  - call: {endpoint: shop}
  - call: {endpoint: library}
  - branch: [{if: {consent: event}, steps: [{award: {points: 1}}]}, {if: {consent: events}, steps: [{award: {points: 2}}]}]
`), YAML)
	if d == nil {
		t.Fatal(listed(problems))
	}
	s, problems := ParseSegment([]byte("key: a\nname: A\nwho: {consent: newsleter}\n"), YAML)
	if s == nil {
		t.Fatal(listed(problems))
	}
	return append(DoubtMentions(d.Mentions, known), DoubtMentions(s.Mentions, known)...)
}

// TestDoubtMentions: what the settings do not know is doubted where it is nearly known, at its place; other names are let alone.
func TestDoubtMentions(t *testing.T) {
	want := `4:8 topic topic_near name="newslettr" near="newsletter" meant="newsletter"
9:22 steps[0].call.endpoint endpoint_near name="placment" near="placement" meant="placement"
12:29 steps[3].branch[0].if.consent topic_near name="event" near="events" meant="events"
3:16 who.consent topic_near name="newsleter" near="newsletter" meant="newsletter"
`
	if got := listed(siteDoubts(t)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestDoubtedEvents: a name of one's own is let alone, one that is nearly ours is doubted wherever events are named.
func TestDoubtedEvents(t *testing.T) {
	for event, want := range map[string]string{
		"member.joind": "member.joined", "member.join": "member.joined", "Member.Joined": "member.joined", "memebr.left": "member.left", "member_left": "member.left", "bot.startd": "bot.started",
		"member.joined": "", "member.left": "", "lesson.booked": "", "friend.joined": "", "member.moved": "", "member.paid": "", "bot.stopped": "",
	} {
		for where, src := range map[string]string{
			"entry":     with("entry", "entry: {event: "+event+"}"),
			"exit":      with("entry", "entry: {manual: true}\nexit: [{event: "+event+"}]"),
			"goal":      with("entry", "entry: {manual: true}\ngoal: {event: "+event+", within: 7d}"),
			"wait":      steps("  - wait: {event: " + event + ", timeout: {after: 1d}}"),
			"condition": steps("  - branch: [{if: {event: " + event + "}, steps: [{award: {points: 1}}]}]"),
			"first":     steps("  - branch: [{if: {first_event: " + event + ", within: 7d}, steps: [{award: {points: 1}}]}]"),
		} {
			d, problems := Parse([]byte(src), YAML)
			if d == nil {
				t.Fatalf("%s: %s", where, listed(problems))
			}
			got := ""
			for _, p := range d.Warnings {
				if got += p.DidYouMean; p.Code != "event_like_ours" || p.Line == 0 || p.Column == 0 {
					t.Errorf("%s, %s: %+v", event, where, p)
				}
			}
			if got != want {
				t.Errorf("%s, %s: %q, want %q", event, where, got, want)
			}
		}
	}
}

// TestDoubtedAttributes: one that a step sets is known, and what nearly is called so is doubted, in conditions, waits and texts.
func TestDoubtedAttributes(t *testing.T) {
	for src, want := range map[string]string{
		"  - branch: [{if: {attribute: levl, is: a1}, steps: [{award: {points: 1}}]}]":         "10:31 level",
		"  - wait: {until: \"10:00\", date: {attribute: leevl}}":                               "10:46 level",
		"  - send: {text: {en: \"A {{ member.attributes.lvel }}\", ru: б}}":                    "10:29 level",
		"  - branch: [{if: {attribute: formalty, is: formal}, steps: [{award: {points: 1}}]}]": "10:31 formality",
		"  - branch: [{if: {attribute: level, is: a1}, steps: [{award: {points: 1}}]}]":        "",
		"  - branch: [{if: {attribute: city, is: a1}, steps: [{award: {points: 1}}]}]":         "",
		"  - branch: [{if: {attribute: level2, is: a1}, steps: [{award: {points: 1}}]}]":       "",
	} {
		d, problems := Parse([]byte(steps("  - set: {attributes: {level: a1}}\n"+src)), YAML)
		if d == nil {
			t.Fatalf("%s: %s", src, listed(problems))
		}
		got := ""
		for _, p := range d.Warnings {
			got += fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.DidYouMean)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}
