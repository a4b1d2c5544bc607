package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/demo/recordings"
	"github.com/kruzhok/kruzhok/internal/browser"
)

// The scenarios: each starter is played from its first message to its last by two members, an English one on the phone and a Russian one by mail,
// with nothing but the demo's pages; then the console shows what they answered.

// scene is a running demo with nobody in it, and the windows that look at it.
type scene struct {
	t       *testing.T
	base    string
	browser *browser.Browser
	phone   *browser.Tab // Emma's
	mailbox *browser.Tab // Вера's
	letters string       // address of the mailbox
	chat    string       // address of the phone
}

// printed is what a running command has said so far.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

var demoAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// runDemo runs a demo in a folder of its own until the test ends, and returns its address.
func runDemo(t *testing.T, args ...string) string {
	t.Helper()
	return startDemo(t, append([]string{"--keep", t.TempDir()}, args...)...).base // the folder goes after the demo
}

// running is a demo at play.
type running struct {
	t         *testing.T
	base      string
	out, errs printed
	stop      func() // ends it as Ctrl-C does
}

func startDemo(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, append([]string{"demo", "--no-open"}, args...), &r.out, &r.errs) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the demo ended with %d\n%s", code, r.errs.String())
		}
	})
	t.Cleanup(r.stop)
	r.base = demoAddress.FindString(r.says("http://"))
	return r
}

// says waits until the demo has printed the text, and returns all that it has.
func (r *running) says(text string) string {
	r.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if out := r.out.String(); strings.Contains(out, text) {
			return out
		}
	}
	r.t.Fatalf("no %q after 60 s\n%s%s", text, r.out.String(), r.errs.String())
	return ""
}

// newScene opens the windows and lets both join.
func newScene(t *testing.T) *scene {
	s := &scene{t: t, browser: browser.Start(t), base: runDemo(t, "--members", "0")}
	s.phone = s.browser.Open(t, s.base+"/sandbox", browser.View{Lang: "en"})
	s.mailbox = s.browser.Open(t, s.base+"/sandbox", browser.View{Lang: "ru"})
	s.chat = s.join(s.phone, "Emma", "en", "telegram", "/sandbox/phone/")
	s.letters = s.join(s.mailbox, "Вера", "ru", "mail", "/sandbox/mail/")
	return s
}

func (s *scene) join(tab *browser.Tab, name, language, by, leads string) string {
	s.t.Helper()
	tab.Type("#name", name)
	tab.Wait(fmt.Sprintf(`(document.getElementById("language").value = %q)`, language))
	tab.Click(fmt.Sprintf(`input[name=by][value=%s]`, by))
	tab.Click(`form[action="/sandbox/people"] .button-main`)
	tab.Wait(fmt.Sprintf(`location.pathname.startsWith(%q) && document.readyState === "complete"`, leads))
	return tab.URL()
}

// leap presses a button of the clock and waits until it has arrived.
func (s *scene) leap(tab *browser.Tab, move string) {
	s.t.Helper()
	tab.Wait(`window.here = true`)
	tab.Click(fmt.Sprintf(`#clock button[value=%s]`, move))
	tab.Wait(`!window.here && document.readyState === "complete"`)
}

// until plays the clock on, from event to event, until the page shows the text.
func (s *scene) until(tab *browser.Tab, address, css, text string) {
	s.t.Helper()
	for range 40 {
		tab.Go(address)
		if browser.Eval[bool](tab, fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.textContent.includes(%q))`, css, text)) {
			return
		}
		s.leap(tab, "next")
	}
	s.t.Fatalf("%q never came; the page shows:\n%s", text, tab.Text("main"))
}

// asked waits on the phone until the bot has said the text.
func (s *scene) asked(text string) {
	s.t.Helper()
	s.until(s.phone, s.chat, "#talk .bubble", text)
}

// press presses the newest button with the label, whatever a fresh copy of the talk does to it meanwhile.
func (s *scene) press(label string) {
	s.t.Helper()
	before := s.phone.Text("#talk")
	s.phone.Wait(fmt.Sprintf(`(() => { const key = [...document.querySelectorAll("#talk .key")].filter(e => e.textContent.replace(/^[✓☐☑] ?/, "").trim() === %q).at(-1);
		key?.click(); return key; })()`, label))
	s.phone.Wait(fmt.Sprintf(`document.getElementById("talk").innerText !== %q`, before))
}

// say types a message and sends it with Enter.
func (s *scene) say(text string) {
	s.t.Helper()
	s.phone.Type("#say", text+browser.Enter)
	s.phone.WaitText("#talk .mine", text)
}

// speak sends a recording from a file.
func (s *scene) speak(path string) {
	s.t.Helper()
	before := s.phone.Count("#talk audio")
	s.phone.Click(".attach > summary")
	s.phone.Upload("#file", path)
	s.phone.Click(".compose .send")
	s.phone.Wait(fmt.Sprintf(`document.querySelectorAll("#talk audio").length > %d`, before))
}

// opened opens the newest letter with the subject, and from it the survey page.
func (s *scene) opened(subject string) {
	s.t.Helper()
	s.until(s.mailbox, s.letters, "#letters a", subject)
	s.mailbox.Wait(`window.here = true`)
	s.mailbox.Wait(fmt.Sprintf(`(location.href = [...document.querySelectorAll("#letters a")].find(e => e.textContent.includes(%q)).href)`, subject))
	s.mailbox.Wait(`!window.here && document.readyState === "complete" && document.querySelector("iframe.paper")`)
	s.mailbox.WaitText(".letter h2", subject)
	link := browser.Eval[string](s.mailbox, `fetch(document.querySelector("iframe.paper").src).then(r => r.text()).then(html =>
		[...new DOMParser().parseFromString(html, "text/html").querySelectorAll("a")].map(a => a.href).find(h => h.includes("/s/")) ?? "")`)
	if link == "" {
		s.t.Fatalf("the letter %q asks nothing", subject)
	}
	s.mailbox.Go(link)
}

// choose takes an option of the survey page and goes on.
func (s *scene) choose(values ...string) {
	s.t.Helper()
	for _, v := range values {
		s.mailbox.Click(fmt.Sprintf(`label:has(input[value="%s"])`, v))
	}
	s.next()
}

func (s *scene) write(text string) {
	s.t.Helper()
	s.mailbox.Type("textarea[name=text]", text)
	s.next()
}

func (s *scene) next() {
	s.t.Helper()
	s.mailbox.Wait(`window.here = true`)
	s.mailbox.Click(`button[form=q]`)
	s.mailbox.Wait(`!window.here && document.readyState === "complete"`)
	if s.mailbox.Count("#problem") > 0 {
		s.t.Fatalf("the page did not take the answer: %s", s.mailbox.Text("#problem"))
	}
}

// letter waits for a letter that asks nothing.
func (s *scene) letter(subject string) {
	s.t.Helper()
	s.until(s.mailbox, s.letters, "#letters a", subject)
}

// enroll puts both into a campaign by the pages' own forms.
func (s *scene) enroll(campaign string) {
	s.t.Helper()
	for _, x := range []struct {
		tab *browser.Tab
		at  string
	}{{s.phone, s.chat}, {s.mailbox, s.letters}} {
		x.tab.Go(x.at)
		x.tab.Wait(fmt.Sprintf(`(document.getElementById("campaign").value = %q)`, campaign))
		x.tab.Wait(`fetch("/sandbox/enroll", {method: "POST", body: new URLSearchParams(new FormData(document.getElementById("campaign").form))}).then(r => r.ok)`)
	}
}

// shows looks at a page of the console, in both languages.
func (s *scene) shows(path string, texts ...string) {
	s.t.Helper()
	for _, lang := range []string{"en", "ru"} {
		tab := s.browser.Open(s.t, s.base+path, browser.View{Lang: lang})
		for _, text := range texts {
			tab.WaitText("main", text)
		}
	}
}

// recording is a sample voice as a file.
func recording(t *testing.T, lang string) string {
	t.Helper()
	r := recordings.Voices(lang)[0]
	path := filepath.Join(t.TempDir(), r.Name)
	if err := os.WriteFile(path, r.Content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFirstWeekIsPlayed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	s.press("I get by")
	s.asked("What would you like to be able to talk about")
	s.say("Jokes with my neighbours")

	s.opened("Какой у тебя уровень?")
	s.choose("a1")
	s.write("О книгах и о кино")

	s.asked("Three rules of the circle")
	s.asked("speaking club")
	s.letter("Три правила")
	s.letter("стол для начинающих")
	s.asked("Have you spoken with somebody")
	s.press("Yes")
	s.opened("Последний вопрос")
	s.choose("false")
	s.asked("See you in the circle")
	s.letter("До встречи в кругу")

	s.shows("/console/campaigns/first-week/answers", "Jokes with my neighbours", "О книгах и о кино")
	s.shows("/console/members", "Emma", "Вера")
}

func TestFourteenDaysArePlayed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	en, ru := recording(t, "en"), recording(t, "ru")
	s.enroll("fourteen-days")
	for day := 1; day <= 14; day++ {
		if day > 1 {
			s.leap(s.phone, "day")
		}
		s.asked(fmt.Sprintf("Day %d of 14", day))
		s.speak(en)
		s.opened(fmt.Sprintf("День %d из 14", day))
		s.mailbox.Upload("input[name=file]", ru)
		s.next()
	}
	s.choose("hard") // the page goes on with the last question
	s.asked("All 14 days")
	s.asked("How were the tasks for you?")
	s.press("Just right")
	s.letter("Все 14 дней")

	s.phone.Go(s.chat)
	s.say("/top")
	s.asked("210")
	s.shows("/console/campaigns/fourteen-days/standings", "Emma", "Вера", "210")
	tab := s.browser.Open(t, s.base+"/console/campaigns/fourteen-days/answers", browser.View{})
	tab.Wait(`document.querySelectorAll("audio").length > 0 || document.body.innerText.includes("Just right")`)
	if !strings.Contains(tab.Text("main"), "Just right") {
		t.Error("the answer to the last question is missing")
	}
}

func TestSurveyIsPlayed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.enroll("how-are-we")
	s.asked("How likely are you to recommend")
	s.press("9")
	s.asked("main reason for your score")
	s.say("The people are kind")
	s.asked("What should we work on first")
	s.press("Topics")
	s.press("Finding a partner")
	s.press("Done")
	s.asked("May a person write to you")
	s.press("No")
	s.asked("We read every answer")

	s.opened("Как у нас дела?")
	s.choose("6")
	s.write("Мало времени по вечерам")
	s.choose("times", "app")
	s.choose("true")
	s.letter("Спасибо")

	s.shows("/console/campaigns/how-are-we/answers", "The people are kind", "Мало времени по вечерам")
	s.shows("/console/campaigns/how-are-we", "2")
}

// views are both themes, both languages, a desk and a phone, in two.
var views = []browser.View{{}, {Phone: true, Dark: true, Lang: "ru"}}

// TestSandboxIsAccessible: axe-core finds nothing on the pages to play with, in both themes and languages, on a desk and on a phone.
func TestSandboxIsAccessible(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	s.letter("Какой у тебя уровень?")
	for _, v := range views {
		for _, address := range []string{
			s.base + "/sandbox", s.chat, s.letters, s.letters + "?n=1&view=text", s.letters + "?n=1&view=headers", s.letters + "?n=1&width=phone&shade=dark", s.base + "/sandbox/phone/1",
		} {
			s.browser.Open(t, address, v).Accessible()
		}
	}
}

// TestConsoleIsAccessible: nor on the console's pages of a community that is alive.
func TestConsoleIsAccessible(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	s.press("I get by")
	s.phone.Go(s.base + "/console/members")
	member := browser.Eval[string](s.phone, `[...document.querySelectorAll("main a")].map(a => a.href).find(h => /members\/\d+$/.test(h)) ?? ""`)
	if member == "" {
		t.Fatal("no member has a page")
	}
	c := s.base + "/console/campaigns"
	for _, v := range views {
		for _, address := range []string{
			s.base + "/console", c, c + "/first-week", c + "/first-week/answers", c + "/first-week/members", c + "/fourteen-days/standings", s.base + "/console/members", member, s.base + "/console/messages",
		} {
			s.browser.Open(t, address, v).Accessible()
		}
	}
}

// focusOn presses Tab until the focus is where the expression, about document.activeElement as e, says.
func focusOn(tab *browser.Tab, t *testing.T, where string) {
	t.Helper()
	for range 120 {
		tab.Key(browser.Tabulator)
		if browser.Eval[bool](tab, fmt.Sprintf(`(e => !!e && !!(%s))(document.activeElement)`, where)) {
			if !browser.Eval[bool](tab, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
				t.Errorf("the focus on %s is not seen", where)
			}
			return
		}
	}
	t.Fatalf("Tab never comes to %s", where)
}

// TestPhoneAndMailboxByKeyboard: everything that a finger does, the keyboard does.
func TestPhoneAndMailboxByKeyboard(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	focusOn(s.phone, t, `e.matches("#talk .key") && e.textContent.trim() === "I get by"`)
	s.phone.Key(browser.Enter)
	s.asked("What would you like to be able to talk about")
	focusOn(s.phone, t, `e.id === "say"`)
	s.phone.Key("Jokes")
	s.phone.Key(browser.Enter)
	s.phone.WaitText("#talk .mine", "Jokes")
	s.phone.Wait(`document.activeElement.id === "say"`) // the fresh copy of the talk takes no focus away
	s.phone.Key("/help")
	s.phone.Key(browser.Enter)
	s.phone.WaitText("#talk .mine", "/help")

	s.letter("Какой у тебя уровень?")
	focusOn(s.mailbox, t, `e.matches("#letters a") && e.textContent.includes("Какой у тебя уровень?")`)
	s.mailbox.Key(browser.Enter)
	s.mailbox.WaitText(".letter h2", "Какой у тебя уровень?")
	focusOn(s.mailbox, t, `e.matches(".tabs a") && e.href.includes("view=text")`)
	s.mailbox.Key(browser.Enter)
	s.mailbox.Wait(`document.querySelector("pre.source")`)
	focusOn(s.mailbox, t, `e.id === "reply"`)
	s.mailbox.Key("Спасибо")
	s.mailbox.Key(browser.Enter)
	s.mailbox.Wait(`document.getElementById("outbox").innerText.includes("Ответ")`)
}
