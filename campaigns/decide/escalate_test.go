package decide_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/channels"
)

const silent = `
  - id: level
    ask:
      type: choices
      text: {en: Level?}
      options: [{value: a1, text: {en: One}}, {value: b1, text: {en: Two}}]
      timeout: {after: 3d, goto: bye}
      escalate: {after: 2d}
  - {id: thanks, send: {text: {en: Thanks}}}
  - end: true
  - {id: bye, send: {text: {en: Bye}}}
`

var (
	begins = line{in: &decide.Start{}, want: `
		deliver level/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery level/1 telegram.0`}
	stands = line{in: sent("level", 1, campaigns.Telegram), want: `= waiting answer level/1 due 22 Oct 10:00`}
	goesOn = line{after: 48 * time.Hour, in: &decide.Due{}, want: `
		question.escalated level [after:2d from:telegram to:email]
		deliver level/1 email.0 bulk until 23 Oct 10:00
		= waiting delivery level/1 email.0 due 23 Oct 10:00`}
	twice = line{in: sent("level", 1, campaigns.Email), want: `= waiting answer level/1 due 23 Oct 10:00`}
	over  = line{after: 24 * time.Hour, in: &decide.Due{}, want: `
		question.timed_out level
		close
		deliver bye/1 telegram.0 bulk until 24 Oct 10:00
		= waiting delivery bye/1 telegram.0`}
)

func TestSilenceGoesByTheNextChannel(t *testing.T) {
	s := play(t, silent)
	s.run(begins, stands,
		line{after: 47 * time.Hour, in: &decide.Due{}, want: `= waiting answer level/1 due 22 Oct 10:00`},
		line{after: time.Hour, in: &decide.Due{}, want: goesOn.want}, twice,
		line{after: time.Hour, in: pressed("level", 1, campaigns.Page, "b1"), want: `
			save level level/1  by page#7
			close
			question.answered level [channel:page]
			deliver thanks/1 telegram.0 bulk until 23 Oct 11:00
			= waiting delivery thanks/1 telegram.0`},
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1  by telegram#7
			answer.changed level [channel:telegram]
			= waiting delivery thanks/1 telegram.0`},
		line{in: sent("level", 1, campaigns.Email), want: `= waiting delivery thanks/1 telegram.0`},
	)
	if asked := s.e.Asked["level"]; !asked.On(campaigns.Telegram) || !asked.On(campaigns.Email) || asked.On(campaigns.Page) {
		t.Errorf("asked: %+v", asked)
	}
}

// The question's own time runs on as before, whatever comes of its second message.
func TestEscalatedQuestionTimesOut(t *testing.T) {
	play(t, silent).run(begins, stands, goesOn, twice, over)
	play(t, silent).run(begins, stands, goesOn,
		line{in: failed("level", 1, campaigns.Email, campaigns.Failed, campaigns.AttemptsUsedUp), want: `
			question.twin_not_delivered level attempts_used_up
			= waiting answer level/1 due 23 Oct 10:00`}, over)
	play(t, silent).run(begins, stands, goesOn, // it waits behind a channel that stands still
		line{after: 24 * time.Hour, in: &decide.Due{}, want: "cancel question_closed" + over.want})
	play(t, silent).run(begins, stands, line{after: 73 * time.Hour, in: &decide.Due{}, want: strings.ReplaceAll(over.want, "24 Oct 10:00", "24 Oct 11:00")}) // nobody looked in time
}

func TestAnswerBeforeTheSecondMessage(t *testing.T) {
	play(t, silent).run(begins, stands, goesOn,
		line{in: pressed("level", 1, campaigns.Telegram, "a1"), want: `
			save level level/1  by telegram#7
			close
			cancel already_answered
			question.answered level [channel:telegram]
			deliver thanks/1 telegram.0 bulk until 23 Oct 10:00
			= waiting delivery thanks/1 telegram.0`},
		line{in: sent("level", 1, campaigns.Email), want: `= waiting delivery thanks/1 telegram.0`},
	)
}

// Who has begun to answer is not silent: some options are ticked, or what was written was no answer. The tick may overtake the outcome of the message.
func TestBegunIsNotSilent(t *testing.T) {
	kept := line{after: 48 * time.Hour, in: &decide.Due{}, want: `
		question.not_escalated level answer_begun
		= waiting answer level/1 due 23 Oct 10:00`}
	tick := &decide.Begun{Step: "level", Visit: 1}
	play(t, silent).run(begins, stands, line{in: tick, want: stands.want}, kept, over)
	play(t, silent).run(begins, line{in: tick, want: `= waiting delivery level/1 telegram.0`}, stands, kept)
	play(t, silent).run(begins, stands, line{in: &decide.Begun{Step: "level", Visit: 2}, want: stands.want}, goesOn)
	s := play(t, silent)
	s.run(begins, stands, line{in: pressed("level", 1, campaigns.Telegram, "zz"), want: rejected(t, s.d, "level", "zz") + "\nagain level/1 telegram\n" + stands.want}, kept)
}

func TestNoChannelToGoOnBy(t *testing.T) {
	for _, c := range []struct {
		facts  func(*decide.Facts)
		reason campaigns.Reason
	}{
		{func(f *decide.Facts) { delete(f.Channels, campaigns.Email) }, campaigns.NoAddress},
		{onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Consent = false }), campaigns.NoConsent},
		{onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Suppressed = true }), campaigns.SuppressedAddr},
	} {
		play(t, silent).run(begins, stands, line{facts: c.facts}, line{after: 48 * time.Hour, in: &decide.Due{}, want: `
			question.not_escalated level ` + string(c.reason) + `
			= waiting answer level/1 due 23 Oct 10:00`}, over)
	}
	// Telegram could not be used when the question was put: it went by the last channel already.
	play(t, silent).run(
		line{facts: onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Consent = false }), in: &decide.Start{}, want: `
			deliver level/1 email.0 bulk until 21 Oct 10:00
			= waiting delivery level/1 email.0`},
		line{in: sent("level", 1, campaigns.Email), want: `= waiting answer level/1 due 22 Oct 10:00`},
		line{facts: onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Consent = true }), after: 48 * time.Hour, in: &decide.Due{}, want: `
			question.not_escalated level last_channel
			= waiting answer level/1 due 23 Oct 10:00`},
	)
}

// A pause is no silence, and nothing goes out in it.
func TestPauseIsNoSilence(t *testing.T) {
	from, to := noon.Add(10*time.Hour), noon.Add(16*time.Hour)
	pauses := func(f *decide.Facts) { f.Pauses = []decide.Pause{{From: from, To: to}} }
	play(t, silent).run(begins, stands,
		line{after: 48 * time.Hour, facts: pauses, in: &decide.Due{}, want: `= waiting answer level/1 due 22 Oct 16:00`},
		line{after: 6 * time.Hour, facts: func(f *decide.Facts) { f.Paused = true }, in: &decide.Due{}, want: `= waiting answer level/1 due 22 Oct 16:00`},
		line{facts: func(f *decide.Facts) { f.Paused = false }, in: &decide.Due{}, want: `
			question.escalated level [after:2d from:telegram to:email]
			deliver level/1 email.0 bulk until 23 Oct 16:00
			= waiting delivery level/1 email.0 due 23 Oct 16:00`},
	)
	// The outcome of the message becomes known in a pause that began after the silence: it is for when the pause ends.
	late := sent("level", 1, campaigns.Telegram)
	late.At = noon
	paused := func(f *decide.Facts) { f.Paused, f.Pauses = true, []decide.Pause{{From: noon.Add(49 * time.Hour)}} }
	play(t, silent).run(begins, line{after: 50 * time.Hour, facts: paused, in: late, want: `= waiting answer level/1 due 22 Oct 10:00`})
}

// The outcome of the first message becomes known when the silence has lasted already.
func TestLateOutcomeEscalatesAtOnce(t *testing.T) {
	late := sent("level", 1, campaigns.Telegram)
	late.At = noon
	play(t, silent).run(begins, line{after: 50 * time.Hour, in: late, want: `
		question.escalated level [after:2d from:telegram to:email]
		deliver level/1 email.0 bulk until 23 Oct 10:00
		= waiting delivery level/1 email.0 due 23 Oct 10:00`})
}

// A question that was shown on the survey page and left there goes by mail.
func TestLeftOnThePage(t *testing.T) {
	s := play(t, strings.Replace(head, "[telegram, email]", "[email, telegram]", 1)+silent)
	at := noon.Add(-time.Minute)
	s.e.PageAt = &at
	s.run(line{in: &decide.Start{}, want: "question.on_page level\n= waiting answer level/1 due 22 Oct 10:00"},
		line{after: 48 * time.Hour, in: &decide.Due{}, want: `
			question.escalated level [after:2d from:page to:email]
			deliver level/1 email.0 bulk until 23 Oct 10:00
			= waiting delivery level/1 email.0 due 23 Oct 10:00`})
}

func TestSilenceInARound(t *testing.T) {
	s := play(t, `
  - id: days
    repeat:
      times: 2
      at: "10:00"
      starts: "2026-10-20"
      steps: [{id: q, ask: {type: nps, text: {en: Q}, escalate: {after: 3h}}}]
`)
	s.run(
		line{in: &decide.Start{}, want: "round.opened days [round:1]\ndeliver q/1 telegram.0 bulk until 21 Oct 08:00\n= waiting delivery q/1 telegram.0"},
		line{in: sent("q", 1, campaigns.Telegram), want: `= waiting answer q/1 due 20 Oct 13:00`},
		line{after: 3 * time.Hour, in: &decide.Due{}, want: `
			question.escalated q [after:3h from:telegram to:email]
			deliver q/1 email.0 bulk until 21 Oct 08:00
			= waiting delivery q/1 email.0 due 21 Oct 08:00`},
		line{after: 19 * time.Hour, in: &decide.Due{}, want: `
			question.timed_out q
			cancel round_over
			close
			round.missed days [round:1]
			round.opened days /2 [round:2]
			deliver q/2 telegram.0 bulk until 22 Oct 08:00
			= waiting delivery q/2 telegram.0`},
	)
}

// Who stands at an open question is moved: by the new version's rule, and not by a channel that was tried or used before.
func TestEscalationInAnotherVersion(t *testing.T) {
	for _, c := range []struct{ name, doc, moved, due string }{
		{"a longer silence", strings.Replace(silent, "after: 2d}", "after: 50h}", 1), `
			enrollment.moved level [from:1 step:level to:2]
			= waiting answer level/1 due 22 Oct 12:00`, `
			question.escalated level [after:50h from:telegram to:email]
			deliver level/1 email.0 bulk until 23 Oct 10:00
			= waiting delivery level/1 email.0 due 23 Oct 10:00`},
		{"the channels the other way round", strings.Replace(head, "[telegram, email]", "[email, telegram]", 1) + silent, `
			enrollment.moved level [from:1 step:level to:2]
			= waiting answer level/1 due 22 Oct 10:00`, `
			question.not_escalated level last_channel
			= waiting answer level/1 due 23 Oct 10:00`},
		{"no rule", strings.Replace(silent, "      escalate: {after: 2d}\n", "", 1), `
			enrollment.moved level [from:1 step:level to:2]
			= waiting answer level/1 due 23 Oct 10:00`, `= waiting answer level/1 due 23 Oct 10:00`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := play(t, silent)
			s.run(begins, stands)
			was := s.d
			s.d = define(t, c.doc)
			same := decide.Same(was, s.d, map[campaigns.StepID]campaigns.StepID{"level": "level", "thanks": "thanks", "bye": "bye"})
			s.run(line{in: &decide.Moved{From: 1, To: 2, Was: was, Same: same}, want: c.moved}, line{after: 50 * time.Hour, in: &decide.Due{}, want: c.due})
		})
	}
}

// Moved while its second message waits: that is the new version's where its answers are still answers; else the question is asked anew.
func TestMovedWithTheSecondMessage(t *testing.T) {
	for _, c := range []struct{ name, doc, moved string }{
		{"another text", strings.Replace(silent, "Level?", "Which level?", 1), `
			enrollment.moved level [from:1 step:level to:2]
			= waiting delivery level/1 email.0 due 23 Oct 10:00`},
		{"other answers", strings.Replace(silent, "value: b1", "value: c1", 1), `
			enrollment.moved level [from:1 step:level to:2]
			cancel step_left
			close
			deliver level/2 telegram.0 bulk until 23 Oct 10:00
			= waiting delivery level/2 telegram.0`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := play(t, silent)
			s.run(begins, stands, goesOn)
			was := s.d
			s.d = define(t, c.doc)
			same := decide.Same(was, s.d, map[campaigns.StepID]campaigns.StepID{"level": "level", "thanks": "thanks", "bye": "bye"})
			s.run(line{in: &decide.Moved{From: 1, To: 2, Was: was, Same: same}, want: c.moved})
		})
	}
}

// TestLeftWithTheSecondMessage: whoever is moved away while it waits has left the question for good, and an answer to it decides nothing.
func TestLeftWithTheSecondMessage(t *testing.T) {
	s := play(t, silent)
	s.run(begins, stands, goesOn, line{in: s.move(silent+"  - {id: more, wait: 1h}\n", map[campaigns.StepID]campaigns.StepID{"level": "more"}), want: `
		enrollment.moved level [from:1 step:more to:2]
		cancel step_left
		close
		= waiting time more/1 due 22 Oct 11:00`})
	if !s.e.Asked["level"].Closed {
		t.Errorf("asked: %+v", s.e.Asked["level"])
	}
	s.decide(pressed("level", 1, campaigns.Telegram, "b1"))
	if got := stand(s.e); got != "waiting time more/1 due 22 Oct 11:00" {
		t.Error(got)
	}
}

const unheard = `
  - {id: a, send: {text: {en: A}, escalate: {after: 1d}}}
  - {id: b, send: {text: {en: B}}}
`

// A message without a sign of life goes by the next channel too; the passage stands there until then, and no longer.
func TestMessageWithoutASignOfLife(t *testing.T) {
	heard := func(at time.Duration) func(*decide.Facts) {
		return func(f *decide.Facts) { then := noon.Add(at); f.LastAct = &then }
	}
	first := line{in: &decide.Start{}, want: "deliver a/1 telegram.0 bulk until 21 Oct 10:00\n= waiting delivery a/1 telegram.0"}
	came := line{facts: heard(-time.Hour), in: sent("a", 1, campaigns.Telegram), want: `= waiting time a/1 due 21 Oct 10:00`}
	goes := line{after: 24 * time.Hour, in: &decide.Due{}, want: `
		message.escalated a [after:1d from:telegram to:email]
		deliver a/1 email.0 bulk until 22 Oct 10:00
		= waiting delivery a/1 email.0`}
	next := `
		deliver b/1 telegram.0 bulk until 22 Oct 10:00
		= waiting delivery b/1 telegram.0`
	play(t, unheard).run(first, came, line{after: time.Hour, in: &decide.Due{}, want: came.want}, line{after: 23 * time.Hour, in: &decide.Due{}, want: goes.want},
		line{in: sent("a", 1, campaigns.Email), want: next})
	play(t, unheard).run(first, came, goes, line{in: failed("a", 1, campaigns.Email, campaigns.Failed, campaigns.AttemptsUsedUp), want: next})
	play(t, unheard).run(first, came, line{after: 24 * time.Hour, facts: heard(time.Hour), in: &decide.Due{}, want: next})
	play(t, unheard).run(first, line{facts: heard(time.Second), in: sent("a", 1, campaigns.Telegram), want: strings.ReplaceAll(next, "22 Oct", "21 Oct")})
	play(t, unheard).run(first, came, line{after: 24 * time.Hour, facts: onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Consent = false }), in: &decide.Due{}, want: "message.not_escalated a no_consent" + next})
	s := play(t, unheard)
	s.run(first, came, line{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: came.want})
	pause := func(f *decide.Facts) {
		f.Pauses = []decide.Pause{{From: noon.Add(time.Hour), To: noon.Add(3 * time.Hour)}}
	}
	s.run(line{after: 24 * time.Hour, facts: pause, in: &decide.Due{}, want: `= waiting time a/1 due 21 Oct 12:00`})
}

// TestALostChannelEndsTheSilence: what is told is that nothing reaches the member there, unless they were silent for as long as the step says.
func TestALostChannelEndsTheSilence(t *testing.T) {
	block := onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Reach = channels.ReachBlocked })
	gone := onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Reach = channels.ReachGone })
	suppressed := onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Suppressed = true })
	lost := func(change func(*decide.Facts), word string) line {
		return line{after: time.Hour, facts: change, in: &decide.Due{}, want: `
			question.escalated level [from:telegram lost:` + word + ` to:email]
			deliver level/1 email.0 bulk until 21 Oct 11:00
			= waiting delivery level/1 email.0 due 23 Oct 10:00`}
	}
	play(t, silent).run(begins, stands, lost(block, "blocked"))
	play(t, silent).run(begins, stands, lost(gone, "gone"))
	play(t, silent).run(begins, stands, lost(suppressed, "address_suppressed"))
	late := goesOn
	late.facts = block
	play(t, silent).run(begins, stands, late)
	unreachable := func(f *decide.Facts) {
		block(f)
		onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Consent = false })(f)
	}
	play(t, silent).run(begins, stands, line{after: time.Hour, facts: unreachable, in: &decide.Due{}, want: "question.not_escalated level no_consent [lost:blocked]\n= waiting answer level/1 due 23 Oct 10:00"})
	first := line{in: &decide.Start{}, want: "deliver a/1 telegram.0 bulk until 21 Oct 10:00\n= waiting delivery a/1 telegram.0"}
	came := line{in: sent("a", 1, campaigns.Telegram), want: `= waiting time a/1 due 21 Oct 10:00`}
	s := play(t, unheard)
	s.run(first, came)
	woken := noon.Add(time.Hour)
	s.e.Due = &woken // by the loss
	s.run(line{after: time.Hour, facts: block, in: &decide.Due{}, want: `
		message.escalated a [from:telegram lost:blocked to:email]
		deliver a/1 email.0 bulk until 21 Oct 11:00
		= waiting delivery a/1 email.0`})
}

// What went by the last channel, since those before it could not be used, has no other one to go by: nobody waits there.
func TestUnheardByTheLastChannel(t *testing.T) {
	play(t, unheard).run(
		line{in: &decide.Start{}, want: "deliver a/1 telegram.0 bulk until 21 Oct 10:00\n= waiting delivery a/1 telegram.0"},
		line{in: failed("a", 1, campaigns.Telegram, campaigns.Failed, campaigns.Blocked), facts: onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Reach = channels.ReachBlocked }), want: `
			channel.fallback a blocked [from:telegram to:email]
			deliver a/1 email.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 email.0`},
		line{in: sent("a", 1, campaigns.Email), want: `
			deliver b/1 email.0 bulk until 21 Oct 10:00
			= waiting delivery b/1 email.0`})
}

func TestSilenceInAnotherVersion(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"sooner":         {strings.Replace(unheard, "1d", "12h", 1), `= waiting time a/1 due 20 Oct 22:00`},
		"no rule":        {strings.Replace(unheard, ", escalate: {after: 1d}", "", 1), `= waiting time a/1 due 20 Oct 10:00`},
		"other channels": {strings.Replace(head, "[telegram, email]", "[email, telegram]", 1) + unheard, "deliver b/1 email.0 bulk until 21 Oct 10:00\n= waiting delivery b/1 email.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, unheard)
			s.run(line{in: &decide.Start{}, want: "deliver a/1 telegram.0 bulk until 21 Oct 10:00\n= waiting delivery a/1 telegram.0"},
				line{in: sent("a", 1, campaigns.Telegram), want: `= waiting time a/1 due 21 Oct 10:00`})
			was := s.d
			s.d = define(t, c.doc)
			same := decide.Same(was, s.d, map[campaigns.StepID]campaigns.StepID{"a": "a", "b": "b"})
			s.run(line{in: &decide.Moved{From: 1, To: 2, Was: was, Same: same}, want: "enrollment.moved a [from:1 step:a to:2]\n" + c.want})
		})
	}
}

// A question that fell back to mail is moved to a version that begins by mail: the chat, which failed it before, comes after that now, and is not tried again.
func TestTriedChannelStaysTried(t *testing.T) {
	s := play(t, silent)
	s.run(begins, line{in: failed("level", 1, campaigns.Telegram, campaigns.Failed, campaigns.AttemptsUsedUp), want: `
		channel.fallback level attempts_used_up [from:telegram to:email]
		deliver level/1 email.0 bulk until 21 Oct 10:00
		= waiting delivery level/1 email.0`}, line{in: sent("level", 1, campaigns.Email), want: stands.want})
	was := s.d
	s.d = define(t, strings.Replace(head, "[telegram, email]", "[email, telegram]", 1)+silent)
	same := decide.Same(was, s.d, map[campaigns.StepID]campaigns.StepID{"level": "level", "thanks": "thanks", "bye": "bye"})
	s.run(line{in: &decide.Moved{From: 1, To: 2, Was: was, Same: same}, want: "enrollment.moved level [from:1 step:level to:2]\n" + stands.want},
		line{after: 48 * time.Hour, in: &decide.Due{}, want: "question.not_escalated level last_channel\n= waiting answer level/1 due 23 Oct 10:00"})
}
