package decide_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/decide/replay"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
)

var (
	bothChannels = []campaigns.Channel{campaigns.Telegram, campaigns.Email}
	zoneNames    = []string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"}
)

// author writes campaigns that the checker takes: every step can be reached, and only a wait or a question leads back.
type author struct {
	t     *rapid.T
	b     strings.Builder
	top   int
	n     int
	asked []string // names of answers so far
	loops bool
	round bool // inside a repeat: nothing jumps

	called []string // names of calls so far
}

// drawDefinition draws a campaign. Without loops every way leads forward.
func drawDefinition(t *rapid.T, loops bool) *definition.Definition {
	d, _ := drawSource(t, loops)
	return d
}

// drawSource is drawDefinition with the text.
func drawSource(t *rapid.T, loops bool) (*definition.Definition, string) {
	a := &author{t: t, top: rapid.IntRange(1, 6).Draw(t, "steps"), loops: loops}
	for i := range a.top {
		a.step(i, fmt.Sprintf("s%d", i), "  ", 0)
	}
	goal := a.pick("goal", "", "", "goal: {event: lesson.booked, within: 2d}\n", "goal: {event: lesson.booked, if: {tag: t1}, within: 9d, then: count}\nholdout: 10\n")
	escalate := a.pick("escalate", "", "escalate: {after: 25m}\n")
	exit := a.pick("exit", "exit: [{event: member.left}]", "exit: [{event: member.left}, {if: {tag: t2}}]", "exit: [{event: member.left}, {event: other, if: {attribute: level, is: a1}}]")
	doc := strings.Replace(strings.Replace(head, "exit: [{event: member.left}]", exit, 1), "steps:\n", goal+escalate+"steps:\n", 1) + a.b.String()
	d, problems := definition.Parse([]byte(doc), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v in\n%s", problems, doc)
	}
	return d, doc
}

func (a *author) pick(label string, words ...string) string {
	return rapid.SampledFrom(words).Draw(a.t, label)
}

// target is a top-level step: one of those to come, or with loops any. "" when none is left.
func (a *author) target(top int) string {
	from := top + 1
	if a.round {
		return ""
	}
	if a.loops {
		from = 0
	}
	if from >= a.top {
		return ""
	}
	return fmt.Sprintf("s%d", rapid.IntRange(from, a.top-1).Draw(a.t, "target"))
}

func (a *author) step(top int, id, indent string, depth int) {
	kinds := []string{"send", "send", "ask", "ask", "wait", "set", "award", "notify", "call", "enroll"}
	if depth < 2 {
		kinds = append(kinds, "branch", "branch", "split")
	}
	if depth == 0 && !a.loops {
		kinds = append(kinds, "repeat", "repeat")
	}
	out := func(format string, args ...any) {
		fmt.Fprintf(&a.b, "%s- {id: %s, %s}\n", indent, id, fmt.Sprintf(format, args...))
	}
	switch a.pick("kind", kinds...) {
	case "send":
		out("send: {text: {en: Hi}%s}", a.pick("send", "", ", channels: [email]", ", expires: 2h", ", escalate: {after: 15m}"))
	case "ask":
		a.ask(out, top, id)
	case "wait":
		out("wait: %s", a.pick("wait", "1d", "90m", `{until: "10:00"}`, `{for: 2d, until: "02:30"}`, `{until: "02:30", on: [sunday, friday]}`, a.dateWait(top), a.eventWait(top)))
	case "set":
		out("set: %s", a.pick("set", "{add_tags: [t1]}", "{remove_tags: [t1], add_tags: [t2]}", "{attributes: {level: a1, old: null}}", "{language: ru}"))
	case "award":
		out("award: {points: %s}", a.pick("points", "10", "-3"))
	case "notify":
		out("notify: {text: {en: Look}}")
	case "call":
		failed := ""
		if to := a.target(top); to != "" && !a.loops && rapid.Bool().Draw(a.t, "jumps") {
			failed = ", failed: " + to
		}
		out("call: {endpoint: shop, timeout: %s%s}", a.pick("timeout", "10m", "3d"), failed)
		a.called = append(a.called, id)
	case "enroll":
		out("enroll: other")
	case "repeat":
		a.repeat(top, id, indent)
	case "branch":
		a.branch(top, id, indent, depth)
	case "split":
		a.split(top, id, indent, depth)
	}
}

// maxTimes is how many rounds a drawn repeat has at most.
const maxTimes = 4

func (a *author) repeat(top int, id, indent string) {
	starts := a.pick("starts", "", `, starts: "2026-10-18"`, `, starts: "2026-11-02"`)
	fmt.Fprintf(&a.b, "%s- id: %s\n%s  repeat: {times: %d, at: %q%s, steps: [\n", indent, id, indent, rapid.IntRange(1, maxTimes).Draw(a.t, "times"), a.pick("at", "10:00", "02:30", "00:00"), starts)
	a.round = true
	for range rapid.IntRange(1, 3).Draw(a.t, "inner") {
		inner := &author{t: a.t, top: a.top, n: a.n, asked: a.asked, round: true}
		inner.step(top, a.id(), "", 3)
		a.n, a.asked = a.n+inner.n, inner.asked
		fmt.Fprintf(&a.b, "%s    %s,\n", indent, strings.TrimPrefix(strings.TrimSpace(inner.b.String()), "- "))
	}
	a.round = false
	fmt.Fprintf(&a.b, "%s  ]}\n", indent)
}

func (a *author) ask(out func(string, ...any), top int, id string) {
	timeout := "after: " + a.pick("after", "1d", "30m", "3d12h")
	if to := a.target(top); to != "" && rapid.Bool().Draw(a.t, "jumps") {
		timeout += ", goto: " + to
	}
	kind := a.pick("type", "nps", "text", "choice, options: [{value: a1, text: {en: One}}, {value: b1, text: {en: Two}}]")
	out("ask: {type: %s, text: {en: Q}, timeout: {%s}, retries: %s, final: %s%s}", kind, timeout, a.pick("retries", "0", "1", "2"), a.pick("final", "true", "false"), a.pick("escalates", "", "", ", escalate: {after: 20m}", ", escalate: false", ", channels: [email]"))
	a.asked = append(a.asked, id)
}

func (a *author) branch(top int, id, indent string, depth int) {
	fmt.Fprintf(&a.b, "%s- id: %s\n%s  branch:\n", indent, id, indent)
	for range rapid.IntRange(1, 2).Draw(a.t, "arms") {
		conditions := []string{"{tag: t1}", "{channel: email}", "{language: ru}", "{attribute: level, is: a1}", "{not: {tag: t2}}"}
		for _, name := range a.called {
			conditions = append(conditions, "{call: "+name+".ok, is: true}")
		}
		for _, name := range a.asked {
			conditions = append(conditions, "{answer: "+name+", exists: true}")
		}
		fmt.Fprintf(&a.b, "%s    - if: %s\n%s      steps:\n", indent, a.pick("if", conditions...), indent)
		inner := indent + "        "
		for range rapid.IntRange(1, 2).Draw(a.t, "inner") {
			a.step(top, a.id(), inner, depth+1)
		}
		to := a.target(top)
		switch end := a.pick("ending", "", "", "end", "goto"); {
		case end == "end":
			fmt.Fprintf(&a.b, "%s- {id: %s, end: true}\n", inner, a.id())
		case end == "goto" && to != "":
			fmt.Fprintf(&a.b, "%s- {id: %s, wait: 1h}\n%s- {id: %s, goto: %s}\n", inner, a.id(), inner, a.id(), to)
		}
	}
}

func (a *author) dateWait(top int) string {
	missed := ""
	if to := a.target(top); to != "" && !a.loops && rapid.Bool().Draw(a.t, "jumps") {
		missed = ", missed: " + to
	}
	return fmt.Sprintf(`{until: "02:30", date: {attribute: exam_on%s%s}}`, a.pick("moved", "", ", before: 2d", ", after: 1d"), missed)
}

func (a *author) eventWait(top int) string {
	timeout := "after: " + a.pick("after", "1d", "30m", "3d12h")
	if to := a.target(top); to != "" && rapid.Bool().Draw(a.t, "jumps") {
		timeout += ", goto: " + to
	}
	return fmt.Sprintf("{event: %s, timeout: {%s}}", a.pick("event", "lesson.done", "member.left"), timeout)
}

func (a *author) split(top int, id, indent string, depth int) {
	fmt.Fprintf(&a.b, "%s- id: %s\n%s  split:\n", indent, id, indent)
	for range rapid.IntRange(2, 3).Draw(a.t, "shares") {
		fmt.Fprintf(&a.b, "%s    - share: %d\n%s      steps:", indent, rapid.IntRange(1, 3).Draw(a.t, "share"), indent)
		if rapid.IntRange(0, 3).Draw(a.t, "control") == 0 {
			a.b.WriteString(" []\n")
			continue
		}
		a.b.WriteString("\n")
		a.step(top, a.id(), indent+"        ", depth+1)
	}
}

func (a *author) id() string {
	a.n++
	return fmt.Sprintf("n%d", a.n)
}

// life plays inputs to one enrollment and looks at every decision.
type life struct {
	t    *rapid.T
	d    *definition.Definition
	e    decide.Enrollment
	f    decide.Facts
	now  time.Time
	out  *decide.Deliver         // the delivery that has no final state yet
	seen map[decide.Deliver]bool // step, visit, channel and part of all
	call *decide.Call            // that nothing has become of yet
	to   int                     // the version that it was moved to; 0: none
}

func newLife(t *rapid.T, d *definition.Definition) *life {
	loc, err := time.LoadLocation(rapid.SampledFrom(zoneNames).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return &life{
		t: t, d: d, now: noon, e: decide.Enrollment{State: campaigns.EnrollmentActive, Entered: noon}, seen: map[decide.Deliver]bool{},
		f: decide.Facts{
			Member: campaigns.MemberID(rapid.IntRange(1, 50).Draw(t, "member")), Language: "en", Zone: loc, HeldOut: rapid.IntRange(0, 9).Draw(t, "held out") == 0,
			Tags: []string{"t1"}, Attributes: map[string]any{"old": true, "exam_on": "2026-10-27"},
			Channels: map[campaigns.Channel]decide.ChannelFacts{campaigns.Telegram: {Consent: true}, campaigns.Email: {Consent: true}},
		},
	}
}

// bytes is everything of what is asked that can be written down, with the definition.
func (l *life) bytes(tb testing.TB, in decide.Input) []byte {
	b := compact(tb, l.asked(tb, in))
	for _, s := range l.d.Order {
		b = fmt.Appendf(b, "%s %+v\n", s.ID, s.Body)
	}
	return b
}

func (l *life) asked(tb testing.TB, in decide.Input) replay.Decision {
	d, err := replay.Write(replay.Asked{Enrollment: l.e, Facts: l.f, Input: in, Now: l.now})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func compact(tb testing.TB, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// take decides, and decides again from what is written down of it: to the same bytes.
func (l *life) take(tb testing.TB, in decide.Input) {
	before, asked := l.bytes(tb, in), l.asked(tb, in)
	next, effects := decide.Decide(l.d, l.e, l.f, in, l.now)
	if !bytes.Equal(before, l.bytes(tb, in)) {
		l.t.Fatalf("%T changed its arguments", in)
	}
	d, err := asked.Answered(next, effects)
	if err != nil {
		l.t.Fatal(err)
	}
	var from *definition.Definition
	if moved, ok := in.(*decide.Moved); ok {
		from = moved.Was
	}
	if err := d.Same(l.d, from); err != nil {
		l.t.Fatal(err)
	}
	was := l.e
	l.e = next
	if was.State != next.State && !was.State.May(next.State) {
		l.t.Fatalf("%T: %s → %s", in, was.State, next.State)
	}
	l.note(in, effects)
	l.stands(was, in)
	l.last(tb)
}

// standing is all of where an enrollment stands.
func standing(tb testing.TB, e decide.Enrollment) []byte {
	d, err := replay.Decision{}.Answered(e, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return compact(tb, d.After)
}

// last: what Last says is over with its message is completed by the message's outcome with no facts at all as with these, in the same words.
func (l *life) last(tb testing.TB) {
	if l.out == nil || !decide.Last(l.d, l.e) {
		return
	}
	in := &decide.Delivered{Step: l.e.Step, Visit: l.e.Visit, Channel: l.out.Channel, Part: l.out.Part, State: campaigns.Sent, At: l.now}
	blind, effects := decide.Decide(l.d, l.e, decide.Facts{}, in, l.now)
	paused := l.f
	paused.Paused = true
	for _, f := range []decide.Facts{l.f, paused} {
		if seeing, _ := decide.Decide(l.d, l.e, f, in, l.now); !bytes.Equal(standing(tb, seeing), standing(tb, blind)) {
			l.t.Fatalf("with facts %+v, without %+v", stand(seeing), stand(blind))
		}
	}
	if _, told := effects[0].(*decide.Record); blind.State != campaigns.EnrollmentCompleted || len(effects) != 1 || !told {
		l.t.Fatalf("%s is not the last: %+v, %d effects", l.e.Step, stand(blind), len(effects))
	}
}

// note keeps the books of deliveries.
func (l *life) note(in decide.Input, effects []decide.Effect) {
	if in, ok := in.(*decide.Delivered); ok && l.out != nil && in.State.Final() && key(l.out) == (decide.Deliver{Step: in.Step, Visit: in.Visit, Channel: in.Channel, Part: in.Part}) {
		l.out = nil
	}
	var settled *decide.Call // by this input: where its round is over, the passage gives it up all the same, and its row stays as it is
	if in, ok := in.(*decide.Called); ok && l.call != nil && in.Step == l.call.Step && in.Visit == l.call.Visit {
		settled, l.call = l.call, nil
	}
	for _, effect := range effects {
		switch x := effect.(type) {
		case *decide.EndCall:
			if settled != nil && settled.Step == x.Step && settled.Visit == x.Visit {
				settled = nil
				continue
			}
			if l.call == nil || l.call.Step != x.Step || l.call.Visit != x.Visit {
				l.t.Fatalf("%T: ends a call that nobody waits for", in)
			}
			l.call = nil
		case *decide.Call:
			if k := (decide.Deliver{Step: x.Step, Visit: x.Visit, Part: -6}); l.seen[k] || l.call != nil || !x.Until.After(l.now) {
				l.t.Fatalf("%T: a second call %+v beside %+v", in, x, l.call)
			} else {
				l.seen[k], l.call = true, x
			}
		case *decide.CancelPending:
			l.out = nil
		case *decide.Deliver:
			if l.out != nil || l.seen[key(x)] {
				l.t.Fatalf("%T: a second delivery %+v beside %+v", in, key(x), l.out)
			}
			if l.e.HeldOut {
				l.t.Fatalf("%T: a message for who is held out", in)
			}
			l.out, l.seen[key(x)] = x, true
		case *decide.ReachGoal:
			if k := (decide.Deliver{Part: -4}); l.seen[k] || l.e.Reached == nil || x.HeldOut != l.e.HeldOut {
				l.t.Fatalf("%T: the goal is reached again, or by nobody: %+v", in, l.e)
			} else {
				l.seen[k] = true
			}
		case *decide.Award:
			if k := (decide.Deliver{Step: x.Step, Visit: x.Visit, Part: -1}); l.seen[k] {
				l.t.Fatalf("%T: a second award %+v", in, x)
			} else {
				l.seen[k] = true
			}
		case *decide.Notify:
			if k := (decide.Deliver{Step: x.Step, Visit: x.Visit, Part: -5}); l.seen[k] {
				l.t.Fatalf("%T: told twice %+v", in, x)
			} else {
				l.seen[k] = true
			}
		case *decide.Enroll:
			if k := (decide.Deliver{Step: x.Step, Visit: x.Visit, Part: -4}); l.seen[k] {
				l.t.Fatalf("%T: enrolled twice %+v", in, x)
			} else {
				l.seen[k] = true
			}
		case *decide.Record:
			l.round(x)
			l.escalated(x)
			if l.d.Step(x.Step) != nil && x.Visit == 0 && x.Name != "answer.ignored" && x.Name != "enrollment.moved" && l.e.Visits[x.Step] > 0 {
				l.t.Fatalf("%s names no visit of %s", x.Name, x.Step)
			}
		}
	}
}

// escalated: a question's time without an answer comes once a visit, and its second message goes by a channel that comes later in the step's order.
func (l *life) escalated(x *decide.Record) {
	if !strings.HasSuffix(x.Name, "escalated") {
		return
	}
	k := decide.Deliver{Step: x.Step, Visit: x.Visit, Part: -6}
	rule := l.d.EscalateOf(l.d.Step(x.Step))
	if l.seen[k] || rule == nil || strings.HasSuffix(x.Name, ".escalated") && (x.Data["to"] != "email" || x.Data["from"] == "email" || l.e.Waiting.Begun) {
		l.t.Fatalf("%s %s/%d %v by %+v", x.Name, x.Step, x.Visit, x.Data, rule)
	}
	l.seen[k] = true
}

// round checks that rounds open in their order, once each, and that none is missed twice or beyond its number.
func (l *life) round(x *decide.Record) {
	s := l.d.Step(x.Step)
	if s == nil || s.Repeat() == nil || x.Name != "round.opened" && x.Name != "round.missed" {
		return
	}
	k := decide.Deliver{Step: x.Step, Visit: x.Visit, Part: map[string]int{"round.opened": -2, "round.missed": -3}[x.Name]}
	later := x.Name == "round.opened" && l.seen[decide.Deliver{Step: x.Step, Visit: x.Visit + 1, Part: -2}]
	if l.seen[k] || later || x.Visit < 1 || x.Visit > s.Repeat().Times && l.to == 0 {
		l.t.Fatalf("%s %d of %d", x.Name, x.Visit, s.Repeat().Times)
	}
	l.seen[k] = true
}

func key(x *decide.Deliver) decide.Deliver {
	return decide.Deliver{Step: x.Step, Visit: x.Visit, Channel: x.Channel, Part: x.Part}
}

// stands checks that the enrollment is over, or waits for something that will come.
func (l *life) stands(was decide.Enrollment, in decide.Input) {
	e := l.e
	asked := e.Asked[e.Step]
	ok := false
	switch {
	case e.State.Final():
		ok = e.Wait == campaigns.WaitNone && e.Due == nil && e.Waiting.Channel == "" && e.Waiting.Rule == nil && l.out == nil
	case e.State == campaigns.EnrollmentActive:
		ok = e.Wait == campaigns.WaitNone && e.Due != nil && l.f.Paused || was.State == campaigns.EnrollmentActive
		if _, due := in.(*decide.Due); due && !l.f.Paused {
			ok = false
		}
	case e.Wait == campaigns.WaitTime:
		ok = e.Due != nil && l.out == nil
	case e.Wait == campaigns.WaitDelivery:
		twin := asked.Visit == e.Visit && asked.Escalated && !asked.Answered && !asked.Closed
		// A move may have brought the end of the round nearer than that of the message.
		ok = ((e.Due != nil) == twin || e.Due != nil && e.Round != nil && !e.Round.Over) && l.out != nil && key(l.out) == decide.Deliver{Step: e.Step, Visit: e.Visit, Channel: e.Waiting.Channel, Part: e.Waiting.Part}
	case e.Wait == campaigns.WaitAnswer:
		ok = e.Due != nil && l.out == nil && asked.Visit == e.Visit && !asked.Closed && !asked.Answered
	}
	if e.State == campaigns.EnrollmentExited {
		for _, q := range e.Asked {
			ok = ok && q.Closed
		}
	}
	if e.Waiting.Call != (l.call != nil) || l.call != nil && (e.Wait != campaigns.WaitTime || l.call.Step != e.Step || l.call.Visit != e.Visit) {
		ok = false
	}
	_, due := in.(*decide.Due)
	if _, outcome := in.(*decide.Delivered); due || outcome && was.Wait != e.Wait { // these decide what is due: due again at once, it would be decided for ever
		ok = ok && (l.f.Paused || e.State != campaigns.EnrollmentWaiting || e.Due == nil || e.Due.After(l.now))
	}
	if !ok || e.Reason == campaigns.ExitCycle {
		l.t.Fatalf("%T: stands at %s (%+v), the delivery is %+v", in, stand(e), e.Waiting, l.out)
	}
}

// input draws what may happen next, the likely and the strange.
func (l *life) input() decide.Input {
	switch rapid.SampledFrom([]string{"begun", "due", "due", "delivered", "delivered", "delivered", "answered", "answered", "stray", "called", "event", "zone", "left"}).Draw(l.t, "input") {
	case "due":
		if l.e.Due != nil && rapid.IntRange(0, 3).Draw(l.t, "on time") > 0 && l.e.Due.After(l.now) {
			l.now = *l.e.Due
		}
		return &decide.Due{}
	case "delivered":
		if l.out != nil {
			in := l.outcome(key(l.out))
			in.More = in.Part < 2 && rapid.IntRange(0, 3).Draw(l.t, "more") == 0
			return in
		}
	case "answered":
		return l.answer()
	case "begun":
		step := l.anyStep()
		return &decide.Begun{Step: step, Visit: l.e.Visits[step]}
	case "stray":
		step := l.anyStep() // not of a message that this very decision will write
		return l.outcome(decide.Deliver{Step: step, Visit: min(rapid.IntRange(0, 2).Draw(l.t, "visit"), l.e.Visits[step]), Channel: campaigns.Email})
	case "called":
		in := &decide.Called{Step: l.anyStep(), Visit: rapid.IntRange(0, 2).Draw(l.t, "visit"), Failed: rapid.SampledFrom([]campaigns.Reason{"", campaigns.CallRefused}).Draw(l.t, "failed")}
		if l.call != nil && rapid.IntRange(0, 3).Draw(l.t, "it") > 0 {
			in.Step, in.Visit = l.call.Step, l.call.Visit
		}
		if in.Failed == "" {
			in.Answer = rapid.SampledFrom([]map[string]any{nil, {"ok": true}}).Draw(l.t, "said")
		}
		return in
	case "event":
		return &decide.Happened{Event: rapid.SampledFrom([]string{"other", "lesson.done", "lesson.done", "lesson.booked", "member.left"}).Draw(l.t, "event")}
	case "left":
		if rapid.IntRange(0, 9).Draw(l.t, "leaves") == 0 {
			return &decide.Left{Reason: campaigns.ExitWithdrawn}
		}
	case "zone":
		l.f.Attributes = maps.Clone(l.f.Attributes)
		l.f.Attributes["exam_on"] = rapid.SampledFrom([]any{"2026-10-20", "2026-10-25", "2026-11-30T09:00:00Z", "soon", nil, 7.0}).Draw(l.t, "exam")
		l.f.Zone, _ = time.LoadLocation(rapid.SampledFrom(zoneNames).Draw(l.t, "zone"))
		return &decide.ZoneChanged{}
	}
	return &decide.Start{}
}

func (l *life) anyStep() campaigns.StepID {
	ids := []campaigns.StepID{"", "nowhere", l.e.Step, l.e.Step, l.e.Step}
	for id := range l.e.Visits {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(l.t, "step")
}

func (l *life) outcome(x decide.Deliver) *decide.Delivered {
	states := []campaigns.DeliveryState{campaigns.Sent, campaigns.Sent, campaigns.Sent, campaigns.Unknown, campaigns.Failed, campaigns.Suppressed, campaigns.Expired, campaigns.Canceled, campaigns.Claimed}
	reasons := []campaigns.Reason{"", campaigns.Blocked, campaigns.Rejected, campaigns.AttemptsUsedUp, campaigns.TooLate, campaigns.ChannelAway, campaigns.NoConnection, campaigns.NoConsent, campaigns.Stopped}
	return &decide.Delivered{
		Step: x.Step, Visit: x.Visit, Channel: x.Channel, Part: x.Part, At: l.now.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 1, 26, 90}).Draw(l.t, "known late")) * time.Hour),
		State: rapid.SampledFrom(states).Draw(l.t, "state"), Reason: rapid.SampledFrom(reasons).Draw(l.t, "reason"),
	}
}

func (l *life) answer() decide.Input {
	step := l.anyStep()
	visit := l.e.Visits[step] - rapid.SampledFrom([]int{0, 0, 0, 0, 1, -1}).Draw(l.t, "older")
	return &decide.Answered{
		Step: step, Visit: visit, At: l.now.Add(-time.Duration(rapid.IntRange(0, 5).Draw(l.t, "stored")) * time.Second),
		Channel: rapid.SampledFrom([]campaigns.Channel{campaigns.Telegram, campaigns.Email, campaigns.Page}).Draw(l.t, "channel"),
		Raw:     campaigns.RawAnswer{Text: rapid.SampledFrom([]string{"a1", "9", "One", "", "nonsense"}).Draw(l.t, "text")},
	}
}

// world changes what is known about the member and the campaign.
func (l *life) world() {
	l.now = l.now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 60, 3600, 90000}).Draw(l.t, "passes")) * time.Second)
	switch rapid.IntRange(0, 9).Draw(l.t, "world") {
	case 0:
		l.pause()
	case 1:
		l.f.Channels = maps.Clone(l.f.Channels)
		l.f.Channels[rapid.SampledFrom(bothChannels).Draw(l.t, "channel")] = decide.ChannelFacts{
			Reach:   rapid.SampledFrom([]channels.Reach{channels.ReachOK, channels.ReachBlocked, channels.ReachGone}).Draw(l.t, "reach"),
			Consent: rapid.IntRange(0, 3).Draw(l.t, "consent") > 0,
		}
	case 2:
		l.f.Interactive = !l.f.Interactive
		at := l.now
		l.f.LastAct = &at
	case 3:
		l.f.Stopped = rapid.IntRange(0, 4).Draw(l.t, "stopped") == 0
	}
}

func (l *life) pause() {
	if l.f.Paused = !l.f.Paused; l.f.Paused {
		l.f.Pauses = append(l.f.Pauses, decide.Pause{From: l.now})
		return
	}
	l.f.Pauses = slices.Clone(l.f.Pauses)
	l.f.Pauses[len(l.f.Pauses)-1].To = l.now
}

// Whatever happens, in whatever order: decisions repeat, arguments stay, transitions are those of the table, nothing is sent twice,
// and an enrollment that is not over waits for something that will come.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt, drawDefinition(rt, rapid.Bool().Draw(rt, "loops")))
		l.take(t, &decide.Start{})
		for range rapid.IntRange(0, 30).Draw(rt, "inputs") {
			l.world()
			l.take(t, l.input())
		}
	})
}

// A campaign without a way back ends by itself, when everything is sent and nobody answers.
func TestEveryWayEnds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt, drawDefinition(rt, false))
		l.take(t, &decide.Start{})
		most := 4 * len(l.d.Order) * (1 + maxTimes)
		for range most {
			switch {
			case l.e.State.Final():
				return
			case l.out != nil:
				x := key(l.out)
				l.take(t, &decide.Delivered{Step: x.Step, Visit: x.Visit, Channel: x.Channel, Part: x.Part, State: campaigns.Sent, At: l.now})
			default:
				if l.e.Due.After(l.now) {
					l.now = *l.e.Due
				}
				l.take(t, &decide.Due{})
			}
		}
		if !l.e.State.Final() {
			rt.Fatalf("after %d decisions: %s", most, stand(l.e))
		}
	})
}

// No enrollment that a broken row may hold, and no input, makes the decider panic.
func TestNothingPanics(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(rt, drawDefinition(rt, rapid.Bool().Draw(rt, "loops")))
		steps := []campaigns.StepID{"", "nowhere"}
		for _, s := range l.d.Order {
			steps = append(steps, s.ID)
		}
		step := rapid.SampledFrom(steps).Draw(rt, "step")
		l.e = decide.Enrollment{
			State: rapid.SampledFrom([]campaigns.EnrollmentState{"", "active", "waiting", "completed", "exited"}).Draw(rt, "state"),
			Wait:  rapid.SampledFrom([]campaigns.WaitKind{"", "time", "delivery", "answer"}).Draw(rt, "wait"),
			Step:  step, Visit: rapid.IntRange(-1, 2).Draw(rt, "visit"), Started: rapid.Bool().Draw(rt, "started"),
		}
		if rapid.Bool().Draw(rt, "has visits") {
			l.e.Visits = map[campaigns.StepID]int{step: rapid.IntRange(-1, 2).Draw(rt, "visits")}
			l.e.Asked = map[campaigns.StepID]decide.Asked{step: {Visit: l.e.Visit, Channel: rapid.SampledFrom([]campaigns.Channel{"", campaigns.Telegram, campaigns.Page}).Draw(rt, "asked on")}}
		}
		if rapid.Bool().Draw(rt, "in a round") {
			l.e.Round = &decide.Round{
				Step: rapid.SampledFrom(steps).Draw(rt, "repeat"), N: rapid.IntRange(-1, 6).Draw(rt, "round"),
				First: rapid.SampledFrom([]string{"", "2026-10-19", "tomorrow"}).Draw(rt, "first"), Over: rapid.Bool().Draw(rt, "over"),
			}
		}
		if rapid.Bool().Draw(rt, "due") {
			l.e.Due = &l.now
		}
		l.world()
		decide.Decide(l.d, l.e, l.f, l.input(), l.now)
		decide.Decide(l.d, l.e, decide.Facts{}, l.input(), l.now)
		decide.Decide(l.d, l.e, l.f, nil, l.now)
	})
}
