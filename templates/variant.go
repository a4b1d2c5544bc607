package templates

import "strings"

// Slots stand in the Markdown as one character each of Supplementary Private Use Area-A: to CommonMark a letter, to authors impossible to type.
const (
	firstSlot = '\U000F0000'
	lastSlot  = '\U000FFFFD'
)

func isSlot(r rune) bool { return r >= firstSlot && r <= lastSlot }

// origin says that the produced Markdown from out on came from the source at src.
type origin struct{ out, src int }

// decider picks an arm of each block that is met.
type decider func(*choice) int

// follow repeats the decisions in key.
func follow(key []byte) decider {
	i := 0
	return func(*choice) int {
		i++
		return int(key[i-1])
	}
}

// producer writes the Markdown of one combination of branches.
type producer struct {
	src     string
	decide  decider
	out     strings.Builder
	origins []origin
}

// markdown produces the source for the Markdown parser, and where its parts came from.
func (t *Text) markdown(decide decider) (string, []origin) {
	p := &producer{src: t.src, decide: decide}
	p.out.Grow(len(t.src))
	p.walk(t.tree)
	return p.out.String(), p.origins
}

func (p *producer) walk(nodes []node) {
	for _, n := range nodes {
		switch n := n.(type) {
		case literal:
			p.origins = append(p.origins, origin{p.out.Len(), n.from})
			p.out.WriteString(p.src[n.from:n.to])
		case *output:
			p.out.WriteRune(firstSlot + rune(n.slot))
		case *choice:
			p.walk(n.arms[p.decide(n)].body)
		}
	}
}

// sourceOf maps an offset in the produced Markdown back to the author's text.
func sourceOf(origins []origin, at int) int {
	src := at
	for _, o := range origins {
		if o.out > at {
			break
		}
		src = o.src + at - o.out
	}
	return src
}

// Checking stops after this many combinations, or this much Markdown: a text must not keep its author waiting.
const (
	maxCombinations = 64
	maxCovering     = 300
	maxProduced     = 256 << 10
)

// combinations calls visit with a decider per combination of branches: all of them when there are at most 64, else enough to see every branch once.
// visit returns how many bytes it parsed.
func (t *Text) combinations(visit func(decider) int) {
	if !everyCombination(visit) {
		t.everyBranch(visit)
	}
}

// everyCombination counts through the decisions like an odometer; it returns false when there are too many.
func everyCombination(visit func(decider) int) bool {
	taken, arms := []int{}, []int{}
	for n, produced := 0, 0; n < maxCombinations && produced < maxProduced; n++ {
		met := 0
		produced += visit(func(c *choice) int {
			if met == len(taken) {
				taken, arms = append(taken, 0), append(arms, len(c.arms))
			}
			met++
			return taken[met-1]
		})
		last := met - 1
		for last >= 0 && taken[last] == arms[last]-1 {
			last--
		}
		if last < 0 {
			return true
		}
		taken, arms = taken[:last+1], arms[:last+1]
		taken[last]++
	}
	return false
}

// everyBranch visits until each arm was taken: of every block the first arm with something new within.
func (t *Text) everyBranch(visit func(decider) int) {
	seen := map[*arm]bool{}
	for n, produced := 0, 0; n < maxCovering && produced < maxProduced && anyNew(t.tree, seen); n++ {
		produced += visit(func(c *choice) int {
			pick := 0
			for i := range c.arms {
				if a := &c.arms[i]; !seen[a] || anyNew(a.body, seen) {
					pick = i
					break
				}
			}
			seen[&c.arms[pick]] = true
			return pick
		})
	}
}

// anyNew reports whether an arm below was not seen.
func anyNew(nodes []node, seen map[*arm]bool) bool {
	for _, n := range nodes {
		c, ok := n.(*choice)
		for i := 0; ok && i < len(c.arms); i++ {
			if a := &c.arms[i]; !seen[a] || anyNew(a.body, seen) {
				return true
			}
		}
	}
	return false
}
