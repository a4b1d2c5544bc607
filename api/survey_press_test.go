package api

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// press is the link in the n-th mail whose button chooses the value; an empty value: the link that chooses none.
func (w *world) press(n int, value string) string {
	w.t.Helper()
	w.mail.mu.Lock()
	defer w.mail.mu.Unlock()
	for _, found := range regexp.MustCompile(regexp.QuoteMeta(publicURL)+`(/s/[^"\s]+)`).FindAllStringSubmatch(string(w.mail.sent[n].Mail.HTML), -1) {
		link, err := url.Parse(html.UnescapeString(found[1]))
		must(w.t, err)
		if link.Query().Get("a") == value {
			return link.String()
		}
	}
	w.t.Fatalf("mail %d has no button for %q", n, value)
	return ""
}

// confirm sends the page's form as it stands: with what is ticked on it.
func (w *world) confirm(link string) answer {
	w.t.Helper()
	page := w.page("GET", link).want(200).body
	form := url.Values{}
	for _, f := range regexp.MustCompile(`name="(step|visit|nonce)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(f[1], f[2])
	}
	for _, v := range ticked(page) {
		form.Add("value", v)
	}
	got := w.post(link, form)
	w.settle()
	return got
}

// ticked are the values that the page shows as chosen.
func ticked(page string) (values []string) {
	for _, f := range regexp.MustCompile(`name="value" value="([^"]*)"[^>]* checked`).FindAllStringSubmatch(page, -1) {
		values = append(values, f[1])
	}
	return values
}

// expectPage checks what a link shows: its question's text, what is ticked, and words that stand on it.
func (w *world) expectPage(link, heading, chosen string, words ...string) {
	w.t.Helper()
	page := w.page("GET", link).want(200).body
	if !strings.Contains(page, heading) {
		w.t.Errorf("%s: not on the page: %q: %s", link, heading, page)
	}
	if got := strings.Join(ticked(page), " "); got != chosen {
		w.t.Errorf("%s: ticked %q, want %q", link, got, chosen)
	}
	for _, word := range words {
		if !strings.Contains(page, word) {
			w.t.Errorf("%s: not said: %q: %s", link, word, page)
		}
	}
}

// said is the member's answer to the question.
func (w *world) said(question string) string {
	w.t.Helper()
	for _, a := range w.call("GET", "/v1/campaigns/autumn/responses", "").want(200).items() {
		if a := a.(map[string]any); a["question"] == question {
			return fmt.Sprint(a["value"])
		}
	}
	return ""
}

// tick lets the time pass.
func (w *world) tick(d time.Duration) {
	w.t.Helper()
	w.clock.Lock()
	w.now = w.now.Add(d)
	w.clock.Unlock()
	w.settle()
}

// mailed publishes the campaign, makes Anna, and mails her its first question.
func (w *world) mailed(lang, steps string) {
	w.t.Helper()
	w.call("POST", "/v1/campaigns", "key: autumn\nkind: survey\nname: Autumn\ntopic: surveys\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\nsteps:\n"+steps, "Content-Type", "application/yaml").want(201)
	w.call("POST", "/v1/campaigns/autumn/publication", "").want(201)
	w.call("PUT", "/v1/members/anna", `{"first_name":"Anna","language":"`+lang+`","email":"anna@example.org","consents":[{"channel":"email","source":"test"}]}`).want(201)
	w.call("POST", "/v1/campaigns/autumn/enrollments", `{"members":["anna"]}`).want(200)
	w.settle()
}

const twoScales = `
  - id: friend
    ask: {type: nps, text: {en: Tell a friend?, ru: Посоветуешь нас?}, timeout: {after: 1d}}
  - id: happy
    ask: {type: csat, text: {en: How happy?, ru: Нравится?}, timeout: {after: 3d}}
  - {id: rest, wait: {for: 20d}}
`

// TestAPressIsOfItsOwnMail: a button chooses an answer to the question of its mail, never to another one that is asked meanwhile.
func TestAPressIsOfItsOwnMail(t *testing.T) {
	w := newWorld(t)
	w.mailed("en", twoScales)
	three, nine := w.press(0, "3"), w.press(0, "9")
	plain, _, _ := strings.Cut(nine, "?")
	w.expectPage(nine, "Tell a friend?", "9")
	w.confirm(nine).want(303)
	w.expectPage(plain, "How happy?", "")
	w.expectPage(nine, "How happy?", "", "is answered already") // the same again asks for no change
	w.expectPage(three, "Tell a friend?", "3", "Your answer so far: 9", "Leave it as it is")
	w.confirm(three).want(303)
	if a, b := w.said("friend"), w.said("happy"); a != "3" || b != "" {
		t.Errorf("stored %q and %q", a, b)
	}
	w.expectPage(plain, "How happy?", "")
	w.tick(25 * time.Hour)
	w.expectPage(three, "How happy?", "", "is closed")
	w.expectPage(nine, "How happy?", "", "is closed")
	if n := w.responses(); n != 1 {
		t.Errorf("%d responses", n)
	}
}

// TestAPressChangesTheAnswer: until the question closes, a press in its mail offers the change, and only the page's button makes it.
func TestAPressChangesTheAnswer(t *testing.T) {
	for lang, words := range map[string][4]string{
		"en": {"Coming?", "Your answer so far: Yes", "That is all for now", "is closed"},
		"ru": {"Придёшь?", "Прежний ответ: Да", "Пока это всё", "закрыт"},
	} {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t)
			w.mailed(lang, "  - id: come\n    ask: {type: yes_no, text: {en: \"Coming?\", ru: \"Придёшь?\"}, timeout: {after: 2d}}\n  - {id: rest, wait: {for: 20d}}\n")
			yes, no := w.press(0, "true"), w.press(0, "false")
			plain, _, _ := strings.Cut(no, "?")
			w.confirm(yes).want(303)
			w.expectPage(plain, words[2], "")
			before := w.said("come")
			w.expectPage(no, words[0], "false", words[1])
			w.expectPage(yes, words[0], "true", words[1])
			if got := w.said("come"); got != before {
				t.Errorf("looking changed %q to %q", before, got)
			}
			if got := w.confirm(no).want(303).Header().Get("Location"); got != plain {
				t.Errorf("the change leads to %s", got)
			}
			if got := w.said("come"); got == before {
				t.Errorf("still %q", got)
			}
			w.tick(49 * time.Hour)
			w.expectPage(yes, words[2], "", words[3])
		})
	}
}

// TestFinalStays: an answer that is final is not offered for a change, and the page says that it stays.
func TestFinalStays(t *testing.T) {
	w := newWorld(t)
	w.mailed("en", "  - id: come\n    ask: {type: yes_no, final: true, text: {en: \"Coming?\", ru: \"Придёшь?\"}}\n  - {id: rest, wait: {for: 20d}}\n")
	w.confirm(w.press(0, "true")).want(303)
	w.expectPage(w.press(0, "false"), "That is all for now", "", "can no longer be changed")
}

// TestClosedBetween: a form that was opened while the question took answers, and is sent when it takes none, is told so.
func TestClosedBetween(t *testing.T) {
	w := newWorld(t)
	w.mailed("en", twoScales)
	w.confirm(w.press(0, "9")).want(303)
	three := w.press(0, "3")
	form := url.Values{"step": {"friend"}, "visit": {"1"}, "nonce": {"n"}, "value": {"3"}}
	w.tick(25 * time.Hour)
	next := w.post(three, form).want(303).Header().Get("Location")
	w.expectPage(next, "How happy?", "", "is closed")
	if got := w.said("friend"); got != "9" {
		t.Errorf("stored %q", got)
	}
}

// TestOldPages: a link whose mail cannot be told from it ticks nothing, and one that names no question of the campaign neither.
func TestOldPages(t *testing.T) {
	w := newWorld(t)
	w.mailed("en", twoScales)
	plain, _, _ := strings.Cut(w.press(0, "9"), "?")
	w.expectPage(plain+"?step=friend&a=9", "Tell a friend?", "9") // mails of before said no visit; it was put once only
	w.expectPage(plain+"?a=9", "Tell a friend?", "")
	w.expectPage(plain+"?step=nothing&visit=1&a=9", "Tell a friend?", "", "is closed")
	w.expectPage(plain+"?step=happy&visit=1&a=3", "Tell a friend?", "", "is closed")
	w.expectPage(plain+"?step=friend&visit=7&a=9", "Tell a friend?", "", "is closed")
	w.expectPage(plain+"?step=friend&visit=1&a=99", "Tell a friend?", "")
}
