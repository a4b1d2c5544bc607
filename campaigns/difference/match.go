package difference

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/kruzhok/kruzhok/campaigns"
)

// match finds for each step the one that it was: the one with the author's id; else, in order, one that says the same; else one without an id
// that does the same thing.
func (c *comparison) match() {
	c.before, c.after = map[*step]*step{}, map[*step]*step{}
	c.matchIDs()
	c.matchInOrder(func(a, b *step) bool { return a.says == b.says })
	c.matchInOrder(func(a, b *step) bool { return !a.given && !b.given && a.body == b.body })
}

func (c *comparison) pair(o, n *step) { c.before[n], c.after[o] = o, n }

func (c *comparison) matchIDs() {
	named := map[campaigns.StepID]*step{}
	for _, o := range c.was.steps {
		if o.given {
			named[o.id] = o
		}
	}
	for _, n := range c.now.steps {
		if o := named[n.id]; n.given && o != nil {
			c.pair(o, n)
		}
	}
}

// matchInOrder pairs what is left, as many as possible without crossing.
func (c *comparison) matchInOrder(same func(a, b *step) bool) {
	was := slices.DeleteFunc(slices.Clone(c.was.steps), func(s *step) bool { return c.after[s] != nil })
	now := slices.DeleteFunc(slices.Clone(c.now.steps), func(s *step) bool { return c.before[s] != nil })
	for _, p := range common(len(was), len(now), func(i, j int) bool { return same(was[i], now[j]) }) {
		c.pair(was[p.was], now[p.now])
	}
}

// block names a list of steps of either document.
type block struct {
	in   *step
	slot string
}

// staying are the steps of the new document that stand where they stood: in the same block, in the same order as the others that stayed in it.
func (c *comparison) staying() map[*step]bool {
	positions := map[*step]int{}
	for i, o := range c.was.steps {
		positions[o] = i
	}
	blocks := map[block][]*step{}
	for _, n := range c.now.steps {
		if o := c.before[n]; o != nil && c.sameBlock(o, n) {
			b := block{n.in, n.slot}
			blocks[b] = append(blocks[b], n)
		}
	}
	stays := map[*step]bool{}
	for _, list := range blocks {
		for _, i := range rising(list, func(n *step) int { return positions[c.before[n]] }) {
			stays[list[i]] = true
		}
	}
	return stays
}

// sameBlock reports whether the block that n stands in is the one that o stood in.
func (c *comparison) sameBlock(o, n *step) bool {
	if o.in == nil || n.in == nil {
		return o.in == nil && n.in == nil
	}
	if c.before[n.in] != o.in {
		return false
	}
	return o.slot == n.slot && !indexed(o.slot) || c.sameArm(o, n)
}

var numbered = regexp.MustCompile(`^([a-z_]+)\[([0-9]+)\]$`)

func indexed(slot string) bool { return numbered.MatchString(slot) }

// sameArm compares arms by what they ask, since one may have come before them.
func (c *comparison) sameArm(o, n *step) bool {
	key, i := cut(o.slot)
	other, j := cut(n.slot)
	if key != other || key == "" {
		return false
	}
	was, now := o.in.own.Get(key), n.in.own.Get(key)
	if was == nil || now == nil {
		return i == j
	}
	for _, p := range align(was.Items, now.Items) {
		if p.was == i && p.now == j {
			return true
		}
	}
	return false
}

func cut(slot string) (key string, i int) {
	m := numbered.FindStringSubmatch(slot)
	if m == nil {
		return "", 0
	}
	i, _ = strconv.Atoi(m[2]) // digits
	return m[1], i
}

// armOf is the arm's number from 1, or 0 where the block is the only one.
func armOf(slot string) int {
	if key, i := cut(slot); key != "" {
		return i + 1
	}
	return 0
}

// Pairs are the steps that both documents have, by their ids in the old one: those of the author's id, and of those without one the ones that say the same
// or do the same thing in the same order.
func Pairs(was, now *Document) map[campaigns.StepID]campaigns.StepID {
	c := &comparison{was: was, now: now}
	c.match()
	pairs := make(map[campaigns.StepID]campaigns.StepID, len(c.after))
	for o, n := range c.after {
		pairs[o.id] = n.id
	}
	return pairs
}
