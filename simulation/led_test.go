package simulation

import (
	"strings"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/engine"
)

// keyed is a small campaign of the key, by hand.
func keyed(key, steps string) engine.Draft {
	d := written("", steps)
	d.Source = strings.NewReplacer("key: small", "key: "+key, "name: Small", "name: N-"+key).Replace(d.Source)
	return d
}

// TestStepsAloneLeadThere: into a campaign by hand that steps of another one enroll in nobody is taken but by these steps, when they come to it; whom none leads there has that as the
// reason, and a member's days tell what came of each step.
func TestStepsAloneLeadThere(t *testing.T) {
	first := keyed("first", "  - {id: w, wait: {for: 2d}}\n  - {id: way, branch: [{if: {language: en}, steps: [{id: e, enroll: second}, {id: e2, enroll: second}]}]}\n")
	second := keyed("second", "  - {id: hi, send: {text: {en: Hi}}}\n")
	in, out, alone := one(t, "silent"), one(t, "silent"), one(t, "silent")
	out.ID, out.Language, alone.ID = "u2", "de", "u3"
	alone.Addresses = map[campaigns.Channel]Address{}
	r := run(t, Plan{Campaigns: []engine.Draft{second, first}, Members: []Member{in, out, alone}, Days: 5, Lang: "en"})
	expect(t, lines(r),
		"2026-11-24 13:00 entered", "2026-11-26 13:00 decided way", "2026-11-26 13:00 enrolled e", "2026-11-26 13:00 entered", "2026-11-26 13:00 message hi telegram", "2026-11-26 13:00 enrolled e2 already_active", "2026-11-26 13:00 ended e2",
		"2026-11-26 13:00 ended hi")
	if got := r.Stories[0].Items[2].What; got != "The step “e” took the member into the campaign “N-second”." {
		t.Error(got)
	}
	c := r.Campaigns[0]
	if c.Entered != 1 || because("", c.NotEntered) != " (not_enrolled 2)" || !strings.Contains(strings.Join(r.Notes, "\n"), "Into “N-second” only steps of other campaigns lead here: N-first.") {
		t.Errorf("%+v\n%v", c, r.Notes)
	}
}

// TestSomebodyIsTakenIntoACircle: of campaigns that enroll in each other the first one is entered by hand, unless another leads there.
func TestSomebodyIsTakenIntoACircle(t *testing.T) {
	a, b := keyed("a", "  - {id: w, wait: {for: 1d}}\n  - {id: e, enroll: b}\n"), keyed("b", "  - {id: w, wait: {for: 1d}}\n  - {id: e, enroll: a}\n")
	into := keyed("c", "  - {id: w, wait: {for: 1d}}\n  - {id: e, enroll: b}\n")
	for _, tt := range []struct {
		played []engine.Draft
		first  campaigns.Key
	}{{[]engine.Draft{a, b}, "a"}, {[]engine.Draft{b, a}, "b"}, {[]engine.Draft{a, b, into}, "c"}, {[]engine.Draft{keyed("own", "  - {id: e, enroll: own}\n")}, "own"}} {
		r := run(t, Plan{Campaigns: tt.played, Members: []Member{one(t, "silent")}, Days: 5})
		if it := r.Stories[0].Items; it[0].Campaign != tt.first || it[0].Kind != ItemEntered || len(it) > 1 && it[1].Kind == ItemEntered && it[1].Day == 1 {
			t.Errorf("%s: %v", tt.first, lines(r))
		}
		for _, c := range r.Campaigns {
			if c.Entered != 1 {
				t.Errorf("%s: %+v", tt.first, c)
			}
		}
	}
}
