package decide_test

import (
	"testing"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// BenchmarkStart is the decision of a broadcast for one member.
func BenchmarkStart(b *testing.B) {
	s := play(b, twoSends)
	b.ReportAllocs()
	for b.Loop() {
		decide.Decide(s.d, s.e, s.f, &decide.Start{}, s.now)
	}
}

// BenchmarkDelivered is the step from one message to the next.
func BenchmarkDelivered(b *testing.B) {
	s := play(b, twoSends)
	s.decide(&decide.Start{})
	outcome := sent("a", 1, campaigns.Telegram)
	b.ReportAllocs()
	for b.Loop() {
		decide.Decide(s.d, s.e, s.f, outcome, s.now)
	}
}

func BenchmarkGate(b *testing.B) {
	g := open(b)
	b.ReportAllocs()
	for b.Loop() {
		decide.Gate(g, noon)
	}
}
