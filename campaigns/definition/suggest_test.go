package definition

import "testing"

// TestMeantPeriods: what people write for a length of time, and what the language writes.
func TestMeantPeriods(t *testing.T) {
	for written, want := range map[string]string{"1w": "7d", "2 weeks": "14d", "30": "30m", "2 days": "2d", "24 hours": "24h", "0": "", "soon": "", "w": "", "-3": ""} {
		_, problems := Parse([]byte(head+"steps: [{wait: "+written+"}]\n"), YAML)
		if len(problems) != 1 || problems[0].Code != "expected_period" || problems[0].DidYouMean != want {
			t.Errorf("%s: %s, want %q", written, listed(problems), want)
		}
	}
}
