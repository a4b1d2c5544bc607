package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/templates/starters"
)

func TestCampaignPreview(t *testing.T) {
	src, _ := starters.Source("first-week")
	file := filepath.Join(t.TempDir(), "first-week.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"--step", "hello", "--first-name", "<Аня>", "--language", "ru", "--lang", "ru"}, 0, []string{"hello · Телеграм · ru", "&lt;Аня&gt;", "Тема: ", "Ничего не отправлено"}},
		{[]string{"--step", "hello", "--channel", "email", "--html", "--lang", "en"}, 0, []string{"<!doctype html>", "Nothing was sent", "Without a value: member.first_name"}},
		{[]string{"--step", "nowhere", "--lang", "en"}, 1, []string{"step: There is no step “nowhere”.", "hello"}},
		{[]string{"--answer", "nothing=1", "--lang", "en"}, 1, []string{"answers.nothing"}},
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
