package decide_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
)

// TestGateOfLateness: what is too long after its moment is skipped or waits for its next time; quiet hours are not counted. Clocks in Berlin show 12:00.
func TestGateOfLateness(t *testing.T) {
	skip := &definition.Late{After: timing.Period{Time: 2 * time.Hour}, Then: definition.LateSkip}
	next := &definition.Late{After: timing.Period{Time: 2 * time.Hour}, Then: definition.LateNextWindow}
	skipped := decide.Verdict{State: campaigns.Expired, Reason: campaigns.Late}
	until := func(at string) decide.Verdict {
		moment, err := time.ParseInLocation("2006-01-02 15:04", at, berlin(t))
		if err != nil {
			t.Fatal(err)
		}
		moment = moment.UTC()
		return decide.Verdict{State: campaigns.Pending, Reason: campaigns.NextWindow, Until: &moment}
	}
	for name, c := range map[string]struct {
		rule   *definition.Late
		ago    time.Duration
		change func(*decide.GateFacts)
		want   decide.Verdict
	}{
		"in time":              {skip, 2 * time.Hour, nil, decide.Verdict{}},
		"late":                 {skip, 2*time.Hour + 1, nil, skipped},
		"late, no rule":        {nil, 9 * time.Hour, nil, decide.Verdict{}},
		"late, service":        {skip, 3 * time.Hour, func(g *decide.GateFacts) { g.Purpose = campaigns.Service }, skipped},
		"late, sent again":     {skip, 3 * time.Hour, func(g *decide.GateFacts) { g.Again = true }, decide.Verdict{}},
		"late, in its middle":  {skip, 3 * time.Hour, func(g *decide.GateFacts) { g.Further = true }, decide.Verdict{}},
		"late, an answer":      {next, 3 * time.Hour, func(g *decide.GateFacts) { g.Lane, g.Quiet = campaigns.Interactive, []*timing.Window{window(7, 10)} }, until("2026-10-21 10:00")},
		"not known since when": {skip, 0, func(g *decide.GateFacts) { g.Plan.At = time.Time{} }, decide.Verdict{}},
		"spread since quiet": {skip, 3 * time.Hour, func(g *decide.GateFacts) {
			g.Quiet, g.QuietThen, g.Over = []*timing.Window{window(8, 10)}, definition.QuietSpread, 2*time.Hour
		}, decide.Verdict{}},
		"due beside what is spread": {skip, 3 * time.Hour, func(g *decide.GateFacts) {
			g.Quiet, g.QuietThen, g.Over = []*timing.Window{window(22, 8)}, definition.QuietSpread, 2*time.Hour
		}, skipped},
		"quiet until an hour":  {skip, 12 * time.Hour, func(g *decide.GateFacts) { g.Quiet = []*timing.Window{window(22, 11)} }, decide.Verdict{}},
		"an hour before night": {skip, 15 * time.Hour, func(g *decide.GateFacts) { g.Quiet = []*timing.Window{window(22, 11)} }, decide.Verdict{}},
		"longer before night":  {skip, 16 * time.Hour, func(g *decide.GateFacts) { g.Quiet = []*timing.Window{window(22, 11)} }, skipped},
		"night is not service's": {skip, 12 * time.Hour, func(g *decide.GateFacts) {
			g.Quiet, g.Purpose = []*timing.Window{window(22, 11)}, campaigns.Service
		}, skipped},
		"next day":              {next, 3 * time.Hour, nil, until("2026-10-21 09:00")},
		"the next day has come": {next, 25 * time.Hour, nil, decide.Verdict{}},
		"and is over":           {next, 28 * time.Hour, nil, until("2026-10-21 08:00")},
		"next Monday":           {next, 27 * time.Hour, func(g *decide.GateFacts) { g.Plan.On = []time.Weekday{time.Monday} }, until("2026-10-26 09:00")},
		"next day, into quiet":  {next, 4 * time.Hour, func(g *decide.GateFacts) { g.Quiet = []*timing.Window{window(7, 9)} }, until("2026-10-21 09:00")},
		"not worth it then":     {next, 3 * time.Hour, func(g *decide.GateFacts) { g.Expires = noon.Add(20 * time.Hour) }, decide.Verdict{State: campaigns.Expired, Reason: campaigns.TooLate}},
	} {
		g := open(t)
		g.Expires, g.Late, g.Plan.At = noon.Add(8*24*time.Hour), c.rule, noon.Add(-c.ago)
		if c.change != nil {
			c.change(&g)
		}
		if diff := cmp.Diff(c.want, decide.Gate(g, noon)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestPlan: a message keeps when it was to leave, where that is not now and its step minds; what is skipped makes the next as late; what is sent does not.
func TestPlan(t *testing.T) {
	s := play(t, `
  - {id: w, wait: {until: "14:00", on: [tuesday, friday]}}
  - {id: one, send: {text: One, late: {after: 1h, then: skip}}}
  - {id: two, send: {text: Two, late: {after: 1h, then: next_window}}}
  - {id: three, send: {text: Three, late: {after: 1h, then: skip}}}
  - {id: four, send: {text: Four}}
`)
	plan := func(want string) {
		t.Helper()
		got := ""
		if p := s.e.Waiting.Plan; p != nil {
			got = p.At.Format("15:04")
			for _, d := range p.On {
				got += " " + d.String()
			}
		}
		if got != want {
			t.Fatalf("%s: plan %q, want %q", s.e.Step, got, want)
		}
	}
	late := func(step campaigns.StepID) *decide.Delivered {
		return failed(step, 1, campaigns.Telegram, campaigns.Expired, campaigns.Late)
	}
	s.decide(&decide.Start{})
	s.now = s.now.Add(5 * time.Hour)
	s.decide(&decide.Due{})
	plan("12:00 Tuesday Friday")
	s.decide(late("one"))
	plan("12:00 Tuesday Friday") // as late as the first
	if got := s.d.Step("two").Body.(*definition.Send).Expires.Days; got != 8 {
		t.Errorf("what waits for its next window is worth %d days", got)
	}
	in := sent("two", 1, campaigns.Telegram)
	in.At = s.now
	s.now = s.now.Add(3 * time.Hour) // nobody decides for so long
	s.decide(in)
	plan("15:00")
	s.decide(late("three"))
	plan("")
	if stand(s.e) != "waiting delivery four/1 telegram.0" {
		t.Error(stand(s.e))
	}
}

// TestPlanOfWhatWasWrittenInTime: what was written at its moment keeps no plan; that it was late, or its channel failed, makes what follows as late all the same.
func TestPlanOfWhatWasWrittenInTime(t *testing.T) {
	const doc = `
  - {id: one, send: {text: One, channels: [telegram], late: {after: 2h, then: skip}}}
  - {id: two, send: {text: Two, late: {after: 2h, then: skip}}}
`
	at := func(s *script, want time.Time) {
		t.Helper()
		if p := s.e.Waiting.Plan; p == nil || !p.At.Equal(want) {
			t.Errorf("%s: plan %+v, want %s", stand(s.e), p, want)
		}
	}
	s := play(t, doc)
	s.decide(&decide.Start{})
	began := s.now
	s.now = began.Add(7 * time.Hour)
	in := failed("one", 1, campaigns.Telegram, campaigns.Expired, campaigns.Late)
	in.Made, in.At = began, s.now
	s.decide(in)
	at(s, began)
	in = failed("two", 1, campaigns.Telegram, campaigns.Failed, campaigns.Blocked)
	in.Made, in.At = s.now, s.now
	s.now = s.now.Add(time.Hour)
	s.decide(in)
	if stand(s.e) != "waiting delivery two/1 email.0" {
		t.Error(stand(s.e))
	}
	at(s, began)

	s = play(t, "  - {id: w, wait: 24h}\n")
	s.decide(&decide.Start{})
	s.now = s.now.Add(time.Hour)
	s.decide(s.move(doc, map[campaigns.StepID]campaigns.StepID{"w": "one"}))
	if stand(s.e) != "waiting delivery one/1 telegram.0" || s.e.Waiting.Plan != nil && !s.e.Waiting.Plan.At.Equal(s.now) {
		t.Errorf("moved: %s, plan %+v", stand(s.e), s.e.Waiting.Plan)
	}
}

// TestGateOfQuietHours: what comes due in the campaign's quiet hours is spread after their end or skipped; the member's own only hold. Clocks in Berlin show 12:00.
func TestGateOfQuietHours(t *testing.T) {
	gate := func(then definition.QuietThen, member campaigns.MemberID, change func(*decide.GateFacts)) decide.Verdict {
		g := open(t)
		g.Expires, g.CampaignQuiet, g.QuietThen, g.Member, g.Campaign, g.Step = noon.Add(24*time.Hour), lunch, then, member, "news", "one"
		if then == definition.QuietSpread {
			g.Over = 2 * time.Hour
		}
		g.Quiet = []*timing.Window{lunch}
		if change != nil {
			change(&g)
		}
		return decide.Gate(g, noon)
	}
	one := noon.Add(time.Hour)
	quarters := map[int]int{}
	for m := range campaigns.MemberID(1000) {
		v := gate(definition.QuietSpread, m, nil)
		if again := gate(definition.QuietSpread, m, nil); v.Until == nil || !again.Until.Equal(*v.Until) || v.Until.Before(one) || !v.Until.Before(one.Add(2*time.Hour)) {
			t.Fatalf("member %d: %+v", m, v)
		}
		quarters[int(v.Until.Sub(one)/(30*time.Minute))]++
		if v := gate(definition.QuietSpread, m, func(g *decide.GateFacts) { g.Expires = one.Add(30 * time.Minute) }); v.Until == nil || v.Until.After(one.Add(15*time.Minute)) {
			t.Fatalf("member %d, worth half an hour: %+v", m, v)
		}
	}
	for q := range 4 {
		if n := quarters[q]; n < 200 || n > 300 {
			t.Errorf("of 1000 members, %v leave in each half hour", quarters)
			break
		}
	}
	skipped := decide.Verdict{State: campaigns.Expired, Reason: campaigns.QuietSkipped}
	held := decide.Verdict{State: campaigns.Pending, Reason: campaigns.QuietHours, Until: &one}
	for name, c := range map[string]struct {
		change func(*decide.GateFacts)
		want   decide.Verdict
	}{
		"skipped":                 {nil, skipped},
		"the member's own alone":  {func(g *decide.GateFacts) { g.CampaignQuiet = window(22, 9) }, held},
		"a reply":                 {func(g *decide.GateFacts) { g.Lane = campaigns.Interactive }, decide.Verdict{}},
		"service":                 {func(g *decide.GateFacts) { g.Purpose = campaigns.Service }, skipped},
		"service without its own": {func(g *decide.GateFacts) { g.Purpose, g.CampaignQuiet = campaigns.Service, nil }, decide.Verdict{}},
		"came due before":         {func(g *decide.GateFacts) { g.Plan.At = noon.Add(-2 * time.Hour) }, held},
		"sent again":              {func(g *decide.GateFacts) { g.Again = true }, held},
		"in its middle":           {func(g *decide.GateFacts) { g.Further = true }, held},
		"outside of both":         {func(g *decide.GateFacts) { g.CampaignQuiet = window(22, 9); g.Quiet = []*timing.Window{window(22, 9)} }, decide.Verdict{}},
	} {
		if diff := cmp.Diff(c.want, gate(definition.QuietSkip, 1, c.change)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
