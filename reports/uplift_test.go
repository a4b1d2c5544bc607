package reports

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestDifferenceAsPublished: the examples of Newcombe's paper (Table II, method 10).
func TestDifferenceAsPublished(t *testing.T) {
	for _, c := range []struct {
		n1, of1, n2, of2 int
		low, high        float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{0, 10, 0, 10, -0.2775, 0.2775},
		{10, 10, 0, 20, 0.6791, 1.0000},
		{10, 10, 0, 10, 0.6075, 1.0000},
	} {
		_, low, high := difference(c.n1, c.of1, c.n2, c.of2)
		if math.Abs(low-c.low) > 0.00006 || math.Abs(high-c.high) > 0.00006 {
			t.Errorf("%d of %d and %d of %d: %.4f to %.4f, published %.4f to %.4f", c.n1, c.of1, c.n2, c.of2, low, high, c.low, c.high)
		}
	}
}

// TestDifferenceIsSensible: the interval holds the difference, lies between -1 and 1, and turns round when the groups change places.
func TestDifferenceIsSensible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of1, of2 := rapid.IntRange(1, 5000).Draw(t, "of1"), rapid.IntRange(1, 5000).Draw(t, "of2")
		n1, n2 := rapid.IntRange(0, of1).Draw(t, "n1"), rapid.IntRange(0, of2).Draw(t, "n2")
		d, low, high := difference(n1, of1, n2, of2)
		if tiny := 1e-9; low < -1-tiny || high > 1+tiny || d < low-tiny || d > high+tiny {
			t.Fatalf("%f: %f to %f", d, low, high)
		}
		back, l, h := difference(n2, of2, n1, of1)
		if math.Abs(d+back) > 1e-9 || math.Abs(low+h) > 1e-9 || math.Abs(high+l) > 1e-9 {
			t.Fatalf("%f to %f, and the other way %f to %f", low, high, l, h)
		}
	})
}
