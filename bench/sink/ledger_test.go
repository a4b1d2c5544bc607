package sink

import (
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLedger: many add at once, and the sums are right.
func TestLedger(t *testing.T) {
	l := NewLedger()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 1000 {
				l.Add([]byte("m"+strconv.Itoa(i%500)), []byte("id"+strconv.Itoa(i)))
			}
		})
	}
	wg.Wait()
	if d := cmp.Diff(Totals{Taken: 4000, Different: 1000, Repeated: 3000}, l.Totals()); d != "" {
		t.Error(d)
	}
	if l.Count("m1", "id1") != 4 || l.Count("m1", "id501") != 4 || l.Count("m1", "id2") != 0 {
		t.Error("counts are wrong")
	}
	l.Reset()
	if l.Total() != 0 || l.Count("m1", "id1") != 0 {
		t.Error("something is left")
	}
}
