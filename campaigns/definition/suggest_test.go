package definition

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"key", "kind", "quiet_hours", "member.first_name", "begin"}
	for word, want := range map[string]string{
		"kind ": "kind", "knid": "kind", "KEY": "key", "quite_hours": "quiet_hours", "member.frist_name": "member.first_name", "bgein": "begin",
		"kindly": "kind", "split": "", "k": "", "": "", "completely_else": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "ё", 1}, {"abc", "acb", 1}, {"abcd", "badc", 2}, {"kitten", "sitting", 3}, {"шаг", "шик", 2}} {
		if got := distance(c.a, c.b); got != c.want || distance(c.b, c.a) != c.want {
			t.Errorf("%q %q: %d", c.a, c.b, got)
		}
	}
}

// TestMeantPeriods: what people write for a length of time, and what the language writes.
func TestMeantPeriods(t *testing.T) {
	for written, want := range map[string]string{"1w": "7d", "2 weeks": "14d", "30": "30m", "2 days": "2d", "24 hours": "24h", "0": "", "soon": "", "w": "", "-3": ""} {
		_, problems := Parse([]byte(head+"steps: [{wait: "+written+"}]\n"), YAML)
		if len(problems) != 1 || problems[0].Code != "expected_period" || problems[0].DidYouMean != want {
			t.Errorf("%s: %s, want %q", written, listed(problems), want)
		}
	}
}
