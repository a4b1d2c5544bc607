package templates

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/internal/race"
)

func TestProblems(t *testing.T) {
	for src, want := range map[string]struct {
		code string
		line int
		col  int
		mean string
	}{
		"Hi {{ name":                        {"text_output_unclosed", 1, 4, ""},
		"a\nпривет {{ a {{ b }}":            {"text_output_unclosed", 2, 8, ""},
		"{% if a":                           {"text_tag_unclosed", 1, 1, ""},
		"{{ a | uppcase }}":                 {"text_filter_unknown", 1, 8, "upcase"},
		"{{ a | truncate }}":                {"text_filter_arguments", 1, 8, ""},
		"{{ a | upcase: 1 }}":               {"text_filter_arguments", 1, 8, ""},
		"{{ a | truncate: 'x', 'y', 'z' }}": {"text_filter_arguments", 1, 8, ""},
		"{{ a | date: '%d %Q' }}":           {"text_filter_argument", 1, 14, ""},
		"{{ a | plural: 1, 2 }}":            {"text_filter_argument", 1, 16, ""},
		"{{ a | }}":                         {"text_filter_missing", 1, 8, ""},
		"{{ }}":                             {"text_value_missing", 1, 4, ""},
		"{{ a b }}":                         {"text_unexpected", 1, 6, ""},
		"{{ a..b }}":                        {"text_path", 1, 4, ""},
		"{{ 1.2.3 }}":                       {"text_number", 1, 4, ""},
		"{{ a | default: “x” }}":            {"text_character", 1, 17, `"`},
		"{{ a | default: \"x }}":            {"text_string_unclosed", 1, 17, ""},
		"{% if a = 1 %}{% endif %}":         {"text_character", 1, 9, "=="},
		"{% if a %}b":                       {"text_block_unclosed", 1, 4, ""},
		"{% comment %}b":                    {"text_block_unclosed", 1, 1, ""},
		"x\n{% endif %}":                    {"text_tag_misplaced", 2, 4, ""},
		"{% else %}":                        {"text_tag_misplaced", 1, 4, ""},
		"{% if a %}{% else %}{% else %}{% endif %}":   {"text_tag_misplaced", 1, 24, ""},
		"{% for x in y %}{{ x }}{% endfor %}":         {"text_tag_unknown", 1, 4, ""},
		"{% elseif a %}":                              {"text_tag_unknown", 1, 4, "elsif"},
		"{% esle %}":                                  {"text_tag_unknown", 1, 4, "else"},
		"{% assign a = 1 %}":                          {"text_tag_unknown", 1, 4, ""},
		"a <b>x":                                      {"text_html", 1, 3, ""},
		"a\n\n<div>\nx\n</div>":                       {"text_html", 3, 1, ""},
		"a ![x](https://x.org/a.png)":                 {"text_image", 1, 3, ""},
		"x\n\n| a | b |\n|---|---|\n| 1 | 2 |":        {"text_table", 3, 1, ""},
		"[x](javascript:alert)":                       {"text_link_scheme", 1, 1, ""},
		"ю [x](page.html)":                            {"text_link_scheme", 1, 3, ""},
		"[x]({{ url }})":                              {"text_link_value", 1, 1, ""},
		"[x](https://{{ host }}/)":                    {"text_link_value", 1, 1, ""},
		"[x](https://x.org{{ tail }})":                {"text_link_value", 1, 1, ""},
		"https://x.org{{ tail }}":                     {"text_link_value", 1, 1, ""},
		"[x](https:///a)":                             {"text_link_address", 1, 1, ""},
		"[x]()":                                       {"text_link_address", 1, 1, ""},
		"[x](https://good.org@evil.org/)":             {"text_link_address", 1, 1, ""},
		"{% if a %}ok{% else %}ok <i>{% endif %}":     {"text_html", 1, 26, ""},
		"{{ x }}{{ x }} <i>":                          {"text_html", 1, 16, ""},
		"{% case x %} a {% when 'b' %}c{% endcase %}": {"text_unexpected", 1, 14, ""},
		nested(7) + "<i>":                             {"text_html", 1, len(nested(7)) + 1, ""},
		"{% if a %}" + strings.Repeat("{% if b %}x{% endif %}", 6) + "{% if a %}b{% else %}{% if a %}c{% else %}<i>{% endif %}{% endif %}{% endif %}": {"text_html", 1, 185, ""},
		"a\U000F0001": {"text_control_character", 1, 2, ""},
		"a\xff":       {"text_control_character", 1, 2, ""},
		strings.Repeat("{% if a %}", 30) + strings.Repeat("{% endif %}", 30): {"text_nesting", 1, 204, ""},
		strings.Repeat("> ", 30) + "x":                                       {"text_nesting", 1, 1, ""},
	} {
		_, ps := Parse(src)
		if len(ps) == 0 {
			t.Errorf("%q: no problem", src)
			continue
		}
		p := ps[0]
		if len(ps) > 1 || p.Code != want.code || p.Line != want.line || p.Column != want.col || p.DidYouMean != want.mean {
			t.Errorf("%q: %+v\nwant %+v", src, ps, want)
		}
		for _, lang := range []string{"en", "ru"} {
			if s := locale.T(lang, "problem."+p.Code, p.Args); strings.Contains(s, "problem.") {
				t.Errorf("no %s sentence for %s", lang, p.Code)
			}
		}
	}
}

// TestHostileTexts holds what would make a careless parser slow or deep; the test's own deadline is the check.
func TestHostileTexts(t *testing.T) {
	for _, src := range []string{
		strings.Repeat(">", 30000), strings.Repeat("[", 30000), nested(10) + strings.Repeat("[a](", 7000), strings.Repeat("*a_ ", 8000),
		strings.Repeat("{% if a %}", 3000), strings.Repeat("{% if a %}x", 1400) + strings.Repeat("{% endif %}", 1400), nested(1400),
		strings.Repeat("{{'", 10000), strings.Repeat("{{a}}", 6500), strings.Repeat("{% comment %}", 2000), "a" + strings.Repeat("\u0301", 15000),
	} {
		if race.Enabled { // it looks for another thing, and some of them take the square of their length
			src = src[:len(src)/8]
		}
		text, _ := Parse(src)
		if _, err := text.Telegram(Env{Vars: map[string]any{"a": "x"}}, Limits{}); err != nil && !errors.Is(err, ErrTooLong) {
			t.Error(err)
		}
	}
}

func TestProblemsAreAllShown(t *testing.T) {
	_, ps := Parse("{{ a | nope }} {% if %} <b> {% endif %} {{ x")
	var codes []string
	for _, p := range ps {
		codes = append(codes, p.Code)
	}
	want := []string{"text_filter_unknown", "text_value_missing", "text_html", "text_output_unclosed"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

func TestFaultyTextStillRenders(t *testing.T) {
	text, ps := Parse("{{ a | nope }}Hi {% if a %}there")
	if len(ps) != 2 {
		t.Fatal(ps)
	}
	if got := text.Line(Env{Vars: map[string]any{"a": "x"}}); got != "Hi there" {
		t.Error(got)
	}
}

// nested is n ifs side by side: 2^n combinations.
func nested(n int) string { return strings.Repeat("{% if a %}x{% endif %}", n) }
