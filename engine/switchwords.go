package engine

import (
	"math"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/internal/locale"
	"github.com/kruzhok/kruzhok/store"
)

// Sentence says in the language why the scope was stopped, with the figures.
func (s Switch) Sentence(lang string) string {
	if s.Figures == nil {
		return locale.T(lang, "switch.why.person", map[string]any{"by": s.TrippedBy})
	}
	f := s.Figures
	key := "switch.why.errors"
	if s.Reason == store.SwitchComplaints {
		key = "switch.why.complaints"
		if f.Channel == campaigns.Telegram {
			key = "switch.why.left"
		}
	}
	percent := func(p float64) string { return locale.Number(lang, math.Round(p*100)/100) }
	return locale.T(lang, key, map[string]any{
		"n": f.N, "of": locale.Number(lang, float64(f.Of)), "percent": percent(f.Percent), "limit": percent(f.Limit),
		"within": locale.T(lang, "switch.within."+strconv.Itoa(f.Minutes), nil),
	})
}

// Title names what is stopped.
func (s Switch) Title(lang string) string {
	if s.Campaign != nil {
		return locale.T(lang, "switch.title.campaign", map[string]any{"campaign": s.Campaign.NameIn(campaigns.Lang(lang))})
	}
	return locale.T(lang, "switch.title."+s.Scope, nil)
}
