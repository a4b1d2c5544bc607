package definition

import (
	"fmt"
	"strings"
	"testing"
)

// slips are the commonest ones of those who write YAML by hand, each with where it is and what is said; every golden of them is among the bad documents.
var slips = map[string]struct{ source, want string }{
	"hashtag":            {head + "steps:\n  - send:\n      text:\n        en: Join us today #speaking and bring tea\n        ru: \"Приходите #чай\"\n", "11:27 text_cut"},
	"variable in braces": {head + "steps:\n  - send: {text: {en: Hello {{ member.first_name }}, ru: \"Привет, {{ member.first_name }}\"}}\n", "9:29 unquoted_liquid"},
	"hashtag first":      {head + "steps:\n  - send:\n      text:\n        en: \"Come\"\n        ru: #чай сегодня\n", "12:13 text_cut"},
	"hashtag in a name":  {strings.Replace(head, "name: A", "name: Tea #1", 1) + tail, "3:11 text_cut"},
	"hashtag in braces":  {head + "steps:\n  - send: {text: {en: Come #tea, ru: Приходите}}\n  - wait: 1d\n", "9:28 text_cut"},
	"hashtag of a call":  {head + "steps:\n  - call:\n      endpoint: shop\n      send:\n        note: sent by #tea\n", "12:23 text_cut"},
	"comma":              {head + "steps:\n  - send: {text: {en: Green tea, wants 80., and time, ru: Чай}}\n", "9:23 comma_in_text"},
	"comma in one":       {strings.Replace(head, "[en, ru]", "[en]", 1) + "steps:\n  - send: {text: Hello, my friend, channels: [email]}\n", "9:18 comma_in_text"},
	"key without space":  {strings.Replace(head, "kind: survey", "kind:survey", 1) + tail, "2:5 colon_without_space"},
	"first key without":  {strings.Replace(head, "key: a", "key:a", 1) + tail, "1:4 colon_without_space"},
	"step without space": {head + "steps:\n  - wait:1d\n", "9:5 colon_without_space"},
	"braces without":     {head + "steps:\n  - branch:\n      - {if: {tag:vip}, steps: [{wait: 1d}]}\n", "10:18 colon_without_space"},
	"colon in braces":    {head + "steps:\n  - send: {text: {en: Green tea: 80, ru: Чай}}\n", "9:23 colon_in_text"},
	"link first":         {head + "steps:\n  - send:\n      text:\n        en: [Rules](https://a.example/) here\n        ru: Вот\n", "11:13 unquoted_beginning"},
	"hyphen first":       {head + "steps:\n  - send:\n      text:\n        en: - one\n        ru: Вот\n", "11:13 unquoted_beginning"},
	"brackets":           {head + "steps:\n  - send:\n      text:\n        en: [Rules]\n        ru: Вот\n", "11:13 unquoted_beginning"},
	"empty in braces":    {head + "steps:\n  - send: {text: {en: Here, ru: }}\n", "9:32 empty_text"},
	"texts without key":  {head + "steps:\n  - send: {en: Here, ru: Вот}\n", "9:12 texts_without_key"},
	"options outside":    {head + "steps:\n  - ask:\n      type: choice\n      text: {en: a, ru: б}\n    options: [{value: a, text: {en: a, ru: б}}, {value: b, text: {en: a, ru: б}}]\n", "12:5 key_belongs_inside"},
	"text outside":       {head + "steps:\n  - id: one\n    send:\n    text: {en: a, ru: б}\n", "11:5 key_belongs_inside"},
	"all outside":        {head + "steps:\n  - ask:\n    type: text\n    text: {en: a, ru: б}\n", "10:5 key_belongs_inside\n11:5 key_belongs_inside"},
	"key of another":     {head + "steps:\n  - send: {text: {en: a, ru: б}, retries: 2}\n", "9:34 key_elsewhere"},
	"brace missing":      {head + "steps:\n  - send: {text: {en: a, ru: б}\n  - wait: 1d\n", "9:11 unclosed_bracket"},
	"brace below":        {head + "steps:\n  - send:\n      text: {en: a, ru: б\n      channels: [email]\n", "10:13 unclosed_bracket"},
	"quote missing":      {head + "steps:\n  - send: {text: {en: \"The kettle, ru: \"Чайник\"}}\n", "9:23 unclosed_quote"},
	"quote missing too":  {head + "steps:\n  - send:\n      text:\n        en: \"The kettle\n        ru: \"Чайник\"\n", "11:13 unclosed_quote"},
	"odd indentation":    {strings.Replace(head, "entry: {", "entry:\n\u00a0 {", 1) + "steps:\n  - wait: 1d\n\u00a0 - wait: 2d\n", "8:1 odd_space\n11:1 odd_space"},
	"odd space":          {strings.Replace(head, "kind: survey", "kind:\u00a0survey", 1) + tail, "2:6 odd_space"},
	"hour of one digit":  {strings.Replace(head, "entry:", "quiet_hours: {from: 9:30, to: \"22:00\"}\nentry:", 1) + tail, "7:21 expected_time"},
}

func init() {
	for name, slip := range slips {
		bad["slip "+name] = slip.source
	}
}

// TestSlips: the slip itself is named, where it is, and nothing else that only follows from it.
func TestSlips(t *testing.T) {
	for name, slip := range slips {
		_, problems := Parse([]byte(slip.source), YAML)
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Code))
		}
		if strings.Join(got, "\n") != slip.want {
			t.Errorf("%s: %s", name, listed(problems))
		}
	}
}

// TestNoSlips: what looks like a slip and is none.
func TestNoSlips(t *testing.T) {
	for name, src := range map[string]string{
		"comments behind what is no text": head + "steps:\n  - wait: 1d # a day\n  - {id: b, wait: 1d} # {another}\n  - send:\n      text: # in both\n        en: |\n          Come #tea\n        ru: \"Чай\" # тоже\n      channels: [email] # only\n",
		"comments behind a text":          strings.Replace(head, "name: A", "name: Tea   # renamed in May", 1) + "steps:\n  - call:\n      endpoint: shop\n      send:\n        level: 3   # B1\n",
		"a hard space in a block text":    head + "steps:\n  - send:\n      text:\n        en: |\n          \u00a0Tea:\u00a0500\n        ru: Чай\n",
		"quoted":                          head + "steps: [{send: {text: {\"en\":\"a, b: c #d\", ru: 'д: #е'}}}]\n",
		"a hash inside a word":            head + "steps: [{send: {text: {en: C# is here, ru: б#в}}}]\n",
		"an address":                      head + "steps: [{send: {text: {en: See https://a.example/x, ru: в 9:30}}}]\n",
	} {
		if _, problems := Parse([]byte(src), YAML); len(problems) > 0 {
			t.Errorf("%s: %s", name, listed(problems))
		}
	}
}

// TestStoredSlips: what was published as the language took it then is still read.
func TestStoredSlips(t *testing.T) {
	for _, name := range []string{"hashtag", "hashtag in a name", "hashtag of a call", "braces without", "colon in braces"} {
		if d, problems := ParseStored([]byte(slips[name].source), YAML); d == nil {
			t.Errorf("%s: %s", name, listed(problems))
		}
		if ReadTree([]byte(slips[name].source), YAML) == nil {
			t.Errorf("%s: cannot be compared", name)
		}
	}
}

// TestMisspeltSegment: a segment that misspells who is a segment all the same; a campaign that has lost its steps is none.
func TestMisspeltSegment(t *testing.T) {
	for src, want := range map[string]bool{
		"key: a\nname: A\nwho: all\n": true, "key: a\nname: A\nwo: {tag: x}\n": true, "key: a\nname: A\n": false, "key: a\nname: A\nsteps: [{wait: 1d}]\nwho: all\n": false,
		"key: a\nname: A\nkind: survey\nwo: x\n": false, "key: a\nname: A\nstpes: []\n": false, "wo: {tag: x}\n": false, "[": false,
	} {
		if IsSegment([]byte(src), YAML) != want {
			t.Errorf("%q", src)
		}
	}
}
