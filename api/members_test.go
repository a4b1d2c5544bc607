package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConsentToUnknownTopic: one that the community does not list is refused with its place and what was probably meant, for one member and in bulk; a
// withdrawal never is, nor what the member had decided about already, nor any where the community lists none.
func TestConsentToUnknownTopic(t *testing.T) {
	w := newWorld(t)
	consents := func(list string) string { return `{"email":"a@example.org","consents":[` + list + `]}` }
	const good, bad, off = `{"channel":"email","topic":"news","source":"form"}`, `{"channel":"email","topic":"newz","source":"form"}`, `{"channel":"email","topic":"olds","source":"form","given":false}`
	refused := w.call("PUT", "/v1/members/a", consents(good+","+bad))
	refused.problem(422, "invalid.member")
	for _, part := range []string{`"path":"consents[1].topic","code":"unknown_topic"`, `add it to the community’s topics`, `"expected":"surveys, news, community"`, `"did_you_mean":"news"`} {
		if !strings.Contains(refused.body, part) {
			t.Errorf("no %s in %s", part, refused.body)
		}
	}
	w.call("GET", "/v1/members/a", "").want(404)
	w.call("PUT", "/v1/members/a", consents(good+","+off+`,{"channel":"email","source":"form"}`)).want(201)
	w.call("PATCH", "/v1/members/a", consents(bad)).problem(422, "invalid.member")
	w.call("POST", "/v1/members", `{"external_id":"b","consents":[`+bad+`]}`).problem(422, "invalid.member")
	line := func(id, list string) string { return `{"external_id":"` + id + `","consents":[` + list + "]}\n" }
	bulk := w.call("POST", "/v1/members/bulk", line("c", good)+line("d", bad)+line("e", good), "Content-Type", ndjsonType).want(200)
	if !strings.Contains(bulk.body, `"path":"consents[0].topic","code":"unknown_topic"`) || strings.Count(bulk.body, `"created"`) != 2 {
		t.Error(bulk.body)
	}
	w.call("PATCH", "/v1/community", `{"topics":["surveys"]}`).want(200)
	w.call("PUT", "/v1/members/a", consents(good)).want(200)                                                                                   // as it was sent before
	w.call("PATCH", "/v1/members/a", `{"telegram_chat_id":"77","consents":[{"channel":"telegram","topic":"news","source":"form"}]}`).want(200) // by another channel too
	draft := "key: secret\nkind: broadcast\nname: S\ntopic: newz\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps: [{send: {subject: {en: S}, text: {en: T}}}]\n"
	w.call("POST", "/v1/campaigns", draft, "Content-Type", yamlType).want(201)
	w.call("POST", "/v1/members", `{"external_id":"f","email":"f@example.org","consents":[`+bad+`]}`).problem(422, "invalid.member") // nothing runs under it yet
	w.call("POST", "/v1/campaigns/secret/publication", `{"unknown_topic":"accept"}`).want(201)
	w.call("POST", "/v1/members", `{"external_id":"f","email":"f@example.org","consents":[`+bad+`]}`).want(201) // somebody meant it
	w.call("PUT", "/v1/members/a", consents(`{"channel":"email","topic":"olds","source":"form"}`)).want(200)
	w.call("PATCH", "/v1/community", `{"topics":[]}`).want(200)
	w.call("PUT", "/v1/members/a", consents(bad)).want(200)
}

func TestMembersLife(t *testing.T) {
	w := newWorld(t)
	path := "/v1/members/a%2Fb%20%C3%A9" // an external id may hold anything
	made := w.call("PUT", path, `{"first_name":"Anna","language":"ru","time_zone":"Asia/Tbilisi","email":"anna@example.org","telegram_chat_id":12345,
		"attributes":{"level":"a1","age":30,"vip":true},"tags":["x","a"],"consents":[{"channel":"email","topic":"news","source":"form"}]}`).want(201)
	if made.Header().Get("Location") != path {
		t.Errorf("location %q", made.Header().Get("Location"))
	}
	m := made.json()
	for _, c := range []struct {
		field string
		want  any
	}{
		{"external_id", "a/b é"},
		{"telegram_chat_id", "12345"},
		{"email", "anna@example.org"},
		{"state", "active"},
		{"tags", []any{"a", "x"}},
		{"attributes", map[string]any{"level": "a1", "age": 30.0, "vip": true}},
		{"consents", []any{map[string]any{"channel": "email", "topic": "news", "given": true}}},
	} {
		if d := cmp.Diff(c.want, m[c.field]); d != "" {
			t.Errorf("%s: %s", c.field, d)
		}
	}
	// Null and "" empty a field, absence leaves it.
	got := w.call("PATCH", path, `{"first_name":null,"email":"","telegram_chat_id":"777","attributes":{"age":null},"tags":null}`).want(200).json()
	for _, c := range []struct {
		field string
		want  any
	}{
		{"first_name", ""}, {"email", nil}, {"telegram_chat_id", "777"}, {"language", "ru"}, {"tags", []any{}}, {"attributes", map[string]any{"level": "a1", "vip": true}},
	} {
		if d := cmp.Diff(c.want, got[c.field]); d != "" {
			t.Errorf("after patch, %s: %s", c.field, d)
		}
	}
	w.call("PUT", path, `{}`).want(200)
	w.call("PATCH", "/v1/members/nobody", `{}`).problem(404, "not_found.member")
	w.call("PUT", "/v1/members/b", `{"telegram_chat_id":777}`).problem(409, "conflict.address")
	w.call("POST", "/v1/members", `{"external_id":"c","first_name":"C"}`).want(201)
	w.call("GET", "/v1/members/c", "").want(200)
	if items := w.call("GET", "/v1/members?id="+m["id"].(string), "").want(200).items(); len(items) != 1 {
		t.Errorf("by id: %v", items)
	}
	w.call("GET", "/v1/members?id=x", "").problem(404, "not_found.member")

	w.call("DELETE", path, "").want(204)
	w.call("GET", path, "").problem(404, "not_found.member")
	w.call("DELETE", path, "").problem(404, "not_found.member")
	if list := w.call("GET", "/v1/members", "").want(200); strings.Contains(list.body, "777") || !strings.Contains(list.body, `"erased"`) {
		t.Errorf("after erasure: %s", list.body)
	}
}

func TestBulk(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/m2", `{}`).want(201)
	lines := []string{
		`{"external_id":"m1","first_name":"One"}`, `{"external_id":"m2"}`, ``, `{"external_id":"m3","time_zone":"Nowhere/Else"}`, `{"external_id":`,
		`{"name":"x"}`, "{\"external_id\":\"m\xff\"}", `{"external_id":"m4","email":"four@example.org"}`, `{"external_id":"m5","email":"four@example.org"}`,
		`{"external_id":"m6","first_name":"` + strings.Repeat("x", maxLine) + `"}`, `{"external_id":"m7"}`,
	}
	got := w.call("POST", "/v1/members/bulk", strings.Join(lines, "\r\n"), "Content-Type", ndjsonType).want(200)
	if got.Header().Get("Content-Type") != ndjsonType {
		t.Errorf("content type %q", got.Header().Get("Content-Type"))
	}
	var short []string
	for _, r := range results(t, got.Body) {
		short = append(short, fmt.Sprintf("%d %s %s %s", r.Line, r.ExternalID, r.Status, r.Code))
	}
	want := []string{
		"1 m1 created ", "2 m2 updated ", "4 m3 error invalid.member", "5  error invalid.body", "6  error invalid.request", "7  error invalid.body",
		"8 m4 created ", "9 m5 error conflict.address", "10  error too_large.line", "11 m7 created ",
	}
	// Which of the two that share an address loses is the order's doing; a line that could be read names its member.
	if d := cmp.Diff(want, short); d != "" {
		t.Error(d)
	}
	w.call("GET", "/v1/members/m7", "").want(200)
	w.call("GET", "/v1/members/m3", "").problem(404, "not_found.member")
	w.call("POST", "/v1/members/bulk", "", "Content-Type", ndjsonType).want(200)
}

func results(t *testing.T, from io.Reader) (out []bulkResult) {
	t.Helper()
	for s := bufio.NewScanner(from); s.Scan(); {
		var r bulkResult
		must(t, json.Unmarshal(s.Bytes(), &r))
		out = append(out, r)
	}
	return out
}

// TestBulkStreams: answers leave while lines are still to come, and a stream that is too long is answered up to where it was cut.
func TestBulkStreams(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxBulk = 64 << 10 })
	srv := httptest.NewServer(w.s)
	defer srv.Close()
	in, out := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/v1/members/bulk", in)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", ndjsonType)
	write := func(from, to int) {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "{\"external_id\":\"m%d\"}\n", i)
		}
		if _, err := io.WriteString(out, b.String()); err != nil && to < 10_000 {
			t.Error(err)
		}
	}
	go write(0, bulkBatch)
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for range bulkBatch { // the stream is still open on our side
		if !lines.Scan() {
			t.Fatal("no answer while the stream is open")
		}
	}
	go func() {
		write(bulkBatch, 10_000)
		_ = out.Close()
	}()
	last := bulkResult{}
	for lines.Scan() {
		last = bulkResult{}
		must(t, json.Unmarshal(lines.Bytes(), &last))
	}
	if last.Code != "too_large.body" {
		t.Errorf("last answer: %+v", last)
	}
	w.call("GET", "/v1/members/m300", "").want(200)
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.call("PUT", "/v1/members/anna", `{}`).want(201)
	one := `{"id":"e1","event":"lesson.finished","member":"anna","at":"2026-11-24T10:00:00+04:00","data":{"score":5}}`
	for _, status := range []string{"stored", "duplicate"} {
		got := w.call("POST", "/v1/events", one).want(202).json()["results"].([]any)[0].(map[string]any)
		if got["status"] != status {
			t.Errorf("%v, want %s", got, status)
		}
	}
	other := w.call("POST", "/v1/events", `{"id":"e1","event":"lesson.finished","member":"anna","data":{"score":6}}`).want(202).json()["results"].([]any)[0].(map[string]any)
	if d := cmp.Diff(map[string]any{
		"id": "e1", "status": "duplicate", "differs": []any{"data"}, "code": "conflict.event",
		"detail": "An event with this id came before, with other content (data). The first one stays, and the new one counts for nothing. Give each event an id of its own.",
	}, other); d != "" {
		t.Error(d)
	}
	batch := w.call("POST", "/v1/events", `[{"id":"e2","event":"a.b","member":"anna"},{"id":"e3","event":"A!","member":"anna"},5,{"id":"e4","event":"a.b","member":"nobody"}]`).want(202)
	var reply struct{ Results []eventResult }
	must(t, json.Unmarshal([]byte(batch.body), &reply))
	var short []string
	for _, r := range reply.Results {
		path := ""
		if len(r.Errors) > 0 {
			path = r.Errors[0].Path
		}
		short = append(short, fmt.Sprintf("%s %s %s %s", r.ID, r.Status, r.Code, path))
	}
	want := []string{"e2 stored  ", "e3 error invalid.event [1].event", " error invalid.request [2]", "e4 error invalid.event [3].member"}
	if d := cmp.Diff(want, short); d != "" {
		t.Error(d)
	}
	w.settle()
	if got := w.call("GET", "/v1/members/anna/timeline", "").want(200); !strings.Contains(got.body, `“lesson.finished” came in as an event.`) {
		t.Errorf("timeline: %s", got.body)
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"id":"x","event":"a","member":"anna"},`, 1001), ",") + "]"
	w.call("POST", "/v1/events", many).problem(413, "too_large.events")
}

func TestCommunity(t *testing.T) {
	w := newWorld(t)
	got := w.call("PATCH", "/v1/community", `{"brand":"Learn together","languages":["ru","en"],"postal_address":null,"budget":[{"most":3,"per":"1d"},{"most":1,"per":"14d","kind":"survey"}]}`).want(200).json()
	want := map[string]any{
		"name": "Speaklingua", "brand": "Learn together", "languages": []any{"ru", "en"}, "postal_address": "", "time_zone": "Europe/Berlin", "topics": []any{"surveys", "news", "community"}, "privacy_url": "",
		"budget": []any{map[string]any{"most": 3.0, "per": "1d"}, map[string]any{"most": 1.0, "per": "14d", "kind": "survey"}},
	}
	delete(got, "updated_at")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	read := w.call("GET", "/v1/community", "").want(200).json()
	delete(read, "updated_at")
	if d := cmp.Diff(want, read); d != "" {
		t.Error(d)
	}
}

// TestLongNumbers: a number that would be stored as another one is refused with its place and the remedy, and those that are exact are kept.
func TestLongNumbers(t *testing.T) {
	w := newWorld(t)
	for _, number := range []string{"9007199254740993", "-9007199254740993", "123456789012345678901234567890"} {
		got := w.call("PUT", "/v1/members/u1", `{"attributes":{"phone":`+number+`}}`)
		if got.problem(422, "invalid.member"); !strings.Contains(got.body, `"path":"attributes.phone","code":"number_too_long"`) || !strings.Contains(got.body, "Write it as a text") {
			t.Errorf("%s: %s", number, got.body)
		}
	}
	got := w.call("PUT", "/v1/members/u1", `{"attributes":{"phone":"9007199254740993","most":9007199254740991,"least":-1.5}}`).want(201)
	for _, part := range []string{`"phone":"9007199254740993"`, `"most":9007199254740991`, `"least":-1.5`} {
		if !strings.Contains(got.body, part) {
			t.Errorf("%s is not in %s", part, got.body)
		}
	}
}
