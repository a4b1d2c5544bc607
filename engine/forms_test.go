package engine_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/store"
)

// TestFormsTogether: forms of many that come at one moment do what each by itself would: answers are kept, points are counted, what follows is sent once, an answer
// that is none leaves the question open, and a form that was handled before changes nothing.
func TestFormsTogether(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		log := &told{}
		w.e.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		key := w.publish(campaign("forms", "channels: [email]", asks("first", "choice", twoOptions)+"  - id: reward\n    award: {points: 10}\n"+sends("taken", "Taken")+asks("second", "number", "")))
		var ids []campaigns.MemberID
		var names []string
		for i := range 5 {
			name := fmt.Sprint("u", i)
			ids, names = append(ids, w.member(name, byMail(name+"@example.org")).ID), append(names, name)
		}
		w.enroll(key, names...)
		w.settle()
		forms := make([]engine.SurveyForm, len(names))
		for i, name := range names {
			token := w.surveyToken(w.mails(name + "@example.org")[0])
			page := w.page(token)
			forms[i] = engine.SurveyForm{Token: token, Form: engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: page.Nonce, Values: []string{"a"}}}
		}
		forms[0].Form.Values = []string{"x"}
		_, err := w.e.AnswerSurvey(t.Context(), forms[1].Token, forms[1].Form)
		must(t, err)
		must(t, w.e.AnswerSurveys(t.Context(), forms))
		w.settle()
		for i, m := range ids {
			stands, mails, answer := "waiting second answer", 2, "a" // the second question is on the page
			if i == 0 {
				stands, mails, answer = "waiting first answer", 1, ""
			}
			w.expectStands(key, m, stands)
			if n := len(w.mails(names[i] + "@example.org")); n != mails {
				t.Errorf("%s has %d mails, not %d", names[i], n, mails)
			}
			if got := w.answersOf(m)["first"].Text; got != answer {
				t.Errorf("%s answered %q", names[i], got)
			}
		}
		c, err := w.store.CampaignByKey(t.Context(), key)
		must(t, err)
		ps, err := w.store.Standings(t.Context(), c.ID, 0, 10)
		must(t, err)
		if len(ps) != 4 || slices.ContainsFunc(ps, func(p store.Place) bool { return p.Points != 10 || p.Place != 1 }) {
			t.Errorf("standings: %+v", ps)
		}
		if log.String() != "" {
			t.Errorf("the engine says:\n%s", log)
		}
	})
}
