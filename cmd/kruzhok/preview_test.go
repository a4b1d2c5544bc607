package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/templates/starters"
)

// asksTwice keeps answers of two questions under one name.
const asksTwice = `key: c
kind: survey
name: C
topic: news
languages: [en]
channels: [telegram]
entry: {manual: true}
steps:
  - ask: {type: choices, save_as: like, text: {en: What}, options: [{value: tea, text: {en: "Tea; hot"}}, {value: coffee, text: {en: Coffee}}]}
  - ask: {type: choice, save_as: mood, text: {en: How}, options: [{value: a, text: {en: A}}, {value: c, text: {en: c}}]}
  - ask: {type: choice, save_as: mood, text: {en: Now}, options: [{value: a, text: {en: A}}, {value: b, text: {en: B}}]}
  - {id: said, send: {text: {en: "You like {{ answers.like }}. Mood {{ answers.mood }}"}}}
  - {id: staff, notify: {text: {en: "Somebody likes {{ answers.like }}"}}}
`

func TestCampaignPreview(t *testing.T) {
	src, _ := starters.Source("first-week")
	file := filepath.Join(t.TempDir(), "first-week.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	segment := filepath.Join(t.TempDir(), "novices.yaml")
	if err := os.WriteFile(segment, []byte("key: novices\nname: Novices\nwho: {tag: novice}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	choices := filepath.Join(t.TempDir(), "choices.yaml")
	if err := os.WriteFile(choices, []byte(asksTwice), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"is a segment":                      {"preview", segment, "--lang", "en"},
		"segments alone":                    {"simulate", segment, "--lang", "en"},
		"nowhere.yaml":                      {"preview", "nowhere.yaml", "--lang", "en"},
		"нет":                               {"simulate", "nowhere.yaml", "--lang", "ru"},
		"You like Tea; hot, Coffee. Mood c": {"preview", choices, "--answer", "like=tea", "--answer", "like=coffee", "--answer", "mood=c", "--lang", "en", "--step", "said", "--channel", "telegram"},
		"To the staff, about this member":   {"preview", choices, "--step", "staff", "--lang", "en"},
		"Somebody likes Tea; hot":           {"preview", choices, "--answer", "like=tea", "--step", "staff", "--lang", "en"},
		"language: ":                        {"preview", choices, "--language", "Deutsch", "--lang", "en"},
		"Expected: a, c, b":                 {"preview", choices, "--answer", "mood=d", "--lang", "en"},
	} {
		var o, e strings.Builder
		run(t.Context(), append([]string{"campaign"}, args...), &o, &e)
		if all := o.String() + e.String(); !strings.Contains(all, want) || strings.Contains(all, "no such file") {
			t.Errorf("%v: no %q in %s", args, want, all)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--step", "hello", "--first-name", "<Аня>", "--language", "ru", "--lang", "ru"}, 0, []string{"hello · Телеграм · ru", "&lt;Аня&gt;", "Тема: ", "Ничего не отправлено", "Обращение: на «ты». У текста есть и форма на «вы». Её покажет --attr formality=formal."}},
		{[]string{"--step", "hello", "--channel", "email", "--html", "--lang", "en"}, 0, []string{"<!doctype html>", "Nothing was sent", "Without a value: member.first_name (--first-name)"}},
		{[]string{"--step", "nowhere", "--lang", "en"}, 1, []string{"step: There is no step “nowhere”.", "hello"}},
		{[]string{"--answer", "nothing=1", "--lang", "en"}, 1, []string{"--answer nothing: "}},
		{[]string{"--answer", "nothing", "--lang", "en"}, 1, []string{"--answer is NAME=VALUE"}},
		{[]string{"--step", "hello", "--attr", "goal=a;b", "--lang", "en"}, 0, []string{"Nothing was sent"}},
		{[]string{"--zone", "Nowhere/X", "--lang", "en"}, 1, []string{"no time zone “Nowhere/X”"}},
	} {
		var o, e strings.Builder
		code := run(t.Context(), append([]string{"campaign", "preview", file}, c.args...), &o, &e)
		for _, s := range c.says {
			if all := o.String() + e.String(); code != c.code || !strings.Contains(strings.ToLower(all), strings.ToLower(s)) {
				t.Errorf("%v: %d, no %q in %s", c.args, code, s, all)
			}
		}
	}
}
