package decide_test

import (
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

const twoSends = `
  - {id: a, send: {text: {en: A}}}
  - {id: b, send: {text: {en: B}, channels: [email], expires: 2h}}
`

func TestSendsFollowEachOther(t *testing.T) {
	play(t, twoSends).run(
		line{in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: &decide.Due{}, want: `= waiting delivery a/1 telegram.0`},
		line{in: &decide.Delivered{Step: "a", Visit: 1, Channel: campaigns.Telegram, State: campaigns.Claimed}, want: `= waiting delivery a/1 telegram.0`},
		line{in: sent("b", 1, campaigns.Telegram), want: `= waiting delivery a/1 telegram.0`},
		line{in: sent("a", 2, campaigns.Telegram), want: `= waiting delivery a/1 telegram.0`},
		line{in: sent("a", 1, campaigns.Email), want: `= waiting delivery a/1 telegram.0`},
		line{in: &decide.Delivered{Step: "a", Visit: 1, Channel: campaigns.Telegram, Part: 1, State: campaigns.Sent}, want: `= waiting delivery a/1 telegram.0`},
		line{facts: func(f *decide.Facts) { f.Interactive = true }, in: sent("a", 1, campaigns.Telegram), want: `
			deliver b/1 email.0 interactive until 20 Oct 12:00
			= waiting delivery b/1 email.0`},
		line{in: sent("a", 1, campaigns.Telegram), want: `= waiting delivery b/1 email.0`},
		line{in: failed("b", 1, campaigns.Email, campaigns.Unknown, campaigns.OutcomeUnknown), want: `
			enrollment.completed b
			= completed b/1`},
		line{in: &decide.Due{}, want: `= completed b/1`},
		line{in: &decide.Left{Reason: campaigns.ExitWithdrawn}, want: `= completed b/1`},
	)
}

func TestParts(t *testing.T) {
	part := func(n int, state campaigns.DeliveryState, more bool) *decide.Delivered {
		return &decide.Delivered{Step: "a", Visit: 1, Channel: campaigns.Telegram, Part: n, State: state, Reason: campaigns.Rejected, More: more}
	}
	play(t, twoSends).run(
		line{in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: part(0, campaigns.Sent, true), want: `
			deliver a/1 telegram.1 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.1`},
		line{in: part(1, campaigns.Unknown, true), want: `
			deliver a/1 telegram.2 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.2`},
		line{in: part(2, campaigns.Failed, false), want: `
			step.cut_short a rejected
			deliver b/1 email.0 bulk until 20 Oct 12:00
			= waiting delivery b/1 email.0`},
	)
}

func TestFallback(t *testing.T) {
	start := line{in: &decide.Start{}, want: `
		deliver a/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery a/1 telegram.0`}
	next := `
		deliver b/1 email.0 bulk until 20 Oct 12:00
		= waiting delivery b/1 email.0`
	for _, c := range []struct {
		state  campaigns.DeliveryState
		reason campaigns.Reason
		facts  func(*decide.Facts)
		want   string
	}{
		{campaigns.Failed, campaigns.Blocked, nil, "email"},
		{campaigns.Failed, campaigns.NotStarted, nil, "email"},
		{campaigns.Failed, campaigns.Gone, nil, "email"},
		{campaigns.Suppressed, campaigns.SuppressedAddr, nil, "email"},
		{campaigns.Suppressed, campaigns.NoConsent, nil, "email"},
		{campaigns.Suppressed, campaigns.NoAddress, nil, "email"},
		{campaigns.Suppressed, campaigns.ChannelOff, nil, "email"},
		{campaigns.Failed, campaigns.AttemptsUsedUp, nil, "email"},
		{campaigns.Failed, campaigns.Rejected, nil, "step.not_delivered a rejected" + next},
		{campaigns.Failed, campaigns.RenderFailed, nil, "step.not_delivered a render_failed" + next},
		{campaigns.Expired, campaigns.TooLate, nil, "step.not_delivered a too_late" + next},
		{campaigns.Canceled, campaigns.Blocked, nil, "step.not_delivered a blocked" + next},
		{campaigns.HeldOut, "", nil, "step.not_delivered a" + next},
		{campaigns.Suppressed, campaigns.Stopped, nil, `
			cancel enrollment_over
			close
			enrollment.exited a unsubscribed
			= exited unsubscribed a/1`},
		{campaigns.Failed, campaigns.Blocked, onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Consent = false }), `
			step.not_delivered a blocked
			step.skipped b no_consent [email:no_consent]
			enrollment.completed b
			= completed b/1`},
	} {
		t.Run(string(c.state)+" "+string(c.reason), func(t *testing.T) {
			if c.want == "email" {
				c.want = "channel.fallback a " + string(c.reason) + ` [from:telegram to:email]
					deliver a/1 email.0 bulk until 21 Oct 10:00
					= waiting delivery a/1 email.0`
			}
			play(t, twoSends).run(start, line{facts: c.facts, in: failed("a", 1, campaigns.Telegram, c.state, c.reason), want: c.want})
		})
	}
}

func TestNoChannelIsTriedTwice(t *testing.T) {
	play(t, twoSends).run(
		line{in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: failed("a", 1, campaigns.Telegram, campaigns.Failed, campaigns.Blocked), want: `
			channel.fallback a blocked [from:telegram to:email]
			deliver a/1 email.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 email.0`},
		line{in: failed("a", 1, campaigns.Email, campaigns.Failed, campaigns.AttemptsUsedUp), want: `
			step.not_delivered a attempts_used_up
			deliver b/1 email.0 bulk until 20 Oct 12:00
			= waiting delivery b/1 email.0`},
	)
}

func TestSkip(t *testing.T) {
	for name, c := range map[string]struct {
		facts func(*decide.Facts)
		want  string
	}{
		"no address": {func(f *decide.Facts) { f.Channels = nil }, "no_address [email:no_address telegram:no_address]"},
		"each channel its reason": {func(f *decide.Facts) {
			f.Channels = map[campaigns.Channel]decide.ChannelFacts{
				campaigns.Telegram: {Reach: channels.ReachBlocked, Consent: true}, campaigns.Email: {Suppressed: true},
			}
		}, "blocked [email:address_suppressed telegram:blocked]"},
		"stopped": {func(f *decide.Facts) { f.Stopped = true }, "stopped [email:stopped telegram:stopped]"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, `  - {id: a, send: {text: {en: A}}}`).run(line{facts: c.facts, in: &decide.Start{}, want: "step.skipped a " + c.want + `
				enrollment.completed a
				= completed a/1`})
		})
	}
}

func TestServiceNeedsNoConsent(t *testing.T) {
	s := play(t, twoSends)
	s.d.Purpose = campaigns.Service
	s.run(
		line{facts: func(f *decide.Facts) {
			f.Stopped = true
			onChannel(campaigns.Telegram, func(c *decide.ChannelFacts) { c.Consent = false })(f)
		}, in: &decide.Start{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 10:00
			= waiting delivery a/1 telegram.0`},
		line{in: failed("a", 1, campaigns.Telegram, campaigns.Suppressed, campaigns.Stopped), want: `
			step.not_delivered a stopped
			deliver b/1 email.0 bulk until 20 Oct 12:00
			= waiting delivery b/1 email.0`},
	)
}

func TestStartAtItsTime(t *testing.T) {
	later := noon.Add(time.Hour)
	play(t, twoSends).run(
		line{in: &decide.Start{NotBefore: &later}, want: `= waiting time due 20 Oct 11:00`},
		line{in: &decide.Start{}, want: `= waiting time due 20 Oct 11:00`},
		line{after: time.Minute, in: &decide.Due{}, want: `= waiting time due 20 Oct 11:00`},
		line{after: time.Hour, in: &decide.Due{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 11:01
			= waiting delivery a/1 telegram.0`},
	)
	play(t, twoSends).run(line{after: 2 * time.Hour, in: &decide.Start{NotBefore: &later}, want: `
		deliver a/1 telegram.0 bulk until 21 Oct 12:00
		= waiting delivery a/1 telegram.0`})
}

func TestWaits(t *testing.T) {
	play(t, `
  - {id: d, wait: 5d}
  - {id: u, wait: {for: 1h, until: "12:00"}}
  - {id: n, wait: {until: "12:00"}}
`).run(
		// Five calendar days later clocks in Berlin show 12:00 again, an hour later in UTC.
		line{in: &decide.Start{}, want: `= waiting time d/1 due 25 Oct 11:00`},
		line{after: 5 * 24 * time.Hour, in: &decide.Due{}, want: `= waiting time d/1 due 25 Oct 11:00`},
		line{after: time.Hour, in: &decide.Due{}, want: `= waiting time u/1 due 26 Oct 11:00`},
		line{facts: func(f *decide.Facts) { f.Zone = zone(t, "Asia/Tokyo") }, in: &decide.ZoneChanged{}, want: `= waiting time u/1 due 26 Oct 03:00`},
		line{after: 16 * time.Hour, facts: func(f *decide.Facts) { f.Zone = zone(t, "Pacific/Kiritimati") }, in: &decide.ZoneChanged{}, want: `= waiting time u/1 due 26 Oct 03:00`},
		line{in: &decide.Due{}, want: `= waiting time n/1 due 26 Oct 22:00`},
		line{after: 19 * time.Hour, in: &decide.Due{}, want: `
			enrollment.completed n
			= completed n/1`},
	)
}

// A wait that is due at once is passed, but a loop always lets time pass.
func TestLoopWaitsForTheNextDay(t *testing.T) {
	play(t, `
  - {id: top, set: {add_tags: [seen]}}
  - {id: n, wait: {until: "12:00"}}
  - goto: top
`).run(
		line{in: &decide.Start{}, want: `
			set map[] +[seen] -[]
			set map[] +[seen] -[]
			= waiting time n/2 due 21 Oct 10:00`},
		line{after: 24 * time.Hour, in: &decide.Due{}, want: `
			set map[] +[seen] -[]
			= waiting time n/3 due 22 Oct 10:00`},
	)
}

// TestUntilTheSameTimeIsTheNextDay: messages a day apart, on a clock that stands still while they leave.
func TestUntilTheSameTimeIsTheNextDay(t *testing.T) {
	play(t, `
  - {id: w, wait: {until: "14:00"}}
  - {id: a, send: {text: {en: A}}}
  - {id: n, wait: {until: "14:00"}}
  - {id: b, send: {text: {en: B}}}
`).run(
		line{in: &decide.Start{}, want: `= waiting time w/1 due 20 Oct 12:00`},
		line{after: 2 * time.Hour, in: &decide.Due{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 12:00
			= waiting delivery a/1 telegram.0`},
		line{in: &decide.Delivered{Step: "a", Visit: 1, Channel: campaigns.Telegram, State: campaigns.Sent}, want: `= waiting time n/1 due 21 Oct 12:00`},
	)
}

func TestScheduleFollowsTheMember(t *testing.T) {
	s := play(t, `
key: test
kind: broadcast
name: Test
topic: news
languages: [en]
channels: [telegram]
entry: {schedule: {at: "2026-10-21 12:00", zone: member, audience: all}}
steps:
  - {id: a, send: {text: {en: A}}}
`)
	at := noon.Add(24 * time.Hour)
	s.run(
		line{in: &decide.Start{NotBefore: &at}, want: `= waiting time due 21 Oct 10:00`},
		line{facts: func(f *decide.Facts) { f.Zone = time.UTC }, in: &decide.ZoneChanged{}, want: `= waiting time due 21 Oct 12:00`},
	)
}

func TestBranchReadsWhatSetChanged(t *testing.T) {
	play(t, `
  - {id: s, set: {attributes: {level: b1, old: null}, add_tags: [vip], remove_tags: [guest], language: ru}}
  - id: by
    branch:
      - {if: {attribute: old, exists: true}, steps: [{id: x1, end: {reason: old}}]}
      - {if: {tag: guest}, steps: [{id: x2, end: {reason: guest}}]}
      - {if: {channel: email}, steps: [{id: x3, end: {reason: email}}]}
      - {if: {all: [{attribute: level, is: B1}, {tag: vip}, {language: ru}, {channel: telegram}, {attribute: kept, is: 1}]}, steps: [{id: yes, set: {add_tags: [found]}}]}
  - {id: none, branch: [{if: {tag: nobody}, steps: [{id: x4, end: {reason: nobody}}]}]}
  - {id: last, end: {reason: thanks}}
`).run(line{facts: func(f *decide.Facts) {
		f.Attributes, f.Tags = map[string]any{"old": 1.0, "kept": 1.0}, []string{"guest"}
		onChannel(campaigns.Email, func(c *decide.ChannelFacts) { c.Suppressed = true })(f)
	}, in: &decide.Start{}, want: `
		set map[level:b1 old:<nil>] +[vip] -[guest] ru
		set map[] +[found] -[]
		enrollment.completed last [end:thanks]
		= completed last/1`})
}

func TestEmptyArm(t *testing.T) {
	s := play(t, `
  - id: by
    branch:
      - {if: {channel: email}, steps: [{id: x, set: {add_tags: [x]}}]}
      - {else: [{id: y, end: {reason: else}}]}
  - {id: z, end: {reason: after}}
`)
	s.d.Step("by").Body.(*definition.Branch).Arms[0].Steps = nil
	s.run(line{in: &decide.Start{}, want: "enrollment.completed z [end:after]\n= completed z/1"})
}

func TestExits(t *testing.T) {
	exited := func(reason string) string {
		return "cancel enrollment_over\nclose\nenrollment.exited a " + reason + "\n= exited " + reason + " a/1"
	}
	start := line{in: &decide.Start{}, want: `
		deliver a/1 telegram.0 bulk until 21 Oct 10:00
		= waiting delivery a/1 telegram.0`}
	play(t, twoSends).run(start,
		line{in: &decide.Happened{Event: "member.joined"}, want: `= waiting delivery a/1 telegram.0`},
		line{in: &decide.Happened{Event: "member.left"}, want: exited("left")},
		line{in: sent("a", 1, campaigns.Telegram), want: `= exited left a/1`},
	)
	play(t, twoSends).run(start, line{in: &decide.Left{Reason: campaigns.ExitErased}, want: exited("erased")})
}

func TestPause(t *testing.T) {
	paused := func(on bool) func(*decide.Facts) { return func(f *decide.Facts) { f.Paused = on } }
	play(t, twoSends).run(
		line{facts: paused(true), in: &decide.Start{}, want: `= active a/0 due 20 Oct 10:00`},
		line{after: time.Hour, in: &decide.Due{}, want: `= active a/0 due 20 Oct 10:00`},
		line{facts: paused(false), in: &decide.Start{}, want: `= active a/0 due 20 Oct 10:00`},
		line{facts: paused(false), in: &decide.Due{}, want: `
			deliver a/1 telegram.0 bulk until 21 Oct 11:00
			= waiting delivery a/1 telegram.0`},
		line{facts: paused(true), in: sent("a", 1, campaigns.Telegram), want: `= active b/0 due 20 Oct 11:00`},
		line{in: sent("a", 1, campaigns.Telegram), want: `= active b/0 due 20 Oct 11:00`},
		line{facts: paused(false), in: &decide.Due{}, want: `
			deliver b/1 email.0 bulk until 20 Oct 13:00
			= waiting delivery b/1 email.0`},
	)
}

func TestStepThatIsNotThere(t *testing.T) {
	due := noon
	for _, c := range []struct {
		e  decide.Enrollment
		in decide.Input
	}{
		{decide.Enrollment{State: campaigns.EnrollmentActive, Step: "gone"}, &decide.Due{}},
		{decide.Enrollment{State: campaigns.EnrollmentWaiting, Wait: campaigns.WaitTime, Due: &due, Step: "gone", Started: true}, &decide.Due{}},
		{decide.Enrollment{State: campaigns.EnrollmentWaiting, Wait: campaigns.WaitAnswer, Due: &due, Step: "gone", Started: true}, &decide.Due{}},
		{decide.Enrollment{State: campaigns.EnrollmentWaiting, Wait: campaigns.WaitDelivery, Step: "gone", Visit: 1, Started: true}, sent("gone", 1, "")},
	} {
		s := play(t, twoSends)
		visit := map[bool]string{true: "/1", false: "/0"}[c.e.Visit == 1]
		s.e = c.e
		s.run(line{in: c.in, want: "enrollment.failed gone /0 [unknown_step:gone]\n= completed gone" + visit})
	}
}

// The checker refuses a circle without a wait; should one come through, the guard ends it.
func TestCycle(t *testing.T) {
	s := play(t, `
  - {id: a, set: {add_tags: [x]}}
  - {id: w, wait: 1h}
  - {id: g, goto: a}
`)
	s.d.Step("g").Body = &definition.Goto{To: "g"}
	s.run(
		line{in: &decide.Start{}, want: "set map[] +[x] -[]\n= waiting time w/1 due 20 Oct 11:00"},
		line{after: time.Hour, in: &decide.Due{}, want: `
			cancel enrollment_over
			close
			enrollment.exited g /1000 cycle
			= exited cycle g/1000`},
	)
}
