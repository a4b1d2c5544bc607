package simulation

import (
	"slices"
	"strings"
	"testing"
)

// TestTotalsCountOneThing: where members come in again, members and passages are told apart.
func TestTotalsCountOneThing(t *testing.T) {
	for want, c := range map[string]CampaignTotals{
		"Вошли: 3 участника; дошли до конца: 2;":                                           {Entered: 3, Passages: 3, Completed: 2},
		"Вошли: 3 участника, 9 прохождений. Прохождений, которые дошли до конца: 9;":       {Entered: 3, Passages: 9, Completed: 9},
		"Вошли: 1 участник, 2 прохождения. Прохождений, которые дошли до конца: 0; законч": {Entered: 1, Passages: 2},
	} {
		var b strings.Builder
		printer{&b, "ru"}.campaign(&c)
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s\nwant %s", b.String(), want)
		}
	}
}

// TestColumnsStandUnderEachOther: the ways of a split do not break the columns of the steps after it; one member is one.
func TestColumnsStandUnderEachOther(t *testing.T) {
	var b strings.Builder
	r := &Result{Members: 1, Days: 1, Campaigns: []CampaignTotals{{Key: "a", Name: "A", Entered: 1, Steps: []StepTotals{
		{Step: "way", Does: "split", Entered: 1, Arms: []ArmTotals{{Name: "A", Entered: 1}}}, {Step: "a-step-with-a-long-name", Does: "send", Entered: 1, Inside: 1},
	}}}}
	r.Print(&b, "en")
	if !strings.HasPrefix(b.String(), "1 member, 1 day (") {
		t.Errorf("%s", b.String())
	}
	lines := strings.Split(b.String(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  step") })
	column := strings.Index(lines[at], "inside")
	for _, l := range lines[at+1 : at+4] {
		if r := []rune(l); len(r) < column || r[column-1] != ' ' {
			t.Errorf("%d: %q", column, l)
		}
	}
	if r := []rune(lines[at+3]); string(r[column:]) != "1" {
		t.Errorf("%q", lines[at+3])
	}
}

// TestAnswersAreWords: an invented answer is printed as people read it, not as Go does.
func TestAnswersAreWords(t *testing.T) {
	for _, tt := range []struct {
		value    any
		en, said string
	}{{true, "Yes", "Да"}, {false, "No", "Нет"}, {[]string{"x", "y"}, "x, y", "x, y"}, {7.0, "7", "7"}, {"tea", "tea", "tea"}} {
		for lang, want := range map[string]string{"en": tt.en, "ru": tt.said} {
			var b strings.Builder
			printer{&b, lang}.item(Item{What: "Answers.", Value: tt.value})
			if !strings.HasSuffix(b.String(), "→ "+want+"\n") {
				t.Errorf("%s: %s", lang, b.String())
			}
		}
	}
}
