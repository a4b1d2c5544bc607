package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// threeDays is a challenge of three rounds with a question each; noon in the script is 12:00 in Berlin.
const threeDays = `
  - id: days
    repeat:
      times: 3
      at: "10:00"
      steps:
        - id: task
          ask: {type: voice, text: {en: "Day {{ round }}"}, timeout: {after: 20h}}
        - branch:
            - if: {answer: task, exists: true}
              steps: [{id: give, award: {points: 10}}]
  - id: finish
    branch:
      - if: {score: rounds_done, at_least: 2}
        steps: [{id: well, send: {text: {en: Well done}}}]
`

func voice(visit int) *decide.Answered {
	return &decide.Answered{
		Step: "task", Visit: visit, Channel: campaigns.Telegram, Input: 7,
		Raw: campaigns.RawAnswer{Media: &campaigns.Media{ID: 9, Kind: campaigns.MediaVoice, Seconds: 7}},
	}
}

// TestRounds: a round a day, each a visit of its own; an answer counts once, an unanswered day is a recorded miss, the last answer ends the challenge.
func TestRounds(t *testing.T) {
	s := play(t, threeDays)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time days/1 due 21 Oct 08:00"},
		line{after: 22 * time.Hour, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver task/1 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery task/1 telegram.0`},
		line{in: sent("task", 1, campaigns.Telegram), want: "= waiting answer task/1 due 22 Oct 04:00"},
		line{after: time.Hour, in: voice(1), want: `save task task/1  by telegram#7
			close
			question.answered task [channel:telegram]
			award give/1 10 round 1
			= waiting time days/1 due 22 Oct 08:00`},
		line{after: 23 * time.Hour, in: &decide.Due{}, want: `round.opened days /2 [round:2]
			deliver task/2 telegram.0 bulk until 23 Oct 08:00
			= waiting delivery task/2 telegram.0`},
		line{in: sent("task", 2, campaigns.Telegram), want: "= waiting answer task/2 due 23 Oct 04:00"},
		// Nobody answers: the question closes, the round is missed.
		line{after: 20 * time.Hour, in: &decide.Due{}, want: `question.timed_out task /2
			close
			round.missed days /2 [round:2]
			= waiting time days/1 due 23 Oct 08:00`},
		line{after: time.Hour, in: voice(2), want: `save task task/2  by telegram#7 late
			answer.late task /2 [saved:true]
			= waiting time days/1 due 23 Oct 08:00`},
		line{after: 3 * time.Hour, in: &decide.Due{}, want: `round.opened days /3 [round:3]
			deliver task/3 telegram.0 bulk until 24 Oct 08:00
			= waiting delivery task/3 telegram.0`},
		line{in: sent("task", 3, campaigns.Telegram), want: "= waiting answer task/3 due 24 Oct 04:00"},
		// A change of an earlier round's answer replaces nothing; yesterday's late one neither.
		line{in: voice(1), want: `answer.late task [saved:false]
			= waiting answer task/3 due 24 Oct 04:00`},
		line{in: voice(3), want: `save task task/3  by telegram#7
			close
			question.answered task /3 [channel:telegram]
			award give/3 10 round 3
			deliver well/1 telegram.0 bulk until 24 Oct 08:00
			= waiting delivery well/1 telegram.0`},
	)
	if s.e.Points != 20 || s.e.RoundsDone != 2 || s.e.Round != nil {
		t.Errorf("points %d, rounds %d, round %+v", s.e.Points, s.e.RoundsDone, s.e.Round)
	}
}

// TestARoundEndsWithItsDay: what stands open when the next round opens is closed, whatever its own time limit; whole rounds that passed are missed.
func TestARoundEndsWithItsDay(t *testing.T) {
	s := play(t, threeDays)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time days/1 due 21 Oct 08:00"},
		line{after: 40 * time.Hour, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver task/1 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery task/1 telegram.0`},
		// The timeout of 20 hours would end after the round.
		line{in: sent("task", 1, campaigns.Telegram), want: "= waiting answer task/1 due 22 Oct 08:00"},
		// Nothing ran for two days: round 2 passed whole.
		line{after: 54 * time.Hour, in: &decide.Due{}, want: `question.timed_out task
			close
			round.missed days [round:1]
			round.missed days /2 [round:2]
			round.missed days /3 [round:3]
			enrollment.completed finish
			= completed finish/1`},
	)
}

// TestAnUnsentTaskEndsWithItsRound: the message of yesterday's task is not sent today.
func TestAnUnsentTaskEndsWithItsRound(t *testing.T) {
	s := play(t, threeDays)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time days/1 due 21 Oct 08:00"},
		line{after: 22 * time.Hour, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver task/1 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery task/1 telegram.0`},
		line{after: 24 * time.Hour, in: failed("task", 1, campaigns.Telegram, campaigns.Expired, campaigns.TooLate), want: `cancel round_over
			close
			round.missed days [round:1]
			round.opened days /2 [round:2]
			deliver task/2 telegram.0 bulk until 23 Oct 08:00
			= waiting delivery task/2 telegram.0`},
	)
}

// TestTheCalendarsRounds: everybody has the same day 1 by their own clock; who comes later begins with the round that is open.
func TestTheCalendarsRounds(t *testing.T) {
	calendar := `
  - id: days
    repeat: {times: 5, at: "10:00", starts: "2026-10-18", steps: [{id: task, ask: {type: voice, text: {en: Speak}}}]}
`
	s := play(t, calendar)
	s.run(
		line{in: &decide.Start{}, want: `rounds.joined_late days [before:2]
			round.opened days /3 [round:3]
			deliver task/3 telegram.0 bulk until 21 Oct 08:00
			= waiting delivery task/3 telegram.0`},
		line{in: sent("task", 3, campaigns.Telegram), want: "= waiting answer task/3 due 21 Oct 08:00"},
		// A move to Tokyo ends the round seven hours earlier.
		line{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: "= waiting answer task/3 due 21 Oct 01:00"},
	)
	early := play(t, `
  - id: days
    repeat: {times: 2, at: "02:30", starts: "2026-10-24", steps: [{id: note, send: {text: {en: Speak}}}]}
`)
	early.run( // the clocks go back on 25 October: 02:30 is the first of the two
		line{in: &decide.Start{}, want: "= waiting time days/1 due 24 Oct 00:30"},
		line{after: 86*time.Hour + 30*time.Minute, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver note/1 telegram.0 bulk until 25 Oct 00:30
			= waiting delivery note/1 telegram.0`},
		line{in: sent("note", 1, campaigns.Telegram), want: "= waiting time days/1 due 25 Oct 00:30"},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: `round.opened days /2 [round:2]
			deliver note/2 telegram.0 bulk until 26 Oct 00:30
			= waiting delivery note/2 telegram.0`},
		line{in: sent("note", 2, campaigns.Telegram), want: "enrollment.completed days\n= completed days/1"},
	)
	if early.e.RoundsDone != 2 {
		t.Errorf("%d rounds done", early.e.RoundsDone)
	}
}

// TestAPauseHoldsRounds: while the campaign is paused no round opens and an answer to the open one counts; afterwards time goes on by the calendar.
func TestAPauseHoldsRounds(t *testing.T) {
	s := play(t, threeDays)
	s.run(
		line{in: &decide.Start{}, want: "= waiting time days/1 due 21 Oct 08:00"},
		line{after: 22 * time.Hour, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver task/1 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery task/1 telegram.0`},
		line{in: sent("task", 1, campaigns.Telegram), want: "= waiting answer task/1 due 22 Oct 04:00"},
		line{after: 25 * time.Hour, facts: func(f *decide.Facts) { f.Paused = true }, in: &decide.Due{}, want: "= waiting answer task/1 due 22 Oct 04:00"},
		line{in: voice(1), want: `save task task/1  by telegram#7
			close
			question.answered task [channel:telegram]
			= active days.1.2/0 due 22 Oct 09:00`},
		line{facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: `award give/1 10 round 1
			round.opened days /2 [round:2]
			deliver task/2 telegram.0 bulk until 23 Oct 08:00
			= waiting delivery task/2 telegram.0`},
	)
}

// TestAfterAPauseARoundThatIsOverWaitsForNothing: what follows from an answer that a pause held is done, as far as the first wait or call; then the next round
// opens, in the same decision. What is due in a moment that has passed would be decided again for nothing, and a call would be written that nobody makes.
func TestAfterAPauseARoundThatIsOverWaitsForNothing(t *testing.T) {
	for _, stops := range []string{"wait: 1h", `wait: {until: "23:00"}`, "wait: {event: lesson.done, timeout: {after: 1h}}", `wait: {date: {attribute: exam_on}, until: "10:00"}`, "call: {endpoint: shop, timeout: 10m}"} {
		s := play(t, `
  - id: days
    repeat:
      times: 2
      at: "10:00"
      steps:
        - {id: task, ask: {type: voice, text: {en: Speak}, timeout: {after: 20h}}}
        - {id: give, award: {points: 10}}
        - {id: stop, `+stops+`}
        - {id: more, award: {points: 5}}
`)
		s.f.Attributes = map[string]any{"exam_on": "2027-01-10T10:00:00Z"}
		s.run(
			line{in: &decide.Start{}, want: "= waiting time days/1 due 21 Oct 08:00"},
			line{after: 22 * time.Hour, in: &decide.Due{}, want: `round.opened days [round:1]
			deliver task/1 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery task/1 telegram.0`},
			line{in: sent("task", 1, campaigns.Telegram), want: "= waiting answer task/1 due 22 Oct 04:00"},
			line{after: time.Hour, facts: func(f *decide.Facts) { f.Paused = true }, in: voice(1), want: `save task task/1  by telegram#7
			close
			question.answered task [channel:telegram]
			= active give/0 due 21 Oct 09:00`},
			line{after: 24 * time.Hour, facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: `award give/1 10 round 1
			round.opened days /2 [round:2]
			deliver task/2 telegram.0 bulk until 23 Oct 08:00
			= waiting delivery task/2 telegram.0`},
		)
	}
}
