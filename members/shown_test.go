package members_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/members"
)

// TestShownNames: what turns text around is left out; names that run from right to left by themselves, and all else, stay as they are.
func TestShownNames(t *testing.T) {
	for _, c := range []struct{ first, last, want string }{
		{"Anna", "Berg", "Anna Berg"},
		{"\u202egro.live", "", "gro.live"},
		{"\u202aA\u202b\u202c\u202dn\u202en\u2066a\u2067\u2068\u2069", "\u2067Berg", "Anna Berg"},
		{"שרה", "לוי", "שרה לוי"},
		{"Zoë\u200d", "O’Neil", "Zoë\u200d O’Neil"},
		{"\u202e", "Berg", "Berg"},
		{" \u202e ", "", ""},
	} {
		m := &members.Member{FirstName: c.first, LastName: c.last}
		if got := m.FullName(); got != c.want {
			t.Errorf("%+q %+q is shown as %+q, want %+q", c.first, c.last, got, c.want)
		}
	}
}
