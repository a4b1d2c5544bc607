package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// campaigns runs a command on files.
func campaignsOf(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = run(t.Context(), append([]string{"campaign"}, args...), &o, &e)
	return code, o.String(), e.String()
}

func small(key, step string) string {
	return "key: " + key + "\nkind: survey\nname: " + key + "\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nentry: {manual: true}\nsteps:\n  - " + step + "\n"
}

// folder makes a folder with the files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, src := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestSimulateNamesFiles: whichever of several files a problem is in, it stands before its place; of two with one key both are named, by check too.
func TestSimulateNamesFiles(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.yaml": small("a", "{id: hi, send: {text: {en: Hi}}}"), "again.yaml": small("a", "wait: 1d"), "bad.yaml": strings.Replace(small("b", "wait: 1d"), "channels", "chanels", 1),
		"naming.yaml": small("c", "{id: go, branch: [{if: {segment: nowhere}, steps: [{wait: 1d}]}]}"),
	})
	a, again, bad, naming := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "again.yaml"), filepath.Join(dir, "bad.yaml"), filepath.Join(dir, "naming.yaml")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"simulate", a, bad}, bad + ":6:1: “chanels”"},
		{[]string{"simulate", a, naming}, naming + ":9:38: There is no segment “nowhere”"},
		{[]string{"simulate", a, again}, again + " has the key “a”, as " + a},
		{[]string{"check", a, again}, again + " has the key “a”, as " + a},
	} {
		code, out, errs := campaignsOf(t, append(c.args, "--lang", "en")...)
		if code != 1 || !strings.Contains(errs, c.says) || strings.Contains(errs, "\n:") {
			t.Errorf("%v: %d %s %s", c.args, code, out, errs)
		}
	}
}

// TestFoldersArePlayed: a folder stands for its files in simulate and preview as it does elsewhere, and one that cannot be is told as a folder, in the reader's language.
func TestFoldersArePlayed(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.yaml": small("a", "{id: hi, send: {text: {en: Hi}}}"), "b.yaml": small("b", "{id: go, branch: [{if: {segment: some}, steps: [{id: bye, send: {text: {en: Bye}}}]}]}"),
		"some.segment.yaml": "key: some\nname: Some\nwho: all\n",
	})
	if code, out, errs := campaignsOf(t, "simulate", dir, "--members", "4", "--days", "2", "--lang", "en"); code != 0 || !strings.Contains(out, "a (a)") || !strings.Contains(out, "b (b)") {
		t.Errorf("simulate: %d %s %s", code, out, errs)
	}
	code, out, errs := campaignsOf(t, "preview", dir, "--lang", "en")
	if code != 0 || !strings.Contains(out, "== "+filepath.Join(dir, "a.yaml")) || !strings.Contains(out, "Hi") || !strings.Contains(out, "Bye") || strings.Count(out, "Nothing") != 1 {
		t.Errorf("preview: %d %s %s", code, out, errs)
	}
	empty := t.TempDir()
	for _, verb := range []string{"simulate", "preview"} {
		if code, _, errs := campaignsOf(t, verb, empty, "--lang", "ru"); code != 1 || !strings.Contains(errs, "В папке "+empty+" нет файлов кампаний") {
			t.Errorf("%s: %d %s", verb, code, errs)
		}
	}
	only := folder(t, map[string]string{"some.yaml": "key: some\nname: Some\nwho: all\n"})
	if code, _, errs := campaignsOf(t, "preview", only, "--lang", "ru"); code != 1 || !strings.Contains(errs, "одни сегменты") {
		t.Errorf("segments alone: %d %s", code, errs)
	}
}

// TestCommandLineInRussian: what cannot be read of the command line is told in the reader's language, as far as it has words.
func TestCommandLineInRussian(t *testing.T) {
	for want, args := range map[string][]string{
		"«a» – это не ИМЯ=ЗНАЧЕНИЕ": {"simulate", "x.yaml", "--attr", "a", "--lang", "ru"},
		"Флага --membres нет.":      {"simulate", "x.yaml", "--membres", "3", "--lang=ru"},
		"--members: нужно целое":    {"simulate", "x.yaml", "--members", "many", "--lang", "ru"},
		"Не хватает: ":              {"check", "--lang", "ru"},
	} {
		code, _, errs := campaignsOf(t, args...)
		if code != 2 || !strings.Contains(errs, want) || !strings.Contains(errs, "Справка: kruzhok --help.") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, errs := campaignsOf(t, "preview", "x.yaml", "--attr", "a", "--lang", "en"); code != 2 || !strings.Contains(errs, "expected \"<key>=<value>\"") {
		t.Errorf("in English: %d %s", code, errs)
	}
}
