package engine

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// Bounds of what a run keeps of the event with which it began: each record of the run holds it.
const (
	maxBrought     = 20
	maxBroughtText = 400 // characters, as of an attribute
)

// brought is what a run keeps of an event's data: of the fields that its version names, texts, numbers and yes or no. Lists, objects and longer texts are left out.
func brought(data map[string]any, named []string) map[string]any {
	kept := map[string]any{}
	for _, name := range named[:min(len(named), maxBrought)] {
		switch v := data[name].(type) {
		case string:
			if utf8.RuneCountInString(v) <= maxBroughtText {
				kept[name] = v
			}
		case json.Number: // an id has more digits than a number holds
			if exact(v) {
				kept[name], _ = v.Float64()
			} else {
				kept[name] = v.String()
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

// exact reports a number that stays the same as a float64 of at most 15 digits.
func exact(n json.Number) bool {
	_, err := n.Float64()
	digits := slices.DeleteFunc([]byte(n.String()), func(c byte) bool { return c < '0' || c > '9' })
	return err == nil && len(digits) <= 15
}
