package explain_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/internal/locale"
)

var update = flag.Bool("update", false, "write the golden file anew")

// said are conditions as authors write them; every subject, every comparison, every negation.
var said = []string{
	`all`, `{tag: novice}`, `{not: {tag: novice}}`, `{language: ru}`, `{language: pt-BR}`, `{not: {language: ru}}`, `{channel: email}`, `{not: {channel: telegram}}`,
	`{attribute: level, is: a1}`, `{attribute: level, is_not: a1}`, `{not: {attribute: level, is: a1}}`, `{attribute: city, in: [Berlin, Moscow]}`, `{attribute: city, exists: true}`,
	`{attribute: city, exists: false}`, `{not: {attribute: city, exists: false}}`, `{attribute: age, greater_than: 17}`, `{attribute: age, less_than: 18.5}`, `{attribute: age, at_least: 1000}`,
	`{attribute: age, at_most: 30}`, `{attribute: city, contains: burg}`, `{attribute: paid, is: true}`, `{not: {attribute: age, at_least: 18}}`,
	`{answer: level, of: welcome, is: a1}`, `{answer: level, of: welcome, exists: true}`, `{answer: level, of: welcome, exists: false}`, `{score: points, of: camp, at_least: 30}`,
	`{consent: news}`, `{not: {consent: news}}`, `{consent: other, on: email}`, `{not: {consent: news, on: telegram}}`,
	`{event: lesson.done}`, `{not: {event: lesson.done, within: 30d}}`, `{event: lesson.done, at_most: 0}`, `{event: lesson.done, at_least: 3, within: 30d}`, `{event: lesson.done, older_than: 1d}`,
	`{event: lesson.done, is: 0, within: 1d}`, `{event: lesson.done, is: 1, within: 1h}`, `{event: lesson.done, is_not: 3, within: 21d}`, `{not: {event: lesson.done, is: 0, within: 2d}}`,
	`{event: lesson.done, in: [1, 2], within: 90m}`, `{event: lesson.done, in: [5], older_than: 1m}`, `{event: lesson.done, greater_than: 0, within: 1m}`, `{event: lesson.done, greater_than: 1, within: 30s}`,
	`{event: lesson.done, less_than: 1, older_than: 90s}`, `{event: lesson.done, less_than: 3, within: 1d1h}`, `{event: lesson.done, at_least: 1, within: 1s}`, `{event: lesson.done, at_most: 1, older_than: 21d}`,
	`{not: {event: lesson.done, at_least: 3, within: 30d}}`, `{not: {event: lesson.done, older_than: 1d}}`, `{not: {entered: welcome, within: 21d}}`, `{not: {completed: welcome, older_than: 2h}}`,
	`{not: {left: welcome, within: 1h}}`, `{not: {message_of: welcome, was: canceled, within: 21m}}`, `{not: {first_event: lesson.done, older_than: 1h}}`,
	`{first_event: lesson.done, within: 7d}`, `{last_event: lesson.done, older_than: 21d12h}`, `{not: {last_event: lesson.done, within: 90m}}`,
	`{inside: welcome}`, `{not: {inside: welcome}}`, `{entered: welcome, within: 24h}`, `{not: {entered: welcome}}`, `{completed: welcome}`, `{not: {completed: welcome}}`, `{left: welcome, older_than: 2d}`,
	`{not: {left: welcome}}`, `{message_of: welcome, was: sent}`, `{message_of: welcome, step: hello, was: failed, within: 7d}`, `{not: {message_of: welcome, was: suppressed}}`,
	`{not: {message_of: welcome, step: hello, was: sent}}`, `{message_of: welcome, was: expired}`, `{message_of: welcome, was: canceled}`, `{message_of: welcome, was: unknown, within: 2d}`,
	`{segment: novices}`, `{not: {segment: other}}`,
	`{all: [{tag: novice}, {language: ru}, {not: {event: lesson.done, within: 30d}}]}`,
	`{any: [{tag: novice}, {all: [{language: ru}, {consent: news}]}]}`,
	`{all: [{tag: novice}, {not: {any: [{language: ru}, {language: en}]}}]}`,
	`{all: [{not: {any: [{tag: a}, {tag: b}]}}, {event: lesson.done, at_least: 2}]}`, `{not: {not: {tag: novice}}}`, `{not: {not: {any: [{tag: a}, {tag: b}]}}}`, `{not: {all: [{tag: novice}]}}`,
	`{all: [{tag: c}, {not: {all: [{tag: a}, {tag: b}]}}]}`, `{all: [{tag: c}, {not: {any: [{tag: a}, {attribute: age, at_least: 18}]}}]}`,
	`{not: {attribute: city, in: [Berlin, Moscow]}}`, `{not: {attribute: city, contains: burg}}`, `{attribute: city, in: [Berlin]}`, `{attribute: paid, is: false}`,
	`{attribute: since, is: "2026-01-01"}`, `{attribute: since, greater_than: "2025-12-31"}`, `{attribute: since, less_than: "2027-01-01"}`, `{attribute: since, at_least: "2026-01-01"}`,
	`{attribute: since, is: "2026-12-01T18:00:00+03:00"}`, `{attribute: since, at_least: "2026-12-01T18:00:05Z"}`,
	`{attribute: since, at_most: "2026-12-31"}`, `{attribute: group, at_least: m}`,
}

// saidInSteps are what may be asked in a step alone.
var saidInSteps = []string{
	`{answer: level, is: a1}`, `{answer: level, is_not: b1}`, `{answer: level, in: [a1, b1]}`, `{answer: level, exists: true}`, `{answer: level, exists: false}`, `{answer: likes, contains: travel}`,
	`{not: {answer: likes, contains: films}}`, `{answer: recommend, at_least: 9}`, `{answer: ready, is: true}`, `{answer: day, at_most: "2026-12-31"}`, `{answer: level, of: other, is: a1}`,
	`{call: placement.course, is: b1}`, `{call: placement.course, is_not: b1}`, `{call: placement.course, in: [b1, b2]}`, `{not: {call: placement.course, in: [b1]}}`, `{call: placement.course, exists: true}`,
	`{call: placement.course, exists: false}`, `{call: placement.seats, at_least: 3}`, `{call: placement.teacher.name, contains: ol}`, `{call: placement.full, is: true}`,
	`{score: points, at_least: 30}`, `{score: points, in: [1, 2]}`, `{score: round, is: 1}`, `{score: rounds_done, less_than: 7}`, `{any: [{score: round, is: 3}, {score: round, is: 10}]}`,
	`{any: [{call: placement.full, is: true}, {tag: x}]}`,
}

const asking = `key: a
kind: onboarding
name: A
topic: news
languages: [en, ru]
channels: [telegram]
entry: {manual: true}
steps:
  - ask: {type: choice, save_as: level, text: {en: a, ru: а}, options: [{value: a1, text: {en: Beginner, ru: Начинающий}}, {value: b1, text: {en: Middle, ru: Средний}}]}
  - ask: {type: choices, save_as: likes, text: {en: a, ru: а}, options: [{value: travel, text: {en: Travel, ru: Путешествия}}, {value: films, text: {en: Films, ru: Кино}}]}
  - ask: {type: nps, save_as: recommend, text: {en: a, ru: а}}
  - ask: {type: yes_no, save_as: ready, text: {en: a, ru: а}}
  - ask: {type: date, save_as: day, text: {en: a, ru: а}}
  - call: {endpoint: placement, save_as: placement}
  - repeat:
      times: 20
      at: "10:00"
      steps:
        - wait: 1h
        - id: fork
          branch:
            - if: `

// broken is what stands in no sentence for people: a key of the catalog, a value of Go, a list of it, a place that was not filled, two blanks.
var broken = regexp.MustCompile(`\b(explain|console|why)\.[a-z_.]+|<nil>|%!|\[|\{|\}|  `)

// TestLabels: every form of a condition is told above a way of a branch, and why it was taken, in words.
func TestLabels(t *testing.T) {
	var b strings.Builder
	for _, src := range slices.Concat(saidInSteps, said[1:]) { // all is an audience's alone
		d, problems := definition.Parse([]byte(asking+src+"\n              steps: [{award: {points: 1}}]\n"), definition.YAML)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", src, problems)
		}
		c := d.Step("fork").Body.(*definition.Branch).Arms[0].If
		fmt.Fprintln(&b, src)
		for _, lang := range locale.Languages() {
			label := explain.Words{Lang: lang, Campaign: named("welcome", "Hello!"), Segment: named("novices", "Beginners")}.About(d).Label(c)
			fmt.Fprintf(&b, "  %s: %s\n", lang, label)
			if broken.MatchString(label) {
				t.Errorf("%s: %s", src, label)
			}
		}
	}
	golden(t, "testdata/labels.golden", b.String())
}

// TestEveryFormIsSaid: what the language has for conditions stands among those that are looked through.
func TestEveryFormIsSaid(t *testing.T) {
	var schema struct {
		Defs map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal(definition.JSONSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(slices.Concat(said, saidInSteps), " ")
	keys := slices.Collect(maps.Keys(schema.Defs["condition"].Properties))
	if len(keys) < 25 {
		t.Fatalf("%d forms: %v", len(keys), keys)
	}
	for _, key := range keys {
		if !strings.Contains(all, key+":") {
			t.Errorf("no condition with %s is said", key)
		}
	}
}

func golden(t *testing.T, path, have string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != have {
		t.Errorf("the words have changed: look at them, then run go test ./campaigns/explain -update (%v)\n%s", err, have)
	}
}

// TestInWords: the golden file is what a coordinator reads, to be looked through when it changes.
func TestInWords(t *testing.T) {
	var b strings.Builder
	for _, src := range said {
		s, problems := definition.ParseSegment([]byte("key: a\nname: A\nwho: "+src+"\n"), definition.YAML)
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", src, problems)
		}
		fmt.Fprintln(&b, src)
		for _, lang := range locale.Languages() {
			w := explain.Words{Lang: lang, Campaign: named("welcome", "Hello!"), Segment: named("novices", "Beginners")}
			sentence := w.Sentence(&s.Who)
			fmt.Fprintf(&b, "  %s: %s\n", lang, sentence)
			if p := w.Parts(&s.Who); len(p.Parts) > 0 {
				list(&b, p, "      ")
			}
			if broken.MatchString(sentence) {
				t.Errorf("%s: %s", src, sentence)
			}
		}
	}
	golden(t, "testdata/words.golden", b.String())
}

func named(key campaigns.Key, name string) func(campaigns.Key) string {
	return func(k campaigns.Key) string {
		if k == key {
			return name
		}
		return ""
	}
}

func list(b *strings.Builder, p explain.Part, pad string) {
	fmt.Fprintf(b, "%s- %s\n", pad, p.Text)
	for _, inner := range p.Parts {
		list(b, inner, pad+"  ")
	}
}

// TestExitRules: a rule that looks back is asked before steps alone, and is told so; any other is asked before messages too.
func TestExitRules(t *testing.T) {
	d, problems := definition.Parse([]byte(`key: a
kind: onboarding
name: A
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
exit: [{if: {tag: paid}}, {if: {any: [{tag: gone}, {event: lesson.done}]}}]
steps: [{send: {text: {en: Hello}}}]
`), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	for lang, want := range map[string]string{
		"en": "Before a step or a message those leave who have the tag “paid”. " +
			"Before a step those leave who have the tag “gone” or who had the event “lesson.done”. What already waits to be sent is still sent.",
		"ru": "Перед шагом или сообщением выходят те, у кого есть метка «paid». " +
			"Перед шагом выходят те, у кого есть метка «gone» или у кого было событие «lesson.done». Что уже ждёт отправки, всё равно уйдёт.",
	} {
		rules := explain.Words{Lang: lang}.Rules(d)
		if got := rules[len(rules)-1].Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
