package simulation

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

const splitSteps = "  - id: texts\n    split: [{share: 3, name: long, steps: [{wait: 1d}]}, {share: 1, steps: []}]\n  - id: after\n    send: {text: {en: Hello}}\n"

// TestSplitCountsArms: an arm without steps is counted too, and stages side by side divide as one does.
func TestSplitCountsArms(t *testing.T) {
	play := func(parts int) StepTotals {
		r := run(t, Plan{Campaigns: []engine.Draft{written("", splitSteps)}, Invented: 2 * leastPart, Days: 3, Parts: parts})
		return r.Campaigns[0].Steps[0]
	}
	one := play(1)
	if n := one.Arms[0].Entered + one.Arms[1].Entered; one.Does != "split" || one.Arms[0].Name != "long" || one.Arms[1].Name != "B" || n != 2*leastPart || one.Arms[1].Entered == 0 {
		t.Errorf("%+v", one)
	}
	if d := cmp.Diff(one, play(2)); d != "" {
		t.Error(d)
	}
}

// TestCopiesTakeTheirArms: a copy takes the arm of the member that it is a copy of, wherever it stands in the list.
func TestCopiesTakeTheirArms(t *testing.T) {
	took := func(live campaigns.MemberID, before int) string {
		var list []Member
		for i := range before {
			m := one(t, "silent")
			m.ID, m.Live = string(rune('a'+i)), 1_000_000+campaigns.MemberID(i)
			list = append(list, m)
		}
		m := one(t, "silent")
		m.Live = live
		r := run(t, Plan{Campaigns: []engine.Draft{written("", splitSteps)}, Members: append(list, m), Days: 5, Story: m.ID, Stories: 1})
		for _, s := range r.Stories {
			if s.Member == m.ID {
				return s.Items[len(s.Items)-1].Local[:10]
			}
		}
		t.Fatal("the story is not told")
		return ""
	}
	long, out := 0, 0
	for live := range campaigns.MemberID(6) {
		first := took(live+500, 0)
		if again := took(live+500, 3); first != again {
			t.Errorf("member %d took another arm: %s, %s", live+500, first, again)
		}
		if first == "2026-11-24" {
			out++
		} else {
			long++
		}
	}
	if long == 0 || out == 0 {
		t.Errorf("%d and %d", long, out)
	}
}
