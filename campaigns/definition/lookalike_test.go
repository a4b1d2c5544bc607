package definition

import (
	"fmt"
	"strings"
	"testing"
)

// lookalikes are documents with a letter of another alphabet, or with one that cannot be seen: the letter is named, and nothing that only follows from it.
var lookalikes = map[string]struct{ source, want string }{
	"key":               {strings.Replace(head, "topic:", "tоpic:", 1) + tail, "4:1 cyrillic_letter 2"},
	"steps":             {head + "stеps: [{wait: 1d}]\n", "8:1 cyrillic_letter 3"},
	"language":          {strings.Replace(head, "[en, ru]", "[еn, ru]", 1) + "steps: [{send: {text: {en: a, ru: б}}}]\n", "5:13 cyrillic_letter 1"},
	"language of texts": {head + "steps: [{send: {text: {еn: a, ru: б}}}]\n", "8:24 cyrillic_letter 1"},
	"kind":              {strings.Replace(head, "survey", "surveу", 1) + tail, "2:7 cyrillic_letter 6"},
	"name of a topic":   {strings.Replace(head, "topic: news", "topic: nеws", 1) + tail, "4:8 cyrillic_letter 2"},
	"option": {
		head + "steps:\n  - ask: {type: choice, save_as: tea, text: {en: a, ru: б}, options: [{value: grеen, text: {en: a, ru: б}}, {value: чай, text: {en: a, ru: б}}]}\n" +
			"  - branch:\n      - {if: {answer: tea, is: green}, steps: [{wait: 1d}]}\n      - {if: {answer: tea, is: чaй}, steps: [{wait: 1d}]}\n",
		"9:79 cyrillic_letter 3\n12:32 latin_letter 2",
	},
	"tag":           {head + "steps:\n  - set: {add_tags: [vip, нoвый]}\n  - branch: [{if: {tag: nоvice}, steps: [{wait: 1d}]}]\n", "9:27 latin_letter 2\n10:25 cyrillic_letter 2"},
	"attribute":     {head + "steps:\n  - set: {attributes: {level: a1}}\n  - branch: [{if: {attribute: level, is: а1}, steps: [{wait: 1d}]}]\n", "10:42 cyrillic_letter 1"},
	"attributename": {head + "steps:\n  - set: {attributes: {lеvel: a1}}\n", "9:24 cyrillic_letter 2"},
	"variable":      {head + "steps: [{send: {text: {en: \"{{ pоints }}\", ru: б}}}]\n", "8:32 cyrillic_letter 2"},
	"zero width":    {strings.Replace(head, "channels:", "channels\u200b:", 1) + tail, "6:1 invisible_character 9"},
	"hard space":    {head + "steps: [{set: {add_tags: [\"tea\u00a0time\"]}}]\n", "8:27 invisible_character 4"},
	"in braces":     {head + "steps: [{send: {text: {en: \"{{\u00a0points }}\", ru: б}}}]\n", "8:31 text_invisible <nil>"},
}

func init() {
	for name, it := range lookalikes {
		bad["lookalike "+name] = it.source
	}
}

func TestLookalikes(t *testing.T) {
	for name, it := range lookalikes {
		_, problems := Parse([]byte(it.source), YAML)
		var got []string
		for _, p := range problems {
			got = append(got, fmt.Sprintf("%d:%d %s %v", p.Line, p.Column, p.Code, p.Args["place"]))
		}
		if strings.Join(got, "\n") != it.want {
			t.Errorf("%s: %s", name, listed(problems))
		}
	}
	src := []byte("key: a\nname: A\nwho: {tag: nоvice}\n")
	if _, problems := ParseSegment(src, YAML); len(problems) != 1 || problems[0].Code != "cyrillic_letter" {
		t.Errorf("a segment: %s", listed(problems))
	}
	if s, problems := ParseStoredSegment(src, YAML); s == nil {
		t.Errorf("a segment that is saved: %s", listed(problems))
	}
}

// TestOwnAlphabets: words of one alphabet are free, and so are those that nobody could take for another.
func TestOwnAlphabets(t *testing.T) {
	for _, word := range []string{"чай", "сорока", "А1", "а1", "vip", "SMSка", "ITшник", "SMSу", "Wi-Fi зона", "3D-печать", "IT-отдел", "ё", "C++", "кофе_tea", "👨‍👩‍👧", "TV и радио"} {
		src := head + fmt.Sprintf("steps:\n  - set: {add_tags: [%q]}\n  - branch: [{if: {attribute: level, is: %q}, steps: [{wait: 1d}]}]\n", word, word)
		if _, problems := Parse([]byte(src), YAML); len(problems) > 0 {
			t.Errorf("%s: %s", word, listed(problems))
		}
	}
}
