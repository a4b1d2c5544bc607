package engine

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/members"
	"github.com/kruzhok/kruzhok/store"
)

// TestAbsorbForm: of two members' forms of address the one that stays wins, unless it is none.
func TestAbsorbForm(t *testing.T) {
	with := func(form any) *store.Profile {
		p := &store.Profile{Member: members.Member{Attributes: map[string]any{"level": "a1"}}}
		if form != nil {
			p.Attributes[campaigns.FormalityAttribute] = form
		}
		return p
	}
	for _, c := range []struct{ into, from, want any }{
		{"informal", "formal", "informal"},
		{nil, "formal", "formal"},
		{"formal", nil, "formal"},
		{"Вы", "formal", "formal"},
		{"Вы", nil, "Вы"}, // an older condition may ask for it
		{"Вы", 2.0, "Вы"},
		{"informal", "Вы", "informal"},
	} {
		into := with(c.into)
		absorb(into, with(c.from), into.CreatedAt)
		if got := into.Attributes[campaigns.FormalityAttribute]; got != c.want || into.Attributes["level"] != "a1" {
			t.Errorf("%v and %v: %v", c.into, c.from, into.Attributes)
		}
	}
}
