package decide_test

import (
	"math"
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/campaigns/definition"
)

const abc = `
  - id: texts
    split:
      - {share: 50, steps: [{id: one, set: {add_tags: [one]}}]}
      - {share: 30, name: second, steps: [{id: two, set: {add_tags: [two]}}]}
      - {share: 20, name: control, steps: []}
  - id: again
    split: [{share: 1, steps: [{wait: 1d}]}, {share: 1, steps: [{wait: 2d}]}]
`

// takes is the arm, from 1, that the member takes at the step.
func takes(t testing.TB, d *definition.Definition, step campaigns.StepID, member campaigns.MemberID) int {
	t.Helper()
	f := reachable(t)
	f.Member = member
	e, _ := decide.Decide(d, decide.Enrollment{State: campaigns.EnrollmentActive}, f, &decide.Start{}, noon)
	for i := range d.Step(step).Body.(*definition.Split).Arms {
		if e.Visits[definition.ArmID(step, i+1)] == 1 {
			return i + 1
		}
	}
	t.Fatalf("member %d took no arm of %s", member, step)
	return 0
}

// TestArmsStay: which member takes which arm is a promise. Reckoned apart from the code:
//
//	printf 'test/texts/1' | sha256sum   the first 16 digits / 2^64 × 100 → below 50: 1, below 80: 2, else 3
func TestArmsStay(t *testing.T) {
	d := define(t, abc)
	want := []int{2, 1, 1, 1, 1, 2, 1, 2, 3, 2, 1, 1, 1, 1, 1, 2, 1, 1, 3, 2}
	for i, arm := range want {
		if got := takes(t, d, "texts", campaigns.MemberID(i+1)); got != arm {
			t.Errorf("member %d takes arm %d, and took %d before", i+1, got, arm)
		}
	}
}

// TestSharesAreKept: of 10,000 members each arm gets its share to within four standard deviations, and what the first split gave says nothing about the second.
func TestSharesAreKept(t *testing.T) {
	const n = 10_000
	d := define(t, abc)
	var of [3]float64
	var both [3]float64
	for member := range campaigns.MemberID(n) {
		arm := takes(t, d, "texts", member+1) - 1
		of[arm]++
		if takes(t, d, "again", member+1) == 1 {
			both[arm]++
		}
	}
	near := func(what string, got, of, share float64) {
		if off := math.Abs(got - of*share); off > 4*math.Sqrt(of*share*(1-share)) {
			t.Errorf("%s: %v of %v, the share is %v", what, got, of, share)
		}
	}
	for arm, share := range []float64{0.5, 0.3, 0.2} {
		near(d.Step("texts").Body.(*definition.Split).Arms[arm].Name, of[arm], n, share)
		near("of those the first half of the other", both[arm], of[arm], 0.5)
	}
}

// TestSplit: the arm's steps, or what follows the split; the record names the arm, and the passage keeps it.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		member campaigns.MemberID
		want   string
	}{
		{2, "split.taken texts [arm:1 name:A]\n set map[] +[one] -[]"},
		{9, "split.taken texts [arm:3 name:control]"},
	} {
		s := play(t, strings.Split(abc, "  - id: again")[0]+"  - {id: after, wait: 1d}\n")
		s.f.Member = c.member
		s.run(line{in: &decide.Start{}, want: c.want + "\n = waiting time after/1 due 21 Oct 10:00"})
	}
}

// TestTheSameArmAgain: a loop, and a change of all that is known of the member, lead to the same arm.
func TestTheSameArmAgain(t *testing.T) {
	s := play(t, "  - {id: a, split: [{share: 1, steps: [{id: x, wait: 1d}]}, {share: 1, steps: [{id: y, wait: 1d}]}]}\n  - goto: a\n")
	s.f.Member = 1
	s.decide(&decide.Start{})
	first := s.e.Step
	for range 5 {
		s.now = *s.e.Due
		s.f.Language, s.f.Tags = "ru", []string{"other"}
		s.decide(&decide.Due{})
		if s.e.Step != first {
			t.Fatalf("took %s, and %s before", s.e.Step, first)
		}
	}
	if n := s.e.Visits[definition.ArmID("a", 1)] + s.e.Visits[definition.ArmID("a", 2)]; n != 6 {
		t.Errorf("%d visits of arms in 6 of the split", n)
	}
}
