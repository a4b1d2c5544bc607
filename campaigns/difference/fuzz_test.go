package difference

import (
	"slices"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// FuzzBetween: two documents that the checker takes have a difference in words, none to themselves, and the steps that came or went add up.
func FuzzBetween(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c[0]), []byte(c[1]))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		was, problems := Read(a, definition.YAML)
		if len(problems) > 0 {
			return
		}
		if d := Between(was, was); !d.Empty() {
			t.Errorf("differs from itself: %v", d.Lines("en"))
		}
		now, problems := Read(b, definition.YAML)
		if len(problems) > 0 {
			return
		}
		d := Between(was, now)
		if len(now.steps)-len(was.steps) != count(d, Added)-count(d, Removed) {
			t.Errorf("%d steps became %d: %v", len(was.steps), len(now.steps), d.Lines("en"))
		}
		if slices.Contains(d.Lines("ru"), "") {
			t.Errorf("an empty line: %q", d.Lines("ru"))
		}
	})
}
