package store_test

import (
	"context"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

func save(t *testing.T, s *store.Store, r *store.Response) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.SaveResponse(ctx, r) })
}

func newResponse(e campaigns.EnrollmentID, question string, a campaigns.Answer) *store.Response {
	a.At, a.Channel = now, campaigns.Telegram
	return &store.Response{
		Enrollment: e, Campaign: 2, Version: 1, Member: 3, Question: question, Step: campaigns.StepID(question), Visit: 1,
		Answer: a, AnsweredAt: now,
	}
}

func TestResponsesOfEveryType(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		var want []*store.Response
		for _, a := range []campaigns.Answer{
			{Type: campaigns.Choice, Text: "a1", Input: 1},
			{Type: campaigns.Choices, List: []string{"x", "ё"}, Input: 2},
			{Type: campaigns.Choices, Input: 3},
			{Type: campaigns.YesNo, Bool: true, Input: 4},
			{Type: campaigns.Scale, Number: 0, Input: 5},
			{Type: campaigns.NPS, Number: 10, Late: true, Input: 6},
			{Type: campaigns.CSAT, Number: 5, Input: 7},
			{Type: campaigns.Number, Number: 0.1, Input: 8},
			{Type: campaigns.Text, Text: "о'ё\n\"", Input: 9},
			{Type: campaigns.Date, Text: "2026-11-24", Input: 10},
		} {
			r := newResponse(campaigns.EnrollmentID(a.Input), "q", a)
			save(t, s, r)
			want = append(want, r)
		}
		same(t, want, must[[]*store.Response](t)(s.Responses(t.Context(), store.ResponseFilter{Campaign: 2, Member: 3, Question: "q"}, store.Page{})))
		same(t, want[8:], must[[]*store.Response](t)(s.Responses(t.Context(), store.ResponseFilter{}, store.Page{After: want[7].ID})))
		same(t, 0, len(must[[]*store.Response](t)(s.Responses(t.Context(), store.ResponseFilter{Question: "other"}, store.Page{}))))
	})
}

func TestResponseIsReplacedWithHistory(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		answer := func(input campaigns.InputID, text string) *store.Response {
			r := newResponse(1, "q", campaigns.Answer{Type: campaigns.Choice, Text: text, Input: input})
			save(t, s, r)
			return r
		}
		first := answer(1, "a")
		second := answer(2, "b")
		same(t, first.ID, second.ID)
		same(t, int64(2), second.Rev)
		for _, again := range []campaigns.InputID{1, 2} { // stored before: nothing changes
			same(t, int64(2), answer(again, "c").Rev)
		}
		same(t, []*store.Response{second}, must[[]*store.Response](t)(s.Responses(t.Context(), store.ResponseFilter{}, store.Page{})))
		history := must[[]string](t)(s.Texts(t.Context(), `SELECT answer FROM response_history`))
		if len(history) != 1 || !contains(history[0], `"text":"a"`) {
			t.Errorf("history is %v", history)
		}
	})
}

func TestReports(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		for i, a := range []campaigns.Answer{
			{Type: campaigns.Choice, Text: "a1"},
			{Type: campaigns.Choice, Text: "a1"},
			{Type: campaigns.Choice, Text: "b1", Late: true},
			{Type: campaigns.YesNo},
			{Type: campaigns.NPS, Number: 9},
			{Type: campaigns.Text, Text: "secret"},
			{Type: campaigns.Text, Text: "другой"},
			{Type: campaigns.Choices, List: []string{"x", "ё"}},
			{Type: campaigns.Choices, List: []string{"x"}},
			{Type: campaigns.Choices},
		} {
			a.Input = campaigns.InputID(i + 1)
			save(t, s, newResponse(campaigns.EnrollmentID(i+1), string(a.Type), a))
		}
		same(t, []store.AnswerCount{
			{Question: "choice", Type: campaigns.Choice, Choice: "a1", N: 2},
			{Question: "choice", Type: campaigns.Choice, Choice: "b1", Late: true, N: 1},
			{Question: "choices", Type: campaigns.Choices, N: 3},
			{Question: "nps", Type: campaigns.NPS, Number: ptr(9.0), N: 1},
			{Question: "text", Type: campaigns.Text, N: 2},
			{Question: "yes_no", Type: campaigns.YesNo, Choice: "false", N: 1},
		}, must[[]store.AnswerCount](t)(s.CountAnswers(t.Context(), 2)))
		same(t, []store.AnswerCount{
			{Question: "choices", Type: campaigns.Choices, Choice: "x", N: 2}, {Question: "choices", Type: campaigns.Choices, Choice: "ё", N: 1},
		}, must[[]store.AnswerCount](t)(s.CountChoices(t.Context(), 2)))
	})
}

func TestCounts(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		c := newCampaign(t, s, "a", campaigns.Running)
		var es []*store.Enrollment
		for i := range 3 {
			es = append(es, newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) { e.Version = 1 + i/2 }))
		}
		for _, step := range []campaigns.StepID{"x", "y"} {
			newEnrollment(t, s, c, newMember(t, s), func(e *store.Enrollment) {
				e.State, e.Reason, e.Step, e.WaitKind = campaigns.EnrollmentExited, campaigns.ExitLeft, step, campaigns.WaitTime
			})
		}
		same(t, []store.Count{
			{Version: 1, State: "active", Step: "hello", N: 2},
			{Version: 1, State: "exited", Reason: "left", N: 2},
			{Version: 2, State: "active", Step: "hello", N: 1},
		}, must[[]store.Count](t)(s.CountEnrollments(t.Context(), c.ID)))
		insert(t, s, stepDelivery(es[0]), stepDelivery(es[1]), stepDelivery(es[2], func(d *store.Delivery) { d.State, d.Reason = campaigns.Failed, campaigns.Gone }))
		same(t, []store.Count{
			{Step: "hello", Channel: "telegram", State: "failed", Reason: "gone", N: 1},
			{Step: "hello", Channel: "telegram", State: "pending", N: 2},
		}, must[[]store.Count](t)(s.CountDeliveries(t.Context(), c.ID)))
		bulk(t, s, c, 4)
		insertInputs(t, s, newInput("1", "x"))
		same(t, store.Backlog{StoredInputs: 1, PendingDeliveries: 6, OpenChunks: 1}, must[store.Backlog](t)(s.Backlog(t.Context())))
	})
}

func TestEvents(t *testing.T) {
	each(t, func(t *testing.T, s *store.Store) {
		es := []store.Event{
			{At: now, Name: "message.sent", Member: 1, Campaign: 2, Enrollment: 3, Delivery: 4, Step: "hello", Reason: campaigns.TooLate, Data: []byte(`{"n":1}`)},
			{At: at(1), Name: "bare"},
		}
		write(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.AppendEvents(ctx, es) })
		es[1].Data = []byte(`{}`)
		same(t, es, must[[]store.Event](t)(s.Events(t.Context(), store.EventFilter{}, store.Page{})))
		for _, f := range []store.EventFilter{{Member: 1}, {Campaign: 2}, {Enrollment: 3}, {Member: 1, Campaign: 2, Enrollment: 3}} {
			same(t, es[:1], must[[]store.Event](t)(s.Events(t.Context(), f, store.Page{})))
		}
		same(t, 0, len(must[[]store.Event](t)(s.Events(t.Context(), store.EventFilter{Member: 9}, store.Page{}))))
	})
}
