package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/simulation"
	"github.com/kruzhok/kruzhok/templates/starters"
)

func simulate(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	src, _ := starters.Source("first-week")
	file := filepath.Join(t.TempDir(), "first-week.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e strings.Builder
	code = run(t.Context(), append([]string{"campaign", "simulate", file, "--start", "2026-11-24"}, args...), &o, &e)
	return code, o.String(), e.String()
}

// TestSimulationBeginsAtMidnight of the day that is named, by the community's clock.
func TestSimulationBeginsAtMidnight(t *testing.T) {
	for zone, want := range map[string]string{"UTC": "2026-11-24T00:00:00Z", "Asia/Tokyo": "2026-11-24T00:00:00+09:00", "America/New_York": "2026-11-24T00:00:00-05:00"} {
		code, out, errs := simulate(t, "--members", "1", "--days", "1", "--json", "--zone", zone)
		if code != 0 || !strings.Contains(out, `"start": "`+want+`"`) {
			t.Errorf("%s: %d %s %.200s", zone, code, errs, out)
		}
	}
}

func TestCampaignSimulate(t *testing.T) {
	code, out, errs := simulate(t, "--members", "6", "--lang", "en")
	if code != 0 || !strings.Contains(out, "Nothing was sent") || !strings.Contains(out, "comfortable") {
		t.Fatalf("%d %s\n%s", code, errs, out)
	}
	if code, out, errs = simulate(t, "--members", "6", "--lang", "ru_RU.UTF-8", "--member", "m0002"); code != 0 || !strings.Contains(out, "Приходит «hello»") {
		t.Fatalf("%d %s\n%s", code, errs, out)
	}
	code, out, errs = simulate(t, "--members", "6", "--json")
	var r simulation.Result
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Campaigns[0].Entered != 6 {
		t.Fatalf("%d %v %s", code, err, errs)
	}
}

func TestCampaignSimulateSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--mix", "answers=1, sleeps=2", "--lang", "en"}, "“sleeps=2” is no behaviour"},
		{[]string{"--mix", "спит", "--lang", "ru"}, "такого поведения участника здесь нет"},
		{[]string{"--days", "5000", "--lang", "en"}, "between 1 and 366"},
		{[]string{"--days", "0", "--lang", "en"}, "--days: "},
		{[]string{"--members", "0", "--lang", "ru"}, "--members: "},
		{[]string{"--event", "lesson.done=3,lesson.done=99", "--lang", "en"}, "--event lesson.done=99: "},
		{[]string{"--event", "lesson.done", "--lang", "ru"}, "ИМЯ=ДЕНЬ"},
		{[]string{"--member", "nobody", "--lang", "en"}, "m0001 to m0020"},
		{[]string{"--zone", "Mars/Base", "--lang", "en"}, "--zone: There is no such time zone"},
		{[]string{"--mix", "sleeps", "--lang", "ru"}, "--mix: "},
		{[]string{"--attr", "formality=du", "--lang", "en"}, "--attr formality: "},
		{[]string{"--call", "nobody={}", "--lang", "en"}, "--call nobody: "},
	} {
		if code, _, errs := simulate(t, c.args...); code != 1 || !strings.Contains(errs, c.says) {
			t.Errorf("%v: %d %s", c.args, code, errs)
		}
	}
}

// TestCampaignSimulateWithSegments: segments that conditions name come as files too, known by what they say.
func TestCampaignSimulateWithSegments(t *testing.T) {
	dir := t.TempDir()
	file := func(name, src string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	campaign := file("talk.yaml", "key: talk\nkind: survey\nname: Talk\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nentry: {manual: true}\nsteps:\n"+
		"  - id: b\n    branch:\n      - {if: {segment: regulars}, steps: [{id: hi, send: {text: {en: Hi}}}]}\n")
	segment := file("regulars.yaml", "key: regulars\nname: Regulars\nwho: {segment: vips}\n")
	inner := file("vips.json", `{"key": "vips", "name": "VIPs", "who": {"tag": "vip"}}`)
	simulate := func(files ...string) (code int, out, errs string) {
		var o, e strings.Builder
		code = run(t.Context(), append([]string{"campaign", "simulate", "--members", "4", "--days", "2", "--tag", "vip", "--json", "--lang", "en"}, files...), &o, &e)
		return code, o.String(), e.String()
	}
	code, out, errs := simulate(campaign, segment, inner)
	var r simulation.Result
	if err := json.Unmarshal([]byte(out), &r); code != 0 || err != nil || r.Campaigns[0].Steps[1].Entered != 4 {
		t.Fatalf("%d %v %s %s", code, err, errs, out)
	}
	for _, c := range []struct {
		files []string
		says  string
	}{
		{[]string{campaign}, campaign + ":11:24: There is no segment “regulars”"},
		{[]string{campaign, segment}, "segments.regulars.who.segment: There is no segment “vips”"},
		{[]string{campaign, segment, inner, file("again.yaml", "key: vips\nname: Again\nwho: all\n")}, "again.yaml has the key “vips”"},
		{[]string{campaign, file("bad.yaml", "key: regulars\nname: Regulars\nwho: {tagg: vip}\n")}, "bad.yaml:3:7: "},
	} {
		if code, _, errs := simulate(c.files...); code != 1 || !strings.Contains(errs, c.says) {
			t.Errorf("%s\n%d %s", c.says, code, errs)
		}
	}
}

// TestSimulateReachesAGoalWithData: what --event-data tells is told by the events of --event too, so that a goal that asks for it is reached; without it, a note says why nobody does.
func TestSimulateReachesAGoalWithData(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trial.yaml")
	src := "key: trial\nkind: survey\nname: Trial\ntopic: news\nlanguages: [en]\nchannels: [telegram]\nentry: {manual: true}\n" +
		"goal: {event: lesson.booked, data: {kind: trial}, within: 14d}\nsteps:\n  - {id: a, wait: 7d}\n"
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags   []string
		reached bool
	}{
		{[]string{"--event", "lesson.booked=4"}, false},
		{[]string{"--event", "lesson.booked=4", "--event-data", "kind=group"}, false},
		{[]string{"--event", "lesson.booked=4", "--event-data", "kind=trial"}, true},
	} {
		var o, e strings.Builder
		code := run(t.Context(), slices.Concat([]string{"campaign", "simulate", "--members", "4", "--days", "6", "--json", "--lang", "en"}, c.flags, []string{path}), &o, &e)
		var r simulation.Result
		if err := json.Unmarshal([]byte(o.String()), &r); code != 0 || err != nil {
			t.Fatalf("%v: %d %v %s", c.flags, code, err, e.String())
		}
		left := 0
		for _, x := range r.Campaigns[0].Exited {
			if x.Reason == "goal" {
				left += x.N
			}
		}
		if told := strings.Contains(o.String(), "None that would do is assumed"); left != 0 != c.reached || told == c.reached {
			t.Errorf("%v: %d reached it, told that nobody does: %t; %+v", c.flags, left, told, r.Campaigns[0].Exited)
		}
	}
}
