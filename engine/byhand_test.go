package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestByHandWithData: data that is given with a hand stands for what the event would bring: texts, waits and the run's key read it.
func TestByHandWithData(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.member("ann", byMail("ann@example.org")).ID
		lesson := w.publish(campaign("lesson", "entry: {event: lesson.booked}",
			"  - {id: one, send: {text: {en: '{{ event.teacher | default: \"Somebody\" }} waits for {{ event.n }}'}}}\n  - {id: w, wait: {date: {event: starts_at, before: 2h}}}\n"+sends("two", "Soon")))
		appt := w.publish(campaign("appt", "entry: {event: appointment.booked, key: appointment_id}\nexit: [{event: appointment.canceled}]",
			"  - {id: one, send: {text: {en: 'About {{ event.appointment_id }}'}}}\n"+waits("w", "for: 30d")))
		plain := w.publish(campaign("plain", "", sends("one", "Hello")))
		w.member("bob", byMail("bob@example.org"))
		enrollOf := func(who string, c campaigns.Key, key, data string) error {
			rs, err := w.e.EnrollAs(t.Context(), engine.Operator, c, engine.Enrolling{ExternalIDs: []string{who}, Key: key, Data: json.RawMessage(data)})
			if err == nil && rs[0].Result != engine.Enrolled {
				t.Errorf("%s: %+v", c, rs)
			}
			return err
		}
		enroll := func(c campaigns.Key, key, data string) error { return enrollOf("ann", c, key, data) }
		for _, x := range []struct {
			campaign        campaigns.Key
			key, data, code string
		}{
			{plain, "", `{"teacher":"Olga"}`, "invalid.data_unasked"},
			{lesson, "", `["Olga"]`, "invalid.event_data"},
			{lesson, "", `{"teacher":"` + strings.Repeat("x", 33<<10) + `"}`, "invalid.event_data"},
			{appt, "A1", `{"appointment_id":"B2"}`, "invalid.run_key_twice"},
			{appt, "", `{"appointment_id":"A 1"}`, "invalid.run_key"},
			{appt, "", `{"teacher":"Olga"}`, "invalid.run_key_missing"},
		} {
			err := enroll(x.campaign, x.key, x.data)
			if codeOf(err) != x.code {
				t.Errorf("%s %s: %v, want %s", x.campaign, x.data, err, x.code)
			}
			for _, lang := range []string{"en", "ru"} {
				if strings.Contains(fault.Message(err, lang), "{") {
					t.Errorf("%s: %s", x.code, fault.Message(err, lang))
				}
			}
		}
		must(t, enroll(lesson, "", `{"teacher":"Olga","n":12345678901234567,"starts_at":"2026-11-29T18:00:00Z","more":[1]}`))
		must(t, enrollOf("bob", lesson, "", `{"teacher":"Ivan","n":1}`))
		must(t, enroll(appt, "", `{"appointment_id":"A1"}`))
		must(t, enroll(appt, "A2", ""))
		must(t, enroll(appt, "A3", `null`))
		w.settle()
		told := ""
		for _, name := range []string{"ann", "bob"} {
			for _, m := range w.mails(name + "@example.org") {
				told += name + ": " + m.Text()
			}
		}
		for _, want := range []string{"Ivan waits for 1", "Olga waits for 12345678901234567", "About A1", "About A2", "About A3"} {
			if !strings.Contains(told, want) {
				t.Errorf("no %q in what was sent:\n%s", want, told)
			}
		}
		if run := w.enrollment(lesson, ann); run.DueAt == nil || run.DueAt.UTC().Format("2006-01-02T15:04") != "2026-11-29T16:00" {
			t.Errorf("the wait ends at %v", run.DueAt)
		}
		w.happens("appointment.canceled", "ann", `{"appointment_id":"A1"}`)
		if got := w.passages(appt, ann); !strings.Contains(got, "A1:exited") || !strings.Contains(got, "A2:waiting") {
			t.Error(got)
		}
	})
}
