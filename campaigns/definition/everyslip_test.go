package definition

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	keyInSource  = regexp.MustCompile(`(?m)(?:^|[\s{,-])([a-z_]{4,}):(?: |$)`)
	wordInSource = regexp.MustCompile(`(?m)(?:(?:kind|purpose|priority|formality|reentry|then|type|zone|every|score|was|who): |(?:channels|on|accept|to): \[(?:[a-z, ]*, )?)([a-z_]{4,})(?:[ ,}\]]|$)`)
)

// slip is where a word stands in a source.
type slip struct{ from, to int }

// slipsIn are the keys and the words of the language.
func slipsIn(src string) (list []slip) {
	for _, m := range keyInSource.FindAllStringSubmatchIndex(src, -1) {
		before := src[strings.LastIndex(src[:m[2]], "\n")+1 : m[2]] // on its line
		own := strings.HasPrefix(src[m[2]:], "formality: informal}") || strings.Contains(before, "attributes: {") || strings.Count(before, `"`)%2 == 1
		if key := src[m[2]:m[3]]; !own && slices.ContainsFunc(objects(), func(o *object) bool { return o.has(key) }) {
			list = append(list, slip{m[2], m[3]})
		}
	}
	for _, m := range wordInSource.FindAllStringSubmatchIndex(src, -1) {
		list = append(list, slip{m[2], m[3]})
	}
	return list
}

// TestEverySlip misspells every key and every word of the language in the starters and in the document that has every key, one at a time: each is one problem,
// where it stands, with what was meant.
func TestEverySlip(t *testing.T) {
	files, err := filepath.Glob("../../templates/starters/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	slips := 0
	for _, file := range append(files, "testdata/everything.yaml") {
		src := string(read(t, file))
		if d, problems := Parse([]byte(src), YAML); d == nil {
			t.Fatalf("%s: %s", file, listed(problems))
		}
		for _, at := range slipsIn(src) {
			slips++
			word := src[at.from:at.to]
			broken := src[:at.from+2] + src[at.from+3:] // its third letter is missing
			_, problems := Parse([]byte(broken), YAML)
			line := 1 + strings.Count(src[:at.from], "\n")
			column := 1 + len([]rune(src[strings.LastIndex(src[:at.from], "\n")+1:at.from]))
			if len(problems) != 1 || problems[0].Line != line || problems[0].Column != column || problems[0].DidYouMean != word {
				t.Errorf("%s:%d:%d %s\n%s", filepath.Base(file), line, column, word, listed(problems))
			}
		}
	}
	t.Logf("%d slips", slips)
	if slips < 300 {
		t.Errorf("only %d slips", slips)
	}
}
