package definition

import (
	"cmp"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/kruzhok/kruzhok/campaigns/meant"
)

// sink collects problems.
type sink struct {
	list []*Problem
	// warnings do not stand in the way of a draft.
	warnings []*Problem
	// stored: the document was accepted once. A rule that is newer than the language's first release asks this before it refuses what was allowed.
	stored bool
}

// keptProblems bounds memory while a document is read; MaxProblems of them are reported.
const keptProblems = 20_000

// add notes a problem; args are names and values in turn. The result may be completed with what was expected or meant.
func (s *sink) add(at Place, code string, args ...any) *Problem {
	p := newProblem(at, code, args)
	if len(s.list) < keptProblems {
		s.list = append(s.list, p)
	}
	return p
}

// warn notes what may stay in a draft. The result may be completed as that of add.
func (s *sink) warn(at Place, code string, args ...any) *Problem {
	p := newProblem(at, code, args)
	if len(s.warnings) < keptProblems {
		s.warnings = append(s.warnings, p)
	}
	return p
}

func newProblem(at Place, code string, args []any) *Problem {
	p := &Problem{Place: at, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if p.Args == nil {
			p.Args = map[string]any{}
		}
		p.Args[args[i].(string)] = clipped(args[i+1])
	}
	return p
}

// guessedProblems is for how many problems it is looked what was meant: each is compared with every known word, and only MaxProblems are shown.
const guessedProblems = 5 * MaxProblems

func (s *sink) crowded() bool { return len(s.list) > guessedProblems }

// nearest is what was probably meant by word.
func (s *sink) nearest(word string, candidates []string) string {
	if s.crowded() {
		return ""
	}
	return meant.Word(word, candidates)
}

// typo is the word that is misspelt so; what others call by that word is not among them.
func (s *sink) typo(word string, candidates []string) string {
	if s.crowded() {
		return ""
	}
	return meant.Typo(word, candidates)
}

// language is the tag of the language that was probably meant.
func (s *sink) language(word string) string {
	if s.crowded() {
		return ""
	}
	return meant.Language(word)
}

// truth is true or false where a text means one of them.
func (s *sink) truth(word string) string {
	if meant := s.nearest(word, []string{"true", "false"}); meant != "" {
		return meant
	}
	return truths[s.nearest(word, []string{"yes", "no", "да", "нет"})]
}

func (p *Problem) expect(what string) *Problem { p.Expected = what; return p }

func (p *Problem) meant(what string) *Problem { p.DidYouMean = what; return p }

// clipped shortens what an author typed, so that a sentence about it stays a sentence.
func clipped(v any) any {
	const limit = 80
	s, ok := v.(string)
	if !ok || utf8.RuneCountInString(s) <= limit {
		return v
	}
	return string([]rune(s)[:limit]) + "…"
}

// sorted returns the problems by place.
func (s *sink) sorted() []Problem { return byPlace(s.list) }

func byPlace(found []*Problem) []Problem {
	list := make([]Problem, len(found))
	for i, p := range found {
		list[i] = *p
	}
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code))
	})
	list = slices.CompactFunc(list, func(a, b Problem) bool { return reflect.DeepEqual(a, b) }) // of a fragment that is used twice
	return list[:min(len(list), MaxProblems)]
}
