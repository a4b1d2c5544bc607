package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/store"
)

// TestRunsWaitForTheirOwnDates: two appointments of one member, each reminded of at its own time and in its own words, and one of them called off.
func TestRunsWaitForTheirOwnDates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		anna := w.member("anna", byMail("anna@example.org"))
		key := w.publish(campaign("appointment", "entry: {event: appointment.booked, key: appointment_id}\nexit: [{event: appointment.canceled}]",
			"  - {id: eve, wait: {until: \"18:00\", date: {event: starts_at, before: 1d}}}\n"+
				"  - {id: tomorrow, send: {subject: {en: S, ru: S}, text: "+both("With {{ event.teacher }} in {{ event.room }} ({{ event.order }}) on {{ event.starts_at | date: \"%d.%m.\" }}")+"}}\n"+
				"  - {id: shortly, wait: {date: {event: starts_at, before: 2h}}}\n"+
				sends("soon", "Soon")))
		for _, data := range []string{
			`{"appointment_id": "A1", "starts_at": "2026-12-01T17:00:00Z", "teacher": "Olga", "room": 12, "order": 123456789012345678, "left_out": {"a": 1}, "long": "` + strings.Repeat("x", 401) + `"}`,
			`{"appointment_id": "A2", "starts_at": "2026-12-10T09:00:00Z", "teacher": "John"}`,
			`{"appointment_id": "A3", "starts_at": "2026-12-02T09:00:00Z", "teacher": "Eve"}`,
		} {
			w.later(time.Minute)
			w.happens("appointment.booked", "anna", data)
		}
		w.happens("appointment.canceled", "anna", `{"appointment_id": "A3"}`)
		w.until(at("2026-12-12T00:00"))
		var got []string
		for _, m := range w.mails("anna@example.org") {
			text := m.Text()
			if i := strings.Index(text, "With "); i >= 0 {
				got = append(got, strings.TrimSpace(strings.SplitN(text[i:], "\n", 2)[0]))
			} else {
				got = append(got, "Soon")
			}
		}
		if got := strings.Join(got, "; "); got != "With Olga in 12 (123456789012345678) on 01.12.; Soon; With John in  () on 10.12.; Soon" {
			t.Error(got)
		}
		var at []string
		ds, err := w.store.Deliveries(t.Context(), store.DeliveryFilter{Member: anna.ID}, store.Page{})
		must(t, err)
		for _, d := range ds {
			at = append(at, d.FinalAt.Format("2 Jan 15:04"))
		}
		if got := strings.Join(at, "; "); got != "30 Nov 17:00; 1 Dec 15:00; 9 Dec 17:00; 10 Dec 07:00" {
			t.Error(got)
		}
		runs, err := w.store.Enrollments(t.Context(), store.EnrollmentFilter{Member: anna.ID}, store.Page{})
		must(t, err)
		if record := string(runs[0].Data); strings.Contains(record, "left_out") || strings.Contains(record, "xxx") {
			t.Errorf("%s keeps all of it: %s", key, record)
		}
	})
}

// TestADateMoves: where the event that lets in ends the run as well, an appointment that is moved, ahead or back, is reminded of at its new time alone.
func TestADateMoves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.member("anna", byMail("anna@example.org"))
		w.publish(campaign("appointment", "entry: {event: appointment.booked, key: appointment_id, reentry: each_time}\nexit: [{event: appointment.canceled}, {event: appointment.booked}]",
			"  - {id: shortly, wait: {date: {event: starts_at, before: 2h}}}\n"+
				"  - {id: soon, send: {subject: {en: S, ru: S}, text: "+both("On {{ event.starts_at | date: \"%d.%m.\" }}")+"}}\n"))
		for _, data := range []string{
			`{"appointment_id": "A1", "starts_at": "2026-12-05T17:00:00Z"}`,
			`{"appointment_id": "A2", "starts_at": "2026-12-06T17:00:00Z"}`,
			`{"appointment_id": "A1", "starts_at": "2026-12-09T17:00:00Z"}`,
			`{"appointment_id": "A2", "starts_at": "2026-12-03T17:00:00Z"}`,
		} {
			w.later(time.Minute)
			w.happens("appointment.booked", "anna", data)
		}
		w.until(at("2026-12-12T00:00"))
		var got []string
		for _, m := range w.mails("anna@example.org") {
			text := m.Text()
			i := strings.Index(text, "On ")
			got = append(got, strings.TrimSpace(strings.SplitN(text[i:], "\n", 2)[0]))
		}
		if got := strings.Join(got, "; "); got != "On 03.12.; On 09.12." {
			t.Error(got)
		}
	})
}
