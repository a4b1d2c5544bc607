package locale

import "strings"

// City is a time zone's city in the language, as people call it; the zone's own word where the catalogs have none.
func City(lang, zone string) string {
	city := zone[strings.LastIndexByte(zone, '/')+1:]
	if key := "city." + strings.ToLower(city); Has(key) {
		return T(lang, key, nil)
	}
	return strings.ReplaceAll(city, "_", " ")
}
