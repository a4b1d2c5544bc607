package simulation

import (
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
