package definition

import "testing"

// TestWaitForTheVeryMoment: an attribute without until is a moment, with a warning that a day alone is none.
func TestWaitForTheVeryMoment(t *testing.T) {
	for wait, warns := range map[string]bool{
		"{date: {attribute: starts_at}}":                   true,
		"{date: {attribute: starts_at, before: 3d}}":       true,
		"{date: {attribute: starts_at, before: 1m}}":       false,
		"{until: \"10:00\", date: {attribute: starts_at}}": false,
	} {
		d, problems := Parse([]byte(head+"steps:\n  - wait: "+wait+"\n"+"  - send: {subject: {en: A, ru: Б}, text: {en: A, ru: Б}}\n"), YAML)
		if len(problems) > 0 {
			t.Errorf("%s: %v", wait, problems)
			continue
		}
		warned := false
		for _, w := range d.Warnings {
			warned = warned || w.Code == "day_without_time"
		}
		if warned != warns {
			t.Errorf("%s: %v", wait, d.Warnings)
		}
	}
}
