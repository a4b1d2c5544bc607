package simulation

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

func withHoldout() engine.Draft {
	return written("goal: {event: lesson.booked, within: 2d}\nholdout: 30", "  - {id: a, send: {text: {en: Hello}}}\n")
}

// playedHeldOut are the days of everybody, and how many got nothing.
func playedHeldOut(t *testing.T, members []Member, parts int) (stories []string, held map[string]bool) {
	t.Helper()
	r := run(t, Plan{Campaigns: []engine.Draft{withHoldout()}, Members: members, Invented: 2 * leastPart, Days: 4, Stories: 2 * leastPart, Parts: parts})
	held = map[string]bool{}
	for _, s := range r.Stories {
		line := s.Member
		for _, it := range s.Items {
			line += " " + string(it.Kind) + " " + it.Reason
			held[s.Member] = held[s.Member] || it.Reason == string(campaigns.HoldoutGroup)
		}
		stories = append(stories, strings.TrimSpace(line))
	}
	return stories, held
}

// TestHeldOutIsNotUnsent: who is held out stands before the first step, and is none of its messages that were not sent.
func TestHeldOutIsNotUnsent(t *testing.T) {
	for _, parts := range []int{1, 2} {
		r := run(t, Plan{Campaigns: []engine.Draft{withHoldout()}, Invented: 2 * leastPart, Days: 4, Stories: 2 * leastPart, Parts: parts})
		n, unsent := 0, 0
		for _, s := range r.Stories {
			if slices.ContainsFunc(s.Items, func(it Item) bool { return it.Reason == string(campaigns.HoldoutGroup) }) {
				n++
			}
		}
		for _, day := range r.ByDay {
			unsent += day.NotSent
		}
		c := r.Campaigns[0]
		if n == 0 || c.HeldOut != n || unsent > 0 || slices.ContainsFunc(c.Steps, func(s StepTotals) bool { return len(s.NotSent) > 0 }) {
			t.Errorf("%d are held out, told as %d, %d a day: %+v", n, c.HeldOut, unsent, c.Steps)
		}
	}
}

// TestHoldoutWhateverTheStages: who is held out does not depend on how many stages there are.
func TestHoldoutWhateverTheStages(t *testing.T) {
	one, held := playedHeldOut(t, nil, 1)
	n := 0
	for _, h := range held {
		if h {
			n++
		}
	}
	if n < 15 || n > 45 {
		t.Errorf("%d of 100 are held out", n)
	}
	two, _ := playedHeldOut(t, nil, 2)
	if d := cmp.Diff(one, two); d != "" {
		t.Error(d)
	}
}

// TestCopiesAreHeldOutAsTheyAre: a copy is held out as the member is whom it is a copy of, wherever it stands in the list.
func TestCopiesAreHeldOutAsTheyAre(t *testing.T) {
	var list, turned []Member
	for i := range 20 {
		m := one(t, "silent")
		m.ID, m.Live = string(rune('a'+i)), 500+campaigns.MemberID(i)
		list, turned = append(list, m), append([]Member{m}, turned...)
	}
	_, first := playedHeldOut(t, list, 1)
	_, again := playedHeldOut(t, turned, 1)
	if d := cmp.Diff(first, again); d != "" {
		t.Error(d)
	}
}
