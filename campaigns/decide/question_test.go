package decide_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

const survey = `
  - id: level
    ask:
      type: choice
      text: {en: Level?}
      options: [{value: a1, text: {en: One}}, {value: b1, text: {en: Two}}]
      timeout: {after: 1d, goto: bye}
      retries: 2
  - {id: nps, ask: {type: nps, text: {en: Recommend?}, save_as: score, final: true, timeout: {after: 24h}}}
  - id: by
    branch:
      - {if: {answer: level, is: a1}, steps: [{id: easy, send: {text: {en: Easy}}}]}
  - {id: bye, send: {text: {en: Bye}}}
`

var (
	asked = line{in: &decide.Start{}, want: `
		deliver level/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery level/1 telegram.0`}
	put = line{after: time.Minute, in: sent("level", 1, campaigns.Telegram), want: `= waiting answer level/1 due 21 Oct 10:01`}
	// answered comes at 10:02.
	answered = line{after: time.Minute, in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
		save level level/1 a1 by telegram#7
		close
		question.answered level [channel:telegram]
		deliver nps/1 telegram.0 bulk until 21 Oct 10:02
		= waiting delivery nps/1 telegram.0`}
	scored = line{in: pressed("nps", 1, campaigns.Telegram, "9"), want: `
		save score nps/1 9 by telegram#7
		close
		cancel already_answered
		question.answered nps [channel:telegram]
		deliver easy/1 telegram.0 bulk until 21 Oct 10:02
		= waiting delivery easy/1 telegram.0`}
)

func TestFirstAnswerDecides(t *testing.T) {
	s := play(t, survey)
	s.run(asked, put, answered, scored,
		// The outcome of the delivery that the answer overtook comes too late to matter.
		line{in: sent("nps", 1, campaigns.Telegram), want: `= waiting delivery easy/1 telegram.0`},
		line{in: pressed("level", 1, campaigns.Telegram, "b1"), want: `
			save level level/1 b1 by telegram#7
			answer.changed level [channel:telegram]
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("nps", 1, campaigns.Telegram, "3"), want: `
			answer.final_kept nps
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("level", 2, campaigns.Telegram, "a1"), want: `
			answer.ignored level /2
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("easy", 1, campaigns.Telegram, "a1"), want: `
			answer.ignored easy
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("bye", 0, campaigns.Telegram, "a1"), want: `
			answer.ignored bye /0
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("nowhere", 1, campaigns.Telegram, "a1"), want: `
			answer.ignored nowhere
			= waiting delivery easy/1 telegram.0`},
		line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: rejected(t, s.d, "level", "zz") + `
			unread level/1 telegram
			= waiting delivery easy/1 telegram.0`},
		line{in: sent("easy", 1, campaigns.Telegram), want: `
			deliver bye/1 telegram.0 bulk until 21 Oct 10:02
			= waiting delivery bye/1 telegram.0`},
		line{in: sent("bye", 1, campaigns.Telegram), want: `
			enrollment.completed bye
			= completed bye/1`},
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1 a1 by telegram#7
			answer.changed level [channel:telegram]
			= completed bye/1`},
		line{after: 25 * time.Hour, in: pressed("level", 1, campaigns.Telegram, "b1"), want: `
			answer.late level [saved:false]
			= completed bye/1`},
	)
	if got := s.e.Answers["level"].Text; got != "a1" {
		t.Errorf("the late answer replaced the one that counts: %q", got)
	}
}

func TestTimeout(t *testing.T) {
	s := play(t, survey)
	s.run(asked, put,
		line{in: pressed("nps", 0, campaigns.Telegram, "5"), want: "answer.ignored nps /0\n= waiting answer level/1 due 21 Oct 10:01"},
		line{after: time.Hour, in: &decide.Due{}, want: `= waiting answer level/1 due 21 Oct 10:01`},
		line{after: 23 * time.Hour, in: &decide.Due{}, want: `
			question.timed_out level
			close
			deliver bye/1 telegram.0 bulk until 22 Oct 10:01
			= waiting delivery bye/1 telegram.0`},
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1 a1 by telegram#7 late
			answer.late level [saved:true]
			= waiting delivery bye/1 telegram.0`},
	)
	if len(s.e.Answers) > 0 {
		t.Errorf("a late answer counts: %v", s.e.Answers)
	}
}

// The outcome of the message becomes known when the question's time is over already: an outage. In a pause the time stands still from its beginning.
func TestOutcomeKnownAfterTheTimeout(t *testing.T) {
	late := sent("level", 1, campaigns.Telegram)
	late.At = noon
	play(t, survey).run(asked, line{after: 25 * time.Hour, in: late, want: `
		question.timed_out level
		close
		deliver bye/1 telegram.0 bulk until 22 Oct 11:00
		= waiting delivery bye/1 telegram.0`})
	paused := func(from time.Duration) func(*decide.Facts) {
		return func(f *decide.Facts) { f.Paused, f.Pauses = true, []decide.Pause{{From: noon.Add(from)}} }
	}
	play(t, survey).run(asked, line{after: 25 * time.Hour, facts: paused(time.Hour), in: late, want: `= waiting answer level/1 due 22 Oct 10:00`})
	play(t, survey).run(asked, line{after: 26 * time.Hour, facts: paused(25 * time.Hour), in: late, want: `
		question.timed_out level
		close
		= active bye/0 due 21 Oct 12:00`})
}

func TestLateAfterExit(t *testing.T) {
	play(t, survey).run(asked, put,
		line{in: &decide.Left{Reason: campaigns.ExitUnsubscribed}, want: `
			cancel enrollment_over
			close
			enrollment.exited level unsubscribed
			= exited unsubscribed level/1`},
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1 a1 by telegram#7 late
			answer.late level [saved:true]
			= exited unsubscribed level/1`},
	)
}

// The wrong answers: two are asked again, the second for the last time; the third is only noted, and a right one still counts.
func TestRetries(t *testing.T) {
	s := play(t, survey)
	no := rejected(t, s.d, "level", "zz")
	wrong := func(again string) line {
		return line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: no + "\n" + again + "\n= waiting answer level/1 due 21 Oct 10:01"}
	}
	s.run(asked, put, wrong("again level/1 telegram"), wrong("again level/1 telegram last"), wrong("unread level/1 telegram"), answered)
}

// A wrong answer that overtakes the outcome of the question's delivery counts like one after it.
func TestRetriesBeforeTheOutcome(t *testing.T) {
	s := play(t, survey)
	no := rejected(t, s.d, "level", "zz")
	s.run(asked,
		line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: no + "\nagain level/1 telegram\n= waiting delivery level/1 telegram.0"},
		put,
		line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: no + "\nagain level/1 telegram last\n= waiting answer level/1 due 21 Oct 10:01"},
	)
}

// A pause that begins after the timeout does not open the question again.
func TestPauseAfterTheTimeout(t *testing.T) {
	play(t, survey).run(asked, put,
		line{after: 30 * time.Hour, facts: func(f *decide.Facts) {
			f.Pauses = []decide.Pause{{From: noon.Add(25 * time.Hour), To: noon.Add(29 * time.Hour)}, {From: noon.Add(29 * time.Hour), To: noon.Add(30 * time.Hour)}}
		}, in: &decide.Due{}, want: `
			question.timed_out level
			close
			deliver bye/1 telegram.0 bulk until 22 Oct 16:01
			= waiting delivery bye/1 telegram.0`},
	)
}

// An answer that came between the timeout and a pause, and is handled after the pause, is late.
func TestAnswerBetweenTimeoutAndPause(t *testing.T) {
	change := pressed("level", 1, campaigns.Telegram, "b1")
	change.At = noon.Add(24*time.Hour + 30*time.Minute)
	play(t, survey).run(asked, put, answered,
		line{after: 30 * time.Hour, facts: func(f *decide.Facts) {
			f.Pauses = []decide.Pause{{From: noon.Add(25 * time.Hour), To: noon.Add(29 * time.Hour)}}
		}, in: change, want: `
			answer.late level [saved:false]
			= waiting delivery nps/1 telegram.0`},
	)
}

const again = `
  - {id: q, ask: {type: nps, text: {en: Q}}}
  - {id: w, wait: 1h}
  - {id: b, branch: [{if: {answer: q, less_than: 9}, steps: [{id: g, goto: q}]}]}
  - {id: z, wait: 1h}
`

// Each visit of a question is a question of its own.
func TestSecondVisit(t *testing.T) {
	first := []line{
		{in: &decide.Start{}, want: "deliver q/1 telegram.0 bulk until 21 Oct 10:00\n= waiting delivery q/1 telegram.0"},
		{in: sent("q", 1, campaigns.Telegram), want: "= waiting answer q/1 due 23 Oct 10:00"},
		{in: pressed("q", 1, campaigns.Telegram, "5"), want: `
			save q q/1 5 by telegram#7
			close
			question.answered q [channel:telegram]
			= waiting time w/1 due 20 Oct 11:00`},
		{after: time.Hour, in: &decide.Due{}, want: "deliver q/2 telegram.0 bulk until 21 Oct 11:00\n= waiting delivery q/2 telegram.0"},
		{in: pressed("q", 1, campaigns.Telegram, "9"), want: "answer.ignored q\n= waiting delivery q/2 telegram.0"},
	}
	s := play(t, again)
	s.run(append(first, line{in: pressed("q", 2, campaigns.Telegram, "9"), want: `
			save q q/2 9 by telegram#7
			close
			cancel already_answered
			question.answered q /2 [channel:telegram]
			= waiting time w/2 due 20 Oct 12:00`})...)
	if got := s.e.Asked["q"]; got.Visit != 2 || !got.Answered {
		t.Errorf("asked: %+v", got)
	}
	play(t, again).run(append(first,
		line{in: failed("q", 2, campaigns.Telegram, campaigns.Failed, campaigns.Rejected), want: `
			question.not_delivered q /2 rejected
			= waiting time w/2 due 20 Oct 12:00`},
		line{in: pressed("q", 2, campaigns.Telegram, "9"), want: `
			save q q/2 9 by telegram#7 late
			answer.late q /2 [saved:true]
			= waiting time w/2 due 20 Oct 12:00`})...)
}

func TestNoRetries(t *testing.T) {
	s := play(t, strings.Replace(survey, "retries: 2", "retries: 0", 1))
	s.run(asked, put, line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: rejected(t, s.d, "level", "zz") + `
		unread level/1 telegram
		= waiting answer level/1 due 21 Oct 10:01`})
}

func TestPauseStopsTheClockOfQuestions(t *testing.T) {
	from, to := noon.Add(10*time.Hour), noon.Add(16*time.Hour)
	play(t, survey).run(asked, put,
		line{after: 24 * time.Hour, facts: func(f *decide.Facts) {
			f.Pauses = []decide.Pause{{From: noon.Add(-time.Hour), To: noon}, {From: from, To: to}, {From: noon.Add(99 * time.Hour)}}
		}, in: &decide.Due{}, want: `= waiting answer level/1 due 21 Oct 16:01`},
		line{after: 2 * time.Hour, in: &decide.Due{}, want: `= waiting answer level/1 due 21 Oct 16:01`},
		line{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: `= waiting answer level/1 due 21 Oct 16:01`},
		line{after: 5 * time.Hour, facts: func(f *decide.Facts) { f.Paused = true }, in: &decide.Due{}, want: `= waiting answer level/1 due 21 Oct 16:01`},
		line{facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: `
			question.timed_out level
			close
			deliver bye/1 telegram.0 bulk until 22 Oct 17:01
			= waiting delivery bye/1 telegram.0`},
	)
}

func TestAnswerInAPause(t *testing.T) {
	play(t, survey).run(asked, put,
		line{after: 30 * time.Hour, facts: func(f *decide.Facts) {
			f.Paused, f.Pauses = true, []decide.Pause{{From: noon.Add(time.Hour)}}
		}, in: pressed("level", 1, campaigns.Telegram, "b1"), want: `
			save level level/1 b1 by telegram#7
			close
			question.answered level [channel:telegram]
			= active nps/0 due 21 Oct 16:01`},
		line{after: time.Hour, in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1 a1 by telegram#7
			answer.changed level [channel:telegram]
			= active nps/0 due 21 Oct 16:01`},
	)
}

func TestZoneMovesTheTimeout(t *testing.T) {
	s := play(t, `  - {id: q, ask: {type: nps, text: {en: Q}, timeout: {after: 5d}}}`)
	s.run(
		line{in: &decide.Start{}, want: `
			deliver q/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery q/1 telegram.0`},
		line{in: &decide.ZoneChanged{}, want: `= waiting delivery q/1 telegram.0`},
		line{in: sent("q", 1, campaigns.Telegram), want: `= waiting answer q/1 due 25 Oct 11:00`},
		line{facts: func(f *decide.Facts) { f.Zone = time.UTC }, in: &decide.ZoneChanged{}, want: `= waiting answer q/1 due 25 Oct 10:00`},
	)
}

func TestUndeliveredQuestion(t *testing.T) {
	play(t, survey).run(asked,
		line{in: failed("level", 1, campaigns.Telegram, campaigns.Failed, campaigns.Rejected), want: `
			question.not_delivered level rejected
			deliver bye/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery bye/1 telegram.0`},
		// It had arrived all the same: the answer is kept as late.
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1 a1 by telegram#7 late
			answer.late level [saved:true]
			= waiting delivery bye/1 telegram.0`},
	)
	play(t, survey).run(line{facts: func(f *decide.Facts) { f.Channels = nil }, in: &decide.Start{}, want: `
		step.skipped level no_address [email:no_address telegram:no_address]
		step.skipped bye no_address [email:no_address telegram:no_address]
		enrollment.completed bye
		= completed bye/1`})
}

// On the survey page the next question is shown, not mailed; once the member has gone, it is mailed again.
func TestPageAsksWithoutMail(t *testing.T) {
	s := play(t, strings.ReplaceAll(head, "[telegram, email]", "[email]")+survey)
	s.run(
		line{in: &decide.Start{}, want: `
			deliver level/1 email.0 bulk until 21 Oct 10:00
			= waiting delivery level/1 email.0`},
		line{in: sent("level", 1, campaigns.Email), want: `= waiting answer level/1 due 21 Oct 10:00`},
		line{in: pressed("level", 1, campaigns.Page, "b1"), want: `
			save level level/1 b1 by page#7
			close
			question.answered level [channel:page]
			question.on_page nps
			= waiting answer nps/1 due 21 Oct 10:00`},
		line{after: 11 * time.Minute, in: pressed("nps", 1, campaigns.Email, "10"), want: `
			save score nps/1 10 by email#7
			close
			question.answered nps [channel:email]
			deliver bye/1 email.0 bulk until 21 Oct 10:11
			= waiting delivery bye/1 email.0`},
	)
	if s.e.Asked["nps"].Channel != campaigns.Page || s.e.Asked["level"].Channel != campaigns.Email {
		t.Errorf("asked: %+v", s.e.Asked)
	}
	later := s.e.PageAt.Add(11 * time.Minute)
	e := decide.Enrollment{State: campaigns.EnrollmentActive, PageAt: s.e.PageAt}
	if _, effects := decide.Decide(s.d, e, s.f, &decide.Start{}, later); len(effects) != 1 {
		t.Errorf("the question is not mailed after eleven minutes: %v", shown(effects))
	}
}

// A question that is asked until it is answered cannot be done without.
func TestUnreachable(t *testing.T) {
	play(t, `
  - {id: q, ask: {type: nps, text: {en: Q}, timeout: {after: 1d, goto: more}}}
  - end: true
  - {id: more, set: {add_tags: [slow]}}
  - goto: q
`).run(
		line{in: &decide.Start{}, want: `
			deliver q/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery q/1 telegram.0`},
		line{in: sent("q", 1, campaigns.Telegram), want: `= waiting answer q/1 due 21 Oct 10:00`},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: `
			question.timed_out q
			close
			set map[] +[slow] -[]
			deliver q/2 telegram.0 bulk until 22 Oct 10:00
			= waiting delivery q/2 telegram.0`},
		line{in: pressed("q", 1, campaigns.Telegram, "5"), want: `
			answer.ignored q
			= waiting delivery q/2 telegram.0`},
		line{facts: func(f *decide.Facts) { f.Channels = nil }, in: failed("q", 2, campaigns.Telegram, campaigns.Failed, campaigns.Blocked), want: `
			question.not_delivered q /2 blocked
			set map[] +[slow] -[]
			step.skipped q /3 no_address [email:no_address telegram:no_address]
			set map[] +[slow] -[]
			step.skipped q /4 no_address [email:no_address telegram:no_address]
			cancel enrollment_over
			close
			enrollment.exited q /4 unreachable
			= exited unreachable q/4`},
	)
}
