package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// every asks one question of each type, with a last word by mail a day later.
var every = campaign("every", "channels: [email]",
	asks("one", "choice", twoOptions)+asks("some", "choices", twoOptions)+asks("yes", "yes_no", "")+asks("scale", "scale", ", min: 1, max: 7")+
		asks("nps", "nps", "")+asks("csat", "csat", "")+asks("number", "number", ", min: 1, max: 10")+asks("words", "text", "")+asks("day", "date", "")+
		waits("night", "for: 1d")+sends("thanks", "Thank you"))

// surveyed is a member who got the survey's mail, and the token of its link.
func surveyed(w *world) (*engine.MemberView, campaigns.Key, string) {
	key := w.publish(every)
	m := w.member("u1", byMail("anna@example.org"))
	expectList(w.t, "enroll", w.enroll(key, "u1"), "enrolled")
	w.settle()
	return m, key, w.surveyToken(w.mails("anna@example.org")[0])
}

// fill answers the page's question.
func (w *world) fill(token string, values []string, text string) (*engine.PageAnswer, engine.PageForm) {
	w.t.Helper()
	page, err := w.e.Survey(w.t.Context(), token, nil)
	must(w.t, err)
	if page.State != engine.PageQuestion {
		w.t.Fatalf("the page is %q", page.State)
	}
	form := engine.PageForm{Step: page.Step, Visit: page.Visit, Nonce: page.Nonce, Values: values, Text: text}
	res, err := w.e.AnswerSurvey(w.t.Context(), token, form)
	must(w.t, err)
	return res, form
}

func (w *world) page(token string) *engine.SurveyPage {
	w.t.Helper()
	page, err := w.e.Survey(w.t.Context(), token, nil)
	must(w.t, err)
	return page
}

// TestSurveyOnThePage goes through every type of question, with a wrong answer to each that can have one; no second mail is sent for it.
func TestSurveyOnThePage(t *testing.T) {
	steps := []struct {
		step           string
		wrong          string
		values         []string
		text, describe string
	}{
		{"one", "x", []string{"b"}, "", "b"},
		{"some", "x", []string{"a", "b"}, "", "a b"},
		{"yes", "maybe", []string{"true"}, "", "true"},
		{"scale", "9", []string{"7"}, "", "7"},
		{"nps", "11", []string{"10"}, "", "10"},
		{"csat", "6", []string{"4"}, "", "4"},
		{"number", "12", nil, "3", "3"},
		{"words", " ", nil, "Line one\r\nline two <b>", "Line one\nline two <b>"},
		{"day", "31.02.2026", nil, "2026-03-01", "2026-03-01"},
	}
	each(t, func(t *testing.T, w *world) {
		m, key, token := surveyed(w)
		for _, s := range steps {
			if p := w.page(token); p.Step != campaigns.StepID(s.step) || p.Lang != "en" {
				t.Fatalf("the page asks %s (%s), want %s", p.Step, p.Lang, s.step)
			}
			wrong, values := s.wrong, []string(nil)
			if s.values != nil {
				wrong, values = "", []string{s.wrong}
			}
			if res, _ := w.fill(token, values, wrong); res.Rejection == nil {
				t.Fatalf("%s: %q was taken", s.step, s.wrong)
			}
			if res, _ := w.fill(token, s.values, s.text); res.Rejection != nil {
				t.Fatalf("%s: rejected: %+v", s.step, res.Rejection)
			}
			w.clock.set(w.clock.now().Add(time.Minute))
		}
		w.settle()
		if p := w.page(token); p.State != engine.PageLater {
			t.Errorf("page after the last question: %q", p.State)
		}
		if n := len(w.mails("anna@example.org")); n != 1 {
			t.Errorf("%d mails while the member was on the page", n)
		}
		w.later(48 * time.Hour)
		w.expectStands(key, m.ID, "completed thanks")
		if p := w.page(token); p.State != engine.PageDone {
			t.Errorf("page at the end: %q", p.State)
		}
		got := w.answersOf(m.ID)
		for _, s := range steps {
			if d := plain(got[s.step]); d != s.describe {
				t.Errorf("%s is stored as %q, want %q", s.step, d, s.describe)
			}
		}
	})
}

// plain is an answer's value as text.
func plain(a campaigns.Answer) string {
	switch a.Type {
	case campaigns.Choices:
		return strings.Join(a.List, " ")
	case campaigns.YesNo:
		return map[bool]string{true: "true", false: "false"}[a.Bool]
	case campaigns.Scale, campaigns.NPS, campaigns.CSAT, campaigns.Number:
		return strings.TrimSuffix(time.Duration(a.Number).String(), "ns")
	}
	return a.Text
}

// TestSurveyGoesOn: who closed the page gets the next question by mail when the timeout of the one left open has passed, and the link still works.
func TestSurveyGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, key, token := surveyed(w)
		w.fill(token, []string{"a"}, "")
		w.later(time.Hour)
		w.expectStands(key, m.ID, "waiting some answer")
		if p := w.page(token); p.Step != "some" {
			t.Fatalf("the page goes on at %q", p.Step)
		}
		w.later(4 * 24 * time.Hour) // "some" times out: "yes" comes by mail
		w.expectStands(key, m.ID, "waiting yes answer")
		if n := len(w.mails("anna@example.org")); n != 2 {
			t.Fatalf("%d mails", n)
		}
		if res, _ := w.fill(token, []string{"false"}, ""); res.Rejection != nil {
			t.Error("the first mail's link does not go on")
		}
		w.expectStands(key, m.ID, "waiting scale answer")
	})
}

// TestFormTwice: a form sent again is one answer, and tells again what was wrong with it.
func TestFormTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, key, token := surveyed(w)
		res, form := w.fill(token, []string{"x"}, "")
		again, err := w.e.AnswerSurvey(t.Context(), token, form)
		must(t, err)
		if res.Rejection == nil || again.Rejection == nil || again.Rejection.Code != res.Rejection.Code {
			t.Errorf("told %+v, then %+v", res.Rejection, again.Rejection)
		}
		_, form = w.fill(token, []string{"a"}, "")
		form.Nonce, form.Values = "another-view", []string{"b"} // an old tab: the value changes, the path does not
		_, err = w.e.AnswerSurvey(t.Context(), token, form)
		must(t, err)
		if got := w.answersOf(m.ID)["one"]; got.Text != "b" {
			t.Errorf("the changed answer is %q", got.Text)
		}
		w.expectStands(key, m.ID, "waiting some answer")
	})
}

// TestLinks: what opens no survey, and its answer.
func TestLinks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, _, token := surveyed(w)
		leave := leaveToken(t, w.mails("anna@example.org")[0].Header("List-Unsubscribe"))
		flip := []byte(token)
		flip[5] ^= 1
		for name, bad := range map[string]string{"empty": "", "cut": token[:10], "tampered": string(flip), "of another kind": leave, "not base64": "***", "long": strings.Repeat("A", 500)} {
			if _, err := w.e.Survey(t.Context(), bad, nil); fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s link: %v", name, err)
			}
			if _, err := w.e.AnswerSurvey(t.Context(), bad, engine.PageForm{Step: "one", Visit: 1}); fault.KindOf(err) != fault.NotFound {
				t.Errorf("form with %s link: %v", name, err)
			}
		}
		for _, form := range []engine.PageForm{{Step: "nowhere", Visit: 1}, {Step: "night", Visit: 1}, {Step: "one"}, {Step: "one", Visit: -1}} {
			if _, err := w.e.AnswerSurvey(t.Context(), token, form); fault.KindOf(err) != fault.Invalid {
				t.Errorf("form %+v: %v", form, err)
			}
		}
		if _, err := w.e.AnswerSurvey(t.Context(), token, engine.PageForm{Step: "one", Visit: 1, Text: strings.Repeat("x", 30_000)}); fault.KindOf(err) != fault.TooLarge {
			t.Errorf("a long form: %v", err)
		}
		w.clock.set(w.clock.now().Add(62 * 24 * time.Hour))
		if _, err := w.e.Survey(t.Context(), token, nil); fault.KindOf(err) != fault.Conflict {
			t.Errorf("expired link: %v", err)
		}
	})
}

// TestErasedMembersLink: the link of an erased member shows nothing, and takes nothing.
func TestErasedMembersLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, key, token := surveyed(w)
		w.fill(token, []string{"a"}, "")
		must(t, w.e.EraseMember(t.Context(), engine.Operator, "u1"))
		if _, err := w.e.Survey(t.Context(), token, nil); fault.KindOf(err) != fault.NotFound {
			t.Errorf("page: %v", err)
		}
		if _, err := w.e.AnswerSurvey(t.Context(), token, engine.PageForm{Step: "one", Visit: 1, Values: []string{"b"}}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("form: %v", err)
		}
		w.expectStands(key, m.ID, "exited some erased")
		w.later(96 * time.Hour)
		if n := len(w.mails("anna@example.org")); n != 1 {
			t.Errorf("%d mails", n)
		}
		w.nothingLost()
	})
}

// TestSurveyWhilePaused: answers are stored while the campaign stands still; nothing goes on before it is resumed.
func TestSurveyWhilePaused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m, key, token := surveyed(w)
		_, err := w.e.Pause(t.Context(), engine.Operator, key)
		must(t, err)
		w.fill(token, []string{"a"}, "")
		if p := w.page(token); p.State != engine.PagePaused {
			t.Errorf("page: %q", p.State)
		}
		if w.answersOf(m.ID)["one"].Text != "a" {
			t.Error("the answer was not stored")
		}
		_, err = w.e.Resume(t.Context(), engine.Operator, key)
		must(t, err)
		w.settle()
		w.expectStands(key, m.ID, "waiting some answer")
		_, err = w.e.End(t.Context(), engine.Operator, key)
		must(t, err)
		w.expectStands(key, m.ID, "exited some campaign_ended")
		if p := w.page(token); p.State != engine.PageClosed {
			t.Errorf("page of an ended campaign: %q", p.State)
		}
	})
}

// leaveToken is the token of the List-Unsubscribe header.
func leaveToken(t *testing.T, header string) string {
	t.Helper()
	_, rest, ok := strings.Cut(header, "/u/")
	if !ok {
		t.Fatalf("no unsubscribe link in %q", header)
	}
	token, _, _ := strings.Cut(rest, ">")
	return token
}
