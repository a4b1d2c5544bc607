package definition

import (
	"strings"
	"testing"
)

func TestRenamed(t *testing.T) {
	const rest = "kind: survey # what it is\ntopic: news\nlanguages: [en, ru]\nchannels: [email]\nentry: {manual: true}\nsteps:\n  - {id: key, send: {text: {en: \"name: x\", ru: б}}}\n"
	for name, src := range map[string]string{
		"one line":  "# first\nkey: a\nname: A\n" + rest,
		"languages": "key: \"a\"\nname: {en: A, ru: А}\n" + rest,
		"quoted":    "\"key\": \"a\"\n'name' : A\n" + rest,
		"below":     "name:\n  en: A\n\n  ru: А\nkey: a\n" + rest,
	} {
		got, ok := Renamed(src, YAML, "other", `B: "c" <d>`)
		if !ok || !strings.HasSuffix(got, rest) || !strings.Contains(got, "key: other\n") || !strings.Contains(got, `name: "B: \"c\" <d>"`+"\n") {
			t.Errorf("%s: %v\n%s", name, ok, got)
		}
		if kept, ok := Renamed(src, YAML, "other", ""); !ok || !strings.Contains(kept, "А") && name != "one line" && name != "quoted" {
			t.Errorf("%s: the name did not stay: %s", name, kept)
		}
	}
	const asJSON = `{ "kind":"survey","name" : {"en":"A"}, "key":"a","topic":"news","languages":["en"],"channels":["email"],"entry":{"manual":true},"steps":[{"id":"key","wait":"1d"}]}`
	want := strings.NewReplacer(`{"en":"A"}`, `"B"`, `"key":"a"`, `"key":"b"`).Replace(asJSON)
	if got, ok := Renamed(asJSON, JSON, "b", "B"); !ok || got != want {
		t.Errorf("%v %s", ok, got)
	}
	for _, flow := range []string{"{key: a, name: A}", "", "steps: []"} {
		if got, ok := Renamed(flow, YAML, "b", "B"); ok {
			t.Errorf("%q became %q", flow, got)
		}
	}
	if _, ok := Renamed("key: a\nname: A\n"+rest, YAML, "Not a key", "B"); ok {
		t.Error("a key that is none")
	}
}

// TestACopyMeansItself: what a document says of itself, its copy says of itself; what it says of others stays.
func TestACopyMeansItself(t *testing.T) {
	const top = "name: A\nkind: survey\ntopic: news\nlanguages: [en]\nchannels: [email]\nentry: {manual: true}\nsteps:\n"
	const steps = "  - branch: [{if: {any: [{completed: \"abc\"}, {inside: abcd}, {completed: abc}]}, steps: [{wait: 1d}]}]\n  - enroll: abc\n  - enroll: abcd\n"
	got, ok := Renamed("key: abc\n"+top+steps, YAML, "other-one", "")
	want := "key: other-one\n" + top + strings.NewReplacer(`"abc"`, `"other-one"`, "completed: abc}", "completed: other-one}", "enroll: abc\n", "enroll: other-one\n").Replace(steps)
	if !ok || got != want {
		t.Errorf("%v\n%s", ok, got)
	}
	const asJSON = `{"key":"abc","name":"A","kind":"survey","topic":"news","languages":["en"],"channels":["email"],"entry":{"manual":true},"steps":[{"enroll":"abc"},{"enroll":"abcd"}]}`
	if got, ok := Renamed(asJSON, JSON, "b", ""); !ok || got != strings.ReplaceAll(asJSON, `"abc"`, `"b"`) {
		t.Errorf("%v %s", ok, got)
	}
}
