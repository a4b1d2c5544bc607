package engine

import (
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// What was not fetched while nobody was there is fetched first, for catchUp; until a minute after the start nobody can say when it was done.
const (
	catchUp = 5 * time.Second
	benefit = time.Minute
)

// absence is when the process began, by the engine's clock and by the real one; zero: it was always there.
type absence struct{ shown, real time.Time }

func (a absence) now() store.Absence {
	if a.shown.IsZero() {
		return store.Absence{}
	}
	return store.Absence{Ended: a.shown, Until: a.shown.Add(benefit), Fetching: time.Since(a.real) < catchUp}
}

// heldRest is how long the oldest due rows of a campaign are left alone, for each look at them that found nobody: what is done of their members is handled meanwhile.
const heldRest = 200 * time.Millisecond

// heldDue remembers how far in a campaign's due rows nobody can be decided for, since something of each waits to be heard, where they are more than one look takes.
// Whoever is due behind them is looked at each time.
type heldDue struct {
	mu sync.Mutex
	to map[campaigns.CampaignID]heldTo
}

type heldTo struct {
	spot  store.DueSpot
	until time.Time
}

// begin is where to begin to look.
func (h *heldDue) begin(id campaigns.CampaignID) reach {
	h.mu.Lock()
	defer h.mu.Unlock()
	to, ok := h.to[id]
	if ok && time.Now().Before(to.until) {
		return reach{spot: to.spot, vain: -1}
	}
	delete(h.to, id)
	return reach{}
}

// after is where to go on.
func (h *heldDue) after(id campaigns.CampaignID, r reach, look dueLook, full int) reach {
	next := reach{behind: look.n >= full, spot: look.spot, vain: -1}
	if r.vain < 0 || look.n > 0 || !look.more {
		return next
	}
	next.vain = r.vain + 1
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.to == nil {
		h.to = map[campaigns.CampaignID]heldTo{}
	}
	h.to[id] = heldTo{look.spot, time.Now().Add(time.Duration(next.vain) * heldRest)}
	return next
}
