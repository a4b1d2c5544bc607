package templates

import (
	"html"
	"strings"
	"testing"
	"unicode/utf8"
)

var seeds = []string{
	"", "Hi {{ member.first_name | default: \"there\" }}, **x** _y_ `z` ~~s~~", "{% if a > 1 and b contains 'c' or d %}x{% elsif e %}y{% else %}z{% endif %}",
	"{% case x %}{% when 'a', \"b\" %}- l\n  - m{% else %}> q{% endcase %}", "{%- comment -%} {{ {%- endcomment -%}", "[a](https://x.org/{{ v }}) <https://y.org> www.z.org a@b.org",
	"# h\n\n```go\n{{ v }}\n```\n\n1. a\n2. b\n\n---\n", "{{ 'a' | date: '%-d %B' | truncate: 3, '..' }}", "<div>\n{{ v }}\n</div>\n| a |\n|---|\n| b |\n![i](j)", "[r]: https://x.org\n[r] \\* &amp; &#x1F600;",
	"{{ n | plural: 'a', 'b', 'c' }} {{ n | number: 2 }}", strings.Repeat("[", 200), strings.Repeat("> ", 15) + strings.Repeat("*a ", 50), "{% if a %}{% if b %}{% endif %}",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		text, ps := Parse(src)
		lines := strings.Count(src, "\n") + 1
		for _, p := range ps {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Column > utf8.RuneCountInString(src)+1 || p.Code == "" {
				t.Fatalf("problem out of place: %+v", p)
			}
		}
		for _, v := range text.Variables() {
			if v.Path == "" || v.Line < 1 || v.Line > lines {
				t.Fatalf("variable out of place: %+v", v)
			}
		}
	})
}

func FuzzRender(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "**x** <b>&\n@me", 60)
	}
	f.Fuzz(func(t *testing.T, src, value string, room int) {
		text, _ := Parse(src)
		env := Env{Vars: map[string]any{"v": value, "a": value, "x": value, "n": 3, "member": map[string]any{"first_name": value}}, Lang: "ru"}
		limits := Limits{Each: 10 + max(0, room)%5000, Parts: 3}
		parts, err := text.Telegram(env, limits)
		if err == nil {
			checkParts(t, parts, limits)
		}
		body, err := text.HTML(env)
		if err != nil {
			t.Fatal(err)
		}
		balanced(t, body)
		if strings.ContainsRune(html.UnescapeString(body), firstSlot) && !strings.ContainsRune(value, firstSlot) {
			t.Fatal("a slot was left")
		}
		if _, err := text.Plain(env); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text.Line(env), "\n\r") {
			t.Fatal("a line has a line end")
		}
	})
}

func BenchmarkTelegram(b *testing.B) {
	text, _ := Parse("Hi {{ member.first_name | default: \"there\" }}, good to **see you**{% if member.vip %} _again_{% endif %}. [Open](https://x.org/{{ member.level }})\n\n- a\n- b\n")
	env := Env{Vars: anna, Lang: "en"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := text.Telegram(env, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMail(b *testing.B) {
	text, _ := Parse("Hi {{ member.first_name | default: \"there\" }}, good to **see you**.\n\n- a\n- b\n")
	env := Env{Vars: anna, Lang: "en"}
	b.ReportAllocs()
	for b.Loop() {
		body, _ := text.HTML(env)
		plain, _ := text.Plain(env)
		if _, _, err := Mail(MailContent{Lang: "en", Subject: text.Line(env), BodyHTML: body, BodyText: plain, CommunityName: "Circle", UnsubscribeURL: "https://x.org/u"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse("Hi {{ member.first_name | default: \"there\" }}, good to **see you**. [Open](https://x.org)\n\n- a\n- b\n")
	}
}
