package definition

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// latinTwins are meant.Twins the other way round.
var latinTwins = func() map[rune]rune {
	m := make(map[rune]rune, len(meant.Twins))
	for cyrillic, latin := range meant.Twins {
		m[latin] = cyrillic
	}
	return m
}()

// joiners are invisible and right in some scripts and emoji, so that a word of an author's own may have them.
const joiners = "\u200c\u200d"

// plainly is the word as it looks: Latin where it can be, without what cannot be seen.
func plainly(word string) string {
	return strings.Map(func(r rune) rune {
		switch latin, ok := meant.Twins[r]; {
		case ok:
			return latin
		case strings.ContainsRune(meant.Unseen, r):
			return -1
		}
		return r
	}, word)
}

// lookalike reports a word that is none of the known ones and looks like one of them, and returns that.
func (s *sink) lookalike(at Place, word string, known []string) (string, bool) {
	if s.crowded() {
		return "", false
	}
	plain := plainly(word)
	i := slices.IndexFunc(known, func(k string) bool { return k != word && plainly(k) == plain })
	if i < 0 {
		return "", false
	}
	s.foreign(at, word, known[i])
	return known[i], true
}

// foreign names the first letter in which the word differs from the one that it looks like.
func (s *sink) foreign(at Place, word, known string) {
	want := []rune(known)
	for i, r := range []rune(word) {
		if i < len(want) && r == want[i] {
			continue
		}
		if i < len(want) && !strings.ContainsRune(meant.Unseen, r) {
			s.otherAlphabet(at, word, i, r, want[i])
		} else {
			s.invisible(at, word, i, r)
		}
		return
	}
	s.add(at, "unknown_value", "value", word).meant(known) // the known word itself has an invisible one
}

func (s *sink) invisible(at Place, word string, i int, r rune) {
	seen := strings.Map(func(r rune) rune {
		if strings.ContainsRune(meant.Unseen, r) {
			return -1
		}
		return r
	}, word)
	s.add(at, "invisible_character", "word", seen, "place", i+1, "character", codePoint(r))
}

func (s *sink) otherAlphabet(at Place, word string, i int, r, want rune) {
	if unicode.Is(unicode.Cyrillic, r) {
		s.add(at, "cyrillic_letter", "word", word, "place", i+1, "letter", string(r), "latin", string(want))
		return
	}
	s.add(at, "latin_letter", "word", word, "place", i+1, "letter", string(r), "cyrillic", string(want))
}

// ownWord looks at a word that the author makes up, and that others are compared with: none of its words mixes alphabets by letters that look the same. An
// abbreviation with an ending, such as SMSка, does not.
func (r *reader) ownWord(n *node) {
	if n == nil || n.kind != textNode || r.out.stored || r.out.crowded() {
		return
	}
	word := []rune(n.text)
	for i, c := range word {
		if strings.ContainsRune(meant.Unseen, c) && !strings.ContainsRune(joiners, c) {
			r.out.invisible(n.place, n.text, i, c)
			return
		}
	}
	if i, want := mixed(word); i >= 0 {
		r.out.otherAlphabet(n.place, n.text, i, word[i], want)
		return
	}
	r.ownWords = append(r.ownWords, n)
}

// mixed returns where the first letter of another alphabet stands within a run of letters, and its twin; or -1.
func mixed(word []rune) (at int, want rune) {
	for from := 0; from < len(word); from++ {
		to := from
		for to < len(word) && unicode.IsLetter(word[to]) {
			to++
		}
		if i, want := mixedRun(word[from:to]); i >= 0 {
			return from + i, want
		}
		from = to
	}
	return -1, 0
}

// abbreviation is one with an ending: ITшник, SMSу.
var abbreviation = regexp.MustCompile(`^\p{Latin}{2,}\p{Cyrillic}+$`)

func mixedRun(run []rune) (at int, want rune) {
	if word := string(run); abbreviation.MatchString(word) && strings.ToLower(word) != word && unicode.IsUpper(run[1]) {
		return -1, 0
	}
	var cyrillic, latin []int
	cyrillicTwins, allLatinTwins := true, true
	for i, c := range run {
		switch {
		case unicode.Is(unicode.Cyrillic, c):
			cyrillic = append(cyrillic, i)
			cyrillicTwins = cyrillicTwins && meant.Twins[c] != 0
		case unicode.Is(unicode.Latin, c):
			latin = append(latin, i)
			allLatinTwins = allLatinTwins && latinTwins[c] != 0
		}
	}
	switch {
	case len(cyrillic) == 0 || len(latin) == 0:
		return -1, 0
	case cyrillicTwins && (!allLatinTwins || len(cyrillic) <= len(latin)):
		return cyrillic[0], meant.Twins[run[cyrillic[0]]]
	case allLatinTwins:
		return latin[0], latinTwins[run[latin[0]]]
	}
	return -1, 0
}

// checkOwnWords reports a word that another of the document looks the same as: «а1» beside “a1”. Which alphabet a word alone was meant in nobody can tell.
func (r *reader) checkOwnWords() {
	latin := map[string]bool{}
	for _, n := range r.ownWords {
		if word := Fold(n.text); plainly(word) == word {
			latin[word] = true
		}
	}
	for _, n := range r.ownWords {
		if plain := plainly(n.text); plain != n.text && latin[Fold(plain)] {
			r.out.foreign(n.place, n.text, plain)
		}
	}
}
