package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

const calling = `
  - {id: level, call: {endpoint: placement, timeout: 10m, failed: without}}
  - branch:
      - {if: {call: level.course.name, is: B1}, steps: [{id: b1, wait: 1h}]}
      - {if: {all: [{call: level.free, at_least: 2}, {call: level.days, contains: mon}, {call: level.sure, is: true}]}, steps: [{id: some, wait: 2h}]}
  - {id: other, wait: 3h}
  - {id: without, wait: 4h}
`

func called(answer map[string]any) *decide.Called {
	return &decide.Called{Step: "level", Visit: 1, Answer: answer}
}

func notCalled(why campaigns.Reason) *decide.Called {
	return &decide.Called{Step: "level", Visit: 1, Failed: why}
}

var waitsForCall = line{in: &decide.Start{}, want: "call level/1 until 20 Oct 10:10\n = waiting time level/1 due 20 Oct 10:10"}

// TestCall: the member stands there until there is an answer, or none, and goes on by it.
func TestCall(t *testing.T) {
	for name, lines := range map[string][]line{
		"answered": {{after: time.Minute, in: called(map[string]any{"course": map[string]any{"name": "b1"}}), want: "call.answered level\n = waiting time b1/1 due 20 Oct 11:01"}},
		"with a number, a list, and true": {{in: called(map[string]any{"free": 2.0, "days": []any{"Mon", "Tue"}, "sure": true}), want: `
			call.answered level
			= waiting time some/1 due 20 Oct 12:00`}},
		"with nothing": {{in: called(nil), want: "call.answered level\n = waiting time other/1 due 20 Oct 13:00"}},
		"refused":      {{in: notCalled(campaigns.CallRefused), want: "call.failed level call_refused\n = waiting time without/1 due 20 Oct 14:00"}},
		"no answer in time, and one that comes later": {
			{after: 10 * time.Minute, in: &decide.Due{}, want: "end call call_timed_out\n call.failed level call_timed_out\n = waiting time without/1 due 20 Oct 14:10"},
			{in: called(nil), want: "= waiting time without/1 due 20 Oct 14:10"},
		},
		"looked at before its time": {{after: time.Minute, in: &decide.Due{}, want: "= waiting time level/1 due 20 Oct 10:10"}},
		"of another visit":          {{in: &decide.Called{Step: "level", Visit: 2}, want: "= waiting time level/1 due 20 Oct 10:10"}},
		"an event of some kind":     {{in: &decide.Happened{Event: "lesson.done"}, want: "= waiting time level/1 due 20 Oct 10:10"}},
		"the member moves":          {{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: "= waiting time level/1 due 20 Oct 10:10"}},
		"the member leaves": {
			{in: &decide.Left{Reason: campaigns.ExitLeft}, want: "end call call_left\n cancel enrollment_over\n close\n enrollment.exited level left\n = exited left level/1"},
			{in: called(nil), want: "= exited left level/1"},
		},
		"answered in a pause": {
			{facts: func(f *decide.Facts) { f.Paused = true }, in: called(nil), want: "call.answered level\n = active step-2/0 due 20 Oct 10:00"},
			{after: time.Hour, facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: "= waiting time other/1 due 20 Oct 14:00"},
		},
		"its time is over in a pause": {
			{after: time.Hour, facts: func(f *decide.Facts) { f.Paused = true }, in: &decide.Due{}, want: "= waiting time level/1 due 20 Oct 10:10"},
			{facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: "end call call_timed_out\n call.failed level call_timed_out\n = waiting time without/1 due 20 Oct 15:00"},
		},
	} {
		t.Run(name, func(t *testing.T) { play(t, calling).run(append([]line{waitsForCall}, lines...)...) })
	}
}

// TestCallAgain: what the call before was answered is none to this one, and a failure without a place leads to the next step.
func TestCallAgain(t *testing.T) {
	s := play(t, `
  - {id: level, call: {endpoint: placement}}
  - {id: w, wait: 1h}
  - {branch: [{if: {call: level.ok, is: true}, steps: [{goto: level}]}]}
  - {id: end, wait: 5h}
`)
	s.run(waitsForCall,
		line{in: called(map[string]any{"ok": true}), want: "call.answered level\n = waiting time w/1 due 20 Oct 11:00"},
		line{after: time.Hour, in: &decide.Due{}, want: "call level/2 until 20 Oct 11:10\n = waiting time level/2 due 20 Oct 11:10"},
		line{in: &decide.Called{Step: "level", Visit: 2, Failed: campaigns.CallGone}, want: "call.failed level /2 call_gone\n = waiting time w/2 due 20 Oct 12:00"},
		line{after: time.Hour, in: &decide.Due{}, want: "= waiting time end/1 due 20 Oct 17:00"},
	)
}

// TestCallInARound: the round's end is the call's, and the next round knows nothing of its answer. One that is answered as its round ends is given up all the
// same; its row keeps what was answered.
func TestCallInARound(t *testing.T) {
	for _, last := range []decide.Input{&decide.Due{}, &decide.Called{Step: "level", Visit: 2, Answer: map[string]any{"ok": true}}} {
		s := play(t, `
  - id: days
    repeat:
      times: 2
      at: "12:00"
      steps:
        - {branch: [{if: {call: level.ok, is: true}, steps: [{id: known, wait: 1h}]}]}
        - {id: level, call: {endpoint: placement, timeout: 3d}}
`)
		s.run(
			line{in: &decide.Start{}, want: "round.opened days [round:1]\n call level/1 until 21 Oct 10:00\n = waiting time level/1 due 21 Oct 10:00"},
			line{in: called(map[string]any{"ok": true}), want: "call.answered level\n = waiting time days/1 due 21 Oct 10:00"},
			line{after: 24 * time.Hour, in: &decide.Due{}, want: "round.opened days /2 [round:2]\n call level/2 until 22 Oct 10:00\n = waiting time level/2 due 22 Oct 10:00"},
			line{after: 24 * time.Hour, in: last, want: "end call call_left\n enrollment.completed days\n = completed days/1"},
		)
	}
}

// TestMovedAtACall: the step is the same, and goes on as it was begun; or another one, and the call is given up.
func TestMovedAtACall(t *testing.T) {
	s := play(t, calling)
	s.run(waitsForCall)
	s.run(
		line{after: time.Minute, in: s.move("  - {id: level, call: {endpoint: placement, timeout: 1h}}\n  - {id: after, wait: 1h}\n", nil), want: "enrollment.moved level [from:1 step:level to:2]\n = waiting time level/1 due 20 Oct 10:10"},
		line{in: called(nil), want: "call.answered level\n = waiting time after/1 due 20 Oct 11:01"})
	s = play(t, calling)
	s.run(waitsForCall)
	s.run(line{in: s.move("  - {id: after, wait: 1h}\n", map[campaigns.StepID]campaigns.StepID{"level": "after"}), want: `
		enrollment.moved level [from:1 step:after to:2]
		end call call_left
		= waiting time after/1 due 20 Oct 11:00`})
}
