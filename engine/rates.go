package engine

import (
	"context"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
	"github.com/kruzhok/kruzhok/campaigns/decide"
)

// Limiter shares a channel's rate among all workers.
type Limiter interface {
	// Take asks for n messages of the channel. It grants 0 to n of them; with fewer, wait says when more can be had.
	Take(ctx context.Context, ch campaigns.Channel, lane campaigns.Lane, n int) (granted int, wait time.Duration, err error)
}

// delayed is a job that waits on its own, since its chat or its mail domain takes no more at this moment: others in its chunk go on.
type delayed struct {
	j      job
	until  time.Time
	reason campaigns.Reason
}

// granted takes rate tokens for the jobs, in their order and in one call. may can leave now; later wait on their own (hold writes it down); whoever
// is in neither stays untouched in its row or chunk.
func (e *Engine) granted(ctx context.Context, lane campaigns.Lane, ch campaigns.Channel, jobs []job) (may []job, later []delayed) {
	if e.Limiter == nil {
		return jobs, nil
	}
	n, _, err := e.Limiter.Take(ctx, ch, lane, len(jobs))
	if err != nil { // without Redis nothing is sent
		e.Log.Warn("no rate token", "channel", ch, "error", err)
		return nil, nil
	}
	return jobs[:n], nil
}

// hold notes what waits on its own among the results, to be written with the other outcomes of the batch.
func (r *results) hold(later []delayed, now time.Time) {
	for _, h := range later {
		r.verdict(h.j.d, decide.Verdict{State: campaigns.Pending, Reason: h.reason, Until: &h.until}, now)
	}
}
