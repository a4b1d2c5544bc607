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
			p.origins = append(p.origins, origin{p.out.Len(), n.value.at})
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

// maxCombinations bounds how many combinations of branches are checked when a text is parsed.
const maxCombinations = 64

// combinations calls visit with a decider per combination of branches: all of them when there are at most 64, else enough to see every branch.
func (t *Text) combinations(visit func(decider)) {
	taken, arms := []int{}, []int{}
	for n := 0; n < maxCombinations; n++ {
		met := 0
		visit(func(c *choice) int {
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
			return
		}
		taken, arms = taken[:last+1], arms[:last+1]
		taken[last]++
	}
	for k := range maxArms {
		widest := 0
		visit(func(c *choice) int {
			widest = max(widest, len(c.arms))
			return min(k, len(c.arms)-1)
		})
		if k >= widest {
			return
		}
	}
}
