// Package meant says what a word was probably meant to be, of the words that are known where it stands. All hints of the product come from here.
package meant

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// longest is the longest word that is looked at: nobody's slip makes a word of that length out of a known one.
const longest = 100

// Word is the known word that was probably meant, or "": the same but for case, hyphens and letters of another alphabet that look alike; what other tools
// and other languages say for it; what differs in few letters; or the one that it begins.
func Word(word string, known []string) string {
	if len(word) > longest {
		return ""
	}
	for _, find := range []func(string, []string) string{same, said, near, begun} {
		if k := find(word, known); k != "" {
			return k
		}
	}
	return ""
}

// Typo is the known word that is misspelt so: the same but for case and hyphens, or few letters away. What others say for it is none.
func Typo(word string, known []string) string {
	if len(word) > longest {
		return ""
	}
	if k := same(word, known); k != "" {
		return k
	}
	return near(word, known)
}

// Slip is the known word from which the word differs in one letter, one too many, one too few or two that changed places, case apart; or "". It is for words
// that anybody may make up: those that differ in a digit, or are shorter than four letters, are other words.
func Slip(word string, known []string) string {
	w := strings.ToLower(word)
	if len(word) > longest || utf8.RuneCountInString(w) < 4 || slices.Contains(known, word) {
		return ""
	}
	for _, k := range known {
		if low := strings.ToLower(k); utf8.RuneCountInString(low) >= 4 && digits(low) == digits(w) && Distance(w, low) <= 1 {
			return k
		}
	}
	return ""
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// bare is the word without what does not tell words apart.
func bare(word string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(" -_", r), strings.ContainsRune(Unseen, r):
			return -1
		case Twins[r] != 0:
			return Twins[r]
		}
		return r
	}, strings.ToLower(word))
}

func same(word string, known []string) string {
	b := bare(word)
	i := slices.IndexFunc(known, func(k string) bool { return b != "" && bare(k) == b })
	if i < 0 {
		return ""
	}
	return known[i]
}

// near is the known word at the smallest distance that is small for the word's length; of several the one with the same beginning.
func near(word string, known []string) string {
	w := strings.ToLower(word)
	best, distance, allowed := "", 0, allowedDistance(w)
	for _, k := range known {
		low := strings.ToLower(k)
		d := Distance(w, low)
		if d > allowed && !(d == allowed+1 && leavesOut(w, low)) {
			continue
		}
		if best == "" || d < distance || d == distance && sameStart(w, low) && !sameStart(w, strings.ToLower(best)) {
			best, distance = k, d
		}
	}
	return best
}

func allowedDistance(word string) int {
	switch n := utf8.RuneCountInString(word); {
	case n <= 2:
		return 0
	case n <= 4:
		return 1
	case n <= 8:
		return 2
	default:
		return 3
	}
}

// leavesOut reports a word of two letters or more, two of them swapped or all in their order and the first one right: “ne” for “en”, “nvr” for “never”.
func leavesOut(word, known string) bool {
	x, y := []rune(word), []rune(known)
	switch {
	case len(x) < 2:
		return false
	case len(x) == 2 && len(y) == 2:
		return x[0] == y[1] && x[1] == y[0]
	case x[0] != y[0] || len(y) < 3:
		return false
	}
	for _, r := range y {
		if len(x) > 0 && x[0] == r {
			x = x[1:]
		}
	}
	return len(x) == 0
}

func sameStart(a, b string) bool { return a != "" && b != "" && a[0] == b[0] }

// begun is the one known word that begins so, with four letters or more.
func begun(word string, known []string) string {
	w, found := strings.ToLower(word), ""
	if utf8.RuneCountInString(w) < 4 {
		return ""
	}
	for _, k := range known {
		if !strings.HasPrefix(strings.ToLower(k), w) {
			continue
		}
		if found != "" {
			return ""
		}
		found = k
	}
	return found
}

// Distance counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(y)]
}
