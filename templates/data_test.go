package templates

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func dataEnv() Env {
	return Env{Lang: "ru", Vars: map[string]any{
		"name": "<b>**Eve** & \"co\"", "n": 12.5, "yes": true, "list": []string{"a", "b"}, "long": strings.Repeat("é", 9000),
	}}
}

// TestData: a placeholder alone is what it stands for; in a text all is as a machine reads it, with no mark added and none taken for markup.
func TestData(t *testing.T) {
	for src, want := range map[string]any{
		"{{ n }}":                      12.5,
		" {{ n }}\n":                   12.5,
		"{{ yes }}":                    true,
		"{{ list }}":                   []string{"a", "b"},
		"{{ nothing }}":                nil,
		`{{ nothing | default: "x" }}`: "x",
		"{{ name }}":                   "<b>**Eve** & \"co\"",
		"{{ n }} {{ yes }} {{ list }}{{ nothing }}":  "12.5 true a, b",
		"**{{ name | upcase }}** http://x.example":   "**<B>**EVE** & \"CO\"** http://x.example",
		"{% if yes %}a\n\n# b{% else %}c{% endif %}": "a\n\n# b",
		"a\r\nb": "a\nb",
		"":       "",
	} {
		d, problems := ParseData(src)
		if len(problems) > 0 {
			t.Errorf("%q: %+v", src, problems)
		}
		if diff := cmp.Diff(want, d.Value(dataEnv())); diff != "" {
			t.Errorf("%q: %s", src, diff)
		}
	}
	d, _ := ParseData("x{{ long }}")
	if got := d.Value(dataEnv()).(string); len([]rune(got)) != maxDatum || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", len([]rune(got)))
	}
	for src, code := range map[string]string{"{{ n": "text_output_unclosed", "{% for x %}": "text_tag_unknown", "{{ n | shout }}": "text_filter_unknown", "a\x00": "text_control_character"} {
		if _, problems := ParseData(src); len(problems) == 0 || problems[0].Code != code {
			t.Errorf("%q: %+v", src, problems)
		}
	}
}
