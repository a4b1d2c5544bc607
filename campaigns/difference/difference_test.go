package difference

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

var update = flag.Bool("update", false, "write the golden files")

func document(t *testing.T, src string) *Document {
	t.Helper()
	d, problems := Read([]byte(src), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, src)
	}
	return d
}

const head = "key: a\nkind: survey\nname: A\ntopic: news\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\n"

// base is what the cases change.
const base = head + `quiet_hours: {from: "22:00", to: "09:00"}
steps:
  - id: hello
    send: {text: {en: Hello, ru: Привет}}
  - wait: 1d
  - id: level
    ask:
      type: choice
      text: {en: Your level?, ru: Твой уровень?}
      options:
        - {value: a1, text: {en: Beginner, ru: Начинающий}}
        - {value: b1, text: {en: Intermediate, ru: Средний}}
      timeout: {after: 2d}
  - id: by-level
    branch:
      - if: {answer: level, is: a1}
        steps:
          - {id: alphabet, send: {text: {en: Alphabet., ru: Алфавит.}}}
      - else:
          - {id: club, send: {text: {en: "Line one.\n\nLine two.\n\nLine three.", ru: Клуб.}}}
  - wait: {for: 2d, until: "10:00"}
  - {id: bye, send: {text: {en: Bye, ru: Пока}}}
`

func edit(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(base) }

// cases are pairs of documents; the golden file of each holds what is said of them in both languages.
var cases = map[string][2]string{
	"nothing":             {base, edit("1d\n", "1d # a day\n", `{from: "22:00", to: "09:00"}`, "\n  to: 09:00\n  from: 22:00")},
	"settings":            {base, edit("name: A", "name: {en: A, ru: А}", `"09:00"`, `"08:00"`, "channels: [email]", "channels: [telegram, email]", "entry: {manual: true}", "entry: {event: member.joined}\nexit: [{event: member.left}]")},
	"a text":              {base, edit("Привет", "Здравствуйте")},
	"lines of a text":     {base, edit("Line two.", "Line 2.")},
	"a long text":         {base, edit("en: Alphabet.", "en: Start with the alphabet and come back as soon as you have read all of it.")},
	"added":               {base, edit("  - wait: 1d\n", "  - wait: 1d\n  - id: more\n    send: {text: {en: More, ru: Ещё}, buttons: [{text: {en: Go, ru: Вперёд}, url: \"https://a.example\"}]}\n")},
	"added first":         {base, edit("steps:\n  - id: hello", "steps:\n  - award: {points: 5}\n  - id: hello")},
	"removed":             {base, edit("  - {id: bye, send: {text: {en: Bye, ru: Пока}}}\n", "", "        - {value: b1", "        - {value: c1")},
	"moved":               {base, edit("  - {id: bye, send: {text: {en: Bye, ru: Пока}}}\n", "", "steps:\n  - id: hello", "steps:\n  - {id: bye, send: {text: {en: Bye, ru: Пока}}}\n  - id: hello")},
	"moved into a branch": {base, edit("  - {id: bye, send: {text: {en: Bye, ru: Пока}}}\n", "", "        steps:\n", "        steps:\n          - {id: bye, send: {text: {en: Bye now, ru: Пока}}}\n")},
	"an arm before":       {base, edit("      - if: {answer: level, is: a1}", "      - if: {tag: vip}\n        steps: [{goto: bye}]\n      - if: {is: a1, answer: level}")},
	"a condition":         {base, edit("{answer: level, is: a1}", "{any: [{answer: level, is: a1}, {tag: novice}]}")},
	"else is gone":        {base, edit("      - else:\n          - {id: club", "      - if: {tag: x}\n        steps:\n          - {id: club")},
	"options":             {base, edit("        - {value: a1, text: {en: Beginner, ru: Начинающий}}\n", "", "ru: Средний}}", "ru: Средний уровень}}\n        - {value: a1, text: {en: Beginner, ru: Начинающий}}\n        - {value: c1, text: {en: Advanced, ru: Продвинутый}}")},
	"renamed":             {base, edit("id: bye", "id: goodbye")},
	"named":               {base, edit("  - wait: 1d\n", "  - id: day\n    wait: 1d\n")},
	"another kind":        {base, edit("    send: {text: {en: Hello, ru: Привет}}", "    ask: {type: text, text: {en: Hello, ru: Здравствуй}}")},
	"a wait":              {base, edit("  - wait: 1d\n", "  - wait: 3d\n", `{for: 2d, until: "10:00"}`, "{for: 1d, until: \"10:00\"}")},
	"recurs":              {edit("entry: {manual: true}", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, every: week, on: [monday]}}"), edit("entry: {manual: true}", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, every: week, on: [monday, friday], times: 10}}")},
	"by a rule":           {edit("entry: {manual: true}", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, every: month}}"), edit("entry: {manual: true}", "entry: {schedule: {at: \"2027-03-01 10:00\", zone: member, audience: all, rrule: \"FREQ=MONTHLY;BYDAY=-1FR\"}}")},
	"the form of address": {base, edit("ru: Привет", `ru: "{% informal %}Привет{% formal %}Здравствуйте{% endformal %}"`, "languages: [en, ru]", "languages: [en, ru]\nformality: formal")},
	"controls":            {base, edit("name: A", `name: "A\e[31m"`, "en: Bye", `en: "By\u202Ee"`)},
	"a language more":     {head + "steps: [{send: {text: {en: a, ru: б}}}]", strings.Replace(head, "[en, ru]", "[en, ru, de]", 1) + "steps: [{send: {text: {en: a, ru: б, de: c}}}]"},
}

func TestDifferences(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := Between(document(t, c[0]), document(t, c[1]))
			if d.Empty() != (name == "nothing") {
				t.Errorf("empty: %v", d.Empty())
			}
			said := strings.Join(d.Lines("en"), "\n") + "\n\n" + strings.Join(d.Lines("ru"), "\n") + "\n"
			golden(t, name, said)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSameEitherWay: what one direction adds the other removes, a document differs from itself in nothing, and the form makes no difference.
func TestSameEitherWay(t *testing.T) {
	for name, c := range cases {
		was, now := document(t, c[0]), document(t, c[1])
		if d := Between(now, now); !d.Empty() {
			t.Errorf("%s: differs from itself: %s", name, d.Lines("en"))
		}
		there, back := Between(was, now), Between(now, was)
		if count(there, Added) != count(back, Removed) || count(there, Removed) != count(back, Added) {
			t.Errorf("%s: %s\nand back\n%s", name, there.Lines("en"), back.Lines("en"))
		}
	}
	asJSON, problems := Read([]byte(`{"key":"a","kind":"survey","name":"A","topic":"news","languages":["en"],"channels":["email"],"entry":{"manual":true},"steps":[{"wait":"1d"}]}`), definition.JSON)
	if problems != nil {
		t.Fatal(problems)
	}
	if d := Between(asJSON, document(t, strings.Replace(head, "[en, ru]", "[en]", 1)+"steps: [{wait: 1d}]")); !d.Empty() {
		t.Errorf("JSON and YAML differ: %s", d.Lines("en"))
	}
}

func count(d *Difference, k Kind) (n int) {
	for _, s := range d.Steps {
		if s.Kind == k {
			n++
		}
	}
	return n
}

func TestProblemsAreReturned(t *testing.T) {
	if d, problems := Read([]byte("key: a"), definition.YAML); d != nil || len(problems) == 0 {
		t.Errorf("%v, %v", d, problems)
	}
}

// TestLargeDocuments: a thousand steps that all changed take no time worth a word.
func TestLargeDocuments(t *testing.T) {
	long := func(word string) string {
		var b strings.Builder
		for i := range 990 {
			b.WriteString("  - send: {text: {en: " + word + strings.Repeat("x", i%7) + ", ru: я}}\n")
		}
		return head + "steps:\n" + b.String()
	}
	if d := Between(document(t, long("a")), document(t, long("b"))); len(d.Steps) != 990 || slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Kind != Changed }) {
		t.Errorf("%d steps", len(d.Steps))
	}
}

// TestFragmentsAreComparedByUse: a change in a fragment is one in each step that it puts in, and to write a block once changes nothing but ids.
func TestFragmentsAreComparedByUse(t *testing.T) {
	const before = head + `fragments:
  f:
    - {id: q, ask: {type: yes_no, text: {en: Good?, ru: Хорошо?}, timeout: {after: 1d}}}
    - branch: [{if: {tag: x}, steps: [{wait: 1d}]}]
steps:
  - {id: one, use: f}
  - wait: 2d
  - {id: two, use: f}
`
	diff := Between(document(t, before), document(t, strings.Replace(before, "Good?", "Well?", 1)))
	var changed []string
	for _, s := range diff.Steps {
		changed = append(changed, string(s.ID)+" "+string(s.Kind))
	}
	if want := []string{"one.q changed", "two.q changed"}; !slices.Equal(changed, want) || len(diff.Settings) > 0 {
		t.Errorf("%v, settings %v", changed, diff.Settings)
	}
	plain := strings.Replace(before, "{id: q, ask", "{ask", 1)
	said := strings.Join(Between(document(t, plain), document(t, strings.Replace(plain, "id: two", "id: second", 1))).Lines("en"), "\n")
	if !strings.Contains(said, "two.1") || !strings.Contains(said, "second.1") || strings.Contains(said, "one.1") {
		t.Errorf("a use is called otherwise: %s", said)
	}
}
