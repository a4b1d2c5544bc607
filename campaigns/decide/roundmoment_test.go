package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// lateDays are rounds whose messages mind when they come.
const lateDays = `
  - id: days
    repeat:
      times: 3
      at: "10:00"
      steps:
        - {id: task, ask: {type: voice, text: {en: Speak}, timeout: {after: 20h}, late: {after: 2h, then: skip}}}
        - {id: give, award: {points: 10}}
  - {id: finish, send: {text: {en: Well done}, late: {after: 2h, then: skip}}}
`

// due is since when the message that the enrollment waits for has been due: by its plan, or now where it keeps none.
func (s *script) due() string {
	s.t.Helper()
	if s.e.Wait != campaigns.WaitDelivery {
		s.t.Fatalf("%s waits for no message", stand(s.e))
	}
	at := s.now
	if p := s.e.Waiting.Plan; p != nil {
		at = p.At
	}
	return string(s.e.Step) + " " + at.Format("2 Jan 15:04")
}

// intoRoundOne stands at the question of round 1, sent on 21 October at 10:00 in Berlin.
func intoRoundOne(t *testing.T) *script {
	s := play(t, lateDays)
	s.decide(&decide.Start{})
	s.now = s.now.Add(22 * time.Hour)
	s.decide(&decide.Due{})
	in := sent("task", 1, campaigns.Telegram)
	in.At = s.now
	s.decide(in)
	return s
}

// TestARoundIsDueWhenItOpens: whatever the round before waited for, and however long nobody could act on it, the first message of a round counts its lateness from
// the moment at which the round opened.
func TestARoundIsDueWhenItOpens(t *testing.T) {
	const day = 24 * time.Hour
	answer := func(s *script) {
		in := voice(1)
		in.At = s.now
		s.decide(in)
	}
	for name, c := range map[string]struct {
		play func(s *script)
		want string
	}{
		"an answer that a pause held": {func(s *script) {
			s.now = s.now.Add(time.Hour)
			s.f.Paused = true
			answer(s)
			s.now = s.now.Add(day)
			s.f.Paused = false
			s.decide(&decide.Due{})
		}, "task 22 Oct 08:00"},
		"a question that timed out while nothing ran": {func(s *script) {
			s.now = s.now.Add(day + 30*time.Minute)
			s.decide(&decide.Due{})
		}, "task 22 Oct 08:00"},
		"rounds that passed while nothing ran": {func(s *script) {
			s.now = s.now.Add(time.Hour)
			answer(s)
			s.now = s.now.Add(2 * day)
			s.decide(&decide.Due{})
		}, "task 23 Oct 08:00"},
		"an event that came before anybody looked": {func(s *script) {
			s.now = s.now.Add(day + 3*time.Hour)
			s.decide(&decide.Happened{Event: "lesson.done"})
		}, "task 22 Oct 08:00"},
		"the last rounds passed while nothing ran": {func(s *script) {
			s.now = s.now.Add(3*day + time.Hour)
			s.decide(&decide.Due{})
		}, "finish 24 Oct 08:00"},
		"the last round timed out while nothing ran": {func(s *script) {
			for n := 2; n <= 3; n++ {
				s.now = s.now.Add(day)
				s.decide(&decide.Due{})
				in := sent("task", n, campaigns.Telegram)
				in.At = s.now
				s.decide(in)
			}
			s.now = s.now.Add(day)
			s.decide(&decide.Due{})
		}, "finish 24 Oct 04:00"},
	} {
		s := intoRoundOne(t)
		c.play(s)
		if got := s.due(); got != c.want {
			t.Errorf("%s: due since %s, want %s", name, got, c.want)
		}
	}
}

// TestARoundThatTheMemberComesTo: who comes to a round that opened before, by joining or by moving to another zone, is not late for it.
func TestARoundThatTheMemberComesTo(t *testing.T) {
	s := play(t, `
  - {id: w, wait: 3h}
  - {id: days, repeat: {times: 5, at: "10:00", starts: "2026-10-18", steps: [{id: note, send: {text: {en: Speak}, late: {after: 2h, then: skip}}}]}}
`)
	s.decide(&decide.Start{})
	s.now = s.now.Add(4 * time.Hour)
	s.decide(&decide.Due{})
	if got := s.due(); got != "note 20 Oct 13:00" {
		t.Errorf("joined: due since %s", got)
	}
	tokyo := func(s *script, after time.Duration) {
		s.now = s.now.Add(after)
		s.f.Zone = zone(t, "Asia/Tokyo")
		s.decide(&decide.ZoneChanged{})
	}
	s = intoRoundOne(t)
	tokyo(s, 20*time.Hour) // at 13:00 there: round 2 has been open for three hours
	if got := s.due(); got != "task 22 Oct 04:00" {
		t.Errorf("moved in a round: due since %s", got)
	}
	s = intoRoundOne(t)
	in := voice(1)
	in.At = s.now
	s.decide(in)
	tokyo(s, 20*time.Hour)
	s.now = s.now.Add(time.Hour)
	s.decide(&decide.Due{})
	if got := s.due(); got != "task 22 Oct 04:00" {
		t.Errorf("moved between rounds: due since %s", got)
	}
	s = intoRoundOne(t)
	s.now = s.now.Add(time.Hour)
	s.decide(in)
	s.now = s.now.Add(25 * time.Hour) // nobody looked for two hours
	s.f.Zone = zone(t, "Europe/Paris")
	s.decide(&decide.ZoneChanged{})
	s.now = s.now.Add(time.Hour)
	s.decide(&decide.Due{})
	if got := s.due(); got != "task 22 Oct 08:00" {
		t.Errorf("moved when the round had been due: due since %s", got)
	}
}

// TestAMoveForgetsNoLateness: a wait that was over before the member's zone, or a day of theirs, changed was over when it was.
func TestAMoveForgetsNoLateness(t *testing.T) {
	s := play(t, "  - {id: w, wait: {until: \"14:00\"}}\n  - {id: one, send: {text: One, late: {after: 1h, then: skip}}}\n")
	s.decide(&decide.Start{})
	s.now = s.now.Add(5 * time.Hour)
	s.f.Zone = zone(t, "Europe/Paris")
	s.decide(&decide.ZoneChanged{})
	s.now = s.now.Add(time.Minute)
	s.decide(&decide.Due{})
	if got := s.due(); got != "one 20 Oct 12:00" {
		t.Errorf("due since %s", got)
	}
}

// TestAMoveInTheMiddleOfARound: a round ends when the next one opens by the member's new clock, whatever is under way in it.
func TestAMoveInTheMiddleOfARound(t *testing.T) {
	for name, step := range map[string]string{
		"a call":    "call: {endpoint: shop, timeout: 3d}",
		"a message": "send: {text: {en: Speak}}",
		"a wait":    "wait: 3d",
		"a silence": "send: {text: {en: Speak}, escalate: {after: 23h}}",
	} {
		s := play(t, `
  - id: days
    repeat:
      times: 3
      at: "10:00"
      steps: [{id: step, `+step+`}, {id: more, award: {points: 5}}]
`)
		opened := func(n int) bool { return s.e.Round != nil && s.e.Round.N == n && !s.e.Round.Over }
		s.decide(&decide.Start{})
		s.now = s.now.Add(22 * time.Hour)
		s.decide(&decide.Due{})
		if name == "a silence" {
			in := sent("step", 1, campaigns.Telegram)
			in.At = s.now
			s.decide(in)
		}
		s.now = s.now.Add(10 * time.Hour) // in Tokyo it is the next day, 03:00
		s.f.Zone = zone(t, "Asia/Tokyo")
		s.decide(&decide.ZoneChanged{})
		next := timing.LocalDateTime{Year: 2026, Month: time.October, Day: 22, LocalTime: timing.LocalTime{Hour: 10}}.In(s.f.Zone)
		if !opened(1) || s.e.Due == nil || !s.e.Due.Equal(next) {
			t.Errorf("%s: in round %+v, due %v, want %v", name, s.e.Round, s.e.Due, next)
			continue
		}
		s.now = next
		s.decide(&decide.Due{})
		if !opened(2) {
			t.Errorf("%s: as the next opens, in round %+v", name, s.e.Round)
		}
	}
}

// TestARoundOutOfQuietHours: what the round before waited for in quiet hours that skip says nothing of the next one, which opens out of them.
func TestARoundOutOfQuietHours(t *testing.T) {
	s := play(t, `
key: test
kind: onboarding
name: Test
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
quiet_hours: {from: "22:00", to: "09:00", then: skip}
steps:
  - id: days
    repeat:
      times: 3
      at: "10:00"
      steps: [{id: task, ask: {type: voice, text: {en: Speak}, timeout: {after: 20h}}}]
`)
	s.decide(&decide.Start{})
	s.now = s.now.Add(22 * time.Hour)
	s.decide(&decide.Due{})
	in := sent("task", 1, campaigns.Telegram)
	in.At = s.now
	s.decide(in)
	s.now = s.now.Add(24*time.Hour + 30*time.Minute) // the question's time was over at 06:00, and nobody looked
	s.decide(&decide.Due{})
	if got := s.due(); got != "task 22 Oct 08:30" { // it keeps no plan: it comes due out of them whenever it does
		t.Errorf("due since %s", got)
	}
}

// TestAVersionWithAnotherHour: whatever is under way in a round ends when the next one opens by the new version's hour.
func TestAVersionWithAnotherHour(t *testing.T) {
	for name, step := range map[string]string{"a call": "call: {endpoint: shop, timeout: 3d}", "a message": "send: {text: {en: Speak}}", "a wait": "wait: 3d"} {
		doc := func(at string) string {
			return "  - {id: days, repeat: {times: 3, at: \"" + at + "\", steps: [{id: step, " + step + "}]}}\n"
		}
		s := play(t, doc("10:00"))
		s.decide(&decide.Start{})
		s.now = s.now.Add(22 * time.Hour)
		s.decide(&decide.Due{})
		s.now = s.now.Add(time.Hour)
		s.decide(s.move(doc("08:00"), nil))
		s.now = time.Date(2026, 10, 22, 6, 0, 0, 0, time.UTC)
		if s.e.Due == nil || !s.e.Due.Equal(s.now) {
			t.Errorf("%s: due %v, want %v", name, s.e.Due, s.now)
			continue
		}
		s.decide(&decide.Due{})
		if s.e.Round == nil || s.e.Round.N != 2 || s.e.Round.Over {
			t.Errorf("%s: as the next opens, in round %+v", name, s.e.Round)
		}
	}
}
