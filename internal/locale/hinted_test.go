package locale

import (
	"strings"
	"testing"
)

// TestHinted: a hint that the sentence gives itself is not given again.
func TestHinted(t *testing.T) {
	for _, c := range []struct{ said, meant, expected, want string }{
		{"A.", "", "", "A."},
		{"“mail” is none.", "email", "telegram, email", "“mail” is none. Did you mean email? Expected: telegram, email"},
		{"Here this is called “wait”.", "wait", "wait: 1d", "Here this is called “wait”. Expected: wait: 1d"},
		{"Здесь это «wait».", "wait", "", "Здесь это «wait»."},
		{"A.", "b", strings.Repeat("b, ", 40), "A. Did you mean b?"},
		{"Write true or false.", "true", "true or false", "Write true or false. Did you mean true?"},
	} {
		if got := Hinted("en", c.said, c.meant, c.expected); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
