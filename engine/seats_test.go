package engine

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestAwaitSeat: an audience comes back for a seat while the channel may only be busy, and no longer.
func TestAwaitSeat(t *testing.T) {
	s := &seats{Weighted: semaphore.NewWeighted(1)}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	look := func(free, later bool) {
		t.Helper()
		if f, l := s.await(gone); f != free || l != later {
			t.Errorf("free %v, later %v", f, l)
		}
	}
	look(true, false)
	if !s.TryAcquire(1) {
		t.Fatal("no seat was given back")
	}
	look(false, true)
	look(false, true)
	s.Release(1)
	look(true, false)
	if s.full.Load() != 0 {
		t.Error("a seat was found, and it counts as full")
	}
	s.TryAcquire(1)
	s.full.Store(time.Now().Add(-seatPatience).UnixNano())
	look(false, false)
	if s.quick() {
		t.Error("a channel without a seat for so long is quick")
	}
}

// TestTookAll: the lanes are woken unless everything that was written is on its way already.
func TestTookAll(t *testing.T) {
	sent := &store.Delivery{Chunk: 1, State: campaigns.Pending}
	over := &store.Delivery{State: campaigns.HeldOut}
	alone := &store.Delivery{State: campaigns.Pending}
	for _, c := range []struct {
		ds   []*store.Delivery
		want bool
	}{{[]*store.Delivery{sent, over}, true}, {[]*store.Delivery{sent, alone}, false}, {nil, true}} {
		h := &hand{full: []inHand{{chunk: store.Chunk{ID: 1}}}}
		h.wrote(c.ds)
		if h.tookAll() != c.want {
			t.Errorf("%d messages: %v", len(c.ds), !c.want)
		}
	}
	if (*hand)(nil).tookAll() {
		t.Error("nobody took anything")
	}
}
