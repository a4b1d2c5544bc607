package definition

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHintsAreBounded: a document of nothing but mistakes costs no more for all that is looked up for each.
func TestHintsAreBounded(t *testing.T) {
	many := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(form, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, src := range map[string]string{
		"languages":  head + "steps:\n" + many(900, "  - set: {language: lang%dlong}\n") + "  - branch:\n    - if:\n        any:\n" + many(8000, "        - {language: russki%d}\n") + "      steps: [{wait: 1d}]\n",
		"attributes": head + "steps:\n" + many(900, "  - set: {attributes: {level%da: 1, other%d: 2}}\n") + "exit:\n" + many(8000, "  - {if: {attribute: levl%da, is: 1}}\n"),
		"events":     head + "exit:\n" + many(12_000, "  - {event: member.joind%d}\n") + tail,
		"uses":       head + "fragments:\n  f: {" + many(9000, "k%d: v%d, ") + "z: 1}\nsteps:\n" + many(900, "  - {id: s%d, use: f}\n"),
		"unused":     head + "fragments:\n" + many(9000, "  f%d: [{wait: 1d}]\n") + tail,
		"keys":       head + many(8000, "stps%d: 1\n") + tail,
		"names":      head + "steps:\n" + many(900, "  - {id: Step %d, wait: 1d}\n") + "exit:\n" + many(8000, "  - {event: lesson booked %d}\n"),
		"texts":      head + "steps:\n  - set: {attributes: {level: 1}}\n  - send: {text: {en: \"" + many(1500, "{{ member.attributes.levl }} {{ member.atributes.x%d }} ") + "\", ru: б}}\n",
	} {
		begun := time.Now()
		_, _ = Parse([]byte(src), YAML)
		if took := time.Since(begun); took > 30*time.Second {
			t.Errorf("%s: %s", name, took)
		} else {
			t.Logf("%s: %s", name, took)
		}
	}
}
