package decide_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/answers"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

// noon is a Tuesday in Berlin, five days before the clocks go back.
var noon = time.Date(2026, 10, 20, 10, 0, 0, 0, time.UTC)

const head = `
key: test
kind: survey
name: Test
topic: news
languages: [en]
channels: [telegram, email]
entry: {manual: true}
exit: [{event: member.left}]
steps:
`

func define(t testing.TB, doc string) *definition.Definition {
	t.Helper()
	if !strings.Contains(doc, "key: ") {
		doc = head + doc
	}
	d, problems := definition.Parse([]byte(doc), definition.YAML)
	for _, p := range problems {
		t.Errorf("%d:%d %s: %s %v", p.Line, p.Column, p.Path, p.Code, p.Args)
	}
	if len(problems) > 0 {
		t.FailNow()
	}
	return d
}

func berlin(t testing.TB) *time.Location { return zone(t, "Europe/Berlin") }

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func zone(t failer, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// reachable is a member in Berlin whom both channels reach.
func reachable(t testing.TB) decide.Facts {
	return decide.Facts{
		Language: "en", Zone: berlin(t),
		Channels: map[campaigns.Channel]decide.ChannelFacts{
			campaigns.Telegram: {Reach: channels.ReachOK, Consent: true},
			campaigns.Email:    {Reach: channels.ReachUnknown, Consent: true},
		},
	}
}

func onChannel(ch campaigns.Channel, change func(*decide.ChannelFacts)) func(*decide.Facts) {
	return func(f *decide.Facts) {
		c := f.Channels[ch]
		change(&c)
		f.Channels[ch] = c
	}
}

// script plays inputs to one enrollment. Facts and time stay as they are until a line changes them.
type script struct {
	t   testing.TB
	doc string
	d   *definition.Definition
	e   decide.Enrollment
	f   decide.Facts
	now time.Time
}

func play(t testing.TB, doc string) *script {
	return &script{t: t, doc: doc, d: define(t, doc), e: decide.Enrollment{State: campaigns.EnrollmentActive}, f: reachable(t), now: noon}
}

// line is one input and what follows from it.
type line struct {
	after time.Duration // passes before the input
	facts func(*decide.Facts)
	in    decide.Input // nil: only time and facts
	want  string       // effects one a line, then "= " and where the enrollment stands
}

func (s *script) run(lines ...line) {
	s.t.Helper()
	for i, l := range lines {
		s.now = s.now.Add(l.after)
		if l.facts != nil {
			s.f.Channels = maps.Clone(s.f.Channels)
			l.facts(&s.f)
		}
		if l.in == nil {
			continue
		}
		stamp(l.in, s.now)
		effects := s.decide(l.in)
		got := append(shown(effects), "= "+stand(s.e))
		var want []string
		for w := range strings.Lines(l.want) {
			if w = strings.TrimSpace(w); w != "" {
				want = append(want, w)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.t.Fatalf("line %d (%T):\n%s", i+1, l.in, diff)
		}
	}
}

// stamp gives an input that happens now its time.
func stamp(in decide.Input, now time.Time) {
	switch in := in.(type) {
	case *decide.Delivered:
		if in.At.IsZero() {
			in.At = now
		}
	case *decide.Answered:
		if in.At.IsZero() {
			in.At = now
		}
	}
}

func (s *script) decide(in decide.Input) []decide.Effect {
	s.t.Helper()
	next, effects := decide.Decide(s.d, s.e, s.f, in, s.now)
	if next.State != s.e.State && !s.e.State.May(next.State) {
		s.t.Fatalf("%s → %s is no transition", s.e.State, next.State)
	}
	s.e = next
	return effects
}

func sent(step campaigns.StepID, visit int, ch campaigns.Channel) *decide.Delivered {
	return &decide.Delivered{Step: step, Visit: visit, Channel: ch, State: campaigns.Sent}
}

func failed(step campaigns.StepID, visit int, ch campaigns.Channel, state campaigns.DeliveryState, reason campaigns.Reason) *decide.Delivered {
	return &decide.Delivered{Step: step, Visit: visit, Channel: ch, State: state, Reason: reason}
}

func pressed(step campaigns.StepID, visit int, ch campaigns.Channel, option string) *decide.Answered {
	return &decide.Answered{Step: step, Visit: visit, Channel: ch, Raw: campaigns.RawAnswer{Options: []string{option}, Buttons: true}, Input: 7}
}

// stand says where an enrollment stands: "waiting delivery hello/1 telegram.0", "waiting time w/1 due 20 Oct 12:00", "exited left a/1".
func stand(e decide.Enrollment) string {
	words := []string{string(e.State), string(e.Wait), string(e.Reason)}
	if e.Step != "" {
		words = append(words, fmt.Sprintf("%s/%d", e.Step, e.Visit))
	}
	if e.Wait == campaigns.WaitDelivery {
		words = append(words, fmt.Sprintf("%s.%d", e.Waiting.Channel, e.Waiting.Part))
	}
	if e.Due != nil {
		words = append(words, "due "+e.Due.Format("2 Jan 15:04"))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

func shown(effects []decide.Effect) []string {
	list := make([]string, 0, len(effects)+1)
	for _, e := range effects {
		list = append(list, strings.TrimSpace(show(e)))
	}
	return list
}

func show(effect decide.Effect) string {
	switch e := effect.(type) {
	case *decide.Deliver:
		return fmt.Sprintf("deliver %s/%d %s.%d %s until %s", e.Step, e.Visit, e.Channel, e.Part, e.Lane, e.Expires.Format("2 Jan 15:04"))
	case *decide.SaveAnswer:
		late := map[bool]string{true: " late"}[e.Answer.Late]
		return fmt.Sprintf("save %s %s/%d %s%v by %s#%d%s", e.Question, e.Step, e.Visit, e.Answer.Text, value(e.Answer), e.Answer.Channel, e.Answer.Input, late)
	case *decide.SetMember:
		return fmt.Sprintf("set %v +%v -%v %s", e.Attributes, e.AddTags, e.RemoveTags, e.Language)
	case *decide.Award:
		return fmt.Sprintf("award %s/%d %d round %d", e.Step, e.Visit, e.Points, e.Round)
	case *decide.Notify:
		return fmt.Sprintf("notify %s/%d", e.Step, e.Visit)
	case *decide.Call:
		return fmt.Sprintf("call %s/%d until %s", e.Step, e.Visit, e.Until.Format("2 Jan 15:04"))
	case *decide.EndCall:
		return "end call " + string(e.Reason)
	case *decide.Enroll:
		return fmt.Sprintf("enroll %s/%d %s", e.Step, e.Visit, e.Campaign)
	case *decide.CancelPending:
		return "cancel " + string(e.Reason)
	case *decide.HoldOut:
		return "hold out"
	case *decide.ReachGoal:
		return strings.TrimSpace("reach " + map[bool]string{true: "of those held out"}[e.HeldOut])
	case *decide.CloseQuestion:
		return "close"
	case *decide.AskAgain:
		if e.Silent {
			return fmt.Sprintf("unread %s/%d %s", e.Step, e.Visit, e.Channel)
		}
		return fmt.Sprintf("again %s/%d %s %s", e.Step, e.Visit, e.Channel, map[bool]string{true: "last"}[e.Last])
	case *decide.Record:
		return strings.Join(slices.DeleteFunc([]string{e.Name, string(e.Step), visit(e.Visit), string(e.Reason), data(e.Data)}, func(w string) bool { return w == "" }), " ")
	}
	return fmt.Sprintf("%T", effect)
}

// visit is left out where it is the first.
func visit(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("/%d", n)
}

func value(a campaigns.Answer) string {
	if a.Number != 0 {
		return fmt.Sprint(a.Number)
	}
	return ""
}

func data(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	return strings.TrimPrefix(fmt.Sprint(m), "map")
}

// rejected is the record of a wrong answer, with the code that the reader of answers gives it.
func rejected(t testing.TB, d *definition.Definition, step campaigns.StepID, option string) string {
	t.Helper()
	in := pressed(step, 1, campaigns.Telegram, option)
	_, rejection := answers.Read(d.Step(step).Ask(), in.Raw, answers.Context{Lang: "en", Zone: time.UTC, Now: noon, Channel: in.Channel})
	if rejection == nil {
		t.Fatalf("%s is an answer", option)
	}
	return fmt.Sprintf("answer.rejected %s [code:%s]", step, rejection.Code)
}
