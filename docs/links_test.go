package docs

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/internal/config"
)

// exists reports whether there is a file or folder with the path from the root.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinksResolve: every local link leads to a file, and an anchor to a heading.
func TestLinksResolve(t *testing.T) {
	n := 0
	for _, name := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, name), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			n++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path.Join(path.Dir(name), file)
			if file == "" {
				target = name
			}
			switch {
			case !exists(target):
				t.Errorf("%s links to %s, which is not there", name, m[1])
			case anchor != "" && !strings.Contains(anchors(read(t, target)), "\n"+anchor+"\n"):
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d links were found", n)
	}
}

// anchors are the headings as links name them, one a line.
func anchors(document string) string {
	out := "\n"
	for line := range strings.SplitSeq(document, "\n") {
		if heading := strings.TrimLeft(line, "#"); heading != line {
			heading = regexp.MustCompile(`[^\p{L}\p{N} -]`).ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			out += strings.ReplaceAll(heading, " ", "-") + "\n"
		}
	}
	return out
}

// TestPlacesExist: the folders of the README and the places of the glossary are there; so are the tables that the glossary names.
func TestPlacesExist(t *testing.T) {
	var places []string
	for _, row := range table(t, section(t, "README.md", "## Where things live")) {
		places = append(places, words(row[0])...)
	}
	tables := migrations(t, "sqlite")
	for _, heading := range []string{"## What a coordinator meets", "## What the machinery adds"} {
		for _, row := range table(t, section(t, "docs/glossary.md", heading)) {
			if len(row) != 3 {
				t.Fatalf("glossary: cannot read the row %q", row)
			}
			for _, w := range words(row[2]) {
				if strings.HasPrefix(w, "/") || strings.HasPrefix(row[2], "definition key") {
					continue // a route, a key of the language
				}
				if strings.Contains(w, "/") {
					places = append(places, w)
					continue
				}
				name, column, _ := strings.Cut(w, ".")
				create := regexp.MustCompile(`(?s)CREATE TABLE ` + name + ` \((.*?)\n\)`).FindStringSubmatch(tables)
				if create == nil || column != "" && !regexp.MustCompile(`(?m)^\s+`+column+` `).MatchString(create[1]) {
					t.Errorf("glossary: %s is no table or column", w)
				}
			}
		}
	}
	for _, p := range places {
		if !exists(p) {
			t.Errorf("%s is not there", p)
		}
	}
	if len(places) < 40 {
		t.Errorf("only %d places were found", len(places))
	}
}

func migrations(t *testing.T, engine string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "store", "migrations", engine, "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations of %s: %v", engine, err)
	}
	out := ""
	for _, f := range files {
		out += read(t, "store/migrations/"+engine+"/"+filepath.Base(f))
	}
	return out
}

var variable = regexp.MustCompile(`KRUZHOK_[A-Z_]*[A-Z]`)

// TestSettingsAreDocumented: the table of operations.md has every setting with its default, and no document or example names one that is not.
func TestSettingsAreDocumented(t *testing.T) {
	var all, documented []string
	defaults := map[string]string{}
	for f := range fields() {
		name := config.Variable(f.Tag.Get("name"))
		all = append(all, name)
		defaults[name] = f.Tag.Get("default")
	}
	for _, row := range table(t, section(t, "docs/operations.md", "## Settings")) {
		name := words(row[0])[0]
		documented = append(documented, name)
		documented = append(documented, variable.FindAllString(row[2], -1)...)
		checkDefault(t, row, defaults[name])
	}
	same(t, "settings", documented, all)
	for name, d := range clientSettings(t) {
		defaults[name] = d
	}
	for _, name := range append(documents(t), "compose.yaml", "Dockerfile", "Makefile") {
		for _, v := range variable.FindAllString(read(t, name), -1) {
			if _, ok := defaults[v]; !ok && !config.IsWebhook(v) && !strings.HasPrefix(v, "KRUZHOK_TEST_") {
				t.Errorf("%s: %s is no setting", name, v)
			}
		}
	}
}

func checkDefault(t *testing.T, row []string, d string) {
	t.Helper()
	if d != "" && row[1] != "`"+d+"`" || d == "" && strings.HasPrefix(row[1], "`") {
		t.Errorf("%s: the default is %q, the table says %s", row[0], d, row[1])
	}
}

// clientSettings are the variables of commands that speak to a service, with their defaults; operations.md has them in a table of their own.
func clientSettings(t *testing.T) map[string]string {
	t.Helper()
	defaults := map[string]string{}
	var all, documented []string
	for f := range fieldsOf(reflect.TypeFor[config.Client]()) {
		name := config.Variable(f.Tag.Get("name"))
		if f.Tag.Get("env") != name {
			t.Errorf("--%s has the variable %s", f.Tag.Get("name"), f.Tag.Get("env"))
		}
		all = append(all, name)
		defaults[name] = f.Tag.Get("default")
	}
	for _, row := range table(t, section(t, "docs/operations.md", "## Campaigns as files")) {
		documented = append(append(documented, words(row[0])[0]), variable.FindAllString(row[2], -1)...)
		checkDefault(t, row, defaults[words(row[0])[0]])
	}
	same(t, "settings of a client", documented, all)
	return defaults
}

// TestWatchedThingsExist: the metrics and log lines that operations.md tells to watch are in the code.
func TestWatchedThingsExist(t *testing.T) {
	metrics := read(t, "internal/telemetry/metrics.go")
	watch := section(t, "docs/operations.md", "## What to watch")
	for _, row := range table(t, watch) {
		name, ok := strings.CutPrefix(words(row[0])[0], "kruzhok_")
		if !ok || !strings.Contains(metrics, `Name: "`+name+`"`) {
			t.Errorf("%s is no metric", row[0])
		}
	}
	code := ""
	for _, name := range sources(t, "engine", "workers", "cmd", "api", "channels") {
		code += read(t, name)
	}
	lines := table(t, watch[strings.Index(watch, "Log lines"):])
	for _, row := range lines {
		if !strings.Contains(code, `"`+words(row[0])[0]+`"`) {
			t.Errorf("%s: nothing logs it", row[0])
		}
	}
}
