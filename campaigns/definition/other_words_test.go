package definition

import (
	"slices"
	"testing"
)

// TestOtherWords: each of our words is a key where theirs are told of, and none of theirs is a key there.
func TestOtherWords(t *testing.T) {
	all := append(objects(), segmentObject)
	for name, words := range otherWords {
		i := slices.IndexFunc(all, func(o *object) bool { return o.name == name })
		if i < 0 {
			t.Errorf("no mapping is called %s", name)
			continue
		}
		for theirs, ours := range words {
			if !all[i].has(ours) || all[i].has(theirs) {
				t.Errorf("%s: %s for %s", name, ours, theirs)
			}
		}
	}
	for _, o := range all {
		if otherWords[o.name] == nil {
			t.Errorf("%s has no words of other tools", o.name)
		}
	}
	for _, kind := range stepObject.oneOf {
		if stepExamples[kind] == "" {
			t.Errorf("%s has no example", kind)
		}
	}
}
