package difference

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// told are the texts that are not what they were, one a line.
func told(list []Text) (out []string) {
	for _, t := range list {
		var states []string
		for _, w := range t.Wordings {
			states = append(states, string(w.Lang)+" "+string(w.State))
		}
		if line := strings.Join(states, ", "); strings.Count(line, string(Unchanged)) < len(states) {
			out = append(out, fmt.Sprintf("%s %s: %s", t.Step, t.Path, line))
		}
	}
	return out
}

func TestLanguages(t *testing.T) {
	for name, c := range map[string]struct {
		was, now string
		want     []string
	}{
		"nothing":                       {base, base, nil},
		"one language":                  {base, edit("Привет", "Здравствуйте"), []string{"hello text: en outdated, ru changed"}},
		"both":                          {base, edit("Привет", "Здравствуйте", "en: Hello", "en: Good day"), []string{"hello text: en changed, ru changed"}},
		"a form more":                   {base, edit("ru: Привет", `ru: "{% informal %}Привет{% formal %}Здравствуйте{% endformal %}"`), []string{"hello text: en unchanged, ru changed"}},
		"another form more":             {base, edit("ru: Привет", `ru: "{% informal %} Эй {% formal %} Привет {% endformal %}"`), []string{"hello text: en unchanged, ru changed"}},
		"a form more, and another text": {base, edit("ru: Привет", `ru: "{% informal %}Привет всем{% formal %}Здравствуйте{% endformal %}"`), []string{"hello text: en outdated, ru changed"}},
		"an option":                     {base, edit("en: Intermediate", "en: Middle"), []string{"level options b1.text: en changed, ru outdated"}},
		"options in order":              {base, edit("        - {value: a1, text: {en: Beginner, ru: Начинающий}}\n", "", "ru: Средний}}", "ru: Средний}}\n        - {value: a1, text: {en: Start, ru: Начинающий}}"), []string{"level options a1.text: en changed, ru outdated"}},
		"a step more":                   {base, edit("  - wait: 1d\n", "  - {id: n, send: {text: {en: N, ru: Н}}}\n  - wait: 1d\n"), []string{"n text: en new, ru new"}},
		"moved and changed": {
			base, edit("  - {id: bye, send: {text: {en: Bye, ru: Пока}}}\n", "", "steps:\n  - id: hello", "steps:\n  - {id: bye, send: {text: {en: Bye now, ru: Пока}}}\n  - id: hello"),
			[]string{"bye text: en changed, ru outdated"},
		},
		"a language more": {
			head + "steps: [{send: {text: {en: a, ru: б}}}]", strings.Replace(head, "[en, ru]", "[en, ru, de]", 1) + "steps: [{send: {text: {de: c, en: a, ru: б}}}]",
			[]string{"step-1 text: en unchanged, ru unchanged, de new"},
		},
		"a language more, and another one changed": {
			head + "steps: [{send: {text: {en: a, ru: б}}}]", strings.Replace(head, "[en, ru]", "[en, ru, de]", 1) + "steps: [{send: {text: {de: c, en: aa, ru: б}}}]",
			[]string{"step-1 text: en changed, ru outdated, de new"},
		},
		"the name": {edit("name: A", "name: {en: A, ru: А}"), edit("name: A", "name: {en: B, ru: А}"), []string{" name: en changed, ru outdated"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(History{}.With(document(t, c.was)).Languages(document(t, c.now))); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	all := History{}.Languages(document(t, base))
	if len(all) != 7 || all[0].Outdated() || all[1].Path != "text" || all[1].Step != "level" || all[1].Wordings[1].Text != "Твой уровень?" || all[1].Wordings[1].State != New {
		t.Errorf("%d texts: %+v", len(all), all)
	}
}

// TestHistory: a text lags behind over all versions, until it says something else itself or the others say again what they said.
func TestHistory(t *testing.T) {
	buttons := head + "steps: [{send: {text: {en: a, ru: б}, buttons: [{text: {en: One, ru: Раз}, url: 'https://a.example'}, {text: {en: Two, ru: Два}, url: 'https://b.example'}]}}]"
	for name, c := range map[string]struct {
		versions []string
		want     []string
	}{
		"published all the same":   {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day")}, []string{"hello text: en unchanged, ru outdated"}},
		"two versions later":       {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day", "Bye", "So long", "Пока", "До встречи"), edit("Hello", "Good day", "Bye", "So long", "Пока", "До встречи")}, []string{"hello text: en unchanged, ru outdated"}},
		"it changes too":           {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day", "Привет", "Добрый день")}, []string{"hello text: en unchanged, ru changed"}},
		"it changed too":           {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day", "Привет", "Добрый день"), edit("Hello", "Good day", "Привет", "Добрый день")}, nil},
		"only another form of it":  {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day", "ru: Привет", `ru: "{% informal %}Привет{% formal %}Здравствуйте{% endformal %}"`)}, []string{"hello text: en unchanged, ru outdated"}},
		"the other one goes back":  {[]string{base, edit("Hello", "Good day"), base}, []string{"hello text: en changed, ru unchanged"}},
		"now the other way":        {[]string{base, edit("Hello", "Good day"), edit("Hello", "Good day", "Привет", "Добрый день"), edit("Hello", "Good day", "Привет", "Добрый")}, []string{"hello text: en outdated, ru changed"}},
		"the step has another id":  {[]string{head + "steps: [{send: {text: {en: a, ru: б}}}]", head + "steps: [{send: {text: {en: aa, ru: б}}}]", head + "steps: [{wait: 1d}, {send: {text: {en: aa, ru: б}}}]"}, []string{"step-2 text: en unchanged, ru outdated"}},
		"a button before it":       {[]string{buttons, strings.Replace(buttons, "Two", "Second", 1), strings.Replace(strings.Replace(buttons, "Two", "Second", 1), "buttons: [", "buttons: [{text: {en: Zero, ru: Ноль}, url: 'https://c.example'}, ", 1)}, []string{"step-1 buttons 1.text: en new, ru new", "step-1 buttons 3.text: en unchanged, ru outdated"}},
		"one language named later": {[]string{strings.Replace(head, "[en, ru]", "[en]", 1) + "steps: [{send: {text: a}}]", head + "steps: [{send: {text: {en: a, ru: б}}}]"}, []string{"step-1 text: en unchanged, ru new"}},
	} {
		t.Run(name, func(t *testing.T) {
			var h History
			for _, v := range c.versions[:len(c.versions)-1] {
				h = h.With(document(t, v))
			}
			if got := told(h.Languages(document(t, c.versions[len(c.versions)-1]))); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestTextsAlone(t *testing.T) {
	for name, want := range map[string]bool{
		"nothing": true, "a text": true, "lines of a text": true, "a long text": true, "added": false, "moved": false, "options": false, "renamed": false, "a wait": false,
		"a condition": false, "settings": false, "a language more": false, "another kind": false, "removed": false,
	} {
		if got := Between(document(t, cases[name][0]), document(t, cases[name][1])).Texts(); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNamesThatLookLikeTexts: what an event brings and what is set may be called like a text or a language, and changes the rules; an option may be
// called like such a key, and its text is one.
func TestNamesThatLookLikeTexts(t *testing.T) {
	doc := head + `exit: [{event: course.left, data: {subject: english}}]
goal: {event: paid, within: 3d, data: {en: one}}
steps:
  - set: {attributes: {name: Anna, ru: yes!}}
  - ask: {type: choice, text: {en: Which?, ru: Что?}, options: [{value: data, text: {en: Data, ru: Данные}}, {value: x, text: {en: X, ru: Х}}]}
`
	doc = strings.Replace(doc, "entry: {manual: true}", "entry: {event: lesson.booked, data: {text: long}}", 1)
	for change, want := range map[[2]string]bool{
		{"english", "german"}: false, {"{en: one}", "{en: two}"}: false, {"Anna", "Olga"}: false, {"yes!", "no!"}: false, {"text: long", "text: short"}: false,
		{"en: Data", "en: Facts"}: true,
	} {
		if got := Between(document(t, doc), document(t, strings.Replace(doc, change[0], change[1], 1))).Texts(); got != want {
			t.Errorf("%v: %v", change, got)
		}
	}
}
