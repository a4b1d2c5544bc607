package difference

import (
	"slices"

	"github.com/kruzhok/kruzhok/campaigns/definition"
)

// pairing joins an entry of the old list with one of the new; -1: there is none.
type pairing struct{ was, now int }

// maxCells bounds the table of common; beyond it only equal beginnings and ends are found.
const maxCells = 4_000_000

// common returns the longest common subsequence of two lists, as pairs in order.
func common(was, now int, same func(i, j int) bool) []pairing {
	head := 0
	for head < was && head < now && same(head, head) {
		head++
	}
	tail := 0
	for tail < was-head && tail < now-head && same(was-1-tail, now-1-tail) {
		tail++
	}
	var out []pairing
	for i := range head {
		out = append(out, pairing{i, i})
	}
	for _, p := range longest(was-head-tail, now-head-tail, func(i, j int) bool { return same(head+i, head+j) }) {
		out = append(out, pairing{head + p.was, head + p.now})
	}
	for i := tail; i > 0; i-- {
		out = append(out, pairing{was - i, now - i})
	}
	return out
}

func longest(rows, columns int, same func(i, j int) bool) (out []pairing) {
	if rows*columns > maxCells {
		return nil
	}
	best := make([][]int32, rows+1) // best[i][j]: how many match from i and j on
	for i := range best {
		best[i] = make([]int32, columns+1)
	}
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			if best[i][j] = max(best[i+1][j], best[i][j+1]); same(i, j) {
				best[i][j] = max(best[i][j], best[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < rows && j < columns; {
		switch {
		case same(i, j) && best[i][j] == best[i+1][j+1]+1:
			out = append(out, pairing{i, j})
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// rising returns the positions of a longest rising subsequence of the values, which differ from each other.
func rising[E any](list []E, value func(E) int) []int {
	sorted := make([]int, len(list))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortFunc(sorted, func(a, b int) int { return value(list[a]) - value(list[b]) })
	var out []int
	for _, p := range common(len(list), len(list), func(i, j int) bool { return i == sorted[j] }) {
		out = append(out, p.was)
	}
	return out
}

// align pairs the entries of two lists: those of the same name; else equal ones; else, between those, one after the other.
func align(was, now []*definition.Tree) []pairing {
	if named(was) && named(now) {
		return alignNames(was, now)
	}
	a, b := meanings(was), meanings(now)
	out, i, j := []pairing{}, 0, 0
	for _, p := range append(common(len(a), len(b), func(i, j int) bool { return a[i] == b[j] }), pairing{len(a), len(b)}) {
		for ; i < p.was || j < p.now; i, j = i+1, j+1 {
			switch {
			case i >= p.was:
				out = append(out, pairing{-1, j})
			case j >= p.now:
				out = append(out, pairing{i, -1})
			default:
				out = append(out, pairing{i, j})
			}
		}
		i, j = p.was, p.now
		if i < len(was) {
			out = append(out, p)
			i, j = i+1, j+1
		}
	}
	return out
}

func meanings(list []*definition.Tree) (out []string) {
	for _, t := range list {
		out = append(out, meaning(t))
	}
	return out
}

// nameOf is the word by which an entry of a list is known: the value of an option.
func nameOf(t *definition.Tree) string {
	if v := t.Get("value"); v != nil {
		return v.Text
	}
	return ""
}

func named(list []*definition.Tree) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(t *definition.Tree) bool { return nameOf(t) == "" })
}

func alignNames(was, now []*definition.Tree) (out []pairing) {
	taken := map[int]bool{}
	for j, n := range now {
		i := slices.IndexFunc(was, func(o *definition.Tree) bool { return nameOf(o) == nameOf(n) })
		taken[i] = true
		out = append(out, pairing{i, j})
	}
	for i := range was {
		if !taken[i] {
			out = append(out, pairing{i, -1})
		}
	}
	return out
}
