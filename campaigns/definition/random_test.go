package definition

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// author writes random campaigns that must pass.
type author struct {
	t     *rapid.T
	b     strings.Builder
	langs []string
	saved []string // choice answers, each with the options a and b
	ids   int
}

// TestRandomCampaignsPass: a valid campaign of any shape has no problems, and every way in it leads somewhere.
func TestRandomCampaignsPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &author{t: t}
		a.langs = rapid.SampledFrom([][]string{{"en"}, {"ru", "en"}, {"pt-BR", "en", "zh-Hant"}}).Draw(t, "languages")
		fmt.Fprintf(&a.b, "key: k\nkind: survey\nname: N\ntopic: t\nlanguages: [%s]\nchannels: [email]\nentry: {event: x.y}\nsteps:\n", strings.Join(a.langs, ", "))
		a.steps(2, 2)
		fmt.Fprintf(&a.b, "  - {id: last, wait: 1d}\n")
		d, problems := Parse([]byte(a.b.String()), YAML)
		if len(problems) > 0 {
			t.Fatalf("%s\n%s", listed(problems), a.b.String())
		}
		complete(t, d)
		for s := range d.reach(d.Steps[:1], true) {
			if d.Step(s.ID) != s {
				t.Fatalf("%s is reached and unknown", s.ID)
			}
		}
	})
}

func (a *author) steps(indent, depth int) {
	for range rapid.IntRange(1, 4).Draw(a.t, "steps") {
		a.step(indent, depth)
	}
}

func (a *author) step(indent, depth int) {
	pad := strings.Repeat(" ", indent)
	id := ""
	if rapid.Bool().Draw(a.t, "id") {
		a.ids++
		id = fmt.Sprintf("id: s%d, ", a.ids)
	}
	switch kind := rapid.SampledFrom([]string{"send", "ask", "choice", "wait", "set", "branch", "split"}).Draw(a.t, "kind"); {
	case kind == "branch" && depth > 0:
		fmt.Fprintf(&a.b, "%s- branch:\n%s    - if: %s\n%s      steps:\n", pad, pad, a.condition(), pad)
		a.steps(indent+8, depth-1)
		if rapid.Bool().Draw(a.t, "jump") {
			fmt.Fprintf(&a.b, "%s        - goto: last\n", pad)
		}
		fmt.Fprintf(&a.b, "%s    - else: []\n", pad)
	case kind == "split" && depth > 0:
		fmt.Fprintf(&a.b, "%s- split:\n%s    - share: 60\n%s      steps:\n", pad, pad, pad)
		a.steps(indent+8, depth-1)
		fmt.Fprintf(&a.b, "%s    - {share: 40, name: out, steps: []}\n", pad)
	case kind == "ask":
		fmt.Fprintf(&a.b, "%s- {%sask: {type: %s, text: %s, timeout: {after: 1d, goto: last}}}\n", pad, id, rapid.SampledFrom([]string{"yes_no", "text", "nps", "date"}).Draw(a.t, "type"), a.text())
	case kind == "choice":
		name := fmt.Sprintf("c%d", len(a.saved))
		a.saved = append(a.saved, name)
		fmt.Fprintf(&a.b, "%s- {%sask: {type: choice, save_as: %s, text: %s, options: [{value: a, text: %s}, {value: b, text: %s}]}}\n", pad, id, name, a.text(), a.plain(), a.plain())
	case kind == "wait":
		fmt.Fprintf(&a.b, "%s- {%swait: %s}\n", pad, id, rapid.SampledFrom([]string{"1d", "{for: 1d12h}", "{until: 09:30}", `{for: 30m, until: "10:00"}`, `{until: "10:00", on: [monday, friday]}`, `{date: {attribute: exam_on, before: 2d, missed: last}, until: "10:00"}`, "{event: lesson.done, timeout: {after: 7d, goto: last}}"}).Draw(a.t, "wait"))
	case kind == "set":
		fmt.Fprintf(&a.b, "%s- {%sset: {add_tags: [x], attributes: {a: 1, b: null}}}\n", pad, id)
	default:
		fmt.Fprintf(&a.b, "%s- {%ssend: {text: %s}}\n", pad, id, a.text())
	}
}

// condition uses an answer that was asked for before, if there is one.
func (a *author) condition() string {
	if len(a.saved) > 0 && rapid.Bool().Draw(a.t, "answer") {
		return fmt.Sprintf("{any: [{answer: %s, is: a}, {not: {answer: %s, in: [a, B]}}]}", a.saved[0], a.saved[len(a.saved)-1])
	}
	return "{all: [{tag: x}, {attribute: level, at_least: 2}]}"
}

func (a *author) text() string {
	return a.inLanguages(rapid.SampledFrom([]string{"Привет", "hello there", `"a: {{ member.first_name }}"`, "'it''s'", `"1"`}).Draw(a.t, "text"))
}

// plain is a text without variables.
func (a *author) plain() string {
	return a.inLanguages(rapid.SampledFrom([]string{"Привет", "hello there", "'it''s'", `"1"`}).Draw(a.t, "plain"))
}

func (a *author) inLanguages(word string) string {
	if len(a.langs) == 1 && rapid.Bool().Draw(a.t, "alone") {
		return word
	}
	parts := make([]string, len(a.langs))
	for i, l := range a.langs {
		parts[i] = l + ": " + word
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// TestPlacesInText: however a text is written, the place of an unknown variable is where its name begins.
func TestPlacesInText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "слово", "😀", "{{ member.first_name }}", "(x)"}), 1, 12)
		breaks := rapid.SampledFrom([]string{" ", "\n", "\n\n", "  "})
		style := rapid.SampledFrom([]string{"|", ">", "|-", ">+", `"`, "'", "plain"}).Draw(t, "style")
		text := "начало"
		for _, w := range words.Draw(t, "before") {
			text += breaks.Draw(t, "break") + w
		}
		text += " {{ nobody.knows }} end"
		src := string(document("")) + "\n  - send:\n      text:\n        en: " + written(style, text) + "\n"
		_, problems := Parse([]byte(src), YAML)
		if len(problems) != 1 || problems[0].Code != "unknown_variable" {
			t.Fatalf("%s\n%s", listed(problems), src)
		}
		line := []rune(strings.Split(src, "\n")[problems[0].Line-1])
		if at := string(line[problems[0].Column-1:]); !strings.HasPrefix(at, "nobody.knows") {
			t.Fatalf("the place shows %q in\n%s", at, src)
		}
	})
}

// written writes the text as a YAML scalar of the style.
func written(style, text string) string {
	indented := strings.ReplaceAll(text, "\n", "\n          ")
	switch style {
	case `"`:
		return `"\u0414\n` + indented + `"`
	case "'":
		return "'it''s " + indented + "'"
	case "plain":
		return indented
	}
	return style + "\n          " + indented
}
