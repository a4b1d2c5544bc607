package definition

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/locale"
)

// badTexts are texts of messages, by name, with the mistakes that templates.Parse finds.
var badTexts = map[string]string{
	"too long":          strings.Repeat("a", 33<<10),
	"control character": "a\u0001b",
	"nesting":           strings.Repeat("{% if points %}", 60) + "a" + strings.Repeat("{% endif %}", 60),
	"branches":          "{% case points %}" + strings.Repeat("{% when 1 %}a", 300) + "{% endcase %}",
	"markup":            "<b>a</b> ![a](https://a.example/b.png)",
	"table":             "| a | b |\n| --- | --- |\n| 1 | 2 |",
	"links":             "[a](/b) [c](ftp://d.example) [e](https://{{ member.first_name }}/) [f](https://)",
	"open output":       "{{ points",
	"open tag":          "{% if points",
	"open block":        "{% if points %}a",
	"unknown tag":       "{% unless points %}a{% endunless %}",
	"misplaced":         "{% else %}a{% endif %}",
	"form":              "{% informal %}a{% endinformal %}",
	"expressions":       "{{ points points }} {{ }} {{ a..b }} {{ 1.2.3 }} {{ points ^ 2 }} {{ 'a }}",
	"invisible":         "{{\u00a0points }}",
	"filters":           "{{ points | }} {{ points | upper }} {{ points | truncate }} {{ points | date: '%Q' }}",
}

// warned are documents that are accepted with a warning.
var warned = []string{
	head + "steps:\n  - wait: {date: {attribute: starts_at}}\n" + "  - send: {subject: {en: A, ru: Б}, text: {en: A, ru: Б}}\n",
	head + "steps: [{send: {text: {en: Hello}}}]\n",
	head + `steps: [{branch: [{if: {attribute: age, at_least: "18"}, steps: [{award: {points: 1}}]}]}]` + "\n",
	head + "steps: [{branch: [{if: {attribute: paid, is: yes}, steps: [{award: {points: 1}}]}]}]\n",
	head + `steps: [{branch: [{if: {attribute: since, at_least: "01.02.2026"}, steps: [{award: {points: 1}}]}]}]` + "\n",
	booked("", "never") + "\n",
	strings.Replace(head, "{manual: true}", "{event: member.joind}", 1) + tail,
	head + "steps: [{set: {attributes: {level: a1}}}, {branch: [{if: {attribute: levl, is: a1}, steps: [{award: {points: 1}}]}]}]\n",
}

// booked is a campaign that reminds of what an event told, with a further exit rule.
func booked(exit, reentry string) string {
	return strings.Replace(strings.Replace(head, "[en, ru]", "[en]", 1), "entry: {manual: true}", "entry: {event: shop.booked, key: id, reentry: "+reentry+"}\nexit: [{event: shop.canceled}"+exit+"]", 1) +
		"steps: [{wait: {date: {event: starts_at, before: 2h}}}, {send: {text: Soon}}]"
}

// withText is a campaign whose one message has the text.
func withText(text string) string {
	return strings.Replace(head, "[en, ru]", "[en]", 1) + fmt.Sprintf("steps: [{send: {text: %q}}]\n", text)
}

// TestSentences holds the sentence of every problem in both languages, with what is expected and what was probably meant: the golden file is what a coordinator
// may read, to be looked through when it changes.
func TestSentences(t *testing.T) {
	said := map[string]Problem{}
	note := func(src string, format Format) {
		def, problems := Parse([]byte(src), format)
		if def != nil {
			problems = def.Warnings
		}
		for _, p := range problems {
			if old, ok := said[p.Code]; !ok || old.DidYouMean == "" && p.DidYouMean != "" {
				said[p.Code] = p
			}
		}
	}
	for _, name := range sortedKeys(bad) {
		note(bad[name], formatOf(name))
	}
	for _, p := range badSegments(t) {
		said[p.Code] = p
	}
	for _, p := range siteDoubts(t) {
		said[p.Code] = p
	}
	for _, name := range sortedKeys(oneMistake) {
		note(oneMistake[name].document(), YAML)
	}
	for _, src := range warned {
		note(src, YAML)
	}
	for _, name := range sortedKeys(badTexts) {
		note(withText(badTexts[name]), YAML)
	}
	var b strings.Builder
	for _, code := range writtenCodes(t) {
		p, ok := said[code]
		if !ok {
			t.Errorf("no bad document has %s", code)
			continue
		}
		fmt.Fprintf(&b, "%s\n", code)
		for _, lang := range locale.Languages() {
			fmt.Fprintf(&b, "  %s: %s\n", lang, spokenIn(p, lang))
		}
	}
	reviewed(t, "testdata/sentences.golden", b.String())
}

// reviewed holds what coordinators may read against the file that was looked through.
func reviewed(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, file)); want != got {
		t.Errorf("the sentences have changed: look at them, then run go test ./campaigns/definition -run 'Sentences|Mistake' -update\n%s", got)
	}
}

// spokenIn is the sentence with its hints, each on a line of its own.
func spokenIn(p Problem, lang string) string {
	said := locale.T(lang, "problem."+p.Code, p.Args)
	return said + hint(locale.Hinted(lang, said, p.DidYouMean, ""), said) + hint(locale.Hinted(lang, said, "", p.Expected), said)
}

// hint is what was added to the sentence.
func hint(hinted, said string) string {
	if hinted == said {
		return ""
	}
	return "\n      " + strings.TrimSpace(strings.TrimPrefix(hinted, said))
}

// writtenCodes are the codes of the catalogs of documents and of texts.
func writtenCodes(t *testing.T) (codes []string) {
	t.Helper()
	for _, name := range []string{"problems", "text"} {
		for _, m := range regexp.MustCompile(`(?m)^problem\.([a-z0-9_]+):`).FindAllStringSubmatch(string(read(t, "../../internal/locale/catalog/en/"+name+".yaml")), -1) {
			if !slices.Contains(framing, m[1]) {
				codes = append(codes, m[1])
			}
		}
	}
	if len(codes) < 90 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	slices.Sort(codes)
	return codes
}

// TestSentencesAreKind: each begins with a capital letter, ends as a sentence does, says more than that something is wrong, and neither shouts nor blames.
func TestSentencesAreKind(t *testing.T) {
	unkind := regexp.MustCompile(`(?i)!|\b(invalid|illegal|error|wrong|bad|fail(ed|ure)?|must not|you (forgot|failed))\b|неверн|недопустим|ошибк`)
	for _, code := range writtenCodes(t) {
		for _, lang := range locale.Languages() {
			said := locale.T(lang, "problem."+code, nil)
			if !regexp.MustCompile(`^[«“\p{Lu}\d]`).MatchString(said) || !strings.HasSuffix(said, ".") {
				t.Errorf("%s, %s: not a sentence: %s", code, lang, said)
			}
			if found := unkind.FindString(strings.ReplaceAll(said, "!=", "")); found != "" {
				t.Errorf("%s, %s: %q in: %s", code, lang, found, said)
			}
		}
	}
}
