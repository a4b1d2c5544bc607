package api

import (
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/channels"
)

// TestSurveyEndToEnd walks one member through every type of question on the page, and reads it back as data.
func TestSurveyEndToEnd(t *testing.T) {
	w := newWorld(t)
	w.begin("en")
	enrolled := w.call("GET", "/v1/campaigns/autumn/enrollments?state=waiting", "").want(200).items()
	if len(enrolled) != 1 || enrolled[0].(map[string]any)["member"] != "anna" {
		t.Fatalf("enrollments: %v", enrolled)
	}
	link := w.link("s")
	for _, a := range []url.Values{
		{"value": {"9"}}, {"value": {"b1"}}, {"value": {"sat", "sun"}}, {"value": {"true"}}, {"text": {"12,5"}}, {"text": {"2024-02-29"}}, {"text": {"=cmd|' /C calc'!A0\r\nmore"}},
	} {
		w.answer(link, a).want(303)
		w.settle()
	}
	if got := w.page("GET", link).want(200); !strings.Contains(got.body, "Thank you, that was the last question") {
		t.Errorf("at the end: %s", got.body)
	}

	rows := w.call("GET", "/v1/campaigns/autumn/responses", "").want(200).items()
	if len(rows) != 7 {
		t.Fatalf("%d responses", len(rows))
	}
	w.checkCSV()

	report := w.call("GET", "/v1/campaigns/autumn/report", "", "Accept-Language", "ru").want(200)
	for _, part := range []string{`"total":1`, `"label":"Отправлено"`, `"promoters":1`, `"few":true`, `"label":"=Intermediate","n":1`} {
		if part == `"label":"=Intermediate","n":1` {
			part = `"label":"Средний","n":1`
		}
		if !strings.Contains(report.body, part) {
			t.Errorf("report has no %s: %s", part, report.body)
		}
	}
	if ds := w.call("GET", "/v1/campaigns/autumn/deliveries?state=sent", "").want(200).items(); len(ds) == 0 {
		t.Error("no deliveries")
	}
	w.checkTimeline()
}

func (w *world) checkCSV() {
	w.t.Helper()
	for _, ask := range [][]string{{"/v1/campaigns/autumn/responses?format=csv"}, {"/v1/campaigns/autumn/responses", "Accept", "text/csv"}} {
		got := w.call("GET", ask[0], "", ask[1:]...).want(200)
		if !strings.HasPrefix(got.Header().Get("Content-Type"), csvType) {
			w.t.Errorf("content type %q", got.Header().Get("Content-Type"))
		}
		table, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
		must(w.t, err)
		if len(table) != 8 || table[0][7] != "value" || table[1][7] != "9" || table[3][7] != "sat; sun" || !strings.HasPrefix(table[7][7], "'=cmd") {
			w.t.Errorf("table: %q", table)
		}
	}
}

func (w *world) checkTimeline() {
	w.t.Helper()
	all := w.call("GET", "/v1/members/anna/timeline", "").want(200)
	for _, part := range []string{"Entered the campaign “How was October?”.", "Completed the campaign “How was October?”.", "Answered the question “level”.", `"value":"b1"`, "was sent by email."} {
		if !strings.Contains(all.body, part) {
			w.t.Errorf("timeline has no %q: %s", part, all.body)
		}
	}
	if strings.Contains(all.body, "timeline.") {
		w.t.Errorf("timeline has a key without words: %s", all.body)
	}
	// Answers' values need their own scope.
	token := w.newToken("members:read")
	if got := w.call("GET", "/v1/members/anna/timeline", "", "Authorization", "Bearer "+token).want(200); strings.Contains(got.body, `"value"`) {
		w.t.Error("values without the scope")
	}
	// In pages, from either end, each entry comes once.
	for _, order := range []string{"oldest", "newest"} {
		n, cursor, last := 0, "", time.Time{}
		for {
			page := w.call("GET", "/v1/members/anna/timeline?limit=3&order="+order+"&cursor="+cursor, "").want(200).json()
			for _, item := range page["items"].([]any) {
				at, err := time.Parse(time.RFC3339, item.(map[string]any)["at"].(string))
				must(w.t, err)
				if !last.IsZero() && !at.Equal(last) && (order == "oldest") != at.After(last) {
					w.t.Errorf("%s after %s in order %s", at, last, order)
				}
				last, n = at, n+1
			}
			if cursor, _ = page["next_cursor"].(string); cursor == "" {
				break
			}
		}
		if n != len(all.items()) {
			w.t.Errorf("%d entries in pages, %d at once", n, len(all.items()))
		}
	}
}

func TestEnrollmentAnswersForEach(t *testing.T) {
	w := newWorld(t)
	w.begin("ru")
	w.call("PUT", "/v1/members/nowhere", `{}`).want(201)
	got := w.call("POST", "/v1/campaigns/autumn/enrollments", `{"members":["anna","nobody","nowhere"]}`, "Accept-Language", "ru").want(200)
	for _, part := range []string{`"result":"already_active"`, `"result":"not_found"`, `"result":"no_address"`, "У участника нет адреса"} {
		if !strings.Contains(got.body, part) {
			t.Errorf("no %s in %s", part, got.body)
		}
	}
	if line := w.call("GET", "/v1/members/nowhere/timeline", "").want(200); !strings.Contains(line.body, "no_address") {
		t.Errorf("the refusal is not in the timeline: %s", line.body)
	}
	id := w.call("GET", "/v1/campaigns/autumn/enrollments", "").items()[0].(map[string]any)["id"].(string)
	if out := w.call("DELETE", "/v1/campaigns/autumn/enrollments/"+id, "").want(200).json(); out["state"] != "exited" || out["reason"] != "withdrawn" {
		t.Errorf("withdrawn: %v", out)
	}
	w.call("DELETE", "/v1/campaigns/autumn/enrollments/99999", "").problem(404, "not_found.enrollment")
}

// TestEnrollmentWithData: data stands for what the event would bring; what the request does not have is refused by name.
func TestEnrollmentWithData(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/anna", `{"email":"anna@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	w.call("POST", "/v1/campaigns", "key: lesson\nkind: reminder\nname: Lessons\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {event: lesson.booked, key: lesson_id}\n"+
		"steps:\n  - {id: one, send: {subject: {en: Lesson}, text: {en: \"{{ event.teacher | default: 'Somebody' }} waits, lesson {{ event.lesson_id }}\"}}}\n", "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/lesson/publication", "").want(201)
	const to = "/v1/campaigns/lesson/enrollments"
	for body, want := range map[string]string{
		`{"members":["anna"],"date":"2026-12-01"}`:                                      "date unknown_field",
		`{"members":["anna"],"data":["Olga"]}`:                                          "data expected_object",
		`{"members":["anna"],"data":{"teacher":"` + strings.Repeat("x", 33<<10) + `"}}`: "data too_long_value",
	} {
		if p := w.call("POST", to, body).want(422); !strings.Contains(p.body, `"path":"`+strings.Fields(want)[0]+`","code":"`+strings.Fields(want)[1]) {
			t.Errorf("%.60s: %s", body, p.body)
		}
	}
	w.call("POST", to, `{"members":["anna"],"key":"A","data":{"lesson_id":"B"}}`).problem(422, "invalid.run_key_twice")
	w.call("POST", to, `{"members":["anna"],"data":{"teacher":"Olga","lesson_id":12345678901234567}}`).want(200)
	if items := w.call("GET", to, "").items(); len(items) != 1 || items[0].(map[string]any)["key"] != "12345678901234567" {
		t.Errorf("%v", items)
	}
	w.settle()
	if len(w.mail.sent) != 1 || !strings.Contains(string(w.mail.sent[0].Mail.Text), "Olga waits, lesson 12345678901234567") {
		t.Errorf("%d mails", len(w.mail.sent))
	}
}

// TestFailedDeliverySaysWhy: the reason is a class; what was really wrong stands beside it.
func TestFailedDeliverySaysWhy(t *testing.T) {
	w := newWorld(t)
	w.mail.refusal = &channels.Receipt{Class: channels.Broken, Detail: "the media file is not in the media folder"}
	w.begin("en")
	ds := w.call("GET", "/v1/campaigns/autumn/deliveries?state=failed", "").want(200).items()
	if len(ds) == 0 || ds[0].(map[string]any)["detail"] != w.mail.refusal.Detail {
		t.Errorf("deliveries: %v", ds)
	}
}
