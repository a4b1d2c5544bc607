package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
)

// TestTakingPartByHand: a coordinator takes a member in and out, is told why not, and sees what a passage is about.
func TestTakingPartByHand(t *testing.T) {
	w := newWorld(t, newSQLite(t))
	for _, src := range []string{
		"key: appt\nkind: reminder\nname: Appointments\ntopic: news\nlanguages: [en]\nchannels: [email]\npriority: low\nholdout: 10\nquiet_hours: {from: \"22:00\", to: \"09:00\"}\n" +
			"entry: {event: appointment.booked, key: appointment_id, if: {tag: vip}}\ngoal: {event: paid, within: 5d}\nexit: [{event: appointment.canceled}]\nsteps:\n  - {id: w, wait: 2d}\n  - {id: a, send: {text: {en: A}}}\n",
		"key: leads\nkind: reminder\nname: Leads\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: w, wait: 2d}\n  - {id: e, enroll: plain}\n",
		"key: plain\nkind: reminder\nname: Plain one\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n",
	} {
		_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: src, Format: definition.YAML})
		must(t, err)
	}
	for _, key := range []campaigns.Key{"appt", "plain", "leads"} {
		_, err := w.e.Publish(t.Context(), engine.Operator, key)
		must(t, err)
	}
	m, _, err := w.e.UpsertMember(t.Context(), engine.Operator, engine.MemberInput{ExternalID: "u", Email: new("u@example.org")})
	must(t, err)
	at := "/console/members/" + idText(m.ID)
	for _, x := range []struct {
		campaign, key string
		status        int
		said          string
	}{
		{"appt", "", 422, "appointment_id"},
		{"nowhere", "", 404, ""},
		{"appt", " A1 ", 303, ""},
		{"appt", "A1", 409, "inside already"},
		{"leads", "", 303, ""},
	} {
		got := w.post(at+"/enrollments", url.Values{"campaign": {x.campaign}, "key": {x.key}})
		if got.Code != x.status || !strings.Contains(got.Body.String(), x.said) {
			t.Errorf("%v: %d %s", x, got.Code, got.Header().Get("Location"))
		}
		if x.status != 303 {
			checkPage(t, "refused", got.Body.String())
		}
	}
	// What the event would bring is typed line by line.
	refused := w.post(at+"/enrollments", url.Values{"campaign": {"appt"}, "key": {""}, "data": {"appointment_id: A2\nnonsense"}})
	if body := refused.Body.String(); refused.Code != 422 || !strings.Contains(body, "Line 2") || !strings.Contains(body, "appointment_id: A2\nnonsense</textarea>") {
		t.Errorf("a line that is none: %d", refused.Code)
	}
	if got := w.post(at+"/enrollments", url.Values{"campaign": {"plain"}, "data": {"teacher: Olga"}}); got.Code != 422 || !strings.Contains(got.Body.String(), "does not begin by an event") {
		t.Errorf("data for nobody: %d", got.Code)
	}
	if got := w.post(at+"/enrollments", url.Values{"campaign": {"appt"}, "data": {" teacher : Olga: the first \r\nappointment_id: A2\n\nn: 7\nyes: true\nzip: \"01\"\nphone: 007\nlist: [1]\nnone:"}}); got.Code != 303 {
		t.Errorf("data: %d", got.Code)
	}
	data, err := typedData(" teacher : Olga: the first \r\n\nn: 7\nyes: true\nzip: \"01\"\nphone: 007\nlist: [1]\nprice: 9.90\nid: 12345678901234567890\nshare: -0.5\nfast: 1e5\nnone:")
	if want := `{"fast":"1e5","id":12345678901234567890,"list":"[1]","n":7,"none":"","phone":"007","price":"9.90","share":-0.5,"teacher":"Olga: the first","yes":true,"zip":"01"}`; err != nil || string(data) != want {
		t.Errorf("%s %v, want %s", data, err, want)
	}
	_, err = w.e.AdvanceDue(t.Context(), time.Second)
	must(t, err)
	for lang, want := range map[string][]string{"en": {"about A1", "about A2", "Take the member out"}, "ru": {"о «A1»", "Вывести участника"}} {
		page := w.get(at, lang)
		checkPage(t, lang, page)
		for _, words := range want {
			if !strings.Contains(page, words) {
				t.Errorf("%s: no %q", lang, words)
			}
		}
	}
	if page := w.get("/console/campaigns/appt/members", "en"); !strings.Contains(page, "about A1") {
		t.Error("who is inside does not say what the passage is about")
	}
	for _, words := range []string{"With the event “appointment.booked”, those members who have the tag “vip”", "one run at a time for each “appointment_id”", "Nobody comes in twice", "“appointment.canceled” ends a run", "22:00–09:00", "Low:", "10% of those"} {
		if page := w.get("/console/campaigns/appt", "en"); !strings.Contains(page, words) {
			t.Errorf("the rules do not say %q", words)
		}
	}
	if page := w.get("/console/campaigns/leads", "en"); !strings.Contains(page, "Plain one") {
		t.Error("an enroll step does not name the other campaign")
	}
	es, err := w.e.Enrollments(t.Context(), engine.Operator, "appt", "", engine.Page{})
	must(t, err)
	out := at + "/enrollments/" + idText(es[0].ID) + "/withdrawal"
	if got := w.post(out, url.Values{"campaign": {"appt"}}); got.Code != 422 {
		t.Errorf("taken out by one press: %d", got.Code)
	}
	if got := w.post(out, url.Values{"campaign": {"appt"}, "sure": {"yes"}}); got.Code != 303 {
		t.Errorf("taken out: %d", got.Code)
	}
	if e, err := w.e.Store.Enrollment(t.Context(), es[0].ID); err != nil || e.Reason != campaigns.ExitWithdrawn {
		t.Errorf("%v %v", e, err)
	}
}
