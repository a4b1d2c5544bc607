package engine

import (
	"context"
	"sync"
	"time"

	"github.com/kruzhok/kruzhok/campaigns"
)

// cooling returns how long the channel has to rest yet.
func (e *Engine) cooling(ctx context.Context, ch campaigns.Channel) (time.Duration, error) {
	ends, err := e.cool.get(func() (map[string]time.Time, error) { return e.Store.Cooldowns(ctx, e.now()) })
	return max(ends[string(ch)].Sub(e.now()), 0), err
}

// flood notices when a provider slows us down altogether. Whether a 429 concerns one chat or the bot is not documented;
// two chats within a moment mean the bot.
type flood struct {
	mu   sync.Mutex
	last map[campaigns.Channel]slowed
}

type slowed struct {
	member campaigns.MemberID
	at     time.Time
}

const floodSpan = 5 * time.Second

// limited notes that the member's chat was slowed down, and reports whether another was within floodSpan.
func (f *flood) limited(ch campaigns.Channel, member campaigns.MemberID, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.last[ch]
	if f.last == nil {
		f.last = map[campaigns.Channel]slowed{}
	}
	f.last[ch] = slowed{member, now}
	return last.member != 0 && last.member != member && now.Sub(last.at) < floodSpan
}
