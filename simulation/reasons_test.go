package simulation

import (
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/engine"
)

// TestStoriesSayWhy: which way was taken and because of what, what was given and changed, whom it tells, and why a message came by mail; each where it happened.
func TestStoriesSayWhy(t *testing.T) {
	m := one(t, "answers:1h")
	m.Addresses[campaigns.Telegram] = Address{Reach: channels.ReachBlocked}
	draft := written("channels: [telegram, email]", `  - {id: q, ask: {type: choice, text: {en: Tea}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}]}}
  - id: way
    branch:
      - if: {any: [{answer: q, is: a}, {answer: q, is: b}]}
        steps:
          - {id: points, award: {points: 5}}
          - {id: mark, set: {add_tags: [tea], attributes: {cup: 2}}}
          - {id: staff, notify: {text: {en: Tea please}}}
      - else: [{id: none, send: {text: {en: Nothing}}}]
  - {id: bye, send: {text: {en: Bye}}}
`)
	for lang, want := range map[string][]string{
		"en": {"q", "q", "way: At “way” the way was taken that is for members whose answer to “q” is “A”", "points: “points” gives points: 5.", "mark: “mark” changes what is known of the member: +tea, cup: 2.", "staff: “staff” tells the staff about it.", "bye"},
		"ru": {"q", "q", "way: ", "points: «points» даёт баллы: 5.", "mark: «mark» меняет данные участника: +tea, cup: 2.", "staff: «staff» сообщает об этом команде.", "bye"},
	} {
		r := run(t, Plan{Campaigns: []engine.Draft{draft}, Members: []Member{m}, Days: 5, Lang: lang})
		var got []string
		for _, it := range r.Stories[0].Items {
			if it.Kind == ItemMessage && (it.Channel != campaigns.Email || !strings.Contains(it.What, map[string]string{"en": "blocked the bot", "ru": "заблокировал"}[lang])) {
				t.Errorf("the channel has no reason: %s", it.What)
			}
			if it.Step != "" && it.Kind != ItemEnded && it.Kind != ItemNotSent {
				got = append(got, string(it.Step)+": "+it.What)
			}
		}
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s:\n%s", lang, strings.Join(got, "\n"))
		}
	}
}

// TestMissingTextsArePlayed: whoever reads a language that a text is missing in gets the first one, as live.
func TestMissingTextsArePlayed(t *testing.T) {
	draft := written("", "  - {id: hi, send: {text: {en: Hi}}}\n")
	draft.Source = strings.Replace(draft.Source, "languages: [en]", "languages: [en, ru]", 1)
	r := run(t, Plan{Campaigns: []engine.Draft{draft}, Invented: 4, Days: 2})
	if c := r.Campaigns[0]; c.Completed != 4 {
		t.Errorf("%+v", c)
	}
}

// TestAssumedEvents: an event that is assumed comes to everybody on its day, and ends a wait; one that cannot come is refused with its place.
func TestAssumedEvents(t *testing.T) {
	draft := written("", "  - {id: w, wait: {event: friend.joined, timeout: {after: 30d, goto: over}}}\n  - {id: hi, send: {text: {en: Hi}}}\n  - {id: over, end: true}\n")
	plan := Plan{Campaigns: []engine.Draft{draft}, Members: []Member{one(t, "silent")}, Days: 9, Events: []Event{{Name: "friend.joined", Day: 3}}}
	r := run(t, plan)
	if c := r.Campaigns[0]; c.Completed != 1 || c.Steps[1].Entered != 1 || len(r.Notes) > 0 || r.Stories[0].Items[1].Local[:10] != "2026-11-26" {
		t.Errorf("%+v %v %v", c, r.Notes, lines(r))
	}
	for _, bad := range []Event{{Name: "Friend joined", Day: 3}, {Name: "friend.joined", Day: 0}, {Name: "friend.joined", Day: 10}} {
		plan.Events = []Event{bad}
		if _, err := Run(t.Context(), plan); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
