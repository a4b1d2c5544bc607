package definition

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/timing"
	"github.com/kruzhok/kruzhok/channels"
)

func read(t testing.TB, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parsed(t testing.TB, src []byte, format Format) *Definition {
	t.Helper()
	d, problems := Parse(src, format)
	if len(problems) > 0 {
		t.Fatalf("problems:\n%s", listed(problems))
	}
	return d
}

// TestWelcome holds the example of the documentation, exactly as it stands there.
func TestWelcome(t *testing.T) {
	d := parsed(t, read(t, "testdata/welcome.yaml"), YAML)
	if d.Key != "welcome" || d.Kind != Onboarding || d.Topic != "community" || d.Purpose != campaigns.Marketing {
		t.Errorf("head: %q %q %q %q", d.Key, d.Kind, d.Topic, d.Purpose)
	}
	if diff := cmp.Diff(&timing.Window{From: timing.LocalTime{Hour: 22}, To: timing.LocalTime{Hour: 9}}, d.Quiet); diff != "" {
		t.Error(diff)
	}
	if !cmp.Equal(d.Entry, Entry{Happening: Happening{Event: "member.joined"}, Reentry: ReentryNever}) || len(d.Exit) != 1 || d.Exit[0].Event != "member.left" {
		t.Errorf("entry %+v, exit %+v", d.Entry, d.Exit)
	}
	var order []campaigns.StepID
	for _, s := range d.Order {
		order = append(order, s.ID)
	}
	if diff := cmp.Diff([]campaigns.StepID{"hello", "level", "day-2", "by-level", "by-level.1.1", "by-level.2.1"}, order); diff != "" {
		t.Error(diff)
	}
	hello := d.First().Body.(*Send)
	if hello.Text["en"] != "Hi {{ member.first_name | default: \"there\" }}, good to **see you**.\n" || len(hello.Buttons) != 1 {
		t.Errorf("send: %+v", hello)
	}
	if diff := cmp.Diff(&channels.Media{Kind: channels.Photo, Source: "welcome.jpg"}, hello.Media); diff != "" {
		t.Error(diff)
	}
	ask := d.Step("level").Ask()
	if ask.SaveAs != "level" || ask.Timeout != (Timeout{After: timing.Period{Days: 2}, Goto: "day-2"}) || ask.Retries != 2 || len(ask.Options) != 2 {
		t.Errorf("ask: %+v", ask)
	}
	branch := d.Step("by-level").Body.(*Branch)
	if c := branch.Arms[0].If; c.Subject != SubjectAnswer || c.Name != "level" || c.Op != OpIs || c.Value != "a1" || c.Place != (Place{34, 13, "steps[3].branch[0].if"}) {
		t.Errorf("condition: %+v", c)
	}
	if branch.Arms[1].If != nil || d.Step("by-level.2.1").Place.Line != 36 {
		t.Errorf("else: %+v", branch.Arms[1])
	}
}

// TestJSONIsTheSameLanguage turns the example into JSON: what comes out is the same but for the places.
func TestJSONIsTheSameLanguage(t *testing.T) {
	src := read(t, "testdata/welcome.yaml")
	var tree any
	if err := yaml.Unmarshal(src, &tree); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.MarshalIndent(tree, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	ignorePlaces := cmp.Options{
		cmp.Comparer(func(a, b Place) bool { return a.Path == b.Path }),
		cmp.AllowUnexported(Definition{}),
	}
	if diff := cmp.Diff(parsed(t, src, YAML), parsed(t, asJSON, JSON), ignorePlaces); diff != "" {
		t.Error(diff)
	}
	if _, problems := Parse(src, JSON); len(problems) != 1 || problems[0].Code != "json_syntax" || problems[0].Column != 1 {
		t.Errorf("YAML taken for JSON: %v", problems)
	}
}

// TestNames: a name is one for all languages, or one for each.
func TestNames(t *testing.T) {
	for _, c := range []struct{ name, en, ru, pt string }{{"A", "A", "A", "A"}, {`{ru: "Кампания", en: Campaign}`, "Campaign", "Кампания", "Campaign"}} {
		d, problems := Parse([]byte(strings.Replace(head, "name: A", "name: "+c.name, 1)+tail), YAML)
		if len(problems) > 0 {
			t.Fatal(listed(problems))
		}
		if d.Name != c.en || d.NameIn("en") != c.en || d.NameIn("ru-RU") != c.ru || d.NameIn("pt") != c.pt {
			t.Errorf("%s: %q, en %q, ru %q, pt %q", c.name, d.Name, d.NameIn("en"), d.NameIn("ru-RU"), d.NameIn("pt"))
		}
	}
}

func TestNext(t *testing.T) {
	d := parsed(t, document(`
  - {id: a, send: {text: x}}
  - id: b
    branch:
      - if: {tag: x}
        steps:
          - {id: c, send: {text: x}}
          - id: d
            branch:
              - if: {tag: y}
                steps: [{id: e, set: {add_tags: [z]}}]
      - if: {language: ru}
        steps: [{id: f, goto: a2}]
      - else: [{id: g, end: true}]
  - {id: a2, wait: 1d}
`), YAML)
	want := map[campaigns.StepID]campaigns.StepID{"a": "b", "b": "a2", "c": "d", "d": "a2", "e": "a2", "f": "", "g": "", "a2": ""}
	for id, next := range want {
		var got campaigns.StepID
		if s := d.Step(id).Next; s != nil {
			got = s.ID
		}
		if got != next {
			t.Errorf("after %s comes %q, want %q", id, got, next)
		}
	}
}

func TestDerivedIDs(t *testing.T) {
	d := parsed(t, document(`
  - ask: {type: text, text: "?"}
  - {id: step-3, wait: 1h}
  - branch:
      - if: {answer: step-1, exists: true}
        steps: [{ask: {type: date, text: "?"}}]
`), YAML)
	var ids, saved []string
	for _, s := range d.Order {
		ids = append(ids, string(s.ID))
	}
	for _, s := range d.Questions() {
		saved = append(saved, s.SavesAs())
	}
	if diff := cmp.Diff([]string{"step-1", "step-3", "step-3.0", "step-3.0.1.1"}, ids); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"step-1", "step-3-0-1-1"}, saved); diff != "" {
		t.Error(diff)
	}
}

// document is a small campaign of one language with these steps.
func document(steps string) []byte {
	return []byte("key: a\nkind: survey\nname: A\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nentry: {manual: true}\nsteps:" + steps)
}

func TestSourceHash(t *testing.T) {
	if got := SourceHash([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}

func TestChannelsOf(t *testing.T) {
	d := parsed(t, read(t, "testdata/everything.yaml"), YAML)
	for id, want := range map[campaigns.StepID][]campaigns.Channel{
		"hello": {campaigns.Telegram}, "level": {campaigns.Email}, "rate": {campaigns.Email, campaigns.Telegram}, "ways": nil,
	} {
		if diff := cmp.Diff(want, d.ChannelsOf(d.Step(id))); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}
