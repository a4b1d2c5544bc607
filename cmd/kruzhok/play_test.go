package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/demo/recordings"
	"github.com/kruzhok/kruzhok/internal/browser"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/internal/race"
)

// The scenarios: each starter is played from its first message to its last by two members, an English one on the phone and a Russian one by mail,
// with nothing but the demo's pages; then the console shows what they answered.

// scene is a running demo with nobody in it, and the windows that look at it.
type scene struct {
	t       *testing.T
	demo    *running
	base    string
	token   string // of the API
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

var (
	demoAddress = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	demoToken   = regexp.MustCompile(`the token (\S+)`)
)

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

// patience is how long a test waits for what must come. With other work on the machine, a demo that begins in a second may need twenty.
const patience = 2 * time.Minute

// says waits until the demo has printed the text, and returns all that it has.
func (r *running) says(text string) string {
	r.t.Helper()
	for deadline := time.Now().Add(6 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if out := r.out.String(); strings.Contains(out, text) {
			return out
		}
	}
	r.t.Fatalf("no %q after six minutes\n%s%s", text, r.out.String(), r.errs.String())
	return ""
}

// newScene opens the windows and lets both join.
func newScene(t *testing.T) *scene {
	d := startDemo(t, "--members", "0")
	s := &scene{t: t, browser: browser.Start(t), demo: d, base: d.base, token: demoToken.FindStringSubmatch(d.says("the token "))[1]}
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
	s.arrives()
}

// arrives waits for the clock: a slow machine answers before it has arrived.
func (s *scene) arrives() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); strings.Contains(s.demo.shows("/sandbox", "clock"), locale.T("en", "sandbox.leap", nil)); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the clock does not arrive")
		}
	}
}

// until plays the clock on, from event to event, until what the selector finds shows the text, and opens the page. What it looks at meanwhile is the page without
// a window: most of the time of these scenarios was Chromium's.
func (s *scene) until(tab *browser.Tab, address, css, text string) {
	s.t.Helper()
	path := strings.TrimPrefix(address, s.base)
	element, _, _ := strings.Cut(strings.TrimPrefix(css, "#"), " ")
	for range 40 {
		for range 3 { // what is on its way comes without the clock
			if shown, _ := s.demo.has(path, element); strings.Contains(shown, text) {
				tab.Go(address)
				tab.WaitText(css, text)
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		s.demo.post("/sandbox/clock", url.Values{"move": {"next"}})
		s.arrives()
	}
	s.t.Fatalf("%q never came; the page shows:\n%s", text, s.demo.shows(path, "main"))
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
	s.mailbox.Go(s.link(subject, "/s/"))
}

// link opens the newest letter with the subject in the mailbox's window and returns the first link in it that leads to the path.
func (s *scene) link(subject, path string) string {
	s.t.Helper()
	s.mailbox.Wait(`window.here = true`)
	s.mailbox.Wait(fmt.Sprintf(`(location.href = [...document.querySelectorAll("#letters a")].find(e => e.textContent.includes(%q)).href)`, subject))
	s.mailbox.Wait(`!window.here && document.readyState === "complete" && document.querySelector("iframe.paper")`)
	s.mailbox.WaitText(".letter h2", subject)
	link := browser.Eval[string](s.mailbox, fmt.Sprintf(`fetch(document.querySelector("iframe.paper").src).then(r => r.text()).then(html =>
		[...new DOMParser().parseFromString(html, "text/html").querySelectorAll("a")].map(a => a.href).find(h => h.includes(%q)) ?? "")`, path))
	if link == "" {
		s.t.Fatalf("no link in the letter %q leads to %s", subject, path)
	}
	return link
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

// imports gives the service a file of members, as a platform does.
func (s *scene) imports(file string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/v1/members/import?consent_source=form", strings.NewReader(file))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Authorization", "Bearer "+s.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("import: %s", res.Status)
	}
}

// segment saves one in the console.
func (s *scene) segment(source string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.base+"/console/segments", strings.NewReader(url.Values{"source": {source}, "do": {"save"}}.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK { // of the segment's page, which it leads to
		s.t.Fatalf("segment: %s", res.Status)
	}
}

// shows looks for the lines on a page of the console, in English and in Russian; where they differ, " / " stands between them.
func (s *scene) shows(path string, lines ...string) {
	s.t.Helper()
	for i, lang := range []string{"en", "ru"} {
		tab := s.browser.Open(s.t, s.base+path, browser.View{Lang: lang})
		for _, line := range lines {
			words := strings.Split(line, " / ")
			tab.WaitText("main", words[min(i, len(words)-1)])
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

	s.shows("/console/campaigns/first-week/answers", "Jokes with my neighbours", "О книгах и о кино", "I get by\n1 of 2 / Могу объясниться\n1 из 2",
		"I am just beginning\n1 of 2 / Я только начинаю\n1 из 2", "2 of 2 members answered. / Ответили 2 из 2 участников.")
	s.shows("/console/members", "Emma", "Вера")
}

func TestFourteenDaysArePlayed(t *testing.T) {
	checkedToo(t)
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
	s.shows("/console/campaigns/fourteen-days/answers", "28 answers / 28 ответов", "Just right\n1 of 2 / В самый раз\n1 из 2", "Too hard\n1 of 2 / Слишком трудные\n1 из 2")
	tab := s.browser.Open(t, s.base+"/console/campaigns/fourteen-days/answers", browser.View{})
	tab.Wait(`document.querySelectorAll("main audio").length === 10`) // the newest of 28, and a link to the older ones
	for _, voice := range []string{en, ru} {
		sound, err := os.ReadFile(voice)
		if err != nil {
			t.Fatal(err)
		}
		tab.Wait(fmt.Sprintf(`Promise.all([...document.querySelectorAll("main audio")].map(a => fetch(a.currentSrc || a.src || a.querySelector("source").src)
			.then(r => r.ok ? r.arrayBuffer() : null))).then(all => all.filter(b => b?.byteLength === %d).length === 5)`, len(sound)))
	}
}

// TestMailAndPhoneBecomeOne: who reads mail opens the bot by its footer, on a new phone, and is one member with both; the answer in the chat is theirs.
func TestMailAndPhoneBecomeOne(t *testing.T) {
	checkedToo(t)
	t.Parallel()
	s := newScene(t)
	const asks = "Какой у тебя уровень?"
	s.letter(asks)
	s.mailbox.Go(s.link(asks, "/link/"))
	s.mailbox.Click(".button-main")
	s.mailbox.Wait(`document.querySelector("code")`)
	s.mailbox.Click(`a[href*="/sandbox/bot/"]`)
	s.mailbox.Wait(`location.pathname.startsWith("/sandbox/bot/")`)
	s.mailbox.Type("#name", "Вера")
	s.mailbox.Click("aside .button-main")
	s.mailbox.Wait(`location.pathname.startsWith("/sandbox/phone/")`)
	s.mailbox.WaitText("#talk", "теперь этот чат")
	s.shows("/console/members", "2 members / 2 участника", "Telegram arrives. Mail arrives. / Телеграм доходит. Почта доходит.")
}

// TestRecordingInTheBrowser: a voice message and a round video are recorded by two presses, arrive as what they are, answer the day's task and can be played.
func TestRecordingInTheBrowser(t *testing.T) {
	checkedToo(t)
	t.Parallel()
	s := newScene(t)
	s.enroll("fourteen-days")
	for day, x := range []struct{ kind, plays string }{{"voice", "#talk audio"}, {"video_note", "#talk video"}} {
		if day > 0 {
			s.leap(s.phone, "day")
		}
		s.asked(fmt.Sprintf("Day %d of 14", day+1))
		button := fmt.Sprintf("[data-record=%s]", x.kind)
		s.phone.Click(button)
		s.phone.Wait(`!document.querySelector("[data-recording]").hidden`)
		time.Sleep(3200 * time.Millisecond) // the task asks for three seconds
		s.phone.Click(button)
		s.phone.Wait(fmt.Sprintf(`document.querySelectorAll(%q).length === 1 && document.querySelector(%q).readyState > 0`, x.plays, x.plays))
	}
	s.shows("/console/campaigns/fourteen-days/standings", "2 of 14\t20 / 2 из 14\t20")
	tab := s.browser.Open(t, s.base+"/console/campaigns/fourteen-days/answers", browser.View{})
	tab.Wait(`(["audio", "video"].forEach(kind => document.querySelector("main " + kind).load()), true)`)
	tab.Wait(`["audio", "video"].every(kind => { const m = document.querySelector("main " + kind); m.preload = "metadata"; return m.readyState > 0; })`)
}

func TestSurveyIsPlayed(t *testing.T) {
	checkedToo(t)
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

	s.shows("/console/campaigns/how-are-we/answers", "The people are kind", "Мало времени по вечерам", "detractors, 0–6: 1 / критики, 0–6: 1", "promoters, 9–10: 1 / сторонники, 9–10: 1",
		"Topics\n1 of 2 / Темы\n1 из 2", "Finding a partner\n1 of 2 / Поиск собеседника\n1 из 2", "The app\n1 of 2 / Приложение\n1 из 2", "yes\n1 of 2 / да\n1 из 2", "no\n1 of 2 / нет\n1 из 2")
	s.shows("/console/campaigns/how-are-we", "Thank you. We read every… / Спасибо. Мы читаем", "2 members / 2 участника", "Came here\n2 / Пришли сюда\n2", "Sent\n2 / Отправлено\n2")
}

// views have both themes, both languages, a desk and a phone among them.
var views = []browser.View{{}, {Phone: true, Dark: true, Lang: "ru"}}

// accessible puts pages before axe-core, in every view.
func (s *scene) accessible(addresses ...string) {
	s.t.Helper()
	for _, v := range views {
		tab := s.browser.Open(s.t, s.base+"/livez", v)
		for _, address := range addresses {
			tab.Go(address)
			tab.Accessible()
		}
	}
}

// checkedToo leaves a scenario out under the race detector, which would see in it what it sees in TestDemoCheck, TestFirstWeekIsPlayed and the engine's tests.
func checkedToo(t *testing.T) {
	t.Helper()
	if race.Enabled {
		t.Skip("the demo's check and the first week play it too")
	}
}

// looksOnly leaves a test of looks out under the race detector, which has nothing to find in them; the scenarios use the same pages.
func looksOnly(t *testing.T) {
	t.Helper()
	if race.Enabled {
		t.Skip("looks have no races")
	}
}

// TestSandboxIsAccessible: axe-core finds nothing on the pages to play with, in both themes and languages, on a desk and on a phone.
func TestSandboxIsAccessible(t *testing.T) {
	looksOnly(t)
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	s.letter("Какой у тебя уровень?")
	s.accessible(s.base+"/sandbox", s.chat, s.letters, s.letters+"?n=1&view=text", s.letters+"?n=1&view=headers", s.letters+"?n=1&width=phone&shade=dark", s.base+"/sandbox/phone/1",
		s.base+"/sandbox/bot/kruzhok_sandbox_bot?start=s_poster")
}

// TestConsoleIsAccessible: nor on the console's pages of a community that is alive.
func TestConsoleIsAccessible(t *testing.T) {
	looksOnly(t)
	t.Parallel()
	s := newScene(t)
	s.asked("How does speaking feel")
	s.press("I get by")
	member := browser.Eval[string](s.browser.Open(t, s.base+"/console/members", browser.View{}), `[...document.querySelectorAll("main a")].map(a => a.href).find(h => /members\/\d+$/.test(h)) ?? ""`)
	if member == "" {
		t.Fatal("no member has a page")
	}
	s.say("And a word that nobody asked for") // for the page of messages
	s.enroll("fourteen-days")
	s.asked("Day 1 of 14")
	s.speak(recording(t, "en"))
	s.asked("Your first recording is in")
	c := s.base + "/console/campaigns"
	s.shows("/console/campaigns/fourteen-days/standings", "Emma")
	s.segment("key: speakers\nname: Speakers\nwho: {any: [{language: ru}, {completed: first-week}]}\n")
	s.accessible(s.base+"/console", c, c+"/first-week", c+"/first-week/answers", c+"/first-week/members", c+"/fourteen-days/answers", c+"/fourteen-days/standings",
		s.base+"/console/members", c+"/first-week/preview", c+"/first-week/preview?view=email&part=text", c+"/how-are-we/preview?view=page", member, member+"/why", member+"/why/first-week", s.base+"/console/messages", s.base+"/console/dead-letters", s.base+"/console/budget",
		c+"/first-week/texts", c+"/first-week/publish", s.base+"/console/segments", s.base+"/console/new-segment", s.base+"/console/segments/speakers")
}

// TestLinkedPagesAreAccessible: nor on the pages behind a letter's links: the question, leaving, connecting a chat, the settings, joining a mailbox, and
// saying yes to one.
func TestLinkedPagesAreAccessible(t *testing.T) {
	looksOnly(t)
	t.Parallel()
	s := newScene(t)
	const asks = "Какой у тебя уровень?"
	s.letter(asks)
	pages := []string{s.link(asks, "/s/"), s.link(asks, "/u/"), s.link(asks, "/link/"), s.link(asks, "/settings/")}
	s.asked("How does speaking feel")
	s.say("/link visitor2@example.org")
	const joins = "Connect this mail with your chat in Speaklingua"
	s.letter(joins)
	pages = append(pages, s.link(joins, "/mailbox/"))

	s.imports("external_id,first_name,email,language\nu1,Нино,nino@example.org,ru\n")
	s.letters = s.base + "/sandbox/mail/nino@example.org"
	const confirms = "Писать ли тебе из Speaklingua?"
	s.letter(confirms)
	pages = append(pages, s.link(confirms, "/mailbox/"))
	s.accessible(pages...)
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
	looksOnly(t)
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

	focusOn(s.mailbox, t, `e.id === "reply"`)
	s.mailbox.Key("Ещё")
	letters := s.mailbox.Count("#letters a")
	s.demo.post("/sandbox/enroll", url.Values{"person": {"visitor-2"}, "campaign": {"how-are-we"}}) // elsewhere
	s.mailbox.Wait(fmt.Sprintf(`document.querySelectorAll("#letters a").length > %d`, letters))
	s.mailbox.Wait(`document.activeElement.id === "reply" && document.activeElement.value === "Ещё"`) // a new letter takes neither focus nor words
	s.mailbox.Key(" раз")
	s.mailbox.Key(browser.Enter)
	s.mailbox.Wait(`document.querySelectorAll("#outbox li").length === 2`)
}
