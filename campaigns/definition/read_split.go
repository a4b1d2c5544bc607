package definition

import (
	"fmt"

	"github.com/kruzhok/kruzhok/campaigns"
)

// ArmID is the name of the nth arm of a split, from 1, where visits are counted. No step has it: an id that is made from a position has two numbers more
// than the step that it stands in.
func ArmID(split campaigns.StepID, n int) campaigns.StepID {
	return campaigns.StepID(fmt.Sprintf("%s.%d", split, n))
}

// split reads two arms or more, of different names.
func (r *reader) split(n *node) Body {
	s := &Split{}
	var names []string
	items := r.list(n)
	switch {
	case len(items) == 1:
		r.out.add(n.place, "split_alone")
	case len(items) > maxSplit:
		r.out.add(items[maxSplit].place, "too_many_items", "limit", maxSplit)
	}
	for i, it := range items {
		arm := SplitArm{Name: letter(i)}
		rec, ok := r.record(it, splitArmObject)
		if !ok {
			continue
		}
		rec.with("share", func(n *node) { arm.Share, _ = r.whole(n, 1, maxShare) })
		rec.with("name", func(n *node) {
			if name, ok := r.short(n, maxWord); ok {
				arm.Name = name
			}
		})
		rec.with("steps", func(n *node) { arm.Steps = r.stepList(n, true) })
		at := rec.get("name")
		if at == nil {
			at = it
		}
		distinct(r, at, names, Fold(arm.Name), arm.Name)
		names = append(names, Fold(arm.Name))
		s.Arms = append(s.Arms, arm)
	}
	return s
}

// Forks reports whether the step only leads on to others: nobody ever stands at it.
func (s *Step) Forks() bool {
	switch s.Body.(type) {
	case *Branch, *Split:
		return true
	}
	return false
}

// letter names an arm by its place. What comes after the last letter is too many anyway.
func letter(i int) string { return string(rune('A' + i%26)) }
