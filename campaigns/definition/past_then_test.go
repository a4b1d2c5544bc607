package definition

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kruzhok/kruzhok/campaigns"
)

// TestPastGoesOn: counts and points add up, passages and messages follow each other, the later answer stands, consents are those of now, and neither past is changed.
func TestPastGoesOn(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	answer := func(value string) map[campaigns.Key]map[string]campaigns.Answer {
		return map[campaigns.Key]map[string]campaigns.Answer{"a": {"q": {Text: value}}}
	}
	before := func() *Past {
		return &Past{
			Consents: map[string][]campaigns.Channel{"news": {campaigns.Email}}, Events: map[string]Events{"x": {2, day(3), day(5)}}, Passages: map[campaigns.Key][]Passage{"a": {{Entered: day(1)}}},
			Messages: map[campaigns.Key][]Message{"a": {{Step: "hi"}}}, Answers: answer("old"), Points: map[campaigns.Key]int{"a": 10},
		}
	}
	later := &Past{
		Events: map[string]Events{"x": {1, day(9), day(9)}, "y": {1, day(8), day(8)}}, Passages: map[campaigns.Key][]Passage{"a": {{Entered: day(7)}}}, Answers: answer("new"),
		Points: map[campaigns.Key]int{"a": 5, "b": 1},
	}
	want := &Past{
		Events: map[string]Events{"x": {3, day(3), day(9)}, "y": {1, day(8), day(8)}}, Passages: map[campaigns.Key][]Passage{"a": {{Entered: day(1)}, {Entered: day(7)}}},
		Messages: map[campaigns.Key][]Message{"a": {{Step: "hi"}}}, Answers: answer("new"), Points: map[campaigns.Key]int{"a": 15, "b": 1},
	}
	was := before()
	if d := cmp.Diff(want, was.Then(later)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before(), was); d != "" {
		t.Errorf("it was changed: %s", d)
	}
	if (*Past)(nil).Then(later) != later || was.Then(nil).Points["a"] != 10 || (*Past)(nil).Then(nil) != nil {
		t.Error("a past that is not there")
	}
}
