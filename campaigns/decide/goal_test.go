package decide_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

const withGoal = `
key: test
kind: survey
name: Test
topic: news
languages: [en]
channels: [telegram, email]
entry: {manual: true}
exit: [{if: {attribute: paid, is: true}}, {event: lesson.canceled, if: {tag: t1}}]
goal: {event: lesson.booked, data: {kind: group}, within: 14d%s}
holdout: 10
steps:
  - {id: a, send: {text: {en: A}}}
  - {id: w, wait: 20d}
  - {id: b, send: {text: {en: B}}}
`

func goalPlay(t *testing.T, then string) *script {
	s := play(t, fmt.Sprintf(withGoal, then))
	s.e.Entered = noon
	return s
}

var booked = &decide.Happened{Event: "lesson.booked", Data: map[string]any{"kind": "Group"}}

func TestGoalEnds(t *testing.T) {
	goalPlay(t, "").run(
		line{in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: &decide.Happened{Event: "lesson.booked", Data: map[string]any{"kind": "single"}}, want: `= waiting delivery a/1 telegram.0`},
		line{in: booked, want: `
			reach
			goal.reached a
			cancel enrollment_over
			close
			enrollment.exited a goal
			= exited goal a/1`},
		line{in: booked, want: `= exited goal a/1`},
	)
}

// TestGoalCounts: also for a passage that is over, once, and not when its time is.
func TestGoalCounts(t *testing.T) {
	s := goalPlay(t, ", then: count")
	s.run(
		line{in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: sent("a", 1, campaigns.Telegram), want: `= waiting time w/1 due 9 Nov 11:00`},
	)
	late := *s
	late.run(line{after: 14*24*time.Hour + time.Hour, in: booked, want: `= waiting time w/1 due 9 Nov 11:00`}) // fourteen days of Berlin have an hour more
	early := *s
	early.run(line{after: 14*24*time.Hour + time.Hour - time.Second, in: booked, want: `
			reach
			goal.reached w
			= waiting time w/1 due 9 Nov 11:00`})
	s.run(
		line{in: &decide.Left{Reason: campaigns.ExitWithdrawn}, want: `
			cancel enrollment_over
			close
			enrollment.exited w withdrawn
			= exited withdrawn w/1`},
		line{in: booked, want: `
			reach
			goal.reached w
			= exited withdrawn w/1`},
		line{in: booked, want: `= exited withdrawn w/1`},
	)
}

// TestHeldOut: nothing but the end of the goal's time is waited for; the goal counts all the same.
func TestHeldOut(t *testing.T) {
	hold := func(f *decide.Facts) { f.HeldOut = true }
	s := goalPlay(t, "")
	s.run(line{facts: hold, in: &decide.Start{}, want: `
		hold out
		step.held_out a holdout_group
		= waiting time due 3 Nov 11:00`})
	counts := *s
	counts.run(line{in: booked, want: `
		reach of those held out
		goal.reached /0
		cancel enrollment_over
		close
		enrollment.exited /0 goal
		= exited goal`})
	s.run(
		line{in: &decide.Due{}, want: `= waiting time due 3 Nov 11:00`},
		line{in: &decide.ZoneChanged{}, want: `= waiting time due 3 Nov 11:00`},
		line{after: 14*24*time.Hour + time.Hour, in: &decide.Due{}, want: `
			cancel enrollment_over
			close
			enrollment.exited /0 held_out
			= exited held_out`},
	)
}

// TestExitConditions: a condition ends a passage before its next step, and at an event where one is named; the end of the last step comes first.
func TestExitConditions(t *testing.T) {
	paid := func(f *decide.Facts) { f.Attributes = map[string]any{"paid": true} }
	goalPlay(t, "").run(line{facts: paid, in: &decide.Start{}, want: `
		cancel enrollment_over
		close
		enrollment.exited /0 exit_rule
		= exited exit_rule`})
	s := goalPlay(t, "")
	s.run(line{in: &decide.Start{}, want: `
		deliver a/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery a/1 telegram.0`})
	gate := *s
	gate.run(line{in: failed("a", 1, campaigns.Telegram, campaigns.Canceled, campaigns.ExitRuled), want: `
		cancel enrollment_over
		close
		enrollment.exited a exit_rule
		= exited exit_rule a/1`})
	s.run(
		line{in: &decide.Happened{Event: "lesson.canceled"}, want: `= waiting delivery a/1 telegram.0`},
		line{facts: func(f *decide.Facts) { f.Tags = []string{"t1"} }, in: &decide.Happened{Event: "lesson.canceled"}, want: `
			cancel enrollment_over
			close
			enrollment.exited a left
			= exited left a/1`},
	)
}

// TestHeldOutTooLate: where the goal's time is over before the passage could begin, nobody waits for it.
func TestHeldOutTooLate(t *testing.T) {
	s := goalPlay(t, "")
	s.f.HeldOut = true
	s.run(line{after: 15 * 24 * time.Hour, in: &decide.Start{}, want: `
			hold out
			cancel enrollment_over
			close
			enrollment.exited /0 held_out
			= exited held_out`})
}
