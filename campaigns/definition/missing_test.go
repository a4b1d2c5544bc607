package definition

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestValuesOfAnotherType: what looks like a number, a truth or a day and is compared as a text is told of with what was probably meant; what can only be meant so is not.
func TestValuesOfAnotherType(t *testing.T) {
	for condition, want := range map[string]string{
		`{attribute: age, at_least: "18"}`:            "number_in_quotes 18",
		`{attribute: age, less_than: '-1.5'}`:         "number_in_quotes -1.5",
		`{not: {attribute: paid, is: yes}}`:           "word_for_truth true",
		`{attribute: paid, is_not: off}`:              "word_for_truth false",
		`{attribute: paid, in: [да, maybe]}`:          "word_for_truth true",
		`{attribute: since, at_least: "01.02.2026"}`:  `day_not_in_order "2026-02-01"`,
		`{attribute: since, at_most: 31/12/2026}`:     "day_not_in_order ",
		`{answer: age, of: other, greater_than: "7"}`: "number_in_quotes 7",
		`{attribute: age, at_least: "1e3"}`:           "number_in_quotes 1e3",
		`{attribute: house, at_least: "007"}`:         "",
		`{attribute: level, at_least: "inf"}`:         "",
		`{attribute: level, at_most: NaN}`:            "",
		`{attribute: level, less_than: "0x1p4"}`:      "",
		`{attribute: age, at_least: 18}`:              "",
		`{attribute: postcode, is: "10115"}`:          "",
		`{attribute: paid, is: true}`:                 "",
		`{attribute: paid, is: "yes"}`:                "",
		`{attribute: note, contains: "18"}`:           "",
		`{attribute: since, at_least: "2026-02-01"}`:  "",
		`{attribute: level, greater_than: "b1"}`:      "",
	} {
		d, problems := Parse([]byte(head+"steps: [{branch: [{if: "+condition+", steps: [{award: {points: 1}}]}]}]\n"), YAML)
		if d == nil {
			t.Errorf("%s: %s", condition, listed(problems))
			continue
		}
		s, problems := ParseSegment([]byte("key: a\nname: A\nwho: "+condition+"\n"), YAML)
		if s == nil {
			t.Errorf("segment %s: %s", condition, listed(problems))
			continue
		}
		for where, warnings := range map[string][]Problem{"campaign": d.Warnings, "segment": s.Warnings} {
			got := ""
			for _, p := range warnings {
				got += p.Code + " " + p.DidYouMean
				if p.Line == 0 || p.Column == 0 || p.Path == "" {
					t.Errorf("%s %s: no place: %+v", where, condition, p)
				}
			}
			if got != want {
				t.Errorf("%s %s: %q, want %q", where, condition, got, want)
			}
		}
	}
}

// TestNumbersThatWouldBeOthers: a number that would be held as another one is refused with its place, as it is of members; of what was published it is taken as it was.
func TestNumbersThatWouldBeOthers(t *testing.T) {
	for step, want := range map[string]string{
		"set: {attributes: {n: 9007199254740993}}":                                       "steps[0].set.attributes.n",
		"set: {attributes: {n: -9007199254740992}}":                                      "steps[0].set.attributes.n",
		"branch: [{if: {attribute: n, in: [1, 9007199254740993]}, steps: [{wait: 1d}]}]": "steps[0].branch[0].if.in[1]",
		"set: {attributes: {n: 9007199254740991}}":                                       "",
		`set: {attributes: {n: "9007199254740993"}}`:                                     "",
	} {
		src := []byte(head + "steps:\n  - " + step + "\n")
		_, problems := Parse(src, YAML)
		got := ""
		for _, p := range problems {
			if got += p.Path; p.Code != "number_too_long" || p.Line != 9 || p.Column == 0 {
				t.Errorf("%s: %+v", step, p)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", step, got, want)
		}
		if d, problems := ParseStored(src, YAML); d == nil {
			t.Errorf("%s, published: %s", step, listed(problems))
		}
	}
	brought := strings.Replace(head, "entry: {manual: true}", "entry: {event: course.done, data: {course_id: 9007199254740993}}", 1) + "steps: [{award: {points: 1}}]\n"
	if d, problems := Parse([]byte(brought), YAML); d == nil { // a platform's ids are what they are
		t.Error(listed(problems))
	}
}

// TestDateThatNeverMoves: whoever is reminded of a date that an event told is not reminded of the next one, unless the event lets them in again.
func TestDateThatNeverMoves(t *testing.T) {
	for src, want := range map[string]string{
		booked("", "never"):                                          "date_never_moves",
		booked("", "each_time"):                                      "date_never_moves",
		booked(", {event: shop.booked}", "never"):                    "date_never_moves",
		booked(", {event: shop.booked}", "each_time"):                "",
		booked(", {event: shop.booked}", "after, after: 1d"):         "",
		strings.Replace(booked("", "each_time"), ", key: id", "", 1): "",
		strings.Replace(booked("", "never"), "{event: starts_at, before: 2h}", "{attribute: starts, before: 1d}, until: \"10:00\"", 1): "",
	} {
		d, problems := Parse([]byte(src), YAML)
		if d == nil {
			t.Errorf("%s: %s", src, listed(problems))
			continue
		}
		got := ""
		for _, p := range d.Warnings {
			got += p.Code
		}
		if got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

// TestMissingTexts: a text that is missing in a language is a warning with its place; whoever reads it gets the campaign's first, in every kind of text.
func TestMissingTexts(t *testing.T) {
	src := strings.Replace(strings.Replace(head, "[en, ru]", "[en, ru, de]", 1), "name: A", "name: {ru: А}", 1) + `steps:
  - send: {subject: {ru: С}, text: {en: T, ru: Т}, buttons: [{text: {en: B}, url: "https://a.example"}]}
  - ask: {type: choice, text: {en: Q, ru: В, de: F}, options: [{value: a, text: {en: O}}, {value: b, text: {en: b, ru: b, de: b}}]}
  - repeat: {times: 1, at: "10:00", prompts: [{en: P}], steps: [{ask: {type: text, text: {en: a, ru: а, de: a}}}]}
`
	d, problems := Parse([]byte(src), YAML)
	if len(problems) > 0 {
		t.Fatal(listed(problems))
	}
	const want = `3:7 name untranslated languages="en, de"
9:21 steps[0].send.subject untranslated languages="en, de"
9:36 steps[0].send.text untranslated languages="de"
9:69 steps[0].send.buttons[0].text untranslated languages="ru, de"
10:81 steps[1].ask.options[0].text untranslated languages="ru, de"
11:47 steps[2].repeat.prompts[0] untranslated languages="ru, de"
`
	if got := listed(d.Warnings); got != want {
		t.Errorf("%s", got)
	}
	send, ask := d.Steps[0].Body.(*Send), d.Steps[1].Body.(*Ask)
	for said, text := range map[string]Texts{"T": send.Text, "С": send.Subject, "B": send.Buttons[0].Text, "F": ask.Text, "O": ask.Options[0].Text, "P": d.Steps[2].Repeat().Prompts[0], "А": d.Names} {
		if got, _ := text.In("de", d.Languages[0]); got != said {
			t.Errorf("%q, want %q", got, said)
		}
	}
	if d.Name != "А" || d.NameIn("en") != "А" {
		t.Errorf("the campaign has no name: %q", d.Name)
	}
	three := Texts{"ru": "р", "de": "d", "fr": "f"}
	for range 20 {
		if got, lang := three.In("pt", "en"); got != "d" || lang != campaigns.Lang("de") {
			t.Fatalf("%q: by chance", got)
		}
	}
}
