package simulation

import (
	"runtime"
	"testing"

	"github.com/kruzhok/kruzhok/campaigns/definition"
	"github.com/kruzhok/kruzhok/engine"
	"github.com/kruzhok/kruzhok/templates/starters"
)

// BenchmarkChallenge plays the 14-day challenge for 1,000 members over 60 days.
func BenchmarkChallenge(b *testing.B) {
	src, _ := starters.Source("fourteen-days")
	mixed, err := ParseMix("answers=60, answers:30m=15, silent=15, blocks:3=4, bounces=3, withdraws:5=3")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := Run(b.Context(), Plan{
			Campaigns: []engine.Draft{{Source: src, Format: definition.YAML}}, Invented: 1000, Days: 60, Seed: 1, Mix: mixed, Start: start, Dir: b.TempDir(), Parts: runtime.GOMAXPROCS(0),
		})
		if err != nil {
			b.Fatal(err)
		}
		if r.Campaigns[0].Inside != 0 {
			b.Fatalf("%d are still inside", r.Campaigns[0].Inside)
		}
		b.ReportMetric(float64(r.Messages), "messages")
	}
}
