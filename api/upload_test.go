package api

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
)

const spoken = `
key: spoken
kind: challenge
name: Spoken
topic: surveys
languages: [en, ru]
channels: [email]
entry: {manual: true}
steps:
  - id: talk
    ask: {type: voice, accept: [voice, video_note], text: {en: Tell us, ru: Расскажи}}
`

// speaks puts the member before a question for a recording, and returns its page's address.
func (w *world) speaks(lang string) string {
	w.t.Helper()
	w.call("POST", "/v1/campaigns", spoken, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/spoken/publication", "").want(201)
	w.call("PUT", "/v1/members/anna", `{"first_name":"Anna","language":"`+lang+`","email":"anna@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	w.call("POST", "/v1/campaigns/spoken/enrollments", `{"members":["anna"]}`).want(200)
	w.settle()
	return w.link("s")
}

// upload sends the page's form with a file, as a browser does.
func (w *world) upload(link, name string, content []byte) answer {
	w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range hidden.FindAllStringSubmatch(w.page("GET", link).want(200).body, -1) {
		_ = m.WriteField(f[1], f[2])
	}
	part, _ := m.CreateFormFile("file", name)
	_, _ = part.Write(content)
	_ = m.Close()
	return w.call("POST", link, b.String(), "Authorization", "", "Accept", "text/html", "Content-Type", m.FormDataContentType())
}

// TestARecordingOnThePage: it is kept, told in the answers, and played with ranges by who may see answers.
func TestARecordingOnThePage(t *testing.T) {
	w := newWorld(t)
	link := w.speaks("ru")
	page := w.page("GET", link).want(200).body
	for _, part := range []string{`type="file"`, `accept="audio/*,video/*"`, `enctype="multipart/form-data"`, "Не больше 20 МБ"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	content := append([]byte("OggS\x00\x02"), bytes.Repeat([]byte("voice"), 100)...)
	w.upload(link, "../<b>.ogg", content).want(303)
	w.settle()
	var media string
	for _, r := range w.call("GET", "/v1/campaigns/spoken/responses", "").want(200).items() {
		r := r.(map[string]any)
		if value, _ := r["value"].(map[string]any); value != nil {
			media = fmt.Sprint(value["media_id"])
		}
	}
	got := w.call("GET", "/v1/media/"+media, "", "Range", "bytes=0-3").want(206)
	if got.body != "OggS" || got.Header().Get("Content-Type") != "audio/ogg" || got.Header().Get("X-Content-Type-Options") != "nosniff" || got.Header().Get("Content-Disposition") != "" {
		t.Errorf("%q with %v", got.body, got.Header())
	}
	w.call("GET", "/v1/media/"+media, "", "Authorization", "").want(401)
	w.call("GET", "/v1/media/"+media+"0", "").want(404)
	w.call("GET", "/v1/media/x", "").want(422)
}

// TestUploadsThatAreNone: an empty field, a picture where a voice is asked for, and a file that is too large are told on the page, in its language.
func TestUploadsThatAreNone(t *testing.T) {
	w := newWorld(t)
	link := w.speaks("ru")
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"nothing":   {nil, "Ответь, пожалуйста, голосовым сообщением или кружком"},
		"a picture": {[]byte("\xff\xd8\xff\xe0 JFIF"), "Ответь, пожалуйста, голосовым сообщением или кружком"},
		"a script":  {[]byte("<html><script>alert(1)</script>"), "Ответь, пожалуйста, голосовым сообщением или кружком"},
		"too large": {append([]byte("OggS\x00\x02"), bytes.Repeat([]byte{1}, 21<<20)...), "можно не больше 20"},
	} {
		if got := w.upload(link, "a.ogg", c.content).want(422); !strings.Contains(got.body, c.want) {
			t.Errorf("%s: the page does not say %q", name, c.want)
		}
	}
	w.post(link, map[string][]string{"step": {"talk"}, "visit": {"1"}}).want(422) // a browser that sends no file
}
