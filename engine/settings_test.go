package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/internal/fault"
)

// TestSettingsNameEachMistake: wrong settings change nothing and are named all at once.
func TestSettingsNameEachMistake(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.e.PatchCommunity(t.Context(), engine.Operator, engine.CommunityPatch{
			Name: new("Other"), TimeZone: new("Mars/Olympus"), Languages: []campaigns.Lang{"en", "not a language"}, Topics: []string{"news", "", strings.Repeat("x", 65)},
		})
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Fatalf("accepted: %v", err)
		}
		var places []string
		for _, d := range f.Details {
			places = append(places, d.Path)
		}
		if got := strings.Join(places, " "); got != "time_zone languages topics[1] topics[2]" {
			t.Errorf("places %q", got)
		}
		c, err := w.e.Community(t.Context(), engine.Operator)
		must(t, err)
		if c.Name != "Speaklingua" || c.TimeZone != "Europe/Berlin" {
			t.Errorf("changed all the same: %+v", c)
		}
	})
}
