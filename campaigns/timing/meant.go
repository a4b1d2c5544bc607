package timing

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// Words that may stand as values of the parts.
var (
	freqs    = []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
	initials = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	nth      = regexp.MustCompile(`^([+-]?\d*)(.*)$`)
)

// MeantPart is the part of a rule that was probably meant by one that ParseRecurrence refuses: “FREQ=DAYLY”, “BYDAY=MON”, “INTERVL=2”; or "".
func MeantPart(part string) string {
	upper := strings.ToUpper(strings.Join(strings.Fields(part), ""))
	name, value, _ := strings.Cut(strings.TrimPrefix(upper, "RRULE:"), "=")
	if ruleParts[name] == nil {
		name = meant.Word(name, slices.Sorted(maps.Keys(ruleParts)))
	}
	form := ruleParts[name]
	if form == nil {
		return ""
	}
	if !form.MatchString(value) {
		value = meantValue(name, value)
	}
	if !form.MatchString(value) || name+"="+value == part {
		return ""
	}
	return name + "=" + value
}

func meantValue(name, value string) string {
	switch name {
	case "FREQ":
		return meant.Word(value, freqs)
	case "WKST":
		return meant.Word(value, initials)
	case "BYDAY":
		days := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '/' || r == '+' && !strings.Contains(value, ",") })
		for i, day := range days {
			if m := nth.FindStringSubmatch(day); !slices.Contains(initials, m[2]) {
				days[i] = m[1] + meant.Word(m[2], initials)
			}
		}
		return strings.Join(days, ",")
	case "UNTIL":
		return strings.NewReplacer("-", "", ":", "", "Z", "").Replace(value)
	}
	return value
}
