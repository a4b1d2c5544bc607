package reports

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/channels"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// cutSource tells what brought a member in from its name: "event:member.joined".
func cutSource(s string) (kind, name string) {
	kind, name, _ = strings.Cut(s, ":")
	return kind, name
}

// channel says why the message went this way, and none before it in the step's order.
func (w *passage) channel(d *store.Delivery, at time.Time) []WhyLine {
	step := w.def.Step(d.Step)
	if step == nil || d.Part > 0 {
		return nil
	}
	order := w.def.ChannelsOf(step)
	i := slices.Index(order, d.Channel)
	if i < 0 {
		return nil
	}
	if i == 0 {
		if len(order) == 1 {
			return nil
		}
		l := w.line(WhyChannel, &at, "why.channel.first", map[string]any{"channel": channelWord(d.Channel)})
		l.Step, l.Over = d.Step, d.Channel
		return []WhyLine{l}
	}
	if first := w.silentOn(d); first != "" {
		key, lost := "why.channel.twin", w.lostBefore(d)
		if lost != "" {
			key += "_lost"
		}
		l := w.line(WhyChannel, &at, key, map[string]any{"channel": channelWord(d.Channel), "instead": channelWord(first)})
		l.Step, l.Over, l.Why = d.Step, d.Channel, lost
		if lost != "" {
			l.What += " " + against(w.lang, lost)
		}
		return []WhyLine{l}
	}
	var lines []WhyLine
	for _, ch := range order[:i] {
		l := w.passedOver(d, ch, at)
		l.Step, l.Over = d.Step, ch
		lines = append(lines, l)
	}
	return lines
}

// silentOn is the channel by which the step's message had gone before, when this is its second one; else empty.
func (w *passage) silentOn(d *store.Delivery) campaigns.Channel {
	for _, other := range w.deliveries {
		came := other.State == campaigns.Sent || other.State == campaigns.Unknown
		if came && other.Step == d.Step && other.Visit == d.Visit && other.Channel != d.Channel && other.ID < d.ID {
			return other.Channel
		}
	}
	return ""
}

// lostBefore is why the channel of the step's first message was lost, where that brought about this second one; empty: it was silence.
func (w *passage) lostBefore(d *store.Delivery) (lost campaigns.Reason) {
	for _, ev := range w.events {
		if ev.Step == d.Step && strings.HasSuffix(ev.Name, ".escalated") && !ev.At.After(d.CreatedAt) {
			lost = eventEntries(ev)[0].lost
		}
	}
	return lost
}

// passedOver says why a channel before the message's own was not used: what was written down then, else what is known now.
func (w *passage) passedOver(d *store.Delivery, ch campaigns.Channel, at time.Time) WhyLine {
	args := map[string]any{"channel": channelWord(d.Channel), "instead": channelWord(ch)}
	if reason := w.recorded(d, ch); reason != "" {
		l := w.line(WhyChannel, &at, "why.channel.fell_back", args)
		l.What, l.Why = l.What+" "+against(w.lang, reason), reason
		return l
	}
	if reason := w.now(ch); reason != "" {
		l := w.line(WhyChannel, &at, "why.channel.now", args)
		l.What, l.Why = l.What+" "+against(w.lang, reason), reason
		return l
	}
	return w.line(WhyChannel, &at, "why.channel.unknown", args)
}

// against is what stands against a channel: a reason's own sentence speaks of a step that was skipped, and this one went another way.
func against(lang string, reason campaigns.Reason) string {
	if key := "why.against." + string(reason); locale.Has(key) {
		return locale.T(lang, key, nil)
	}
	return reasonWords(lang, reason)
}

// recorded is the reason that was written when the channel could not carry this step in this visit; empty: none was.
func (w *passage) recorded(d *store.Delivery, ch campaigns.Channel) campaigns.Reason {
	for _, other := range w.deliveries {
		if other.Step == d.Step && other.Visit == d.Visit && other.Channel == ch && other.State.Final() && other.State != campaigns.Sent {
			return other.Reason
		}
	}
	return ""
}

// now is why the channel cannot be used as the member is known at present; empty: it can.
func (w *passage) now(ch campaigns.Channel) campaigns.Reason {
	f := decide.Facts{Channels: map[campaigns.Channel]decide.ChannelFacts{}, Stopped: w.p.StoppedAt != nil}
	if a, ok := w.p.Addresses.Find(ch); ok { // whether the channel is configured, reports do not know
		f.Channels[ch] = decide.ChannelFacts{
			Reach: a.Reach, Suppressed: a.Suppressed != "", Unconfirmed: a.Proof == members.Unconfirmed, Consent: w.p.Consents.Allows(ch, w.def.Topic),
		}
	}
	return decide.Usable(f, ch, w.def.Purpose)
}

// withDecisions puts what branches decided before the first thing that followed from it, and what a set or an award did before the first thing that came after it;
// where nothing did, at the end. What was done has no moment of its own, and a decision has that of what followed.
func (w *passage) withDecisions(lines []WhyLine) []WhyLine {
	if w.def == nil {
		return append(lines, w.line(WhyDecision, nil, "why.version_unreadable", nil))
	}
	var end []WhyLine
	for _, s := range slices.Backward(w.def.Order) { // so that each finds what stands behind it
		if w.en.Visits[s.ID] == 0 {
			continue
		}
		for _, d := range slices.Backward(w.madeAt(s)) {
			followed := func(l WhyLine) bool { return l.Step != "" && slices.Contains(d.then, l.Step) }
			at := slices.IndexFunc(lines, func(l WhyLine) bool { return l.Kind != WhyDone && followed(l) }) // what was done in a round may stand before another
			if at < 0 {
				at = slices.IndexFunc(lines, followed)
			}
			if at >= 0 {
				if d.line.Kind == WhyDecision {
					d.line.At, d.line.Local = lines[at].At, lines[at].Local
				}
				for at > 0 && lines[at-1].Kind == WhyDone && followed(lines[at-1]) {
					at--
				}
				lines = slices.Insert(lines, at, d.line)
				continue
			}
			end = slices.Insert(end, max(slices.IndexFunc(end, followed), 0), d.line)
		}
	}
	return append(lines, end...)
}

// madeAt is what the step decided or did.
func (w *passage) madeAt(s *definition.Step) []decision {
	args := map[string]any{"step": string(s.ID)}
	key := ""
	switch body := s.Body.(type) {
	case *definition.Branch:
		return w.decisions(s, body)
	case *definition.Split:
		return w.taken(s, body)
	case *definition.Award:
		key, args["points"] = "why.did.award", body.Points
	case *definition.Set:
		key, args["what"] = "why.did.set", Changes(body)
	default:
		return nil
	}
	l := w.line(WhyDone, nil, key, args)
	l.Step = s.ID
	if n := w.en.Visits[s.ID]; n > 1 {
		l.What += " " + w.say("why.did.times", map[string]any{"n": n})
	}
	return []decision{{l, w.after(s, s.Next)}}
}

// Changes are what a set does, the same in every language: +tag, −tag, attribute: value.
func Changes(b *definition.Set) string {
	var out []string
	for _, tag := range b.AddTags {
		out = append(out, "+"+tag)
	}
	for _, tag := range b.RemoveTags {
		out = append(out, "−"+tag)
	}
	for _, name := range slices.Sorted(maps.Keys(b.Attributes)) {
		v := b.Attributes[name]
		if v == nil {
			v = "—"
		}
		out = append(out, fmt.Sprint(name, ": ", v))
	}
	if b.Language != "" {
		out = append(out, "language: "+string(b.Language))
	}
	return strings.Join(out, ", ")
}

// decision is one way that a branch took, or what a step did; then are the steps that may have come next.
type decision struct {
	line WhyLine
	then []campaigns.StepID
}

// arm are the steps of one way, and where it goes on by a goto.
func (w *passage) arm(s *definition.Step, steps []*definition.Step) (then []campaigns.StepID) {
	definition.Within(steps, func(in *definition.Step) {
		then = append(then, in.ID)
		if to, ok := in.Body.(*definition.Goto); ok {
			then = append(then, w.after(s, w.def.Step(to.To))...)
		}
	})
	return then
}

// after are the steps from next on, in their order, that stand behind s in the document: a goto back leads to what may have happened before.
func (w *passage) after(s, next *definition.Step) (then []campaigns.StepID) {
	place := func(x *definition.Step) int { return slices.Index(w.def.Order, x) }
	for at := place(s); next != nil && place(next) > at; {
		at = place(next)
		then = append(then, next.ID)
		switch body := next.Body.(type) {
		case *definition.Goto:
			next = w.def.Step(body.To)
		case *definition.End:
			return then
		default:
			next = next.Next
		}
	}
	return then
}

// decisions are the ways that the branch took: by the steps that were entered. Which round took which is not kept.
func (w *passage) decisions(s *definition.Step, b *definition.Branch) (out []decision) {
	repeated := w.def.RepeatOf(s.ID) != nil || w.en.Visits[s.ID] > 1
	for _, arm := range b.Arms {
		if len(arm.Steps) == 0 || w.en.Visits[arm.Steps[0].ID] == 0 && !w.came(arm.Steps[0]) {
			continue
		}
		key := "why.branch.else"
		args := map[string]any{"step": string(s.ID)}
		if arm.If != nil {
			key, args["clause"] = "why.branch.arm", w.words.Clause(arm.If)
		}
		l := w.line(WhyDecision, nil, key, args)
		l.Step = s.ID
		if arm.If != nil && !repeated {
			l.What += w.because(arm.If)
		}
		if repeated {
			l.What += " " + w.say("why.branch.repeated", nil)
		}
		out = append(out, decision{l, w.arm(s, arm.Steps)})
	}
	if len(out) == 0 {
		l := w.line(WhyDecision, nil, "why.branch.none", map[string]any{"step": string(s.ID)})
		l.Step = s.ID
		out = append(out, decision{line: l})
	}
	return out
}

// taken is the arm of a split that the passage itself names.
func (w *passage) taken(s *definition.Step, b *definition.Split) (out []decision) {
	for i, arm := range b.Arms {
		if w.en.Visits[definition.ArmID(s.ID, i+1)] == 0 {
			continue
		}
		l := w.line(WhyDecision, nil, "why.split", map[string]any{"step": string(s.ID), "arm": arm.Name})
		l.Step = s.ID
		out = append(out, decision{l, w.arm(s, arm.Steps)})
	}
	return out
}

// came: a repeat is not counted among the visits; its rounds are.
func (w *passage) came(s *definition.Step) bool {
	return s.Repeat() != nil && within([]*definition.Step{s}, w.row.Step)
}

func within(steps []*definition.Step, id campaigns.StepID) bool {
	found := false
	definition.Within(steps, func(s *definition.Step) { found = found || s.ID == id })
	return found || slices.ContainsFunc(steps, func(s *definition.Step) bool { return s.ID == id })
}

// because names what the condition looked at: answers as they stand in the passage's own record; of the member's values, that those of then are not kept.
func (w *passage) because(c *definition.Condition) string {
	out := ""
	seen := map[string]bool{}
	then := func() string {
		if seen["then"] {
			return ""
		}
		seen["then"] = true
		return " " + w.say("why.branch.then_unknown", nil)
	}
	c.Leaves(func(leaf *definition.Condition) {
		name := string(leaf.Subject) + ":" + leaf.Name
		if seen[name] {
			return
		}
		seen[name] = true
		switch leaf.Subject {
		case definition.SubjectAnswer:
			if leaf.Of != "" {
				out += then()
				break
			}
			out += " " + w.answerNow(leaf.Name)
		case definition.SubjectCall:
			out += " " + w.callNow(leaf.Name)
		case definition.SubjectScore: // the totals go on growing after the decision
		default:
			out += then()
		}
	})
	return out
}

func (w *passage) answerNow(name string) string {
	a, ok := w.en.Answers[name]
	switch {
	case !ok:
		return w.say("why.branch.no_answer", map[string]any{"question": name})
	case !w.values || a.Media != nil:
		return w.say("why.branch.answered", map[string]any{"question": name})
	}
	return w.say("why.branch.answer", map[string]any{"question": name, "value": w.words.Answer(name, a)})
}

// callNow says what another system answered, as the passage knows it.
func (w *passage) callNow(path string) string {
	call, field, _ := strings.Cut(path, ".")
	args := map[string]any{"call": call, "field": field}
	v := definition.CallField(w.en.Calls, strings.Split(path, "."))
	switch {
	case v == nil:
		return w.say("why.branch.no_call", args)
	case !w.values:
		return w.say("why.branch.called", args)
	}
	args["value"] = w.words.Called(v)
	return w.say("why.branch.call", args)
}

// stands is what the passage waits for, or why it is over.
func (w *passage) stands() []WhyLine {
	if w.row.EndedAt != nil {
		l := w.line(WhyEnded, w.row.EndedAt, "timeline."+string(w.row.State), map[string]any{"campaign": nameIn(w.c, w.lang)})
		if l.Why = w.row.Reason; l.Why != "" {
			l.What += " " + reasonWords(w.lang, l.Why)
		}
		return []WhyLine{l}
	}
	l := w.line(WhyWaiting, nil, "why.waiting.decision", map[string]any{"step": string(w.row.Step)})
	if due := w.row.DueAt; due != nil {
		args := map[string]any{"step": string(w.row.Step), "at": w.when(*due), "zone": w.zone.String()}
		switch {
		case w.en.HeldOut:
			l = w.line(WhyWaiting, nil, "why.waiting.held_out", args)
		case w.row.WaitKind == campaigns.WaitTime && w.row.Step == "": // for the schedule's moment on the member's clock
			l = w.line(WhyWaiting, nil, "why.waiting.entry", args)
		case w.row.WaitKind == campaigns.WaitTime:
			l = w.line(WhyWaiting, nil, "why.waiting.time", args)
			if w.en.Waiting.Call {
				l = w.line(WhyWaiting, nil, "why.waiting.call", args)
			}
			if event := w.en.Waiting.Event; event != "" {
				args["event"] = event
				l = w.line(WhyWaiting, nil, "why.waiting.event", args)
			}
			if w.en.Waiting.Silence != nil {
				l = w.line(WhyWaiting, nil, "why.waiting.silence", args)
			}
		case w.row.WaitKind == campaigns.WaitAnswer && w.escalates():
			l = w.line(WhyWaiting, nil, "why.waiting.answer_first", args)
		case w.row.WaitKind == campaigns.WaitAnswer:
			l = w.line(WhyWaiting, nil, "why.waiting.answer", args)
		}
	}
	if w.row.WaitKind == campaigns.WaitDelivery {
		l = w.waitingDelivery()
	}
	l.Step = w.row.Step
	lines := []WhyLine{l}
	if unseen := w.unseen(); unseen != nil {
		lines = append(lines, *unseen)
	}
	if w.c.State == campaigns.Paused {
		lines = append(lines, w.line(WhyWaiting, nil, "why.paused", nil))
	}
	return lines
}

// unseen says that the open question stands where nothing reaches the member any more.
func (w *passage) unseen() *WhyLine {
	asked := w.en.Asked[w.row.Step]
	if w.row.WaitKind != campaigns.WaitAnswer || asked.Twin != "" {
		return nil
	}
	a := w.p.Addresses.On(asked.Channel)
	var reason campaigns.Reason
	switch {
	case a.Reach == channels.ReachBlocked:
		reason = campaigns.Blocked
	case a.Reach == channels.ReachGone:
		reason = campaigns.Gone
	case a.Suppressed != "":
		reason = campaigns.SuppressedAddr
	default:
		return nil
	}
	l := w.line(WhyWaiting, nil, "why.waiting.unseen", nil)
	l.Step, l.Why, l.Over = w.row.Step, reason, asked.Channel
	l.What += " " + w.say("why.against."+string(reason), nil)
	return &l
}

// escalates reports whether the question that is open is to go by another channel first, before its time is over.
func (w *passage) escalates() bool {
	s := w.def.Step(w.row.Step)
	return s != nil && w.def.EscalateOf(s) != nil && !w.en.Asked[w.row.Step].Escalated
}

func (w *passage) waitingDelivery() WhyLine {
	args := map[string]any{"step": string(w.row.Step)}
	for _, d := range w.deliveries {
		if d.ID != w.row.WaitDelivery {
			continue
		}
		l := w.line(WhyWaiting, nil, "why.waiting.delivery", args)
		if d.DueAt != nil {
			args["at"], args["zone"] = w.when(*d.DueAt), w.zone.String()
			l = w.line(WhyWaiting, nil, "why.waiting.delivery_until", args)
		}
		if l.Why, l.Over = d.Reason, d.Channel; l.Why != "" {
			l.What += " " + ruleWords(w.lang, l.Why, d.Detail)
		}
		return l
	}
	return w.line(WhyWaiting, nil, "why.waiting.delivery", args)
}

// eventName is the name of an event of the platform in its row.
func eventName(ev store.Event) string {
	var data struct {
		Event string `json:"event"`
	}
	_ = json.Unmarshal(ev.Data, &data) // what has none has no name
	return data.Event
}
