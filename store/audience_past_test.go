package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// pastSubjects are what conditions look back at, and the segment, which may look at anything.
var pastSubjects = []definition.Subject{
	definition.SubjectConsent, definition.SubjectEvent, definition.SubjectFirstEvent, definition.SubjectLastEvent, definition.SubjectInside,
	definition.SubjectEntered, definition.SubjectCompleted, definition.SubjectLeft, definition.SubjectMessage, definition.SubjectSegment,
	definition.SubjectAnswer, definition.SubjectScore,
}

var (
	someTopic    = rapid.SampledFrom([]string{"news", "surveys"})
	someEvent    = rapid.SampledFrom([]string{"lesson.done", "lesson", "done"})
	somePastKey  = rapid.SampledFrom([]string{"welcome", "survey", "nowhere"})
	someStep     = rapid.SampledFrom([]campaigns.StepID{"", "hello", "bye"})
	someOutcome  = rapid.SampledFrom([]campaigns.DeliveryState{campaigns.Sent, campaigns.Failed, campaigns.Suppressed})
	someQuestion = rapid.SampledFrom([]string{"level", "likes"})
	// Moments at the very edge of the spans that are asked for, and beside it.
	someAgo  = rapid.SampledFrom([]time.Duration{0, time.Microsecond, time.Hour, 24*time.Hour - time.Microsecond, 24 * time.Hour, 24*time.Hour + time.Microsecond, 36 * time.Hour, 72 * time.Hour})
	someSpan = rapid.SampledFrom([]definition.Span{
		{},
		{Within: timing.Period{Time: time.Hour}},
		{Within: timing.Period{Days: 1}},
		{Within: timing.Period{Days: 1, Time: 12 * time.Hour}},
		{OlderThan: timing.Period{Days: 1}},
		{OlderThan: timing.Period{Time: 72 * time.Hour}},
	})
	someCount = rapid.SampledFrom([]float64{0, 1, 2, 1.5})
)

func somePast(t *rapid.T) definition.Condition {
	return somePastOf(t, rapid.SampledFrom(pastSubjects).Draw(t, "subject"))
}

func somePastOf(t *rapid.T, subject definition.Subject) (c definition.Condition) {
	c.Subject = subject
	switch c.Subject {
	case definition.SubjectConsent:
		c.Name, c.On = someTopic.Draw(t, "topic"), rapid.SampledFrom([]campaigns.Channel{"", campaigns.Telegram, campaigns.Email}).Draw(t, "on")
	case definition.SubjectEvent:
		c.Name, c.Span = someEvent.Draw(t, "event"), someSpan.Draw(t, "span")
		if rapid.Bool().Draw(t, "counted") {
			someCounting(t, &c)
		}
	case definition.SubjectFirstEvent, definition.SubjectLastEvent:
		c.Name, c.Span = someEvent.Draw(t, "event"), someSpan.Draw(t, "span")
	case definition.SubjectSegment:
		c.Name = rapid.SampledFrom([]string{"plain", "nested", "unknown"}).Draw(t, "segment")
	case definition.SubjectAnswer:
		c.Name, c.Of = someQuestion.Draw(t, "question"), campaigns.Key(somePastKey.Draw(t, "of"))
		someComparison(t, &c)
	case definition.SubjectScore:
		c.Name, c.Of = definition.ScorePoints, campaigns.Key(rapid.SampledFrom([]string{"welcome", "survey", ""}).Draw(t, "of"))
		someCounting(t, &c)
	case definition.SubjectMessage:
		c.Name, c.Step, c.Was = somePastKey.Draw(t, "campaign"), someStep.Draw(t, "step"), someOutcome.Draw(t, "was")
		c.Span = someSpan.Draw(t, "span")
	case definition.SubjectInside:
		c.Name = somePastKey.Draw(t, "campaign")
	default:
		c.Name, c.Span = somePastKey.Draw(t, "campaign"), someSpan.Draw(t, "span")
	}
	return c
}

// someCounting compares with a number, mostly: what is no number holds for no count.
func someCounting(t *rapid.T, c *definition.Condition) {
	someComparison(t, c)
	if rapid.IntRange(0, 3).Draw(t, "number") > 0 {
		c.Value = someCount.Draw(t, "count")
	}
}

// life is what was with a member, as it was written.
type life struct {
	consents map[string]map[campaigns.Channel]bool // by topic
	events   map[string][]time.Time
	passages map[campaigns.Key][]definition.Passage
	messages map[campaigns.Key][]definition.Message // one each
	answers  map[campaigns.Key]map[string]campaigns.Answer
	points   map[campaigns.Key]int
}

// past is what conditions may know of it, by this test's own counting.
func (l *life) past(asked []*definition.Condition, now time.Time) *definition.Past {
	p := &definition.Past{Consents: map[string][]campaigns.Channel{}, Events: map[string]definition.Events{}, Passages: l.passages, Messages: l.messages, Answers: l.answers, Points: l.points}
	for _, topic := range []string{"news", "surveys"} {
		for _, ch := range []campaigns.Channel{campaigns.Email, campaigns.Telegram} {
			given, own := l.consents[topic][ch]
			if given || !own && l.consents[members.AllTopics][ch] {
				p.Consents[topic] = append(p.Consents[topic], ch)
			}
		}
	}
	for _, c := range asked {
		var e definition.Events
		for _, at := range l.events[c.Name] {
			ago := now.Sub(at)
			within := time.Duration(c.Span.Within.Days)*24*time.Hour + c.Span.Within.Time
			older := time.Duration(c.Span.OlderThan.Days)*24*time.Hour + c.Span.OlderThan.Time
			if c.Subject == definition.SubjectEvent && (within > 0 && ago > within || older > 0 && ago <= older) {
				continue
			}
			if e.N++; e.First.IsZero() || at.Before(e.First) {
				e.First = at
			}
			if at.After(e.Last) {
				e.Last = at
			}
		}
		p.Events[c.EventKey()] = e
	}
	return p
}

// pastWorld is the campaigns that members were in.
type pastWorld map[campaigns.Key]*store.Campaign

func newPastWorld(t *testing.T, s *store.Store) pastWorld {
	return pastWorld{"welcome": newCampaign(t, s, "welcome", campaigns.Running), "survey": newCampaign(t, s, "survey", campaigns.Finished)}
}

// live gives the member a past.
func (w pastWorld) live(t *rapid.T, ctx context.Context, tx *store.Tx, p *person) error {
	p.life = life{
		consents: map[string]map[campaigns.Channel]bool{}, events: map[string][]time.Time{}, passages: map[campaigns.Key][]definition.Passage{},
		messages: map[campaigns.Key][]definition.Message{}, answers: map[campaigns.Key]map[string]campaigns.Answer{}, points: map[campaigns.Key]int{},
	}
	for range rapid.IntRange(0, 4).Draw(t, "consents") {
		topic, ch, given := rapid.SampledFrom([]string{"news", "surveys", members.AllTopics}).Draw(t, "topic"), someChan.Draw(t, "on"), rapid.Bool().Draw(t, "given")
		if err := tx.AppendConsent(ctx, p.id, members.Consent{Channel: ch, Topic: topic, Given: given, Source: "api", At: now}); err != nil {
			return err
		}
		if p.consents[topic] == nil {
			p.consents[topic] = map[campaigns.Channel]bool{}
		}
		p.consents[topic][ch] = given
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "events") {
		name, at := someEvent.Draw(t, "event"), now.Add(-someAgo.Draw(t, "ago"))
		data := fmt.Sprintf(`{"event":%q,"id":"\"event\":\"lesson.done\" %d"}`, name, i)
		err := tx.AppendEvents(ctx, []store.Event{
			{At: at, Name: "event.received", Member: p.id, Data: []byte(data)},
			{At: at, Name: "member.changed", Member: p.id, Data: []byte(`{"event":"lesson.done"}`)},
		})
		if err != nil {
			return err
		}
		p.events[name] = append(p.events[name], at)
	}
	for run := range rapid.IntRange(0, 3).Draw(t, "passages") {
		if err := w.pass(t, ctx, tx, p, fmt.Sprint(run)); err != nil {
			return err
		}
	}
	return nil
}

func (w pastWorld) pass(t *rapid.T, ctx context.Context, tx *store.Tx, p *person, run string) error {
	key := rapid.SampledFrom([]campaigns.Key{"welcome", "survey"}).Draw(t, "campaign")
	e := &store.Enrollment{
		Campaign: w[key].ID, Version: 1, Member: p.id, RunKey: run, Source: "api", Step: "hello", Visit: 1, Data: []byte(`{}`),
		State:     rapid.SampledFrom([]campaigns.EnrollmentState{campaigns.EnrollmentActive, campaigns.EnrollmentWaiting, campaigns.EnrollmentCompleted, campaigns.EnrollmentExited}).Draw(t, "state"),
		EnteredAt: now.Add(-someAgo.Draw(t, "entered")), UpdatedAt: now,
	}
	passage := definition.Passage{State: e.State, Entered: e.EnteredAt}
	if e.State.Final() {
		passage.Ended = now.Add(-someAgo.Draw(t, "ended"))
		e.EndedAt = &passage.Ended
	}
	if _, err := tx.InsertEnrollments(ctx, []*store.Enrollment{e}); err != nil {
		return err
	}
	p.passages[key] = append(p.passages[key], passage)
	if err := w.messages(t, ctx, tx, p, key, e); err != nil {
		return err
	}
	if err := w.answer(t, ctx, tx, p, key, e); err != nil {
		return err
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "awards") {
		id, err := tx.NextID(ctx)
		if err != nil {
			return err
		}
		if err := tx.AddPoints(ctx, store.Points{ID: id, Campaign: e.Campaign, Enrollment: e.ID, Member: p.id, Step: "hello", Visit: i + 1, Points: 1, At: now}); err != nil {
			return err
		}
		p.points[key]++
	}
	return nil
}

func (w pastWorld) messages(t *rapid.T, ctx context.Context, tx *store.Tx, p *person, key campaigns.Key, e *store.Enrollment) error {
	var ds []*store.Delivery
	for visit := range rapid.IntRange(0, 3).Draw(t, "messages") {
		d := stepDelivery(e, func(d *store.Delivery) {
			d.Step, d.Visit = rapid.SampledFrom([]campaigns.StepID{"hello", "bye"}).Draw(t, "step"), visit+1
		})
		if rapid.IntRange(0, 4).Draw(t, "final") > 0 {
			at := now.Add(-someAgo.Draw(t, "ago"))
			d.State, d.FinalAt, d.DueAt = someOutcome.Draw(t, "outcome"), &at, nil
			p.messages[key] = append(p.messages[key], definition.Message{Step: d.Step, State: d.State, First: at, Last: at})
		}
		ds = append(ds, d)
	}
	_, err := tx.InsertDeliveries(ctx, ds)
	return err
}

// answer writes answers to two questions, each later than the one before; late ones do not count.
func (w pastWorld) answer(t *rapid.T, ctx context.Context, tx *store.Tx, p *person, key campaigns.Key, e *store.Enrollment) error {
	for visit := range rapid.IntRange(0, 3).Draw(t, "answers") {
		question := someQuestion.Draw(t, "question")
		a := someAnswer(t)
		a.At, a.Late = now.Add(time.Duration(len(p.passages[key])*10+visit)*time.Second), rapid.IntRange(0, 4).Draw(t, "late") == 0
		err := tx.SaveResponse(ctx, &store.Response{Enrollment: e.ID, Campaign: e.Campaign, Version: 1, Member: p.id, Question: question, Step: "ask", Visit: visit + 1, Answer: a, AnsweredAt: a.At})
		if err != nil {
			return err
		}
		if !a.Late {
			if p.answers[key] == nil {
				p.answers[key] = map[string]campaigns.Answer{}
			}
			p.answers[key][question] = a
		}
	}
	return nil
}

func someAnswer(t *rapid.T) (a campaigns.Answer) {
	a.Type = rapid.SampledFrom([]campaigns.QuestionType{
		campaigns.Choice, campaigns.Choices, campaigns.YesNo, campaigns.Number, campaigns.NPS, campaigns.Text, campaigns.Date, campaigns.Voice,
	}).Draw(t, "type")
	switch a.Type {
	case campaigns.Choices:
		a.List = rapid.SliceOfN(rapid.SampledFrom([]string{"a1", "A1", "Straße", "ёлка", `a"a`, `a\`, "true", "<a>"}), 0, 2).Draw(t, "list")
	case campaigns.YesNo:
		a.Bool = rapid.Bool().Draw(t, "yes")
	case campaigns.Number, campaigns.NPS:
		a.Number = someNum.Draw(t, "number")
	case campaigns.Voice:
		a.Media = &campaigns.Media{Kind: campaigns.MediaVoice}
	default:
		a.Text = someText.Draw(t, "text")
	}
	return a
}

// TestEventsAreFoundByTheirIndex: without it, each member's whole log would be read.
func TestEventsAreFoundByTheirIndex(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for _, c := range []definition.Condition{
			{Subject: definition.SubjectEvent, Name: "a", Span: definition.Span{Within: timing.Period{Days: 1}}}, {Subject: definition.SubjectLastEvent, Name: "a"},
		} {
			plan := must[[]string](t)(s.AudiencePlan(t.Context(), store.Asked{Condition: &c, Now: now}))
			if !strings.Contains(strings.Join(plan, "\n"), "events_received") {
				t.Errorf("%s: %q", c.Subject, plan)
			}
		}
	})
}
