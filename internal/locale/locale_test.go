package locale

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/feature/plural"
)

func TestMatch(t *testing.T) {
	for tag, want := range map[string]string{
		"": "en", "en": "en", "en-GB": "en", "ru": "ru", "ru-RU": "ru", "ru_RU": "ru", "RU": "ru", "be": "ru", "de": "en", "zh-Hant": "en",
		"fr;q=0.9, ru;q=0.8, en;q=0.1": "ru", "*": "en", "%%%": "en", "x": "en", strings.Repeat("ru,", 500): "en",
	} {
		if got := Match(tag); got != want {
			t.Errorf("Match(%.40q) = %q, want %q", tag, got, want)
		}
	}
}

func TestMessage(t *testing.T) {
	left := map[string]any{"one": "{n} шаг", "few": "{n} шага", "many": "{n} шагов", "other": "{n} шага"}
	steps := map[string]any{"one": "one step", "other": "{n} steps"}
	for _, c := range []struct {
		lang  string
		entry any
		args  map[string]any
		want  string
	}{
		{"en", "Hello, {name}.", map[string]any{"name": "Ann"}, "Hello, Ann."},
		{"en", "Hello, {name}.", nil, "Hello, {name}."},
		{"en", "{a}{b}", map[string]any{"a": "{b}", "b": 7}, "{b}7"},
		{"en", "Write {{ member.first_name }} or { }.", nil, "Write {{ member.first_name }} or { }."},
		{"en", "open {name", map[string]any{"name": "x"}, "open {name"},
		{"en", "id {id}", map[string]any{"id": int64(1234567)}, "id 1234567"},
		{"ru", "{share} %", map[string]any{"share": 12.5}, "12,5 %"},
		{"ru", "сейчас «{state}»", map[string]any{"state": Term("state.campaign.running")}, "сейчас «Идёт»"},
		{"en", steps, map[string]any{"n": 1}, "one step"},
		{"en", steps, map[string]any{"n": 0}, "0 steps"},
		{"en", steps, map[string]any{"n": 1500}, "1,500 steps"},
		{"en", steps, nil, "{n} steps"},
		{"ru", left, map[string]any{"n": 1}, "1 шаг"},
		{"ru", left, map[string]any{"n": uint8(3)}, "3 шага"},
		{"ru", left, map[string]any{"n": 11}, "11 шагов"},
		{"ru", left, map[string]any{"n": int64(21)}, "21 шаг"},
		{"ru", left, map[string]any{"n": 112}, "112 шагов"},
		{"ru", left, map[string]any{"n": 1.5}, "1,5 шага"},
		{"ru", left, map[string]any{"n": 1_000_001}, "1\u00a0000\u00a0001 шаг"},
		{"ru", left, map[string]any{"n": 2e12 + 2}, "2\u00a0000\u00a0000\u00a0000\u00a0002 шага"},
		{"en", steps, map[string]any{"n": int64(1_000_000_000_001)}, "1,000,000,000,001 steps"},
	} {
		m, err := parseMessage(c.entry)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.text(c.lang, c.args); got != c.want {
			t.Errorf("%s %v with %v: %q, want %q", c.lang, c.entry, c.args, got, c.want)
		}
	}
}

func TestUnknownKeyReturnsItself(t *testing.T) {
	if got := T("ru", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("got %q", got)
	}
	if Has("no.such.key") || !Has("reason.stopped") {
		t.Error("Has is wrong")
	}
	if got := T("pt-BR", "state.delivery.sent", nil); got != "Sent" {
		t.Errorf("a foreign language gave %q", got)
	}
	if got := T("ru-RU", "state.delivery.sent", nil); got != "Отправлено" {
		t.Errorf("a regional tag gave %q", got)
	}
}

func TestKeys(t *testing.T) {
	want := []string{"state.enrollment.active", "state.enrollment.completed", "state.enrollment.exited", "state.enrollment.waiting"}
	if diff := cmp.Diff(want, Keys("state.enrollment.")); diff != "" {
		t.Error(diff)
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n      float64
		en, ru string
	}{
		{0, "0", "0"},
		{-0.0001, "0", "0"},
		{999, "999", "999"},
		{1000, "1,000", "1\u00a0000"},
		{-1234567.5, "-1,234,567.5", "-1\u00a0234\u00a0567,5"},
		{2.0 / 3, "0.667", "0,667"},
		{1.2000, "1.2", "1,2"},
	} {
		if en, ru := Number("en", c.n), Number("ru", c.n); en != c.en || ru != c.ru {
			t.Errorf("Number(%v) = %q, %q", c.n, en, ru)
		}
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, time.November, 24, 18, 5, 0, 0, time.FixedZone("", 3*3600))
	for _, c := range [][2]string{
		{Date("en", at), "24 November"},
		{Date("ru", at), "24 ноября"},
		{LongDate("en", at), "24 November 2026"},
		{LongDate("ru", at), "24 ноября 2026"},
		{Moment("en", at), "24 November 2026, 18:05 (UTC+03:00)"},
		{Moment("ru", at.UTC().Add(7*time.Second)), "24 ноября 2026, 15:05:07 (UTC)"},
		{DateTime("en", at), "24 November, 18:05"},
		{DateTime("ru", at), "24 ноября, 18:05"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for name, c := range map[string]struct {
		fs   fstest.MapFS
		want string
	}{
		"a key in two files": {fstest.MapFS{"catalog/en/a.yaml": file("k: x"), "catalog/en/b.yaml": file("k: y")}, "already"},
		"a key twice":        {fstest.MapFS{"catalog/en/a.yaml": file("k: x\nk: y")}, "already defined"},
		"a number":           {fstest.MapFS{"catalog/en/a.yaml": file("k: 7")}, "neither"},
		"a wrong form":       {fstest.MapFS{"catalog/en/a.yaml": file("k: {one: x, others: y}")}, "others"},
		"no other":           {fstest.MapFS{"catalog/en/a.yaml": file("k: {one: x}")}, "missing"},
	} {
		problems := strings.Join(load(c.fs).problems, "\n")
		if !strings.Contains(problems, c.want) {
			t.Errorf("%s: problems are %q", name, problems)
		}
	}
}

// wantForms are the forms that CLDR's cardinal rules use in each language.
var wantForms = map[string][]plural.Form{
	"en": {plural.Other, plural.One},
	"ru": {plural.Other, plural.One, plural.Few, plural.Many},
}

func TestCatalogsAreWhole(t *testing.T) {
	c := catalogs()
	for _, p := range c.problems {
		t.Error(p)
	}
	for _, lang := range languages {
		for key, m := range c.entries[lang] {
			checkForms(t, lang, key, m)
			for _, other := range languages {
				checkTwin(t, c, lang, other, key)
			}
		}
	}
}

func checkForms(t *testing.T, lang, key string, m message) {
	t.Helper()
	for form, text := range m {
		if len(text) == 0 {
			t.Errorf("%s %s: empty text", lang, key)
		}
		if form != plain && !slices.Contains(wantForms[lang], form) {
			t.Errorf("%s %s: form %v is not used in this language", lang, key, form)
		}
	}
	if _, isPlain := m[plain]; !isPlain && len(m) != len(wantForms[lang]) {
		t.Errorf("%s %s: has %d plural forms, the language has %d", lang, key, len(m), len(wantForms[lang]))
	}
}

func checkTwin(t *testing.T, c *catalog, lang, other, key string) {
	t.Helper()
	twin, ok := c.entries[other][key]
	if !ok {
		t.Errorf("%s %s: missing in %s", lang, key, other)
		return
	}
	if diff := cmp.Diff(c.entries[lang][key].placeholders(), twin.placeholders()); diff != "" && lang < other {
		t.Errorf("%s: placeholders differ between %s and %s:\n%s", key, lang, other, diff)
	}
}
