package engine

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// TestAwaitSeat: an audience comes back for a seat while its channels may only be busy, and no longer.
func TestAwaitSeat(t *testing.T) {
	mail, chat := campaigns.Email, campaigns.Telegram
	e := &Engine{seats: map[campaigns.Channel]*seats{mail: {Weighted: semaphore.NewWeighted(1)}, chat: {Weighted: semaphore.NewWeighted(1)}}}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	look := func(what string, id campaigns.CampaignID, later bool, to ...campaigns.Channel) {
		t.Helper()
		free, quick := e.awaitSeat(gone, to)
		if l := quick && e.patience(id, to, free); l != later {
			t.Errorf("%s: free %v, quick %v, later %v", what, free, quick, l)
		}
	}
	look("free", 1, false, mail)
	e.seats[mail].TryAcquire(1)
	look("full", 1, true, mail)
	look("full still", 1, true, mail)
	look("another channel has one", 1, false, mail, chat)
	look("full again, since now", 1, true, mail)
	look("another audience", 2, true, mail)
	e.unseated.Store(campaigns.CampaignID(2), time.Now().Add(-time.Hour))
	look("it had stopped looking", 2, true, mail)
	if !e.seats[mail].quick() {
		t.Error("a channel rests for an audience that was not there")
	}
	e.unseated.Store(campaigns.CampaignID(1), time.Now().Add(-seatPatience))
	look("too long", 1, false, mail)
	if e.seats[mail].quick() {
		t.Error("a channel without a seat for so long is quick")
	}
	look("no quick channel", 1, false, mail)
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
