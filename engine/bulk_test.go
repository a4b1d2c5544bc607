package engine

import (
	"testing"
	"time"
)

// TestPartsKeepTheirConnections: however slow a part was, the next one has a message for each connection; a rate that asks for less is not overruled.
func TestPartsKeepTheirConnections(t *testing.T) {
	for _, x := range []struct {
		size int
		took time.Duration
		want int
	}{
		{64, 10 * time.Millisecond, 128},
		{400, 10 * time.Millisecond, 500},
		{64, 250 * time.Millisecond, 64},
		{64, time.Second, 32},
		{10, time.Minute, 8},
		{8, time.Minute, 8},
		{3, time.Minute, 3},
	} {
		if got := nextSize(x.size, x.took, 8, 500); got != x.want {
			t.Errorf("%d that took %s: %d, want %d", x.size, x.took, got, x.want)
		}
	}
}
