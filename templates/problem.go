package templates

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one mistake in a text. Its sentence is internal/locale's "problem.<Code>" with Args.
type Problem struct {
	// Line and Column are 1-based and relative to the text; a column counts characters.
	Line, Column int
	// Code is a stable word, such as "text_filter_unknown".
	Code string
	// Args are the values for the sentence: the author's own words, never a member's.
	Args map[string]any
	// Expected names what may stand there; may be empty.
	Expected string
	// DidYouMean is what was probably meant; may be empty.
	DidYouMean string
}

// fault is a problem that still knows its place as a byte offset.
type fault struct {
	at         int
	code       string
	args       map[string]any
	expected   string
	didYouMean string
}

// named makes a fault about one word of the author.
func named(at int, code, name string) fault {
	return fault{at: at, code: code, args: map[string]any{"name": name}}
}

// place converts a byte offset to a line and a column, both 1-based.
func place(src string, at int) (line, column int) {
	at = min(max(at, 0), len(src))
	before := src[:at]
	start := strings.LastIndexByte(before, '\n') + 1
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[start:])
}

// problems sorts faults by place, drops repetitions (one mistake is met once per combination of branches) and gives them lines and columns.
func problems(src string, faults []fault) []Problem {
	slices.SortStableFunc(faults, func(a, b fault) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.code, b.code))
	})
	faults = slices.CompactFunc(faults, func(a, b fault) bool { return a.at == b.at && a.code == b.code })
	var out []Problem
	for _, f := range faults {
		line, column := place(src, f.at)
		out = append(out, Problem{line, column, f.code, f.args, f.expected, f.didYouMean})
	}
	return out
}
