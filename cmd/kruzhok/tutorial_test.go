package main

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var fence = regexp.MustCompile("(?ms)^```(sh|yaml|text)\n(.*?)^```$")

// TestTutorial does what docs/tutorial.md says, in an empty folder, with a demo: each command prints what stands below it, and the phone shows what is promised.
func TestTutorial(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, "--members", "0")
	t.Setenv("KRUZHOK_API_URL", d.base)
	t.Setenv("KRUZHOK_API_TOKEN", demoToken.FindStringSubmatch(d.says("the token "))[1])
	t.Setenv("LC_ALL", "en_US.UTF-8")
	t.Chdir(t.TempDir())
	u := &tutorial{t: t, base: d.base}
	for section := range strings.SplitSeq(string(page), "\n## ") {
		u.prepare(section)
		for _, block := range fence.FindAllStringSubmatch(section, -1) {
			u.block(block[1], block[2])
		}
		u.after(section)
	}
	if u.commands < 6 || u.compared < 4 {
		t.Errorf("only %d commands were run and %d outputs compared", u.commands, u.compared)
	}
}

// tutorial is somebody who follows it.
type tutorial struct {
	t                  *testing.T
	base               string
	out                string // of the last command
	commands, compared int
}

func (u *tutorial) block(kind, text string) {
	u.t.Helper()
	switch kind {
	case "yaml":
		if err := os.WriteFile("tea.yaml", []byte(text), 0o600); err != nil {
			u.t.Fatal(err)
		}
	case "text":
		u.compared++
		if !strings.HasSuffix(u.out, text) {
			u.t.Errorf("printed\n%s\nwant\n%s", u.out, text)
		}
	case "sh":
		for line := range strings.Lines(text) {
			u.command(strings.TrimSpace(line))
		}
	}
}

func (u *tutorial) command(line string) {
	u.t.Helper()
	switch line, file, redirected := strings.Cut(line, " > "); {
	case strings.HasPrefix(line, "kruzhok campaign"):
		u.commands++
		var out bytes.Buffer
		if code := runWith(u.t.Context(), strings.Fields(line)[1:], strings.NewReader("yes\n"), &out, &out); code != 0 {
			u.t.Fatalf("%s ended with %d\n%s", line, code, out.String())
		}
		u.out = strings.ReplaceAll(out.String(), "goes on: ", "goes on: yes\n") // what a terminal shows
		if redirected {
			if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
				u.t.Fatal(err)
			}
		}
	case strings.HasPrefix(line, "curl -X POST"):
		_, path, _ := strings.Cut(line, "$KRUZHOK_API_URL")
		u.post(path, nil)
	}
}

// prepare does what the section's sentences ask for before its commands.
func (u *tutorial) prepare(section string) {
	u.t.Helper()
	if !strings.HasPrefix(section, "5.") {
		return
	}
	u.join("Boris")
	src, err := os.ReadFile("tea.yaml")
	if err == nil {
		err = os.WriteFile("tea.yaml", []byte(strings.NewReplacer("put the kettle on", "the kettle is on", "Ставь чайник", "Чайник закипает").Replace(string(src))), 0o600)
	}
	if err != nil {
		u.t.Fatal(err)
	}
	u.waits("a member inside", func() bool { return strings.Contains(u.get("/v1/campaigns/tea/report"), `"state":"waiting"`) })
}

var greenKey = regexp.MustCompile(`(?s)name="message" value="(\d+)">\s*(?:<button class="key"[^>]*>Black</button>\s*)?<button class="key" name="data" value="([^"]+)">Green`)

// after does what stands below the section's commands.
func (u *tutorial) after(section string) {
	u.t.Helper()
	if !strings.HasPrefix(section, "4.") {
		if strings.HasPrefix(section, "6.") {
			if files, err := filepath.Glob("*.yaml"); err != nil || len(files) != 4 {
				u.t.Errorf("the folder has %v, %v", files, err)
			}
		}
		return
	}
	phone := u.join("Anna")
	key := greenKey.FindStringSubmatch(u.get(phone))
	if key == nil {
		u.t.Fatalf("no key Green on the phone\n%s", u.get(phone))
	}
	u.post(phone+"/press", url.Values{"back": {phone}, "message": {key[1]}, "data": {key[2]}})
	u.waits("the answer", func() bool { return strings.Contains(u.get("/v1/campaigns/tea/report"), `"wait":"time"`) })
	u.post("/sandbox/clock", url.Values{"back": {phone}, "move": {"next"}})
	u.waits("the hint", func() bool { return strings.Contains(u.get(phone), "Green tea wants 80 degrees.") })
}

// join comes in by the sandbox, and returns the phone's path when the question is there.
func (u *tutorial) join(name string) string {
	u.t.Helper()
	phone := u.post("/sandbox/people", url.Values{"name": {name}, "language": {"en"}, "zone": {"Europe/Berlin"}, "by": {"telegram"}, "source": {""}})
	u.waits("the question", func() bool { return strings.Contains(u.get(phone), "Black or green?") })
	if !strings.Contains(u.get(phone), "Hi "+name+", put the kettle on.") {
		u.t.Errorf("no greeting on the phone of %s", name)
	}
	return phone
}

func (u *tutorial) waits(what string, there func() bool) {
	u.t.Helper()
	for deadline := time.Now().Add(patience); !there(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			u.t.Fatalf("%s does not come", what)
		}
	}
}

func (u *tutorial) get(path string) string {
	u.t.Helper()
	body, _ := u.do(http.MethodGet, path, nil)
	return body
}

// post sends a form, and returns the path that it leads to.
func (u *tutorial) post(path string, form url.Values) string {
	u.t.Helper()
	_, leads := u.do(http.MethodPost, path, form)
	return leads
}

func (u *tutorial) do(method, path string, form url.Values) (body, leads string) {
	u.t.Helper()
	req, err := http.NewRequestWithContext(u.t.Context(), method, u.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		u.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Origin", u.base)
	req.Header.Set("Authorization", "Bearer "+os.Getenv("KRUZHOK_API_TOKEN"))
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 400 {
		u.t.Fatalf("%s %s: %s %v\n%.300s", method, path, res.Status, err, read)
	}
	return string(read), res.Header.Get("Location")
}
