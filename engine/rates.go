package engine

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
	"github.com/kruzhok/kruzhok/internal/ratelimit"
)

// Limiter shares rates among all workers: see ratelimit.Limiter.
type Limiter interface {
	Take(ctx context.Context, lane campaigns.Lane, buckets []ratelimit.Bucket, asks []ratelimit.Ask) (grants []ratelimit.Grant, dry time.Duration, err error)
}

// Rates are the limits of what leaves. 0 is unlimited, and costs nothing.
type Rates struct {
	Bot       float64 // messages a second of the whole bot
	Chat      float64 // messages a second to one chat, after ChatBurst at once
	ChatBurst int
	Group     float64 // messages a minute to one group
	// Domains are mails a second by domain; "*" is each domain that is not named.
	Domains map[string]float64
}

// bot is the bucket of all that the bot sends.
func (r Rates) bot() ratelimit.Bucket {
	return ratelimit.Bucket{Name: "bot", Rate: r.Bot, Burst: int(math.Ceil(r.Bot)), Reserve: interactiveShare}
}

const (
	// interactiveShare is what bulk work leaves of a rate for members who wait for an answer.
	interactiveShare = 0.2
	// bulkBreath is how much of a limited rate bulk work waits for before it claims again, and how much it claims at once: claiming is not free.
	bulkBreath = 250 * time.Millisecond
)

// delayed is a job that waits on its own, since its chat or its mail domain takes no more at this moment: others in its chunk go on.
type delayed struct {
	j      job
	until  time.Time
	reason campaigns.Reason
}

// granted takes rate tokens for the jobs, in their order and in one call; where nothing is limited, in none. may can leave now; later wait on their own
// (hold writes it down); whoever is in neither stays untouched in its row or chunk.
func (e *Engine) granted(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, jobs []job) (may []job, later []delayed) {
	slow, err := e.cooldowns(ctx)
	if err != nil {
		e.Log.Warn("cool-downs not read", "error", err)
		return nil, nil
	}
	if !e.limits(ch, slow) {
		return jobs, nil
	}
	now := e.now()
	a := e.asking(ch, jobs, slow, now)
	if len(a.asks) == 0 {
		return jobs, nil
	}
	if e.Limiter == nil {
		return a.withoutLimiter(now)
	}
	grants, dry, err := e.Limiter.Take(ctx, lane, a.buckets, a.asks)
	if err != nil { // without Redis nothing is sent
		e.Log.Warn("no rate token", "channel", ch, "error", err)
		return nil, nil
	}
	e.dry.note(poolKey{ch, lane}, dry)
	return a.parted(grants, now)
}

// limits reports whether anything limits the channel at this moment.
func (e *Engine) limits(ch campaigns.Channel, slow cooldowns) bool {
	if ch == campaigns.Email {
		return len(e.Rates.Domains) > 0 || slow.some(ch)
	}
	return e.Rates.Bot > 0 || e.Rates.Chat > 0 || e.Rates.Group > 0 || slow.some(ch)
}

// rests reports whether the lane got less than it asked for a moment ago, and how long it is before there is more.
func (e *Engine) rests(lane campaigns.Lane, ch campaigns.Channel) time.Duration {
	return e.dry.left(poolKey{ch, lane})
}

// most is how many messages are worth claiming at once on the channel: what its rate lets through in a breath.
func (e *Engine) most(ch campaigns.Channel, n int) int {
	if ch != campaigns.Telegram || e.Rates.Bot == 0 {
		return n
	}
	return min(n, max(1, int(math.Ceil(e.Rates.Bot*bulkBreath.Seconds()))))
}

// hold notes what waits on its own among the results, to be written with the other outcomes of the batch.
func (r *results) hold(later []delayed, now time.Time) {
	for _, h := range later {
		r.verdict(h.j.d, decide.Verdict{State: campaigns.Pending, Reason: h.reason, Until: &h.until}, now)
	}
}

// dryness remembers which lanes found no token, so that nobody claims and renders what cannot leave.
type dryness struct {
	mu    sync.Mutex
	until map[poolKey]time.Time
}

func (d *dryness) note(k poolKey, wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if wait == 0 {
		delete(d.until, k)
		return
	}
	if k.lane == campaigns.Bulk {
		wait = max(wait, bulkBreath)
	}
	if d.until == nil {
		d.until = map[poolKey]time.Time{}
	}
	d.until[k] = time.Now().Add(wait)
}

func (d *dryness) left(k poolKey) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(time.Until(d.until[k]), 0)
}
