package ascode_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/ascode"
	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

func segment(key, who string) string {
	return "# typed by hand\nkey: " + key + "\nname: {en: The " + key + ", ru: Сегмент " + key + "}\nwho: " + who + "\n"
}

// TestABundle: campaigns and segments that name each other come to an empty service together, go back to files as they were typed, and change together.
func TestABundle(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	asking := strings.Replace(campaign("welcome", "Hello"), "  - wait: 1d\n", "  - branch: [{if: {segment: novices}, steps: [{wait: 2d}]}]\n", 1)
	files := []string{ // the first names what only the last brings
		w.write("novices.yaml", segment("novices", "{all: [{tag: novice}, {segment: learners}]}")),
		w.write("learners.yaml", segment("learners", "{any: [{completed: welcome}, {attribute: level, is: a1}]}")),
		w.write("welcome.yaml", asking),
	}
	p := w.plan(s, true, files...)
	before := w.said(p, "en") + "\n" + w.said(p, "ru")
	told, err := w.apply(s, p)
	w.must(err)
	if p := w.plan(s, true, files...); !p.Empty() {
		t.Error(w.said(p, "en"))
	}
	w.write("learners.yaml", segment("learners", "{completed: welcome}"))
	p = w.plan(s, false, files...)
	golden(t, "bundle", before+"\n"+told+"\n\n"+w.said(p, "en")+"\n"+w.said(p, "ru"))

	renamed := strings.Replace(segment("novices", "{all: [{tag: novice}, {segment: learners}]}"), "The novices", "Beginners", 1)
	w.write("novices.yaml", renamed)
	if said := w.said(w.plan(s, false, files[0]), "en"); !strings.Contains(said, "has another name and holds whom it held") || !strings.Contains(said, "~ name (en): The novices → Beginners") || strings.Contains(said, "condition") {
		t.Errorf("another name: %s", said)
	}
	w.write("novices.yaml", "# a comment more\n"+segment("novices", "{all: [{tag: novice}, {segment: learners}]}"))
	if said := w.said(w.plan(s, false, files[0]), "en"); !strings.Contains(said, "the same in another form") || strings.Contains(said, "name (") {
		t.Errorf("another form: %s", said)
	}
	w.write("novices.yaml", segment("novices", "{all: [{tag: novice}, {segment: learners}]}"))

	dir := filepath.Join(w.dir, "out")
	w.must(s.Export(t.Context(), dir, []string{"welcome"}, false, func(string, ascode.Written) {}))
	for name, want := range map[string]string{
		"welcome.yaml": asking, "novices.segment.yaml": segment("novices", "{all: [{tag: novice}, {segment: learners}]}"),
		"learners.segment.yaml": segment("learners", "{any: [{completed: welcome}, {attribute: level, is: a1}]}"),
	} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if p := w.plan(s, true, dir); !p.Empty() {
		t.Error(w.said(p, "en"))
	}
	_, err = w.engine.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: segment("unused", "{tag: x}"), Format: "yaml"})
	w.must(err)
	n := 0
	w.must(s.Export(t.Context(), dir, nil, false, func(string, ascode.Written) { n++ }))
	if n != 4 {
		t.Errorf("%d files", n)
	}
}

// TestAnExportIsWhole: what a campaign enrolls in goes along, with what that names; the folder applies to a service that has nothing.
func TestAnExportIsWhole(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	files := []string{
		w.write("first.yaml", naming("first", "first", "second")), w.write("second.yaml", naming("second", "third", "")), w.write("third.yaml", campaign("third", "Hello")),
		w.write("other.yaml", campaign("other", "Hello")),
	}
	_, err := w.apply(s, w.plan(s, false, files...))
	w.must(err)
	_, err = w.engine.CreateCampaign(t.Context(), engine.Operator, engine.Draft{Source: naming("fourth", "third", "nobody"), Format: "yaml"})
	w.must(err)
	dir := filepath.Join(w.dir, "out")
	w.must(s.Export(t.Context(), dir, []string{"first"}, false, func(string, ascode.Written) {}))
	elsewhere := newWorld(t)
	theirs := elsewhere.writer("en")
	told, err := elsewhere.apply(theirs, elsewhere.plan(theirs, true, dir))
	w.must(err)
	if strings.Count(told, "is published") != 3 || strings.Contains(told, "other") {
		t.Error(told)
	}
	w.must(s.Export(t.Context(), dir, []string{"fourth"}, true, func(string, ascode.Written) {})) // what a draft names need not be there
	if err := s.Export(t.Context(), dir, []string{"nobody"}, true, func(string, ascode.Written) {}); err == nil {
		t.Error("what was asked for need not be there")
	}
}

// TestAnArchivedCampaignRests: a campaign that is archived and only named goes along under a name that says so, and is published neither where it was nor elsewhere.
func TestAnArchivedCampaignRests(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	_, err := w.apply(s, w.plan(s, true, w.write("old.yaml", naming("old", "older", "")), w.write("older.yaml", campaign("older", "Hi")), w.write("new.yaml", naming("new", "old", ""))))
	w.must(err)
	for _, key := range []campaigns.Key{"old", "older"} {
		_, err = w.engine.End(t.Context(), engine.Operator, key)
		w.must(err)
		_, err = w.engine.Archive(t.Context(), engine.Operator, key)
		w.must(err)
	}
	dir := filepath.Join(w.dir, "out")
	for _, keys := range [][]string{{"new"}, nil} {
		var told []string
		w.must(s.Export(t.Context(), dir, keys, false, func(path string, _ ascode.Written) { told = append(told, filepath.Base(path)) }))
		if want := "new.yaml old.archived.yaml older.archived.yaml"; strings.Join(told, " ") != want {
			t.Errorf("exported %q", told)
		}
	}
	if p := w.plan(s, true, dir); !p.Empty() {
		t.Error(w.said(p, "en"))
	}
	elsewhere := newWorld(t)
	theirs := elsewhere.writer("en")
	p := elsewhere.plan(theirs, true, dir)
	told, err := elsewhere.apply(theirs, p)
	w.must(err)
	if strings.Count(told, "is published") != 1 || strings.Count(told, "saved") != 3 {
		t.Error(told)
	}
	for lang, want := range map[string]string{"en": "archived where it was exported", "ru": "в архиве"} {
		if said := elsewhere.said(p, lang); strings.Count(said, want) != 2 {
			t.Error(said)
		}
	}
	asked := filepath.Join(w.dir, "asked")
	w.must(s.Export(t.Context(), asked, []string{"old"}, false, func(string, ascode.Written) {}))
	if _, err := os.Stat(filepath.Join(asked, "old.yaml")); err != nil {
		t.Errorf("one that is asked for by its key is a file as every other: %v", err)
	}
}

// TestSegmentsThatCannotBe: nothing is changed where a segment is wrong, leads to itself, or is another one than was planned with.
func TestSegmentsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	s := w.writer("en")
	a, b := w.write("a.yaml", segment("a", "{segment: b}")), w.write("b.yaml", segment("b", "{not: {segment: a}}"))
	light := w.write("light.yaml", segment("light", "{any: ["+strings.Repeat("{tag: x}, ", 300)+"]}"))
	heavy := w.write("heavy.yaml", segment("heavy", "{any: [{segment: light}, "+strings.Repeat("{tag: y}, ", 300)+"]}"))
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"circle":  {[]string{a, b}, a + ":4:16: "},
		"unknown": {[]string{a}, a + ":4:16: "},
		"heavy":   {[]string{light, heavy}, heavy + ":4:6: "},
	} {
		var found *ascode.BadFiles
		if _, err := s.Plan(t.Context(), w.files(c.files...), false); !errors.As(err, &found) || !strings.HasPrefix(found.Lines[0], c.want) || found.Lines[0] == found.Lines[len(found.Lines)-1] && len(found.Lines) > 1 {
			t.Errorf("%s: %v %+v", name, err, found)
		}
		problems, err := ascode.Check(c.files, "en")
		if w.must(err); name != "unknown" && len(problems.Problems[c.files[len(c.files)-1]]) == 0 {
			t.Errorf("%s: the files alone are found well", name)
		}
	}
	quoted := w.write("quoted.yaml", segment("quoted", "{attribute: age, at_least: \"18\"}"))
	found, err := ascode.Check([]string{quoted}, "en")
	if w.must(err); len(found.Problems[quoted]) > 0 || len(found.Warnings[quoted]) != 1 || found.Warnings[quoted][0].Code != "number_in_quotes" || found.Warnings[quoted][0].Line != 4 {
		t.Errorf("a number in quotes: %+v", found)
	}
	if _, err := ascode.ReadFiles([]string{w.write("bad.yaml", segment("c", "{tagg: x}"))}, "en"); err == nil {
		t.Error("a segment with an unknown key is read")
	}
	both := []string{w.write("c.yaml", campaign("same", "Hello")), w.write("d.yaml", segment("same", "{tag: x}"))}
	p := w.plan(s, false, both...)
	_, err = w.engine.CreateSegment(t.Context(), engine.Operator, engine.Draft{Source: segment("same", "{tag: y}"), Format: "yaml"})
	w.must(err)
	if _, err := w.apply(s, p); err == nil || !strings.Contains(err.Error(), "segment “same”") {
		t.Errorf("over another's segment: %v", err)
	}
	if len(w.calls) > 0 {
		t.Errorf("called %q", w.calls)
	}
}
