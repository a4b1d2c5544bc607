package locale

import "testing"

// TestCity: people name their city, and not the zone.
func TestCity(t *testing.T) {
	for _, c := range []struct{ lang, zone, want string }{
		{"en", "America/Argentina/Buenos_Aires", "Buenos Aires"},
		{"ru", "America/Argentina/Buenos_Aires", "Буэнос-Айрес"},
		{"ru", "Antarctica/South_Pole", "South Pole"},
		{"ru", "UTC", "UTC"},
	} {
		if got := City(c.lang, c.zone); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.zone, c.lang, got, c.want)
		}
	}
}
