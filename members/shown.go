package members

import (
	"strings"

	"github.com/kruzhok/kruzhok/campaigns"
)

// Shown is a name as it stands among other words: without what would turn those around. What is kept, searched and exported is as it was given.
func Shown(name string) string {
	if !strings.ContainsFunc(name, campaigns.Turns) {
		return name
	}
	return strings.Map(func(r rune) rune {
		if campaigns.Turns(r) {
			return -1
		}
		return r
	}, name)
}

// FullName is the member's names as they are shown; empty where there are none.
func (m *Member) FullName() string {
	if m.LastName == "" {
		return strings.TrimSpace(Shown(m.FirstName))
	}
	return strings.TrimSpace(Shown(m.FirstName + " " + m.LastName))
}
