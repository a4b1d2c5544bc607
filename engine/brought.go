package engine

import (
	"maps"
	"slices"
	"unicode/utf8"
)

// Bounds of what a run keeps of the event with which it began: each record of the run holds it.
const (
	maxBrought     = 20
	maxBroughtText = 400 // characters, as of an attribute
)

// brought is what a run keeps of an event's data: texts, numbers and yes or no, the first by name. Lists, objects and longer texts are left out.
func brought(data map[string]any) map[string]any {
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if len(kept) == maxBrought {
			break
		}
		switch v := data[name].(type) {
		case string:
			if utf8.RuneCountInString(v) <= maxBroughtText {
				kept[name] = v
			}
		case float64, bool:
			kept[name] = v
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}
