package engine

import (
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/store"
)

// attemptKey is what the kill switch tells apart.
type attemptKey struct {
	campaign campaigns.CampaignID // 0: replies
	channel  campaigns.Channel
}

// tally counts what became of attempts, in memory: WatchSwitches writes it down each second, beside all work. A killed process loses a second's counts,
// which are for judging and nothing else.
type tally struct {
	mu sync.Mutex
	m  map[attemptKey]*store.Attempts
}

// add adds counts that belong to now.
func (t *tally) add(k attemptKey, ended, failed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[attemptKey]*store.Attempts{}
	}
	a := t.m[k]
	if a == nil {
		a = &store.Attempts{Campaign: k.campaign, Channel: k.channel}
		t.m[k] = a
	}
	a.Ended, a.Failed = a.Ended+ended, a.Failed+failed
}

// take empties the tally; the minute is the one that now lies in.
func (t *tally) take(now time.Time) []store.Attempts {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []store.Attempts
	for _, a := range t.m {
		a.Minute = now.Truncate(time.Minute)
		out = append(out, *a)
	}
	t.m = nil
	return out
}

// giveBack puts in what could not be written down.
func (t *tally) giveBack(as []store.Attempts) {
	for _, a := range as {
		t.add(attemptKey{a.Campaign, a.Channel}, a.Ended, a.Failed)
	}
}

// batch counts within one batch of results; it is held together with them.
type batch map[campaigns.CampaignID]*[2]int // ended, failed

func (b *batch) count(d *store.Delivery, state campaigns.DeliveryState, reason campaigns.Reason) {
	switch state {
	case campaigns.Sent, campaigns.Failed, campaigns.Unknown:
	default:
		return
	}
	if *b == nil {
		*b = batch{}
	}
	n := (*b)[d.Campaign]
	if n == nil {
		n = &[2]int{}
		(*b)[d.Campaign] = n
	}
	n[0]++
	if state == campaigns.Failed && isError(d.Channel, reason) {
		n[1]++
	}
}

// isError reports whether a failure says that something is wrong with what we do (docs/decisions/014): a message that is refused or cannot be made, or
// over which our code stumbles, and an address that should never have been written to. Who blocked the bot or deleted the account is found out once and says nothing about this message;
// used-up attempts are a server that is away.
func isError(ch campaigns.Channel, r campaigns.Reason) bool {
	switch r {
	case campaigns.Rejected, campaigns.RenderFailed, campaigns.MediaMissing, campaigns.Stumbled, campaigns.NotStarted:
		return true
	case campaigns.Gone:
		return ch == campaigns.Email
	}
	return false
}
