package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/locale"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSentencesOfTheCommandLine holds what `kruzhok campaign preview`, `simulate` and `apply` refuse with by themselves, in both languages; what the service refuses them is held
// where the API's sentences are. A sentence of theirs that no command says here is missed.
func TestSentencesOfTheCommandLine(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	t.Setenv("KRUZHOK_API_URL", "http://127.0.0.1:1")
	t.Setenv("KRUZHOK_API_TOKEN", "none")
	for name, src := range map[string]string{
		"mood.yaml": asksTwice, "novices.yaml": "key: novices\nname: Novices\nwho: {tag: novice}\n", filepath.Join("segments", "vips.yaml"): "key: vips\nname: VIPs\nwho: {tag: vip}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	said := map[string]bool{}
	for _, c := range []struct{ key, line string }{
		{"cli.preview.answer_form", "preview mood.yaml --answer tea"},
		{"cli.preview.segment", "preview novices.yaml"},
		{"cli.preview.segments", "preview segments"},
		{"cli.preview.zone", "preview mood.yaml --zone Mars/Base"},
		{"cli.publish.move_form", "apply mood.yaml --publish --inside move --move rest"},
		{"cli.publish.move_inside", "apply mood.yaml --publish --move rest=pause"},
		{"cli.simulate.event_form", "simulate mood.yaml --event lesson.done"},
		{"cli.simulate.no_campaign", "simulate novices.yaml"},
		{"problem.bad_behaviour", "simulate mood.yaml --mix sleeps"},
		{"problem.bad_zone", "simulate mood.yaml --zone Mars/Base"},
		{"problem.out_of_range", "simulate mood.yaml --days 0 --members 5000"},
		{"problem.preview_step", "preview mood.yaml --step none"},
		{"simulation.print.no_member", "simulate mood.yaml --member nobody"},
	} {
		said[c.key] = true
		fmt.Fprintf(&b, "%s: kruzhok campaign %s\n", c.key, c.line)
		for _, lang := range locale.Languages() {
			var out, errs strings.Builder
			args := append([]string{"campaign"}, strings.Fields(c.line)...)
			if code := run(t.Context(), append(args, "--lang", lang), &out, &errs); code == 0 {
				t.Errorf("%s is not refused: %s", c.line, out.String())
			}
			fmt.Fprintf(&b, "  %s: %s\n", lang, strings.ReplaceAll(strings.TrimSpace(errs.String()), "\n", "\n      "))
		}
	}
	file := filepath.Join(home, "testdata", "sentences.golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != b.String() {
		t.Errorf("the sentences have changed: look at them, then run go test ./cmd/kruzhok -run Sentences -update (%v)\n%s", err, b.String())
	}
	for _, key := range locale.Keys("cli.") {
		if regexp.MustCompile(`^cli\.(preview|simulate|publish)\.`).MatchString(key) && !said[key] && key != "cli.publish.move_unknown" { // which asks the service: ascode holds it
			t.Errorf("no command says %s", key)
		}
	}
}
