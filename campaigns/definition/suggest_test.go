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
