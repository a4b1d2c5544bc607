package console

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/console/look"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/browser"
)

// longWord is one that no line of a phone has room for.
var longWord = strings.Repeat("Donaudampfschifffahrt", 6)

// TestLongWordsStayInsideThePage: a name, a text or a subject of one endless word makes no page wider than the phone or the window that shows it.
func TestLongWordsStayInsideThePage(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, newSQLite(t))
	w.populate(3) // the second member's name is 300 letters long
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Format: definition.YAML, Source: strings.NewReplacer("LABEL", longWord[:63], "WORD", longWord).Replace(`key: wide
kind: survey
name: WORD
topic: surveys
languages: [de]
channels: [telegram, email]
entry: {manual: true}
steps:
  - id: level
    ask: {type: choice, subject: WORD, text: "Wie? WORD", options: [{value: a, text: LABEL}, {value: b, text: "B"}]}
`)})
	must(t, err)
	server := httptest.NewServer(w.gin)
	defer server.Close()
	defer w.console.o.Look.Close() // ends the streams that the server waits for
	member := "/console/members/" + idText(w.members[1])
	for _, v := range []browser.View{{Lang: "ru", Phone: true}, {}} {
		tab := b.Open(t, server.URL+"/console/campaigns/wide", v)
		for _, path := range []string{"/console/campaigns/wide", "/console/campaigns/wide/preview?view=telegram", member, member + "/why/" + challengeKey} {
			tab.Go(server.URL + path)
			if over := browser.Eval[float64](tab, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
				t.Errorf("%s (phone: %v): %v px beyond the window", path, v.Phone, over)
			}
		}
	}
}

// TestConditionsStandAboveTheirSteps: a condition of many lines pushes the steps of its way down; it covers none of them and leaves its way nowhere.
func TestConditionsStandAboveTheirSteps(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, newSQLite(t))
	long := "{all: [{attribute: city, in: [Berlin, Moscow, Tbilisi, Almaty]}, {not: {any: [{tag: guest}, {language: de}]}}, {event: lesson.done, at_least: 3, within: 30d}, {channel: telegram}, {consent: surveys, on: email}]}"
	_, err := w.e.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Format: definition.YAML, Source: strings.ReplaceAll(`key: conditions
kind: onboarding
name: Conditions
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
steps:
  - branch: [{if: LONG, steps: [{send: {text: One}}]}, {else: [{send: {text: Two}}]}]
  - branch: [{if: LONG, steps: [{branch: [{if: LONG, steps: [{send: {text: Inside}}]}]}]}, {if: LONG, steps: []}, {else: [{send: {text: Three}}]}]
`, "LONG", long)})
	must(t, err)
	server := httptest.NewServer(w.gin)
	defer server.Close()
	defer w.console.o.Look.Close()
	for _, v := range []browser.View{{Lang: "ru", Phone: true}, {}} {
		tab := b.Open(t, server.URL+"/console/campaigns/conditions", v)
		if n := tab.Count(".arm > .arm-label"); n != 6 {
			t.Fatalf("%d ways", n)
		}
		if covered := browser.Eval[[]string](tab, `[...document.querySelectorAll(".arm")].filter(arm => {
			const label = arm.querySelector(":scope > .arm-label"), end = label.getBoundingClientRect().bottom, first = [...arm.querySelectorAll(".step-body, .arm-label")].find(e => e != label);
			return end > arm.getBoundingClientRect().bottom || first && end > first.getBoundingClientRect().top }).map(arm => arm.innerText.slice(-20))`); len(covered) > 0 {
			t.Errorf("phone: %v: conditions cover what comes after them: %q", v.Phone, covered)
		}
	}
}

// TestThumbsMeetControls: on a phone the choices of language and theme and the demo's clock are whole, inside the window, and as high as a control; a link has 24 px.
func TestThumbsMeetControls(t *testing.T) {
	b := browser.Start(t)
	w := newWorld(t, newSQLite(t), func(o *Options) {
		o.Look = look.New(look.Options{Sandbox: true, Virtual: func() look.Virtual { return look.Virtual{Now: start, Zone: time.UTC, Rate: 1} }})
	})
	w.populate(4)
	server := httptest.NewServer(w.gin)
	defer server.Close()
	defer w.console.o.Look.Close()
	member := "/console/members/" + idText(w.members[0])
	for _, lang := range []string{"en", "ru"} {
		tab := b.Open(t, server.URL+"/console", browser.View{Lang: lang, Phone: true})
		if n := tab.Count(".virtual button"); n != 4 {
			t.Fatalf("%d buttons move the clock", n)
		}
		for _, path := range []string{"/console", "/console/campaigns/" + challengeKey, "/console/campaigns/" + challengeKey + "/standings", member, member + "/why"} {
			tab.Go(server.URL + path)
			if small := browser.Eval[[]string](tab, `[...document.querySelectorAll(".virtual button, .picks button, .main :is(p, h2, h3, .section-head) > a, a.plain")].filter(e => {
				const r = e.getBoundingClientRect(), step = e.closest(".step-body"); // the whole of a step is pressed
				return r.right > innerWidth || !step && r.height < (e.matches("button") ? 40 : 24) }).map(e => e.innerText || e.ariaLabel)`); len(small) > 0 {
				t.Errorf("%s %s: %q", lang, path, small)
			}
		}
	}
}
