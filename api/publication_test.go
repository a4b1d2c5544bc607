package api

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestPublication: what publishing would do is told before it is done; those inside go where the caller says, and texts that lag behind need a yes.
func TestPublication(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "application/yaml"}
	const draft = "key: c\nkind: survey\nname: C\ntopic: news\nlanguages: [en, ru, de]\nchannels: [email]\nentry: {manual: true}\nsteps:\n" +
		"  - {id: w, wait: 2d}\n  - {id: a, send: {text: {en: A, ru: А, de: Ah}}}\n"
	w.call("POST", "/v1/campaigns", draft, yaml...).want(201)
	if got := w.call("GET", "/v1/campaigns/c/publication", "").want(200).json(); got["version"] != 1.0 || got["inside_n"] != 0.0 {
		t.Errorf("%v", got)
	}
	if got := w.call("POST", "/v1/campaigns/c/publication", `{"inside":"move"}`).want(201).json(); got["schedule_over"] != false || got["version"] != 1.0 {
		t.Errorf("published: %v", got)
	}
	past := strings.NewReplacer("key: c", "key: past", "{manual: true}", `{schedule: {at: "2020-03-01 10:00", zone: community, audience: all, every: day, times: 2}}`).Replace(draft)
	w.call("POST", "/v1/campaigns", past, yaml...).want(201)
	for method, status := range map[string]int{"GET": 200, "POST": 201} {
		if got := w.call(method, "/v1/campaigns/past/publication", "").want(status).json(); got["schedule_over"] != true {
			t.Errorf("%s of a schedule that is over: %v", method, got)
		}
	}
	w.call("POST", "/v1/members", `{"external_id":"u1","email":"u1@example.org"}`).want(201)
	w.call("POST", "/v1/campaigns/c/enrollments", `{"members":["u1"]}`).want(200)

	_, err := w.e.AdvanceDue(t.Context(), time.Second)
	must(t, err)
	w.call("PUT", "/v1/campaigns/c/draft", strings.NewReplacer("id: w, wait: 2d", "id: x, wait: 3d", "en: A", "en: Aa").Replace(draft), yaml...).want(200)
	seen := w.call("GET", "/v1/campaigns/c/publication", "").want(200)
	for _, part := range []string{`"inside_n":1`, `"place":null`, `"step":"w"`, `"texts_only":false`, `"state":"outdated"`, `"version":2`} {
		if !strings.Contains(seen.body, part) {
			t.Errorf("%s is not in %s", part, seen.body)
		}
	}
	if got := w.call("GET", "/v1/campaigns/c/publication", "", "Accept-Language", "ru").want(200); got.body == seen.body {
		t.Error("the difference is in one language only")
	}
	if got := w.call("GET", "/v1/campaigns/c/texts", "").want(200); !strings.Contains(got.body, `{"language":"ru","text":"А","state":"outdated"}`) {
		t.Error(got.body)
	}
	at := "/v1/campaigns/c/publication"
	refused := w.call("POST", at, `{"inside":"move"}`)
	if refused.problem(409, "conflict.outdated_texts"); !strings.Contains(refused.body, "1 text was changed") {
		t.Errorf("one text in two languages: %s", refused.body)
	}
	w.call("POST", at, `{"inside":"move","outdated_texts":"accept"}`).problem(409, "conflict.no_place")
	w.call("POST", at, `{"inside":"move","outdated_texts":"accept","moves":{"w":"nowhere"}}`).problem(422, "invalid.moves")
	w.call("POST", at, `{"outdated_texts":"accept","moves":{"w":"a"}}`).problem(422, "invalid.moves_without_move")
	w.call("POST", at, `{"inside":"elsewhere"}`).want(422)
	w.call("POST", at, `{"inside":`).want(422)
	if n := len(w.call("GET", "/v1/campaigns/c/versions", "").want(200).items()); n != 1 {
		t.Errorf("%d versions after refusals", n)
	}
	w.call("POST", at, `{"inside":"move","outdated_texts":"accept","moves":{"w":"a"}}`, "If-Match", seen.Header().Get("ETag")).want(201)
	if got := w.call("GET", at, "").want(200).json(); got["texts_only"] != false || len(got["difference"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
}

// TestOutdatedTextsStay: a yes to an outdated text lets it be published and is no more than that; what says so tells the same everywhere, over versions, until the text
// is changed itself or somebody says that it is right beside what it stands beside.
func TestOutdatedTextsStay(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "application/yaml"}
	const at = "/v1/campaigns/tea"
	doc := func(text, hint string) string {
		return "key: tea\nkind: survey\nname: Tea\ntopic: news\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\nsteps:\n" +
			"  - {id: a, send: {text: {" + text + "}}}\n  - {id: b, send: {text: {" + hint + "}}}\n"
	}
	const old = "en: The kettle boils, ru: Чайник закипает"
	const sings = "en: The kettle sings, ru: Чайник закипает"
	told := func(when string, outdated bool, source string) {
		t.Helper()
		const mark = `{"language":"ru","text":"Чайник закипает","state":"outdated"}`
		for path, reply := range map[string]answer{
			"texts": w.call("GET", at+"/texts", "").want(200), "publication": w.call("GET", at+"/publication", "").want(200), "checks": w.call("POST", "/v1/checks", source, yaml...).want(200),
		} {
			if strings.Contains(reply.body, mark) != outdated {
				t.Errorf("%s: %s says %s", when, path, reply.body)
			}
		}
	}
	draft := func(source string) string {
		w.call("PUT", at+"/draft", source, yaml...).want(200)
		return source
	}
	publish := func(body string) answer { return w.call("POST", at+"/publication", body) }
	w.call("POST", "/v1/campaigns", doc(old, "en: B, ru: Б"), yaml...).want(201)
	publish("").want(201)
	src := draft(doc(sings, "en: B, ru: Б"))
	told("changed", true, src)
	publish("").problem(409, "conflict.outdated_texts")
	publish(`{"outdated_texts":"accept"}`).want(201)
	told("accepted", true, src)
	src = draft(doc(sings, "en: Bb, ru: Бб"))
	told("another text since", true, src)
	publish("").problem(409, "conflict.outdated_texts")

	confirm := func(body string, headers ...string) answer {
		return w.call("POST", at+"/text-confirmations", body, headers...)
	}
	const right = `{"step":"a","path":"text","language":"ru"}`
	confirm(`{"step":"a","path":"text","language":"de"}`).problem(404, "not_found.text")
	confirm(`{"step":"x","path":"text","language":"ru"}`).problem(404, "not_found.text")
	confirm(right, "If-Match", `"1"`).problem(412, "conflict.draft")
	told("refused", true, src)
	if got := confirm(right).want(200); strings.Contains(got.body, "outdated") {
		t.Error(got.body)
	}
	confirm(right).want(200)
	told("right as it is", false, src)
	publish("").want(201)
	told("published as right", false, src)
	src = draft(doc("en: The kettle hums, ru: Чайник закипает", "en: Bb, ru: Бб"))
	told("changed once more", true, src)
	src = draft(doc("en: The kettle hums, ru: Чайник гудит", "en: Bb, ru: Бб"))
	told("changed itself", false, src)
	publish("").want(201)
}

// TestMissingTexts: a draft may lack a text in a language, which is told as a warning and shown as a gap; publishing it needs a yes of its own, each time. A text in no
// language, and a language that the campaign does not have, are refused.
func TestMissingTexts(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "application/yaml"}
	const at = "/v1/campaigns/gap/publication"
	const draft = "key: gap\nkind: survey\nname: Gap\ntopic: news\nlanguages: [en, ru, de]\nchannels: [email]\nentry: {manual: true}\nsteps:\n" +
		"  - {id: a, send: {subject: {en: S, de: T}, text: {en: A, ru: А}}}\n"
	checked := w.call("POST", "/v1/checks", draft, yaml...).want(200)
	for _, part := range []string{`"warnings":[{"path":"steps[0].send.subject","line":9,`, `"code":"untranslated"`, `{"language":"de","text":"","state":"missing"}`, `{"language":"ru","text":"","state":"missing"}`} {
		if !strings.Contains(checked.body, part) {
			t.Errorf("%s is not in %s", part, checked.body)
		}
	}
	w.call("POST", "/v1/checks", strings.Replace(draft, "ru: А", "fr: А", 1), yaml...).problem(422, "invalid.definition")
	w.call("POST", "/v1/checks", strings.Replace(draft, "{en: A, ru: А}", "{}", 1), yaml...).problem(422, "invalid.definition")
	w.call("POST", "/v1/campaigns", draft, yaml...).want(201)
	for _, path := range []string{at, "/v1/campaigns/gap/texts"} {
		if got := w.call("GET", path, "").want(200); !strings.Contains(got.body, `{"language":"de","text":"","state":"missing"}`) {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	for range 2 {
		refused := w.call("POST", at, `{"outdated_texts":"accept"}`)
		if refused.problem(409, "conflict.missing_texts"); !strings.Contains(refused.body, "2 texts are missing") || !strings.Contains(refused.body, "a subject: there is no text in “ru” (Russian).") {
			t.Error(refused.body)
		}
		w.call("POST", at, `{"missing_texts":"accept"}`).want(201)
	}
	w.call("PUT", "/v1/campaigns/gap/draft", strings.NewReplacer("en: S, ", "en: S, ru: С, ", "ru: А", "ru: А, de: Ah").Replace(draft), yaml...).want(200)
	w.call("POST", at, "").want(201)
}

// TestClone: a copy is a draft of its own, and as it was typed.
func TestClone(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/campaigns", survey, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/autumn/publication", "").want(201)
	at := "/v1/campaigns/autumn/copies"
	made := w.call("POST", at, `{"key":"winter","name":"How was December?"}`).want(201)
	if made.json()["state"] != "draft" || made.json()["live_version"] != 0.0 || made.json()["name"] != "How was December?" || made.Header().Get("Location") != "/v1/campaigns/winter" {
		t.Errorf("%s", made.body)
	}
	got := w.call("GET", "/v1/campaigns/winter/draft", "").want(200).body
	if steps := survey[strings.Index(survey, "steps:"):]; !strings.HasSuffix(got, steps) {
		t.Errorf("the steps are not as they were typed: %s", got)
	}
	w.call("POST", at, `{"key":"winter"}`).problem(409, "conflict.campaign")
	w.call("POST", at, `{"key":"No key"}`).problem(422, "invalid.copy")
	w.call("POST", "/v1/campaigns/nowhere/copies", `{"key":"b"}`).problem(404, "not_found.campaign")
	w.call("POST", at, `{}`).want(422)
}

// TestPublicationOfAPastMoment needs a yes; a text that is not the draft yet is looked at with the same refusals, and is not kept.
func TestPublicationOfAPastMoment(t *testing.T) {
	w := newWorld(t)
	src := func(key, at string) string {
		return "key: " + key + "\nkind: broadcast\nname: C\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {schedule: {at: \"" + at + "\", zone: community, audience: all}}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	}
	w.call("POST", "/v1/campaigns", src("c", "2020-03-01 10:00"), "Content-Type", "application/yaml").want(201)
	opens := func(body string) any {
		var got struct {
			Moment map[string]any `json:"moment"`
		}
		must(t, json.Unmarshal([]byte(body), &got))
		return got.Moment["opens"]
	}
	at := "/v1/campaigns/c/publication"
	if got := opens(w.call("GET", at, "").want(200).body); got != "past" {
		t.Errorf("opens: %v", got)
	}
	check := func(key, at, more string) string {
		body, err := json.Marshal(src(key, at))
		must(t, err)
		return w.call("POST", "/v1/campaigns/"+key+"/publication-checks", `{"format":"yaml","definition":`+string(body)+more+`}`).want(200).body
	}
	for _, x := range []struct{ key, at, more, opens, refused string }{
		{"c", "2020-03-01 10:00", "", "past", `"code":"conflict.schedule_past"`},
		{"c", "2020-03-01 10:00", `,"schedule_past":"accept"`, "past", `"refusals":[]`},
		{"new", "2120-03-01 10:00", "", "later", `"refusals":[]`},
	} {
		if got := check(x.key, x.at, x.more); opens(got) != x.opens || !strings.Contains(got, x.refused) {
			t.Errorf("%v: %s", x, got)
		}
	}
	w.call("GET", "/v1/campaigns/new", "").problem(404, "not_found.campaign")
	w.call("POST", "/v1/campaigns/other/publication-checks", `{"format":"yaml","definition":"key: c"}`).problem(422, "invalid.definition")
	w.call("POST", at, "").problem(409, "conflict.schedule_past")
	w.call("POST", at, `{"schedule_past":"accept"}`).want(201)
	for range 3 { // it takes in nobody: there is nobody
		_, err := w.e.AdvanceDue(t.Context(), time.Second)
		must(t, err)
	}
	if got := w.call("GET", at, "").want(200).body; opens(got) != "past" || !strings.Contains(got, `"nobody":true`) {
		t.Errorf("nobody came in: %s", got)
	}
	if got := w.call("GET", "/v1/campaigns/c/report", "").want(200).body; !strings.Contains(got, `"nobody_came":"The moment of the schedule, 1 March 2020 at 10:00, has come, and nobody came in`) {
		t.Errorf("the report: %s", got)
	}
}

// TestUnknownTopic: a topic that the community does not list is published with a yes alone, whatever was meant is told; a service campaign needs none, and it is told whom it reaches.
func TestUnknownTopic(t *testing.T) {
	w := newWorld(t)
	yaml := []string{"Content-Type", "application/yaml"}
	const at = "/v1/campaigns/typo/publication"
	const draft = "key: typo\nkind: survey\nname: Typo\ntopic: comunity\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: a, send: {text: {en: A}}}\n"
	w.call("POST", "/v1/campaigns", draft, yaml...).want(201)
	w.call("PATCH", "/v1/community", `{"topics":[]}`).want(200)
	if got := w.call("GET", at, "").want(200); !strings.Contains(got.body, `"unknown_topic":false,"passes_stop":false`) {
		t.Errorf("a community without a list has every topic: %s", got.body)
	}
	w.call("PATCH", "/v1/community", `{"topics":["community","surveys"]}`).want(200)
	if got := w.call("GET", at, "").want(200); !strings.Contains(got.body, `"unknown_topic":true`) {
		t.Error(got.body)
	}
	refused := w.call("POST", at, "")
	if refused.problem(409, "conflict.unknown_topic"); !strings.Contains(refused.body, `"did_you_mean":"community"`) || !strings.Contains(refused.body, "Was “community” meant?") {
		t.Error(refused.body)
	}
	check := func(text, more string) string {
		source, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return w.call("POST", "/v1/campaigns/typo/publication-checks", `{"definition":`+string(source)+`,"format":"yaml"`+more+`}`).want(200).body
	}
	service := check(strings.Replace(draft, "topic: comunity", "topic: comunity\npurpose: service", 1), "")
	for body, parts := range map[string][]string{
		check(draft, ""): {`"code":"conflict.unknown_topic"`, `"passes_stop":false`},
		check(draft, `,"unknown_topic":"accept"`):                     {`"refusals":[]`, `"unknown_topic":true`},
		check(strings.Replace(draft, "comunity", "elephants", 1), ""): {"topics: community, surveys.", "The community’s topics: community, surveys."},
		service: {`"refusals":[]`, `"unknown_topic":false,"passes_stop":true`},
	} {
		for _, part := range parts {
			if !strings.Contains(body, part) {
				t.Errorf("%s is not in %s", part, body)
			}
		}
	}
	w.call("POST", at, `{"unknown_topic":"accept"}`).want(201)
}
