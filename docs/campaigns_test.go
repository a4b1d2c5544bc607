package docs

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/pb33f/jsonschema/v6"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/campaigns/explain"
	"github.com/kruzhok/kruzhok/templates"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// example is a YAML block of a document; its second word says of what it is a part: of a campaign, a list of steps, a list of conditions. A block without
// one is a whole campaign.
type example struct {
	part, source string
	line         int // of the block's first line
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml(?: ([a-z]+))?\n(.*?)^```$")

func examples(document string) (out []example) {
	for _, m := range yamlBlock.FindAllStringSubmatchIndex(document, -1) {
		e := example{source: document[m[4]:m[5]], line: 1 + strings.Count(document[:m[4]], "\n")}
		if m[2] >= 0 {
			e.part = document[m[2]:m[3]]
		}
		if e.part != "segment" { // no part of a campaign
			out = append(out, e)
		}
	}
	return out
}

// TestSegmentExample: the segment of the reference passes its checker, and is said as the reference says.
func TestSegmentExample(t *testing.T) {
	document := read(t, "docs/campaigns.md")
	blocks := regexp.MustCompile("(?ms)^```yaml segment\n(.*?)^```$").FindAllStringSubmatch(document, -1)
	if len(blocks) != 1 {
		t.Fatalf("%d segments", len(blocks))
	}
	s, problems := definition.ParseSegment([]byte(blocks[0][1]), definition.YAML)
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	if said := (explain.Words{Lang: "en"}).Sentence(&s.Who); !strings.Contains(document, "*"+said+"*") {
		t.Errorf("the reference does not say: %s", said)
	}
}

// around is a campaign in which a part can stand, without its entry and steps.
const around = "key: example\nkind: survey\nname: Example\ntopic: news\nlanguages: [en, ru]\nchannels: [telegram, email]\n"

// asked are questions that the conditions of the examples look back at.
const asked = `  - ask: {type: choice, save_as: level, text: {en: a, ru: а}, options: [{value: a1, text: {en: a, ru: а}}, {value: b1, text: {en: a, ru: а}}]}
  - ask: {type: choices, save_as: likes, text: {en: a, ru: а}, options: [{value: travel, text: {en: a, ru: а}}, {value: work, text: {en: a, ru: а}}]}
  - ask: {type: nps, save_as: recommend, text: {en: a, ru: а}}
  - ask: {type: voice, save_as: story, text: {en: a, ru: а}}
  - call: {endpoint: placement, save_as: placement}
`

// whole makes a campaign of the example.
func (e example) whole(t *testing.T) string {
	t.Helper()
	switch e.part {
	case "":
		return e.source
	case "campaign":
		return e.without(around+"entry: {manual: true}\n") + e.source + e.without("steps: [{wait: 1d}]\n")
	case "steps":
		return around + "entry: {manual: true}\nsteps:\n" + indented("  ", e.source)
	case "conditions":
		arms := regexp.MustCompile(`(?m)^- (\{.*\}) *(?:#.*)?$`).ReplaceAllString(e.source, "- if: $1\n  steps: [{award: {points: 1}}]")
		return around + "entry: {manual: true}\nsteps:\n" + asked + "  - branch:\n" + indented("      ", arms)
	}
	t.Fatalf("line %d: the example is a part of something unknown: %q", e.line, e.part)
	return ""
}

// without leaves out the lines whose keys the example has itself.
func (e example) without(lines string) string {
	var kept strings.Builder
	for line := range strings.Lines(lines) {
		key, _, _ := strings.Cut(line, ":")
		if !strings.Contains("\n"+e.source, "\n"+key+":") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func indented(by, text string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by) + "\n"
}

// TestExamplesOfTheLanguage: every example of the reference and the tutorial passes the checker, and the schema that editors use.
func TestExamplesOfTheLanguage(t *testing.T) {
	schema := compiled(t, definition.JSONSchema(), "")
	for _, name := range []string{"docs/campaigns.md", "docs/tutorial.md", "README.md"} {
		found := examples(read(t, name))
		if len(found) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, e := range found {
			src := e.whole(t)
			def, problems := definition.Parse([]byte(src), definition.YAML)
			if def != nil {
				problems = def.Warnings
			}
			for _, p := range problems {
				t.Errorf("%s, example in line %d: %s %s %v", name, e.line, p.Path, p.Code, p.Args)
			}
			if err := schema.Validate(tree(t, src)); err != nil {
				t.Errorf("%s, example in line %d: %v", name, e.line, err)
			}
		}
	}
}

// TestStartersFitTheSchema: and name it, so that an editor helps whoever changes them.
func TestStartersFitTheSchema(t *testing.T) {
	schema := compiled(t, definition.JSONSchema(), "")
	for _, name := range starters.Names() {
		src, _ := starters.Source(name)
		if err := schema.Validate(tree(t, src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(src, "# yaml-language-server: $schema=") {
			t.Errorf("%s names no schema", name)
		}
	}
	here, err := os.ReadFile(filepath.Join(root, "templates", "starters", "campaign.schema.json"))
	if err != nil || !bytes.Equal(here, definition.JSONSchema()) {
		t.Errorf("templates/starters/campaign.schema.json is not what `kruzhok campaign schema` prints (%v)", err)
	}
}

// tree is the document as a validator of JSON sees it.
func tree(t *testing.T, src string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(src), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestFiltersShowWhatIsSaid renders the examples of the filters, and looks for filters without one.
func TestFiltersShowWhatIsSaid(t *testing.T) {
	env := templates.Env{Lang: "en", Vars: map[string]any{"member": map[string]any{"first_name": "Anna"}, "points": 30}}
	shown := map[string]bool{}
	for _, row := range table(t, section(t, "docs/campaigns.md", "### Filters")) {
		text, problems := templates.Parse(words(row[1])[0])
		if len(problems) > 0 {
			t.Errorf("%s: %+v", row[1], problems)
		}
		if got := text.Line(env); got != row[2] {
			t.Errorf("%s shows %q, not %q", row[1], got, row[2])
		}
		shown[words(row[0])[0]] = true
	}
	_, problems := templates.Parse("{{ points | nothing }}")
	if len(problems) != 1 {
		t.Fatalf("%+v", problems)
	}
	same(t, "filters", slices.Sorted(maps.Keys(shown)), strings.Split(problems[0].Expected, ", "))
}

// TestVariablesAreDocumented: the checker takes every variable of the table, and the table has all that it knows.
func TestVariablesAreDocumented(t *testing.T) {
	_, problems := definition.Parse([]byte(around+"entry: {manual: true}\nsteps: [{send: {text: {en: \"{{ nobody.knows }}\", ru: а}}}]\n"), definition.YAML)
	if len(problems) != 1 {
		t.Fatalf("%+v", problems)
	}
	documented := []string{}
	for _, row := range table(t, section(t, "docs/campaigns.md", "## Texts and variables")) {
		documented = append(documented, words(row[0])...)
	}
	for _, name := range strings.Split(problems[0].Expected, ", ") {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, name := range documented {
		text := "{{ " + strings.NewReplacer("answers.NAME", "answers.task", "call.NAME.FIELD", "call.shop.price", "NAME", "level").Replace(name) + " }}"
		src := around + "entry: {event: lesson.booked}\nsteps:\n  - repeat:\n      times: 1\n      at: \"10:00\"\n      prompts: [{en: a, ru: а}]\n      steps:\n" +
			"        - {id: task, ask: {type: text, text: {en: a, ru: а}}}\n        - {id: shop, call: {endpoint: shop}}\n        - send: {text: {en: '" + text + "', ru: '" + text + "'}}\n"
		if _, problems := definition.Parse([]byte(src), definition.YAML); len(problems) > 0 {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}
