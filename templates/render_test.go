package templates

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
)

var anna = map[string]any{
	"member": map[string]any{
		"first_name": "Anna", "points": 5, "level": "b1", "tags": []string{"new", "vip"}, "score": 4.5, "vip": true,
		"joined": time.Date(2026, 11, 2, 22, 30, 0, 0, time.UTC), "empty": "", "evil": "**x** <b>&", "lines": "a\nb",
	},
	"big": 1234567.0,
}

func tbilisi(t testing.TB) *time.Location {
	zone, err := time.LoadLocation("Asia/Tbilisi")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// parsed fails on any problem.
func parsed(t testing.TB, src string) *Text {
	t.Helper()
	text, ps := Parse(src)
	if len(ps) > 0 {
		t.Fatalf("Parse(%q): %+v", src, ps)
	}
	return text
}

func telegram(t testing.TB, src string, env Env) string {
	t.Helper()
	parts, err := parsed(t, src).Telegram(env, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(parts, "\n=====\n")
}

func TestTelegram(t *testing.T) {
	env := Env{Vars: anna, Lang: "en", Zone: tbilisi(t)}
	for name, c := range map[string]struct{ src, want string }{
		"words":               {"Hi {{ member.first_name }}, good to **see _you_**.", "Hi Anna, good to <b>see <i>you</i></b>."},
		"strike and code":     {"~~old~~ `a<b`", "<s>old</s> <code>a&lt;b</code>"},
		"newline stays":       {"one\ntwo\n\nthree", "one\ntwo\n\nthree"},
		"heading":             {"# Hi {{ member.first_name }}\ntext", "<b>Hi Anna</b>\n\ntext"},
		"no bold in bold":     {"# A **b** c", "<b>A b c</b>"},
		"code ends bold":      {"**a `b` c**", "<b>a </b><code>b</code><b> c</b>"},
		"link":                {"[site](https://x.org/?a=1&b=\"2\")", `<a href="https://x.org/?a=1&amp;b=%222%22">site</a>`},
		"value in link":       {"[s](https://x.org/{{ member.evil }}?q={{ member.first_name }}#{{ member.lines }})", `<a href="https://x.org/%2A%2Ax%2A%2A%20%3Cb%3E%26?q=Anna#a%0Ab">s</a>`},
		"tg link":             {"[s](tg://resolve?domain=bot&start={{ member.level }})", `<a href="tg://resolve?domain=bot&amp;start=b1">s</a>`},
		"mailto is text":      {"[write](mailto:a@x.org) [a@x.org](mailto:a@x.org)", "write (a@x.org) a@x.org"},
		"bare link":           {"See https://x.org/a_b_c?u={{ member.evil }}.", "See https://x.org/a_b_c?u=%2A%2Ax%2A%2A%20%3Cb%3E%26."},
		"bold link":           {"**[a](https://x.org)**", `<b><a href="https://x.org">a</a></b>`},
		"code in link":        {"[`a`](https://x.org)", `<a href="https://x.org">a</a>`},
		"list":                {"- a\n- b\n  - c\n    more\n- d", "• a\n• b\n\u2003◦ c\n\u2003\u2003more\n• d"},
		"ordered":             {"3. a\n4. b", "3. a\n4. b"},
		"loose":               {"- a\n\n- b", "• a\n\n• b"},
		"quote":               {"> a\n>\n> b **c**\n\nd", "<blockquote>a\n\nb <b>c</b></blockquote>\n\nd"},
		"two quotes":          {"> a\n\nx\n\n> b", "<blockquote>a</blockquote>\n\nx\n\n<blockquote>b</blockquote>"},
		"nested quote":        {"> a\n> > b", "<blockquote>a\n\nb</blockquote>"},
		"pre":                 {"```go\nif a < b {\n\n}\n```", "<pre><code class=\"language-go\">if a &lt; b {\n\n}</code></pre>"},
		"pre with value":      {"```\n{{ member.lines }} {{ member.evil }}\n```", "<pre>a\nb **x** &lt;b&gt;&amp;</pre>"},
		"break":               {"a\n\n---\n\nb", "a\n\n———\n\nb"},
		"dashes end no title": {"a\n---\nb", "a\n\n———\n\nb"},
		"indent is no code":   {"a\n\n    b", "a\n\nb"},
		"entity":              {"&lt;b&gt; &amp;amp; \\*x\\* &#x1F600; &nosuch; &#xF0000;", "&lt;b&gt; &amp;amp; *x* 😀 &amp;nosuch; \uFFFD"},
		"evil value":          {"{{ member.evil }} **{{ member.evil }}**", "**x** &lt;b&gt;&amp; <b>**x** &lt;b&gt;&amp;</b>"},
		"newline in value":    {"> {{ member.lines }}", "<blockquote>a\nb</blockquote>"},
		"empty paragraph":     {"a\n\n{{ member.empty }}\n\nb", "a\n\nb"},
		"missing":             {"a{{ nothing.at.all }}b{{ member.first_name.x }}", "ab"},
		"list value":          {"{{ member.tags }}", "new, vip"},
		"bool":                {"{{ member.vip }}", "yes"},
		"default":             {"{{ member.empty | default: \"**there**\" }} {{ member.first_name | default: 'x' }}", "**there** Anna"},
		"chain":               {"{{ member.first_name | upcase | truncate: 3 }}", "AN…"},
		"case filters":        {"{{ 'hELLO' | downcase | capitalize }} {{ ' x ' | strip }}", "Hello x"},
		"date":                {"{{ member.joined | date: '%-d %B %Y %H:%M, %a' }} {{ member.joined | date: 'short' }}", "3 November 2026 02:30, Tue 3\u00a0Nov"},
		"day":                 {"{{ '2026-03-01' | date: 'long' }} {{ 'soon' | date }}", "1\u00a0March soon"},
		"plural":              {"{{ member.points | plural: 'day', 'days' }} {{ 1 | plural: 'day', 'days' }}", "days day"},
		"number":              {"{{ big | number }} {{ -1234.5 | number: 2 }} {{ member.points | number }}", "1,234,567 \u22121234.50 5"},
		"if":                  {"{% if member.points > 3 and member.vip %}**yes**{% else %}no{% endif %}", "<b>yes</b>"},
		"elsif":               {"{% if member.points < 3 %}a{% elsif member.level == 'b1' %}b{% else %}c{% endif %}", "b"},
		"or binds weaker":     {"{% if member.vip or member.vip and member.empty %}a{% endif %}", "a"},
		"contains":            {"{% if member.tags contains 'vip' %}a{% endif %}{% if member.first_name contains 'nn' %}b{% endif %}", "ab"},
		"empty is false":      {"{% if member.empty %}a{% else %}b{% endif %}", "b"},
		"nothing is unequal":  {"{% if member.nope == 'x' %}a{% endif %}{% if member.nope != 'x' %}b{% endif %}{% if member.nope == empty %}c{% endif %}", "bc"},
		"date compared":       {"{% if member.joined > '2026-11-01' %}late{% endif %}", "late"},
		"case":                {"{% case member.level %}{% when 'a1', 'b1' %}low{% when 'c1' %}high{% else %}?{% endcase %}", "low"},
		"case else":           {"{% case member.nope %}\n{% when 'a1' %}\nlow\n{% else %}\nelse\n{% endcase %}", "else"},
		"own lines vanish":    {"- a\n{% if member.vip %}\n- b\n{% endif %}\n- c", "• a\n• b\n• c"},
		"hyphens":             {"a  {%- if true -%}  b  {%- endif -%}  c {{- ' d' }}", "abc d"},
		"comment":             {"a{% comment %} {{ x | nope }} {% for %} {% endcomment %}b", "ab"},
		"block in list":       {"{% if member.vip %}- a\n- b{% endif %}", "• a\n• b"},
		"literal braces":      {"{{ '{{' }} {a} }}", "{{ {a} }}"},
		"links in own words":  {"@name /start evil.com {{ '@bot' }}", "@name /start evil.com @bot"},
		"nothing":             {"{{ member.empty }}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := telegram(t, c.src, env)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if err := strict(got); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRussian(t *testing.T) {
	env := Env{Vars: map[string]any{"n": 1.5, "t": time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC), "yes": false}, Lang: "ru"}
	for src, want := range map[string]string{
		`{{ 1 | plural: "день", "дня", "дней" }} {{ 22 | plural: "день", "дня", "дней" }} {{ 11 | plural: "день", "дня", "дней" }} {{ n | plural: "день", "дня", "дней" }}`: "день дня дней дня",
		`{{ 1234567.5 | number }} {{ 1234 | number }}`:         "1\u202f234\u202f567,5 1234",
		`{{ t | date: "long" }}, {{ t | date: "short" }}`:      "9\u00a0мая, 9\u00a0мая",
		`{{ t | date: "%B %Y" }}, {{ t | date: "%A, %d %B" }}`: "май 2026, суббота, 09 мая",
		`{{ yes }} {{ t }}`: "нет 9\u00a0мая",
		`{{ "ёж" | capitalize }} {{ "ёж" | upcase }}`: "Ёж ЁЖ",
	} {
		if diff := cmp.Diff(want, telegram(t, src, env)); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
}

func TestValuesMakeNoLinks(t *testing.T) {
	for value, want := range map[string]string{
		"evil.com":        "evil.\u2060com",
		"пример.рф":       "пример.\u2060рф",
		"@name":           "@\u2060name",
		"/start":          "/\u2060start",
		"#tag":            "#\u2060tag",
		"http://x":        "http:/\u2060/\u2060x",
		"1.5 and 24/7":    "1.5 and 24/7",
		"Hello. Good day": "Hello. Good day",
		"evil.":           "evil.\u2060",
		"a@b.org":         "a@\u2060b.\u2060org",
	} {
		if got := telegram(t, "{{ v }}", Env{Vars: map[string]any{"v": value}}); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
		if got := telegram(t, "`{{ v }}`", Env{Vars: map[string]any{"v": value}}); got != "<code>"+value+"</code>" {
			t.Errorf("code %q: %q", value, got)
		}
	}
}

func TestPlainAndLine(t *testing.T) {
	env := Env{Vars: anna, Lang: "en"}
	for name, c := range map[string]struct{ src, plain, line string }{
		"link":      {"**Go** to [site](https://x.org/?n={{ member.first_name }}) now", "Go to site (https://x.org/?n=Anna) now", "Go to site now"},
		"same link": {"[https://x.org](https://x.org) <a@x.org>", "https://x.org a@x.org", "https://x.org a@x.org"},
		"list":      {"1. a\n   - b\n     c\n2. d", "1. a\n   - b\n     c\n2. d", "1. a - b c 2. d"},
		"quote":     {"> a\n>\n> {{ member.lines }}\n\nx", "> a\n>\n> a\n> b\n\nx", "a a b x"},
		"code":      {"```\na\n  b\n```", "a\n  b", "a b"},
		"value":     {"# Hi\n{{ member.evil }}", "Hi\n\n**x** <b>&", "Hi **x** <b>&"},
	} {
		text := parsed(t, c.src)
		got, err := text.Plain(env)
		if err != nil || got != c.plain {
			t.Errorf("%s: plain %q, %v; want %q", name, got, err, c.plain)
		}
		if got := text.Line(env); got != c.line {
			t.Errorf("%s: line %q, want %q", name, got, c.line)
		}
	}
}

func TestHTML(t *testing.T) {
	src := readFile(t, "body.md")
	got, err := parsed(t, src).HTML(Env{Vars: anna, Lang: "en", Zone: tbilisi(t)})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "body.html", got)
	balanced(t, got)
}

func TestTooLong(t *testing.T) {
	long := strings.Repeat("word ", 900)
	name := Env{Vars: map[string]any{"v": strings.Repeat("я", 1000)}}
	cases := map[string]struct {
		src    string
		limits Limits
		parts  int
		err    error
		ends   string
	}{
		"two parts":         {long, Limits{}, 2, nil, "word"},
		"one part":          {long, Limits{Parts: 1}, 0, ErrTooLong, ""},
		"caption":           {"{{ v }}", Limits{First: 100}, 2, nil, "…"},
		"value cut in one":  {"hi {{ v }} there", Limits{Each: 100, Parts: 1}, 1, nil, "…"},
		"own words in one":  {long + "{{ v }}", Limits{Each: 100, Parts: 1}, 0, ErrTooLong, ""},
		"many entities":     {strings.Repeat("**b** _i_ ", 60), Limits{}, 2, nil, "</i>"},
		"too many entities": {strings.Repeat("**b** _i_ ", 60), Limits{Parts: 1}, 0, ErrTooLong, ""},
	}
	for name_, c := range cases {
		t.Run(name_, func(t *testing.T) {
			parts, err := parsed(t, c.src).Telegram(name, c.limits)
			if !errors.Is(err, c.err) || len(parts) != c.parts {
				t.Fatalf("%d parts, %v", len(parts), err)
			}
			if len(parts) > 0 && !strings.HasSuffix(parts[len(parts)-1], c.ends) {
				t.Errorf("ends with %q", parts[len(parts)-1])
			}
			checkParts(t, parts, c.limits)
		})
	}
}

func TestCutsAtParagraphs(t *testing.T) {
	src := strings.Repeat("a", 30) + "\n\n" + strings.Repeat("b", 20) + "\n" + strings.Repeat("c", 30)
	parts, err := parsed(t, src).Telegram(Env{}, Limits{Each: 60})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{strings.Repeat("a", 30), strings.Repeat("b", 20) + "\n" + strings.Repeat("c", 30)}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
}

func TestEndlessGrapheme(t *testing.T) {
	zalgo := "a" + strings.Repeat("\u0301", 150)
	limits := Limits{Each: 60}
	for _, src := range []string{zalgo, "{{ v }}"} {
		parts, err := parsed(t, src).Telegram(Env{Vars: map[string]any{"v": zalgo}}, limits)
		if err != nil || len(parts) != 3 {
			t.Fatalf("%d parts, %v", len(parts), err)
		}
		checkParts(t, parts, limits)
	}
}

func TestGraphemesStayWhole(t *testing.T) {
	family := "👩‍👩‍👧"
	parts, err := parsed(t, strings.Repeat(family, 20)).Telegram(Env{}, Limits{Each: 60})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if strings.ReplaceAll(p, family, "") != "" {
			t.Errorf("%q", p)
		}
	}
}

func TestNamedTypes(t *testing.T) {
	env := Env{Vars: map[string]any{"k": campaigns.Key("welcome"), "n": uint8(3), "id": campaigns.MemberID(7), "m": map[string]string{"x": "y"}, "odd": struct{}{}}}
	if got := telegram(t, "{{ k }} {{ n }} {{ id }} {{ m.x }}{{ m.z }}{{ odd }}{{ m }}", env); got != "welcome 3 7 y" {
		t.Error(got)
	}
}

func TestMinLength(t *testing.T) {
	for src, want := range map[string]int{
		"":                          0,
		"Hi {{ member.name }}":      2,
		"**Hi** [x](https://x.org)": 4,
		"{% if a %}long one{% else %}{{ b }}s{% endif %} 😀":      4,
		"{% if a %}long{% endif %}":                              0,
		strings.Repeat("{% if a %}x{% else %}yy{% endif %}", 20): 20,
	} {
		if got := parsed(t, src).MinLength(); got != want {
			t.Errorf("MinLength(%q) = %d, want %d", src, got, want)
		}
	}
}

func TestVariables(t *testing.T) {
	text := parsed(t, "Hi {{ member.first_name | default: community.name }}\n{% if answer.day-2 == 'x' %}я {{ n }}{% endif %}")
	want := []Variable{{"member.first_name", 1, 7}, {"community.name", 1, 36}, {"answer.day-2", 2, 7}, {"n", 2, 34}}
	if diff := cmp.Diff(want, text.Variables()); diff != "" {
		t.Error(diff)
	}
}
