package templates

import (
	"html"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// scraps are what random documents are made of: every construct, broken ones too.
var scraps = []string{
	"**", "_", "*", "`", "~~", "\n", "\n\n", "- ", "  - ", "1. ", "> ", ">> ", "# ", "[a](https://x.org)", "[b](https://x.org/?v={{ v }}&w={{ w }})",
	"слово ", "word ", "😀", "👩‍👩‍👧", "漢字", "```\n", "```go\n", "<", "&", "&amp;", "\\", "    ", "---\n", "{{ v }}", "{{ w | upcase }}", "https://x.org/a?b={{ v }}", "e\u0301", "(", ")", "[", "]",
	"{% if v %}", "{% else %}", "{% endif %}", "{% case w %}", "{% when 'a' %}", "{% endcase %}", "<b>", "| a | b |\n|---|---|\n", "![x](y)", "<https://y.org>", "[c](mailto:a@b.org)",
}

var document = rapid.Custom(func(t *rapid.T) string {
	n := rapid.IntRange(0, 80).Draw(t, "n") // alone, SliceOfN draws short ones
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(scraps), n, n).Draw(t, "scraps"), "")
})

// typed is what people type into a name.
var typed = rapid.Custom(func(t *rapid.T) string {
	bits := rapid.OneOf(
		rapid.SampledFrom([]string{"*", "**", "_", "`", "<", ">", "&", "\"", "'", "</b>", "<a href=\"x\">", "{{ x }}", "{% if %}", "[a](b)", "😀", "👩‍👩‍👧", "\u200d", "\u0301", "שלום", "مرحبا", "\u202e", "\u2066", "\n", " ", "evil.com", "@me", "/go", "&amp;", "\U000F0000", "\x00", "\\", "漢"}),
		rapid.StringN(0, 6, -1),
	)
	return strings.Join(rapid.SliceOfN(bits, 0, 12).Draw(t, "typed"), "")
})

func squeezed(s string) string {
	return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), "")
}

func TestCutDocumentsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := Parse(document.Draw(t, "document"))
		env := Env{Vars: map[string]any{"v": typed.Draw(t, "v"), "w": typed.Draw(t, "w")}}
		limits := Limits{First: rapid.IntRange(20, 60).Draw(t, "first"), Each: rapid.IntRange(20, 80).Draw(t, "each"), Parts: 1000}
		parts, err := text.Telegram(env, limits)
		if err != nil {
			t.Fatal(err)
		}
		checkParts(t, parts, limits)
		whole, err := text.Telegram(env, Limits{Each: 1 << 20, Parts: 1000})
		if err != nil {
			t.Fatal(err)
		}
		// Invisible parts are dropped whole; everything else is there, in order.
		if a, b := unseen(shown(strings.Join(parts, ""))), unseen(shown(strings.Join(whole, ""))); a != b {
			t.Fatalf("cut: %q\nwhole: %q", a, b)
		}
	})
}

// unseen drops what nobody sees.
func unseen(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}

func TestFewPartsAreWithinLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := Parse(document.Draw(t, "document"))
		env := Env{Vars: map[string]any{"v": typed.Draw(t, "v"), "w": typed.Draw(t, "w")}}
		limits := Limits{Each: rapid.IntRange(8, 100).Draw(t, "each"), Parts: rapid.IntRange(1, 3).Draw(t, "parts")}
		parts, err := text.Telegram(env, limits)
		if err != nil && text.MinLength() == 0 && len(text.Variables()) == 0 {
			t.Fatalf("%v for an empty text", err)
		}
		checkParts(t, parts, limits)
	})
}

func TestMinLengthIsALowerBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, problems := Parse(document.Draw(t, "document"))
		if len(problems) > 0 {
			return
		}
		env := Env{Vars: map[string]any{"v": typed.Draw(t, "v"), "w": "a"}}
		v, vals := text.prepare(&env)
		if n := fillFlat(v.telegram, vals, breakLinks).units(); n < text.MinLength() {
			t.Fatalf("%d < %d", n, text.MinLength())
		}
	})
}

func TestValuesComeBack(t *testing.T) {
	places := []string{"{{ v }}", "**{{ v }}**", "# {{ v }}", "> {{ v }}", "_{{ v }}_ ~~x~~", "`{{ v }}`", "[{{ v }}](https://x.org)", "{% if true %}a {{ v }}{% endif %}", "```\n{{ v }}\n```", "1) {{ v }}"}
	rapid.Check(t, func(t *rapid.T) {
		v := typed.Draw(t, "v")
		src := rapid.SampledFrom(places).Draw(t, "place")
		text, problems := Parse(src)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		env := Env{Vars: map[string]any{"v": v}}
		want := squeezed(strings.ReplaceAll(clean(v), breaker, ""))
		back := func(s string) string { return squeezed(strings.ReplaceAll(s, breaker, "")) }
		parts, err := text.Telegram(env, Limits{Each: 2000})
		if err != nil {
			t.Fatal(err)
		}
		checkParts(t, parts, Limits{Each: 2000})
		if got := back(shown(strings.Join(parts, ""))); visible(want) && !strings.Contains(got, want) {
			t.Fatalf("telegram: %q has no %q", got, want)
		}
		body, err := text.HTML(env)
		if err != nil {
			t.Fatal(err)
		}
		balanced(t, body)
		if got := back(html.UnescapeString(anyTag.ReplaceAllString(body, ""))); !strings.Contains(got, want) {
			t.Fatalf("html: %q has no %q", got, want)
		}
		plain, err := text.Plain(env)
		if err != nil {
			t.Fatal(err)
		}
		// A quote's sign stands before each line of a value.
		if got := back(plain); !strings.Contains(strings.ReplaceAll(got, ">", ""), strings.ReplaceAll(want, ">", "")) {
			t.Fatalf("plain: %q has no %q", got, want)
		}
		if line := text.Line(env); strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("line: %q", line)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	text := parsed(t, strings.Repeat("{% if v > 0 %}**{{ v }}**{% else %}[x](https://x.org/{{ v }}){% endif %} ", 4))
	want := map[float64]string{}
	for v := range 20 {
		parts, err := text.Telegram(Env{Vars: map[string]any{"v": float64(v - 10)}}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want[float64(v-10)] = parts[0]
	}
	fresh := parsed(t, text.src)
	done := make(chan bool)
	for range 4 {
		go func() {
			ok := true
			for range 200 {
				v := float64(rand.IntN(20) - 10)
				parts, err := fresh.Telegram(Env{Vars: map[string]any{"v": v}}, Limits{})
				ok = ok && err == nil && parts[0] == want[v]
			}
			done <- ok
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("another result when used concurrently")
		}
	}
}
