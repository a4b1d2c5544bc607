package engine_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/api"
	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/reports"
	"github.com/kruzhok/kruzhok/store/storetest"
)

// rewarding is a challenge whose rewards are steps: points for a day, more for those of a segment, a tag for who has gathered enough.
const rewarding = `
key: speak
kind: challenge
name: Speak
topic: challenges
languages: [en]
channels: [telegram]
entry: {event: challenge.joined}
steps:
  - id: days
    repeat:
      times: 2
      at: "10:00"
      prompts: [{en: Your town}, {en: A story}]
      steps:
        - id: task
          ask: {type: voice, text: {en: "Day {{ round }}: {{ prompt }}"}}
        - id: worth
          branch:
            - {if: {answer: task, exists: false}, steps: []}
            - {if: {segment: novices}, steps: [{id: double, award: {points: 20}}]}
            - else: [{id: single, award: {points: 10}}]
  - id: badge
    branch:
      - if: {score: points, at_least: 20}
        steps: [{id: winner, set: {add_tags: [speaker], attributes: {badge: gold}}}, {id: on, enroll: club}]
`

const club = `
key: club
kind: onboarding
name: Club
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
steps:
  - {id: welcome, award: {points: 1}}
`

const rookies = "# who began this year\nkey: novices\nname: Novices\nwho: {tag: novice}\n"

// asCode is the world's service as files go to it and come from it.
func (w *world) asCode() *ascode.Service {
	w.t.Helper()
	h, err := api.New(api.Options{Engine: w.e, Reports: reports.New(w.store, nil)})
	must(w.t, err)
	server := httptest.NewServer(h)
	w.t.Cleanup(server.Close)
	token, err := w.e.CreateToken(w.t.Context(), engine.Operator, "code", []engine.Scope{engine.CampaignsRead, engine.CampaignsWrite})
	must(w.t, err)
	s, err := ascode.Connect(server.URL, token, "en")
	must(w.t, err)
	return s
}

// rewards lets three members play the challenge and tells what it gave them.
func (w *world) rewards() (told []string) {
	w.t.Helper()
	w.enters(7, "Ann", "a")
	w.enters(8, "Bob", "b")
	w.enters(9, "Cy", "c")
	w.member("a", func(in *engine.MemberInput) { in.FirstName, in.Tags = new("Ann"), &[]string{"novice"} })
	w.until(time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC))
	w.speaks(7, "voice", 9, "OggS one")
	w.speaks(8, "voice", 9, "OggS one")
	w.later(24 * time.Hour)
	w.speaks(8, "voice", 9, "OggS two")
	w.later(8 * 24 * time.Hour)
	for _, key := range []string{"speak", "club"} {
		s, err := reports.New(w.store, nil).Standings(w.t.Context(), engine.Operator, campaigns.Key(key), "en", 0, 10)
		must(w.t, err)
		for _, p := range s.Places {
			told = append(told, fmt.Sprintf("%s %d. %s %d points, %d rounds", key, p.Place, p.Name, p.Points, p.RoundsDone))
		}
	}
	for _, id := range []string{"a", "b", "c"} {
		m, err := w.e.Member(w.t.Context(), engine.Operator, id)
		must(w.t, err)
		told = append(told, fmt.Sprint(id, " ", m.Tags, " ", m.Attributes["badge"]))
	}
	return told
}

// TestRewardsTravelInABundle: a challenge that was exported with its segment and the campaign that it enrolls in gives the same rewards on a service that had nothing.
func TestRewardsTravelInABundle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: rookies, Format: definition.YAML})
		must(t, err)
		w.publish(club)
		w.publish(rewarding)
		dir := t.TempDir()
		must(t, w.asCode().Export(t.Context(), dir, []string{"speak"}, false, func(string, ascode.Written) {}))

		elsewhere := newWorld(t, storetest.SQLite(t))
		s := elsewhere.asCode()
		files, err := ascode.ReadFiles([]string{dir}, "en")
		must(t, err)
		p, err := s.Plan(t.Context(), files, true)
		must(t, err)
		must(t, s.Apply(t.Context(), p, func(string) {}))

		here, there := w.rewards(), elsewhere.rewards()
		want := []string{
			"speak 1. Ann Berg 20 points, 1 rounds", "speak 1. Bob Berg 20 points, 2 rounds", "club 1. Bob Berg 1 points, 0 rounds", "club 1. Ann Berg 1 points, 0 rounds",
			"a [novice speaker] gold", "b [speaker] gold", "c [] <nil>",
		}
		if !slices.Equal(here, want) || !slices.Equal(there, want) {
			t.Errorf("here\n%s\nelsewhere\n%s", strings.Join(here, "\n"), strings.Join(there, "\n"))
		}
	})
}
