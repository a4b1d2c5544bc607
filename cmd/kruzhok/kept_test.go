package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/kruzhok/kruzhok/demo"
)

// TestDemoGoesOn: a demo in a named folder that was stopped has its chats, mailboxes and visitors again, and the bot still answers in them.
func TestDemoGoesOn(t *testing.T) {
	checkedToo(t)
	t.Parallel()
	dir := t.TempDir()
	first := startDemo(t, "--members", "12", "--keep", dir)
	first.says("past was played")
	zone := daytime(t)
	phone := first.post("/sandbox/people", url.Values{"name": {"Emma"}, "language": {"en"}, "zone": {zone}, "by": {"telegram"}})
	mailbox := first.post("/sandbox/people", url.Values{"name": {"Вера"}, "language": {"ru"}, "zone": {zone}, "by": {"mail"}})
	first.until(phone, "talk", "How does speaking feel")
	first.post("/sandbox/take", url.Values{"person": {"speaklingua-001"}, "taken": {"true"}})
	someone, letters := "/sandbox/phone/700001", "/sandbox/mail/member011@example.org"
	pages := map[string]string{phone: "talk", mailbox: "letters", someone: "talk", letters: "letters"}
	before := map[string]string{}
	first.post("/sandbox/clock", url.Values{"move": {"day"}})
	first.until(phone, "talk", "Yesterday I asked")
	first.until(mailbox, "letters", "Одно нажатие")
	first.until("/sandbox", "clock", "ahead of the real clock") // the leap is over
	for page, id := range pages {
		before[page] = first.shows(page, id)
	}
	first.stop()

	second := startDemo(t, "--keep", dir)
	if second.base != first.base {
		t.Errorf("goes on at %s, where no letter's link leads; it was at %s", second.base, first.base)
	}
	for page, id := range pages {
		if after := second.shows(page, id); !strings.Contains(after, before[page]) { // what is new may be there too
			t.Errorf("%s shows\n%s\nit showed\n%s", page, after, before[page])
		}
	}
	if people := second.shows("/sandbox", "people"); !strings.Contains(people, "Вера "+city(zone)+" · Russian · played by you") || strings.Count(people, "played by you") != 3 {
		t.Errorf("who is played by the visitor: %s", people)
	}
	if len(before[someone]) < 200 || len(before[letters]) < 50 || !strings.Contains(before[mailbox], "уровень") {
		t.Errorf("too little to be lost:\n%s\n%s\n%s", before[someone], before[letters], before[mailbox])
	}
	second.post(phone+"/say", url.Values{"text": {"/help"}}) // an update whose number the service has not seen
	second.until(phone, "talk", "/settings")
}

// daytime is a time zone in which it is day now, and no quiet hour soon: in others the first letters wait for the morning.
func daytime(t *testing.T) string {
	t.Helper()
	for _, zone := range []string{"Europe/Moscow", "Asia/Tokyo", "America/New_York"} { // of those where a visitor can live
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if hour := time.Now().In(at).Hour(); hour >= 9 && hour < 20 {
			return zone
		}
	}
	t.Fatal("it is night everywhere")
	return ""
}

// city is how pages show a time zone.
func city(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndex(zone, "/")+1:], "_", " ")
}

// TestDemoGoesOnWithItsPast: a demo that was stopped while its past was played plays the rest.
func TestDemoGoesOnWithItsPast(t *testing.T) {
	checkedToo(t)
	t.Parallel()
	dir := t.TempDir()
	startDemo(t, "--members", "12", "--keep", dir).stop()
	second := startDemo(t, "--keep", dir)
	second.says("past was played")
	if text := second.shows("/console/campaigns/fourteen-days/members", "main"); !strings.Contains(text, "Oliver") {
		t.Errorf("nobody has taken the challenge up:\n%s", text)
	}
}

// TestDemoRefusesStrangeFolder: a folder that no demo can go on in is named, and left alone.
func TestDemoRefusesStrangeFolder(t *testing.T) {
	for name, file := range map[string]string{"is not what a demo left": "sandbox.json", "remove this one": "kruzhok.db"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, errs := kruzhok(t, "demo", "--no-open", "--keep", dir)
		if code != 1 || !strings.Contains(errs, name) {
			t.Errorf("exit %d: %s", code, errs)
		}
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(b) != "precious" {
			t.Errorf("%s is %q now, %v", file, b, err)
		}
	}
}

// post sends a form of the demo's pages and returns the path where it leads.
func (r *running) post(path string, form url.Values) string {
	r.t.Helper()
	res, err := http.PostForm(r.base+path, form)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %s", path, res.Status)
	}
	return res.Request.URL.Path
}

// shows is the text of a page's element: that with the id, or else the first with the name.
func (r *running) shows(path, element string) string {
	r.t.Helper()
	text, ok := r.has(path, element)
	if !ok {
		r.t.Fatalf("%s has no %s", path, element)
	}
	return text
}

// has is shows where the element may not be there.
func (r *running) has(path, element string) (text string, ok bool) {
	r.t.Helper()
	res, err := http.Get(r.base + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	doc, err := html.Parse(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Data == element || n.Type == html.ElementNode && attribute(n, "id") == element {
			var b strings.Builder
			for x := range n.Descendants() {
				if x.Type == html.TextNode && x.Parent.Data != "script" {
					b.WriteString(strings.Join(strings.Fields(x.Data), " ") + " ")
				}
			}
			return b.String(), true
		}
	}
	return "", false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// until waits for a page's element to show the text.
func (r *running) until(path, element, text string) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		shown := r.shows(path, element)
		if strings.Contains(shown, text) {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s never showed %q:\n%s", path, text, shown)
		}
	}
}

// TestDemoGoesOnAfterAKill: a demo that was killed has what was written down in time, and takes new messages.
func TestDemoGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := &printed{}
	cmd := exec.Command(os.Args[0], "demo", "--no-open", "--members", "0", "--keep", dir)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(killed)
	first := &running{t: t}
	for deadline := time.Now().Add(patience); first.base == "" && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		first.base = demoAddress.FindString(out.String())
	}
	if first.base == "" {
		t.Fatalf("no address within %s:\n%s", patience, out.String())
	}
	phone := first.post("/sandbox/people", url.Values{"name": {"Emma"}, "language": {"en"}, "zone": {daytime(t)}, "by": {"telegram"}})
	first.until(phone, "talk", "How does speaking feel")
	first.post("/sandbox/clock", url.Values{"move": {"day"}})
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if kept, err := demo.ReadKept(filepath.Join(dir, "sandbox.json")); err == nil && strings.Contains(fmt.Sprintf("%+v", kept.Bot.Chats), "Yesterday I asked") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is written down")
		}
	}
	first.post(phone+"/say", url.Values{"text": {"/help"}}) // its number is not written down, and must not be given again
	first.until(phone, "talk", "/settings")
	before, _ := demo.Stopped(filepath.Join(dir, "clock"))
	killed()

	second := startDemo(t, "--keep", dir)
	second.until(phone, "talk", "Yesterday I asked")
	second.post(phone+"/say", url.Values{"text": {"/top"}})
	second.until(phone, "talk", "You are in no challenge yet")
	if after, ok := demo.Stopped(filepath.Join(dir, "clock")); !ok || after.Before(before) {
		t.Errorf("the clock shows %s after %s", after, before)
	}
}
