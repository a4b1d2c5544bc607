package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/engine"
)

const previewed = `key: seen
kind: survey
name: {en: Seen, ru: Видно}
topic: surveys
languages: [en, ru]
channels: [telegram, email]
entry: {manual: true}
steps:
  - id: hello
    send:
      subject: {en: "For {{ member.first_name }}", ru: "Для {{ member.first_name }}"}
      text: {en: "Hello **{{ member.first_name }}** of {{ member.attributes.city | default: 'nowhere' }}", ru: "Привет, **{{ member.first_name }}**"}
      buttons: [{text: {en: Rules, ru: Правила}, url: "https://speaklingua.example/rules?m={{ member.external_id }}"}]
      channels: [email]
  - id: level
    ask:
      type: choice
      text: {en: Your level?, ru: Уровень?}
      options: [{value: a1, text: {en: Beginner, ru: Начинающий}}, {value: b1, text: {en: Middle, ru: Средний}}]
  - id: rest
    wait: 1d
  - {id: place, call: {endpoint: shop}}
  - id: told
    send: {text: {en: "You said {{ answers.level }}{{ call.place.at }}.", ru: "{% informal %}Ты говоришь{% formal %}Вы говорите{% endformal %}: {{ answers.level }}."}}
`

func (a answer) previews(t *testing.T) (out []previewView) {
	t.Helper()
	var body struct{ Messages []previewView }
	must(t, json.Unmarshal([]byte(a.want(http.StatusOK).body), &body))
	return body.Messages
}

var token = regexp.MustCompile(`(/(?:u|s|settings|link)/)[A-Za-z0-9_-]+`)

// TestPreviewIsWhatIsSent: the mail that a member gets is the one that was shown before, but for the rights in its links; showing it sent and kept nothing.
func TestPreviewIsWhatIsSent(t *testing.T) {
	w := newWorld(t)
	w.call("POST", "/v1/campaigns", previewed, "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("PUT", "/v1/members/u1", `{"first_name":"<Ksenia>","language":"ru","email":"ksenia@example.org","consents":[{"channel":"email","source":"test"}]}`).want(http.StatusCreated)
	shown := w.call("POST", "/v1/previews", `{"campaign":"seen","step":"hello","member":{"external_id":"u1"}}`).previews(t)
	if len(shown) != 1 || shown[0].Mail == nil || shown[0].Language != "ru" || shown[0].Fallback || len(w.mail.sent) > 0 {
		t.Fatalf("%+v", shown)
	}
	w.call("POST", "/v1/campaigns/seen/publication", "").want(http.StatusCreated)
	w.call("POST", "/v1/campaigns/seen/enrollments", `{"members":["u1"]}`)
	w.settle()
	if len(w.mail.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	sent := w.mail.sent[0].Mail
	for what, pair := range map[string][2]string{"subject": {sent.Subject, shown[0].Mail.Subject}, "html": {string(sent.HTML), shown[0].Mail.HTML}, "text": {string(sent.Text), shown[0].Mail.Text}} {
		if got := token.ReplaceAllString(pair[0], "${1}preview"); got != pair[1] {
			t.Errorf("%s: sent\n%s\nshown\n%s", what, got, pair[1])
		}
	}
	if !strings.Contains(shown[0].Mail.HTML, "/u/preview") || strings.Contains(shown[0].Mail.HTML, "<Ksenia>") {
		t.Error(shown[0].Mail.HTML)
	}
	w.call("POST", "/v1/previews", `{"campaign":"seen","version":1,"step":"hello"}`).want(http.StatusOK)
	w.call("GET", "/u/preview", "").want(http.StatusNotFound)
}

// TestPreviewShowsEachPart: a text that is too long for one chat message is shown as the messages that it becomes.
func TestPreviewShowsEachPart(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("First words. ", 200) + strings.Repeat("Words between. ", 200) + strings.Repeat("Last words. ", 200)
	source := "key: long\nname: Long\nentry: {manual: true}\nkind: broadcast\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nsteps:\n  - {id: all, send: {text: {en: \"" + long + "\"}}}\n"
	w.call("POST", "/v1/campaigns", source, "Content-Type", "application/yaml").want(http.StatusCreated)
	shown := w.call("POST", "/v1/previews", `{"campaign":"long","step":"all"}`).previews(t)
	if len(shown) != 1 || len(shown[0].Telegram) < 2 {
		t.Fatalf("%+v", shown)
	}
	parts := shown[0].Telegram
	if first, last := parts[0].HTML, parts[len(parts)-1].HTML; !strings.HasPrefix(first, "First") || !strings.HasPrefix(last[len(last)-12:], " Last") {
		t.Errorf("%q … %q", first[:40], last[len(last)-40:])
	}
}

// TestPreviewShowsWhatTheStaffReads: a notice is shown as the staff would get it, about the member, in the community's first language, on the channels that the step names.
func TestPreviewShowsWhatTheStaffReads(t *testing.T) {
	w := newWorld(t)
	doc := previewed + "  - {id: tell, notify: {text: {en: \"*Call* {{ member.first_name }} in {{ member.attributes.city }}\", ru: Позвоните}}}\n  - {id: chat, notify: {to: [telegram], text: {en: Look, ru: Смотрите}}}\n"
	w.call("POST", "/v1/campaigns", doc, "Content-Type", "application/yaml").want(http.StatusCreated)
	w.call("PUT", "/v1/members/u1", `{"first_name":"<Ksenia>","language":"ru"}`).want(http.StatusCreated)
	shown := w.call("POST", "/v1/previews", `{"campaign":"seen","step":"tell","member":{"external_id":"u1"}}`).previews(t)
	if len(shown) != 2 || !shown[0].Staff || !shown[1].Staff || shown[0].Language != "en" || strings.Join(shown[0].Missing, ",") != "member.attributes.city" {
		t.Fatalf("%+v", shown)
	}
	if html := shown[0].Telegram[0].HTML; !strings.Contains(html, "&lt;Ksenia&gt;</a> · Seen") || !strings.Contains(html, "<i>Call</i> &lt;Ksenia&gt; in") {
		t.Error(html)
	}
	if m := shown[1].Mail; m.Subject != "Seen: <Ksenia>" || !strings.Contains(m.Text, "Call <Ksenia> in") || !strings.Contains(m.HTML, "&lt;Ksenia&gt;") {
		t.Errorf("%+v", m)
	}
	shown = w.call("POST", "/v1/previews", `{"campaign":"seen","step":"chat"}`).previews(t)
	if len(shown) != 1 || shown[0].Mail != nil || !strings.Contains(shown[0].Telegram[0].HTML, "/console/members/preview") {
		t.Errorf("%+v", shown)
	}
	w.call("POST", "/v1/previews", `{"campaign":"seen","step":"chat","channel":"email"}`).problem(http.StatusUnprocessableEntity, "invalid.preview")
	if seen := w.call("POST", "/v1/previews", `{"campaign":"seen"}`).previews(t); seen[0].Staff || !seen[len(seen)-1].Staff {
		t.Errorf("%+v", seen)
	}
}

// TestPreviewOfSomebodyMadeUp: every step on every channel, with what is assumed; a button of the chat answers nothing.
func TestPreviewOfSomebodyMadeUp(t *testing.T) {
	w := newWorld(t)
	body := `{"definition":{"source":` + definitionBodyOf(previewed) + `},"member":{"first_name":"Ann","language":"de","attributes":{"city":"Bonn"}},"answers":{"level":"b1"},"calls":{"place":{"at":" at 10"}}}`
	all := w.call("POST", "/v1/previews", body).previews(t)
	if len(all) != 5 {
		t.Fatalf("%d messages", len(all))
	}
	if m := all[0]; !m.Fallback || m.Mail.Subject != "For Ann" || !strings.Contains(m.Mail.Text, "Bonn") || strings.Join(m.Missing, " ") != "member.external_id" {
		t.Errorf("%+v", m)
	}
	if ask := all[1].Telegram; len(ask) != 1 || ask[0].HTML != "Your level?" || len(ask[0].Keyboard) == 0 {
		t.Errorf("%+v", ask)
	}
	if told := all[3]; told.Channel != "telegram" || told.Telegram[0].HTML != "You said Middle at 10." || len(told.Missing) > 0 {
		t.Errorf("%+v", told)
	}
	polite := strings.Replace(body, `"language":"de","attributes":{`, `"language":"ru","attributes":{"formality":"formal",`, 1)
	if all := w.call("POST", "/v1/previews", polite).previews(t); all[3].Telegram[0].HTML != "Вы говорите: Средний." || all[3].Formality != "formal" || all[0].Formality != "" {
		t.Errorf("formally: %+v", all)
	}
	w.call("GET", "/v1/campaigns/seen", "").want(http.StatusNotFound)
}

func TestPreviewRefuses(t *testing.T) {
	w := newWorld(t)
	little := "Bearer " + w.newToken(engine.CampaignsRead)
	of := func(more string) string {
		return `{"definition":{"source":` + definitionBodyOf(previewed) + `}` + more + `}`
	}
	w.call("PUT", "/v1/members/u1", `{}`).want(http.StatusCreated)
	w.call("POST", "/v1/previews", of(`,"member":{"external_id":"u1"}`), "Authorization", little).want(http.StatusForbidden)
	w.call("POST", "/v1/previews", of(`,"member":{"external_id":"nobody"}`), "Authorization", little).want(http.StatusForbidden)
	w.call("POST", "/v1/previews", of(``), "Authorization", little).want(http.StatusOK)
	w.call("POST", "/v1/previews", of(`,"member":{"external_id":"nobody"}`)).want(http.StatusNotFound)
	w.call("POST", "/v1/previews", `{"campaign":"none"}`).want(http.StatusNotFound)
	var u1 struct{ ID string }
	must(t, json.Unmarshal([]byte(w.call("GET", "/v1/members/u1", "").want(http.StatusOK).body), &u1))
	w.call("POST", "/v1/previews", of(`,"member":{"id":"`+u1.ID+`"}`)).want(http.StatusOK)
	w.call("POST", "/v1/previews", of(`,"member":{"id":"`+u1.ID+`"}`), "Authorization", little).want(http.StatusForbidden)
	w.call("POST", "/v1/previews", of(`,"member":{"id":"x"}`)).want(http.StatusNotFound)
	for more, says := range map[string]string{
		`,"step":"none"`:                               `"path":"step"`,
		`,"step":"rest"`:                               "it is a “wait”",
		`,"step":"hello","channel":"telegram"`:         `"expected":"email"`,
		`,"answers":{"level":"z9"}`:                    `"expected":"a1, b1"`,
		`,"calls":{"nothing":{}}`:                      `"path":"calls.nothing"`,
		`,"calls":{"place":7}`:                         "an object of fields, or as the word fails",
		`,"answers":{"nothing":"z9"}`:                  `"path":"answers.nothing"`,
		`,"answers":{"level":{"a":1}}`:                 `"path":"answers.level"`,
		`,"answers":{"level":[null]}`:                  "a text, a number, true or false",
		`,"campaign":"welcome"`:                        "one of the two",
		`,"version":2`:                                 `"path":"version"`,
		`,"member":{"id":"1","external_id":"u1"}`:      `"path":"member"`,
		`,"round":3`:                                   "has no rounds",
		`,"member":{"attributes":{"formality":"Sie"}}`: `"path":"attributes.formality"`,
	} {
		if got := w.call("POST", "/v1/previews", of(more)).want(http.StatusUnprocessableEntity); !strings.Contains(got.body, says) {
			t.Errorf("%s: %s", more, got.body)
		}
	}
	if got := w.call("POST", "/v1/previews", `{"step":"hello"}`).want(http.StatusUnprocessableEntity); !strings.Contains(got.body, "one of the two") {
		t.Error(got.body)
	}
	for says, changed := range map[string]string{
		"a button of “hello” has no text":    strings.Replace(previewed, "{text: {en: Rules,", `{text: {en: "{{ member.last_name }}",`, 1),
		"the message of “level” has no text": strings.Replace(previewed, "{en: Your level?,", `{en: "{{ member.last_name }}",`, 1),
	} {
		if got := w.call("POST", "/v1/previews", `{"definition":{"source":`+definitionBodyOf(changed)+`}}`).want(http.StatusUnprocessableEntity); !strings.Contains(got.body, says) {
			t.Error(got.body)
		}
	}
	links := "'" + strings.Repeat("[a](https://a) ", 2100) + "'"
	long := strings.Replace(previewed, "{en: \"You said {{ answers.level }}{{ call.place.at }}.\"", "{en: "+links, 1)
	got := w.call("POST", "/v1/previews", `{"definition":{"source":`+definitionBodyOf(long)+`},"step":"told","channel":"email"}`)
	if got.want(http.StatusUnprocessableEntity); !strings.Contains(got.body, "too long for") || !strings.Contains(got.body, `"path":"told","line":23`) {
		t.Error(got.body)
	}
}
