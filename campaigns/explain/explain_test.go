package explain_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
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
			if regexp.MustCompile(`\{|\}|explain\.|  `).MatchString(sentence) {
				t.Errorf("%s: %s", src, sentence)
			}
		}
	}
	if *update {
		if err := os.WriteFile("testdata/words.golden", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/words.golden")
	if err != nil || string(want) != b.String() {
		t.Errorf("the words have changed: look at them, then run go test ./campaigns/explain -update (%v)\n%s", err, b.String())
	}
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
